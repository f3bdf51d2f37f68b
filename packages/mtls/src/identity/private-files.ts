// Small files that a door keeps from start to start: whole or as before, and for nobody else's eyes.
import { join } from 'node:path'
import type { PrivateFiles } from '../model.ts'
import { createFile, makePrivateDirectory, replaceFiles } from './durable.ts'
import { IdentityError } from './error.ts'
import { checkDirectory, readPrivately } from './files.ts'

/** The directory is made when something is first written. */
export function privateFiles(directory: string): PrivateFiles {
  const pathOf = (name: string) => join(directory, name)
  return {
    pathOf,
    async read(name) {
      try {
        await checkDirectory(directory)
        return (await readPrivately(pathOf(name))).toString('utf8')
      } catch (error) {
        if (error instanceof IdentityError && error.code === 'ERR_IDENTITY_MISSING') return undefined
        throw error
      }
    },
    async write(name, text) {
      await makePrivateDirectory(directory)
      await replaceFiles([{ path: pathOf(name), octets: text, mode: 0o600 }])
    },
    async create(name, text) {
      await makePrivateDirectory(directory)
      return createFile({ path: pathOf(name), octets: text, mode: 0o600 })
    },
  }
}

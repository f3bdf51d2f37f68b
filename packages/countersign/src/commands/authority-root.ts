import { resolve } from 'node:path'
import { exportRootKey } from '@countersign/authority'
import { dataDirectory } from '../admin/client.ts'
import { EXIT, Failure, type Run } from '../command.ts'
import { secretAt } from '../config/secret-at.ts'

/** `countersign authority root`: writes the root's private key elsewhere, and takes it out of the data directory. */
export const authorityRoot: Run = async (given, around) => {
  const file = given.text('export')
  if (file === undefined)
    throw new Failure(EXIT.usage, '--export FILE is missing', {
      code: 'ERR_CLI_USAGE',
      next: 'name a file that is not there yet, best on a medium that you can take away',
    })
  const data = dataDirectory(given, around)
  const path = resolve(around.cwd, file)
  const remove = given.flag('remove')
  const passphrase = given.text('passphrase')
  exportRootKey(data, path, {
    remove,
    ...(passphrase !== undefined && { passphrase: secretAt(around.cwd, passphrase) }),
  })
  if (given.flag('json')) around.out(JSON.stringify({ exported: path, removed: remove }))
  else {
    around.out(`the root's private key is in ${path}`)
    around.out(
      remove
        ? `it was removed from ${data}: keep the file offline; only a new issuing certificate needs it`
        : `it is still in ${data}: --remove takes it out`,
    )
  }
  return EXIT.ok
}

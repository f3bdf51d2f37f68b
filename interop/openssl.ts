// OpenSSL's command line on files of one test file.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { needs } from './peer.ts'

/** The options of every test that calls `openssl`. */
export const withOpenssl: { readonly skip?: string } = needs('openssl', 'openssl')

/** Where the files are; goes with the test file. */
export const folder: string = mkdtempSync(join(tmpdir(), 'countersign-openssl-'))
after(() => rmSync(folder, { recursive: true }))

/** The path of a file there, with `contents` where they are given. */
export function file(name: string, contents?: string | Uint8Array): string {
  const path = join(folder, name)
  if (contents !== undefined) writeFileSync(path, contents)
  return path
}

/** What `openssl` says to both of its streams, where it exits with 0. */
export function openssl(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  return `${stdout}${stderr}`
}

/** What `openssl` says to standard error, where it does not exit with 0. */
export function refusedByOpenssl(...args: string[]): string {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  assert.notEqual(status, 0)
  return stderr
}

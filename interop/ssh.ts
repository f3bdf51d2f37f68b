// OpenSSH's ssh-keygen on files of one test file.
import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { formatFingerprint, parseAuthorizedKey, type SshPublicKey, writeSshPublicKey } from '@countersign/ssh'
import { needs } from './peer.ts'

/** The options of every test that calls `ssh-keygen`. */
export const withSshKeygen: { readonly skip?: string } = needs('ssh-keygen', 'openssh-client')

/** Where the files are; goes with the test file. */
export const folder: string = mkdtempSync(join(tmpdir(), 'countersign-ssh-'))
after(() => rmSync(folder, { recursive: true }))

/** The path of a file there, with `contents` where they are given; OpenSSH reads no private key that others may read. */
export function file(name: string, contents?: string | Uint8Array): string {
  const path = join(folder, name)
  if (contents !== undefined) writeFileSync(path, contents, { mode: 0o600 })
  return path
}

/** Runs `ssh-keygen` in UTC. */
export function runSshKeygen(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync('ssh-keygen', args, { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } })
}

/** What `ssh-keygen` says to standard output, where it exits with 0. */
export function sshKeygen(...args: string[]): string {
  const { status, stdout, stderr } = runSshKeygen(...args)
  assert.equal(status, 0, `${stdout}${stderr}`)
  return stdout
}

/** A pair of keys that `ssh-keygen` made: its file (the public one has `.pub`), and what we read in it. */
export function generateSshKey(name: string, type: string, ...more: string[]): { path: string; key: SshPublicKey } {
  const path = file(name)
  sshKeygen('-q', '-t', type, ...more, '-N', '', '-C', name, '-f', path)
  return { path, key: parseAuthorizedKey(readFileSync(`${path}.pub`, 'utf8').trimEnd()).key }
}

/** What `ssh-keygen -t` is told for each kind of key that we read and it makes without hardware. */
export const SSH_TYPES: readonly (readonly [type: string, ...more: string[]])[] = [
  ['ed25519'],
  ['ecdsa', '-b', '256'],
  ['ecdsa', '-b', '384'],
  ['ecdsa', '-b', '521'],
  ['rsa', '-b', '2048'],
]

/** The fingerprint of a key, over node:crypto. */
export function fingerprintOf(key: SshPublicKey): string {
  return formatFingerprint(new Uint8Array(hash('sha256', writeSshPublicKey(key), 'buffer')))
}

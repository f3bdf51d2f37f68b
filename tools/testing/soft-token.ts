// A SoftHSM token in a directory of the test's own. Keys are made by OpenSSL or on the token, and put there by tools that operators use.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needs, needsExtra } from '../../interop/peer.ts'

/** The options of every test that has a token. */
export const withToken: { readonly skip?: string } = {
  ...needs('softhsm2-util', 'softhsm2'),
  ...needs('pkcs11-tool', 'opensc'),
  ...needs('p11tool', 'gnutls-bin'),
  ...needs('openssl', 'openssl'),
  ...needsExtra('pkcs11js'),
}

export const MODULE = '/usr/lib/softhsm/libsofthsm2.so'
export const PIN = '1234'

export interface SoftToken {
  readonly pinFile: string
  /** A URI of this module and PIN: `uri('object=a')`. */
  uri(path: string): string
  /** Puts a key in, from a PKCS#8 file. `more` for softhsm2-util. */
  import(file: string, label: string, id: string, ...more: readonly string[]): void
  /** Runs pkcs11-tool on the token. */
  tool(...args: readonly string[]): void
  /** Makes a key by p11tool, which alone makes one that may decrypt and not sign. */
  generateForDecryption(label: string): void
  /** Takes the token out of its reader, and puts it back. */
  takeAway(): void
  bringBack(): void
}

/** What is done at the end of a test, or of a suite. */
export interface Scope {
  after(work: () => unknown): void
}

/** Makes a token with the label `acme`. The module finds it by the environment, which processes begun from now on have. */
export function softToken(scope: Scope): SoftToken {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-token-'))
  const tokens = join(directory, 'tokens')
  const away = join(directory, 'away')
  const config = join(directory, 'softhsm2.conf')
  const pinFile = join(directory, 'pin')
  mkdirSync(tokens)
  writeFileSync(config, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`)
  writeFileSync(pinFile, `${PIN}\n`, { mode: 0o600 })
  const before = process.env['SOFTHSM2_CONF']
  process.env['SOFTHSM2_CONF'] = config
  scope.after(() => {
    rmSync(directory, { recursive: true, force: true })
    if (before === undefined) delete process.env['SOFTHSM2_CONF']
    else process.env['SOFTHSM2_CONF'] = before
  })
  const run = (program: string, args: readonly string[], env: Record<string, string> = {}) => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env } })
    assert.equal(status, 0, `${stdout}${stderr}`)
  }
  run('softhsm2-util', ['--init-token', '--free', '--label', 'acme', '--pin', PIN, '--so-pin', '5678'])
  return {
    pinFile,
    uri: (path) => `pkcs11:token=acme;${path}?module-path=${MODULE}&pin-source=file:${pinFile}`,
    import: (file, label, id, ...more) =>
      run('softhsm2-util', ['--import', file, '--token', 'acme', '--pin', PIN, '--label', label, '--id', id, ...more]),
    tool: (...args) =>
      run('pkcs11-tool', ['--module', MODULE, '--token-label', 'acme', '--login', '--pin', PIN, ...args]),
    generateForDecryption: (label) =>
      run(
        'p11tool',
        [
          `--provider=${MODULE}`,
          '--login',
          '--generate-privkey=rsa',
          '--bits=2048',
          '--mark-decrypt',
          `--label=${label}`,
        ].concat('--outfile=/dev/null', 'pkcs11:token=acme'),
        { GNUTLS_PIN: PIN },
      ),
    takeAway() {
      renameSync(tokens, away)
      mkdirSync(tokens)
    },
    bringBack: () => renameSync(away, tokens),
  }
}

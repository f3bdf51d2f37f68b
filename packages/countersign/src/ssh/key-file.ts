// A key in files of OpenSSH's: it signs by ssh-keygen, which reads it or asks the agent, and its certificate stands beside it.
import { execFile } from 'node:child_process'
import { rename, writeFile } from 'node:fs/promises'
import { SSH_ENROLLMENT_NAMESPACE } from '@countersign/protocol'
import {
  formatKeyLine,
  parseSshMessageSignature,
  type SshCertificate,
  SshError,
  type SshMessageSignature,
} from '@countersign/ssh'
import { EXIT, Failure } from '../command.ts'

/** Long enough to type a passphrase, or to touch a token. */
const SIGN_TIMEOUT_MS = 120_000
const MAX_OUTPUT = 65_536

/** Signs with the key at `path` (the private one, or its `.pub` where the agent has it). @throws {Failure} */
export async function signWithFile(path: string, message: Uint8Array): Promise<SshMessageSignature> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = execFile(
    'ssh-keygen',
    ['-q', '-Y', 'sign', '-f', path, '-n', SSH_ENROLLMENT_NAMESPACE],
    { timeout: SIGN_TIMEOUT_MS, maxBuffer: MAX_OUTPUT },
    (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      const missing = 'code' in error && error.code === 'ENOENT'
      reject(
        new Failure(
          EXIT.input,
          missing ? 'there is no ssh-keygen here' : `ssh-keygen does not sign with ${path}: ${firstLine(stderr)}`,
          {
            code: 'ERR_CLI_SSH_KEY',
            next: missing
              ? 'install the package openssh-client'
              : 'check that the key is there, and that you may read it',
            cause: error,
          },
        ),
      )
    },
  )
  // It may have ended before it read: what it says of that is told above.
  child.stdin?.on('error', () => undefined).end(message)
  try {
    return parseSshMessageSignature(await promise)
  } catch (cause) {
    if (!(cause instanceof SshError)) throw cause
    throw new Failure(EXIT.input, `the key ${path} cannot be used: ${cause.message}`, {
      code: 'ERR_CLI_SSH_KEY',
      next: 'name a key of Ed25519, ECDSA or RSA; one in a security key is not certified yet',
      cause,
    })
  }
}

/** Where ssh and sshd look for the certificate of a key. */
export function certificatePath(path: string): string {
  return `${path.replace(/\.pub$/, '')}-cert.pub`
}

/** Puts the certificate beside its key, whole or not at all; answers where. */
export async function writeCertificate(path: string, certificate: SshCertificate): Promise<string> {
  const file = certificatePath(path)
  const beside = `${file}.${process.pid}.tmp`
  await writeFile(beside, `${formatKeyLine({ blob: certificate.blob, comment: certificate.keyId })}\n`, { mode: 0o644 })
  await rename(beside, file)
  return file
}

function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '') ?? 'it does not say why'
}

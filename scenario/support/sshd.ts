// An unmodified sshd on loopback, as root, with accounts and a PAM of its own: in a mount namespace, so that nothing of this
// machine is another.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { certifySshKey } from '@countersign/mtls/ssh'
import { SSH_ENROLLMENT_NAMESPACE } from '@countersign/protocol'
import {
  formatKeyLine,
  parseKeyLine,
  parseSshMessageSignature,
  readSshCertificate,
  readSshPublicKey,
  type SshTbsCertificate,
  writeSshCertificate,
  writeSshTbsCertificate,
} from '@countersign/ssh'
import { needs, programPath } from '../../interop/peer.ts'
import { freePort } from '../../tools/testing/ports.ts'
import { OWN_MOUNTS } from '../../tools/testing/small-disk.ts'

/** What a test with such an sshd needs; it is skipped where the user is not root. */
export const withSshd: { readonly skip?: string } = {
  ...needs('sshd', 'openssh-server'),
  ...needs('ssh', 'openssh-client'),
  ...needs('unshare', 'util-linux'),
  ...needs('perl', 'perl-base'),
  ...(process.getuid?.() === 0 ? {} : { skip: 'it needs root' }),
}

/** Where the door's directory is for sshd: no directory above may be written by others. */
const PLACE = '/srv'
const ACCOUNTS = ['alice', 'bob', 'deploy', 'db']

export interface Sshd extends AsyncDisposable {
  readonly port: number
  /** What it has logged so far. */
  log(): string
  /** Waits for a line of the log. */
  logged(pattern: RegExp, timeoutMs?: number): Promise<string>
  readonly pid: number
}

export interface SshdOptions {
  /** Scratch of the test. */
  readonly directory: string
  /** The directory of the door's socket. Absent: sshd goes by the authorities alone, as if there were no door. */
  readonly door?: string
  readonly hostKey: string
  readonly config?: readonly string[]
  /** Where it listens. Default 127.0.0.1. */
  readonly address?: string
  /** A command that runs it in another network, as `nsenter` does. */
  readonly within?: readonly string[]
}

/** Starts it, and waits until it listens. */
export async function startSshd({
  directory,
  door,
  hostKey,
  config = [],
  address = '127.0.0.1',
  within = [],
}: SshdOptions): Promise<Sshd> {
  const place = join(directory, `sshd-${Math.random().toString(36).slice(2)}`)
  const port = await freePort()
  await mkdir(join(place, 'pam.d'), { recursive: true })
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  await writeFile(
    join(place, 'pam.d', 'sshd'),
    [
      'auth required pam_deny.so',
      'account required pam_permit.so',
      ...(door === undefined ? [] : [`session required pam_exec.so quiet stdout type=open_session ${PLACE}/opened`]),
      // As Debian has it; optional, as not every kernel counts logins.
      'session optional pam_loginuid.so',
      'session required pam_permit.so',
      '',
    ].join('\n'),
  )
  for (const name of ['passwd', 'group', 'shadow']) await copyFile(`/etc/${name}`, join(place, name))
  const add = async (name: string, lines: readonly string[]) =>
    writeFile(
      join(place, name),
      `${await readFile(join(place, name), 'utf8')}${lines.map((line) => `${line}\n`).join('')}`,
    )
  await add(
    'passwd',
    ACCOUNTS.map((name, i) => `${name}:x:${61_001 + i}:65534::/nonexistent:/bin/sh`),
  )
  await add(
    'shadow',
    ACCOUNTS.map((name) => `${name}:*:19000:0:99999:7:::`),
  )
  await chmod(join(place, 'shadow'), 0o600)
  await writeFile(
    join(place, 'sshd_config'),
    [
      // The first value counts.
      ...config,
      `ListenAddress ${address}:${port}`,
      `HostKey ${hostKey}`,
      `HostCertificate ${hostKey}-cert.pub`,
      `UsePAM ${door === undefined ? 'no' : 'yes'}`,
      'AuthorizedKeysFile none',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PidFile none',
      'LogLevel VERBOSE',
      'PrintMotd no',
      'PrintLastLog no',
      'UseDNS no',
      ...(door === undefined
        ? []
        : [
            `TrustedUserCAKeys ${PLACE}/authorities.pub`,
            `RevokedKeys ${PLACE}/revoked.krl`,
            `AuthorizedPrincipalsCommand ${PLACE}/principals %u %k`,
            'AuthorizedPrincipalsCommandUser nobody',
          ]),
      '',
    ].join('\n'),
  )
  const script = [
    ...['passwd', 'group', 'shadow'].map((name) => `mount --bind "$1/${name}" /etc/${name}`),
    'mount --bind "$1/pam.d" /etc/pam.d',
    ...(door === undefined ? [] : [`mount --bind "$3" ${PLACE}`]),
    'exec "$2" -D -e -f "$1/sshd_config"',
  ].join(' && ')
  const args = [...OWN_MOUNTS, 'sh', '-c', script, 'sh', place, programPath('sshd'), door ?? '']
  const [program = '', ...more] = [...within, programPath('unshare'), ...args]
  const child = spawn(program, more, { stdio: ['ignore', 'ignore', 'pipe'] })
  return followed(child, port)
}

async function followed(child: ChildProcess, port: number): Promise<Sshd> {
  let log = ''
  const waiting = new Set<() => void>()
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
    for (const look of [...waiting]) look()
  })
  // Sessions that are open hold its output, and outlive it.
  const ended = once(child, 'exit')
  const logged = (pattern: RegExp, timeoutMs = 10_000): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const look = () => {
      const found = pattern.exec(log)
      if (found) resolve(found[0])
    }
    const timer = setTimeout(() => reject(new Error(`sshd did not say ${pattern}: ${log}`)), timeoutMs)
    waiting.add(look)
    look()
    return promise.finally(() => {
      clearTimeout(timer)
      waiting.delete(look)
    })
  }
  await logged(/Server listening on /)
  return {
    port,
    pid: child.pid ?? 0,
    log: () => log,
    logged,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** Makes a key pair of OpenSSH's; answers the path of the private one. */
export function makeSshKey(path: string, type = 'ed25519'): string {
  execFileSync(programPath('ssh-keygen'), ['-q', '-t', type, '-N', '', '-f', path])
  return path
}

/** Has a key of {@link makeSshKey} certified by the identity in `directory`, as `countersign ssh enroll --key` does. */
export async function certified(
  directory: string,
  key: string,
  profile: 'ssh-user' | 'ssh-host' = 'ssh-user',
): Promise<void> {
  const { certificate } = await certifySshKey(directory, profile, async (message) => {
    const args = ['-q', '-Y', 'sign', '-f', key, '-n', SSH_ENROLLMENT_NAMESPACE]
    return parseSshMessageSignature(execFileSync(programPath('ssh-keygen'), args, { input: message, encoding: 'utf8' }))
  })
  await writeFile(`${key}-cert.pub`, `${formatKeyLine({ blob: certificate.blob })}\n`)
}

/**
 * Makes a key of {@link makeSshKey} in the place of the one there, and has it certified: of what was revoked as compromised the
 * key is, too. Answers the serial number of the certificate, hexadecimal.
 */
export async function newlyCertified(directory: string, key: string): Promise<string> {
  for (const path of [key, `${key}.pub`]) await rm(path, { force: true })
  makeSshKey(key)
  await certified(directory, key)
  const line = (await readFile(`${key}-cert.pub`, 'utf8')).trimEnd()
  return readSshCertificate(parseKeyLine(line).blob).serial.toString(16)
}

/**
 * A certificate that the authority would not sign: by its own key, for the key at `key`, beside which it is written. Answers its
 * serial number.
 */
export async function forged(data: string, key: string, changed: Partial<SshTbsCertificate> = {}): Promise<bigint> {
  const privateKey = createPrivateKey(await readFile(join(data, 'authority', 'ssh.key')))
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const now = Temporal.Now.instant().round('second')
  const serial = (1n << 63n) | BigInt(`0x${randomBytes(7).toString('hex')}`)
  const content: SshTbsCertificate = {
    nonce: new Uint8Array(randomBytes(32)),
    key: readSshPublicKey(parseKeyLine((await readFile(`${key}.pub`, 'utf8')).trimEnd()).blob),
    serial,
    role: 'user',
    keyId: 'alice',
    principals: ['alice'],
    validAfter: now.subtract({ minutes: 5 }),
    validBefore: now.add({ hours: 1 }),
    criticalOptions: [],
    extensions: [],
    signatureKey: { kind: 'Ed25519', key: Uint8Array.fromBase64(x, { alphabet: 'base64url' }) },
    ...changed,
  }
  // What may not be signed is written with something else in its place, which is then taken out again.
  const none = content.principals.length === 0
  const written = writeSshTbsCertificate(none ? { ...content, principals: ['x'] } : content)
  const tbs = none ? withoutPrincipal(written) : written
  const octets = new Uint8Array(sign(null, tbs, privateKey))
  const blob = writeSshCertificate(tbs, { algorithm: 'ssh-ed25519', octets })
  await writeFile(`${key}-cert.pub`, `${formatKeyLine({ blob })}\n`)
  return serial
}

/** The list of principals is the one place with a list of one string of one octet. */
function withoutPrincipal(tbs: Uint8Array): Uint8Array {
  const hex = tbs.toHex()
  return Uint8Array.fromHex(hex.replace('000000050000000178', '00000000'))
}

/** Arguments of ssh with which `key` (and the certificate beside it) is shown to sshd at `port`, and nothing else. */
export function sshArguments(
  key: string,
  account: string,
  port: number,
  knownHosts: string,
  host = 'localhost',
): string[] {
  return [
    ...['-F', 'none', '-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none'],
    ...['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'GlobalKnownHostsFile=none', '-o', 'StrictHostKeyChecking=yes'],
    ...['-o', 'KexAlgorithms=curve25519-sha256', '-o', `HostKeyAlias=${host}`, '-o', 'LogLevel=ERROR'],
    ...['-i', key, '-p', String(port), `${account}@127.0.0.1`],
  ]
}

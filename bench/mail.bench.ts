// Sealing and opening mail, signed and encrypted to one: beside the same cryptography with nothing around it, and beside
// the programs of OpenSSL and GnuPG; and what a mail of 30 MB takes of memory.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writePem } from '@countersign/x509'
import { findProgram } from '../interop/peer.ts'
import { AS_STARTED } from '../tools/testing/as-started.ts'
import { house, NOW } from '../tools/testing/mail-people.ts'
import { print } from './measurement.ts'
import { alice, bareOpen, bareSeal, bob, open, seal, sealed, textOf } from './support/mail.ts'

const ROUNDS = 7
const SIZES = { '2 kB': [2_000, 500], '1 MB': [1_000_000, 60] } as const
const MEMORY = fileURLToPath(new URL('support/mail-memory.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-mail-'))
const file = (name: string) => join(folder, name)

for (const [name, { certificate, privateKey }] of Object.entries({ alice, bob })) {
  writeFileSync(file(`${name}.pem`), writePem('CERTIFICATE', certificate.der))
  writeFileSync(file(`${name}.key`), privateKey.export({ format: 'pem', type: 'pkcs8' }))
}
writeFileSync(file('anchor.pem'), writePem('CERTIFICATE', house.certificate.der))

const program = findProgram('openssl')

/** How often in a second of this process's CPU: the machine has others. */
async function rateOf(times: number, act: () => unknown): Promise<number> {
  const start = process.cpuUsage()
  for (let i = 0; i < times; i++) await act()
  const { user, system } = process.cpuUsage(start)
  return (times * 1e6) / (user + system)
}

/** How often in a second, by the clock: the work is another process's. */
function clockRateOf(times: number, act: () => void): number {
  const start = performance.now()
  for (let i = 0; i < times; i++) act()
  return (times * 1000) / (performance.now() - start)
}

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync(program ?? '', ['cms', ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

const gpgProgram = findProgram('gpg')

function gpg(...args: string[]): void {
  const fixed = ['--homedir', file('gnupg'), '--batch', '--yes', '--quiet', '--trust-model', 'always']
  const { status, stderr } = spawnSync(gpgProgram ?? '', [...fixed, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}

if (gpgProgram !== undefined) {
  mkdirSync(file('gnupg'), { mode: 0o700 })
  for (const name of ['alice', 'bob'])
    gpg('--passphrase', '', '--quick-generate-key', `${name}@acme.example`, 'future-default', 'default', '1d')
}
const byGpg = {
  seal: () =>
    gpg('--armor', '-u', 'alice@acme.example', '-r', 'bob@acme.example', '-o', file('pgp'), '-se', file('plain')),
  open: () => gpg('-o', file('pgp-text'), '--decrypt', file('pgp')),
}

const at = String(NOW.epochMilliseconds / 1000)
const byOpenssl = {
  seal() {
    openssl(
      '-sign',
      '-in',
      file('plain'),
      '-out',
      file('signed'),
      ...['-signer', file('alice.pem'), '-inkey', file('alice.key')],
    )
    openssl('-encrypt', '-in', file('signed'), '-out', file('sealed'), '-aes-256-gcm', ...['-recip', file('bob.pem')])
  },
  open() {
    openssl(
      '-decrypt',
      '-in',
      file('message'),
      '-out',
      file('inner'),
      ...['-recip', file('bob.pem'), '-inkey', file('bob.key')],
    )
    openssl('-verify', '-in', file('inner'), '-out', file('text'), ...['-CAfile', file('anchor.pem'), '-attime', at])
  },
}

for (const [size, [octets, times]] of Object.entries(SIZES)) {
  const text = textOf(octets)
  const message = await sealed(text)
  const inside = await open(message)
  if (inside.end - inside.start !== text.length) throw new Error('it did not open')
  const bare = bareSeal(text)
  const lines = Buffer.from(message.toString('base64'), 'latin1')
  writeFileSync(file('plain'), text)
  writeFileSync(file('message'), `MIME-Version: 1.0\r\n${message.toString('latin1')}`)
  const ours: Readonly<Record<string, () => unknown>> = {
    [`seal ${size}`]: () => seal(text),
    [`seal ${size}, the cryptography alone`]: () => bareSeal(text),
    [`seal ${size}, the cryptography and base64`]: () => bareSeal(text).ciphertext.toString('base64'),
    [`open ${size}`]: () => open(message),
    [`open ${size}, the cryptography alone`]: () => bareOpen(bare),
    [`open ${size}, the cryptography and base64`]: () => [
      Buffer.from(lines.toString('latin1'), 'base64'),
      bareOpen(bare),
    ],
  }
  const rates = new Map(Object.keys(ours).map((name) => [name, [] as number[]]))
  // The first two rounds compile code and are not counted.
  for (let round = -2; round < ROUNDS; round++)
    for (const [name, act] of Object.entries(ours)) {
      const rate = await rateOf(times, act)
      if (round >= 0) rates.get(name)?.push(rate)
    }
  for (const [name, values] of rates) {
    const baselines = [...rates.keys()].filter((other) => other.startsWith(`${name}, `))
    const goal = baselines.length > 0 && size === '1 MB' ? { goal: '≥ 0.8 × the cryptography alone' } : {}
    print({ name, unit: 'per CPU-second', values, ...(baselines.length > 0 && { baselines }), ...goal })
  }
  for (const [what, act] of Object.entries(byGpg)) {
    const name = `${what} ${size}, gpg, a process and its agent`
    if (gpgProgram === undefined) print({ name, skipped: 'gpg is not installed' })
    else print({ name, unit: 'per second', values: Array.from({ length: 3 }, () => clockRateOf(5, act)) })
  }
  for (const [what, act] of Object.entries(byOpenssl)) {
    const name = `${what} ${size}, openssl cms, two processes`
    if (program === undefined) print({ name, skipped: 'openssl is not installed' })
    else print({ name, unit: 'per second', values: Array.from({ length: 3 }, () => clockRateOf(5, act)) })
  }
}
if (gpgProgram !== undefined) spawnSync(findProgram('gpgconf') ?? '', ['--homedir', file('gnupg'), '--kill', 'all'])
rmSync(folder, { recursive: true, force: true })

for (const what of ['seal', 'open']) {
  const values = Array.from({ length: 3 }, () => {
    const args = [...AS_STARTED, '--expose-gc', '--conditions=source', MEMORY, what]
    return Number(execFileSync(process.execPath, args, { encoding: 'utf8' })) / 1e6
  })
  print({ name: `${what} 30 MB, memory above idle`, unit: 'MB', values, goal: '< 50 MB' })
}

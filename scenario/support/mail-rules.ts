// A house whose door must encrypt what goes to a partner, before a real postfix, with people of that partner who read it: for the
// scenarios of such mail.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { operateQueue, type QueuedRecipient } from '@countersign/mail/door'
import { writePem } from '@countersign/x509'
import { needs } from '../../interop/peer.ts'
import { createIssuer, issueLeaf, pemOf } from '../../tools/testing/pki.ts'
import { enrolledNow } from './administer.ts'
import { type RunningHouse, startHouse } from './house.ts'
import { type PartyFiles, runProgram } from './peers.ts'
import { NEEDS_POSTFIX, type Postfix, startPostfix } from './postfix.ts'
import type { Ran } from './run-command.ts'

const POLICY = `
meet:
  - rule: staff hands in mail
    who: group:staff
    what: service:mail
must:
  - encrypt to *@partner.example
expect:
  - mail to bob@partner.example must be encrypted
`

/** What a test of it needs. */
export const NEEDS_RULES_HOUSE: { readonly skip?: string } = {
  ...needs('swaks', 'swaks'),
  ...needs('gpg', 'gpg'),
  ...needs('gpgconf', 'gpgconf'),
  ...NEEDS_POSTFIX,
}

/** What `mail open --json` says. */
export interface Opened {
  state: string
  code?: string
  encrypted: boolean
  cipher?: string
  meeting: { reference: string }
}

/** A message of `mail queue --json`. */
export interface Queued {
  id: string
  recipients: readonly { address: string; state: string; code?: string; note?: string; next?: string }[]
}

export interface RulesHouse extends AsyncDisposable {
  readonly scratch: string
  readonly relay: Postfix
  /** The one that runs now. */
  readonly house: RunningHouse
  readonly alice: PartyFiles
  readonly people: Readonly<Record<string, PartyFiles>>
  run(args: readonly string[], code?: number): Promise<Ran>
  /** Alice hands in a message. */
  swaks(to: readonly string[], more: readonly string[], input?: string): Promise<void>
  open(text: string, who: string, code: number): Promise<{ readonly opened: Opened; readonly inside: string }>
  gpg(
    args: readonly string[],
    input?: string | Uint8Array,
  ): { readonly status: number | null; readonly stdout: string; readonly stderr: string }
  readByGpg(text: string): string
  queued(): Promise<readonly Queued[]>
  heldFor(address: string): Promise<Queued>
  /** Kills the house and starts it again. */
  restart(): Promise<void>
}

/** A letter that Alice has sealed herself, handed in; answers it as it was opened. */
export async function sealedByHand(
  world: RulesHouse,
  { reader, subject }: { readonly reader: string; readonly subject: string },
): ReturnType<RulesHouse['open']> {
  const to = `${reader}@partner.example`
  const [plain, sealed] = ['letter', 'sealed'].map((name) => join(world.scratch, `${reader}.${name}`)) as [
    string,
    string,
  ]
  const lines = ['From: alice@acme.example', `To: ${to}`, `Subject: ${subject}`, '', 'by alice', '']
  await writeFile(plain, lines.join('\n'))
  await world.run(['mail', 'seal', plain, '--identity', world.alice.directory, '--out', sealed])
  await world.swaks([to], ['--data', `@${sealed}`])
  const [got = ''] = await world.relay.mailbox(to, 1)
  return world.open(got, reader, 0)
}

export const letter = (to: string, subject: string) => [
  '--header',
  `Subject: ${subject}`,
  '--h-To',
  to,
  '--body',
  `of ${subject}: 4,200`,
]

/** Opens it. `names` are people of the partner, those of `withKeys` have a key for S/MIME. */
export async function openRulesHouse(names: readonly string[], withKeys: readonly string[]): Promise<RulesHouse> {
  const people: Record<string, PartyFiles> = {}
  let opens = 0
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-mail-rules-'))
  const root = createIssuer('Relay Root')
  await writeFile(join(scratch, 'relay-root.pem'), writePem('CERTIFICATE', root.certificate.der))
  const host = [{ kind: 'dNSName', value: 'relay.acme.example' }] as const
  const relay = await startPostfix({
    addresses: [
      'alice@acme.example',
      'erin@elsewhere.example',
      'zoe@partner.example',
      ...names.map((name) => `${name}@partner.example`),
    ],
    certificate: pemOf(issueLeaf(root, 'relay.acme.example', { names: host, purpose: 'serverAuth' })),
  })
  const config = {
    authority: { listen: '127.0.0.1:0' },
    policy: join(scratch, 'policy.yaml'),
    parties: { alice: { labels: ['group:staff'] } },
    doors: [
      {
        name: 'mail',
        kind: 'mail',
        host: 'mail.localhost',
        listen: '127.0.0.1:0',
        partnerKeys: join(scratch, 'partners'),
        next: {
          address: `127.0.0.1:${relay.port}`,
          name: 'relay.acme.example',
          anchors: join(scratch, 'relay-root.pem'),
        },
      },
    ],
  }
  await writeFile(join(scratch, 'policy.yaml'), POLICY)
  let house = await startHouse({ config })
  const invite = (name: string, domain: string) =>
    enrolledNow(house, name, { profile: 'person', san: [`email:${name}@${domain}`] })
  const alice = await invite('alice', 'acme.example')
  for (const name of names) people[name] = await invite(name, 'partner.example')
  const run = async (args: readonly string[], code = 0) => {
    const ran = await house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }
  await mkdir(join(scratch, 'gnupg'), { mode: 0o700 })
  await Promise.all(withKeys.map((name) => run(['mail', 'key', '--identity', people[name]?.directory ?? ''])))
  const swaks = async (to: readonly string[], more: readonly string[], input?: string) => {
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    // biome-ignore format: options beside their values
    const said = await runProgram('swaks', ['--server', '127.0.0.1', '--port', port, '--tls-on-connect', '--tls-verify', '--tls-ca-path', alice.trust,
      '--tls-sni', 'mail.localhost', '--helo', 'client.example', '--tls-cert', alice.certificate, '--tls-key', alice.key,
      '--from', 'alice@acme.example', '--to', to.join(','), ...more], { ...(input !== undefined && { input, timeoutMs: 20_000 }) })
    assert.equal(said.code, 0, said.stdout + said.stderr)
  }
  const open = async (text: string, who: string, code: number): Promise<{ opened: Opened; inside: string }> => {
    const file = join(scratch, `${who}-${++opens}`)
    await writeFile(file, text)
    const ran = await run(
      ['mail', 'open', file, '--identity', people[who]?.directory ?? '', '--out', `${file}.clear`, '--json'],
      code,
    )
    const opened = JSON.parse(ran.stdout) as Opened
    const inside = opened.state === 'not opened' ? '' : (await runProgram('cat', [`${file}.clear`])).stdout
    return { opened, inside }
  }
  const gpg = (args: readonly string[], input: string | Uint8Array = '') => {
    const fixed = ['--homedir', join(scratch, 'gnupg'), '--batch', '--no-tty', '--yes', '--pinentry-mode', 'loopback']
    return spawnSync('gpg', [...fixed, '--passphrase', '', ...args], { input, encoding: 'utf8' })
  }
  /** What GnuPG reads of a message that is encrypted to its key. */
  const readByGpg = (text: string) => {
    const armored = /-----BEGIN PGP MESSAGE[\s\S]*-----END PGP MESSAGE-----/.exec(text)?.[0]
    const { status, stdout, stderr } = gpg(['--decrypt'], armored)
    assert.equal(status, 0, stderr)
    return stdout
  }
  const queued = async () =>
    (JSON.parse((await run(['mail', 'queue', '--json'])).stdout) as { messages: Queued[] }).messages
  /** Held: as the queue has it, once its sender has been told. */
  const heldFor = async (address: string) => {
    using queue = operateQueue(join(house.data, 'doors', 'mail', 'queue')) ?? assert.fail()
    for (let i = 0; i < 1000; i++) {
      const isHeld = ({ address: of, state, wasTold }: QueuedRecipient) => of === address && state === 'held' && wasTold
      if (queue.list().some(({ recipients }) => recipients.some(isHeld))) break
      await setTimeout(10)
    }
    const found = (await queued()).find(({ recipients }) =>
      recipients.some((one) => one.address === address && one.state === 'held'),
    )
    return found ?? assert.fail(`nothing is held for ${address}`)
  }

  return {
    scratch,
    relay,
    get house() {
      return house
    },
    alice,
    people,
    run,
    swaks,
    open,
    gpg,
    readByGpg,
    queued,
    heldFor,
    async restart() {
      await house.stop('SIGKILL')
      house = await startHouse({ config, directory: house.directory })
    },
    async [Symbol.asyncDispose]() {
      spawnSync('gpgconf', ['--homedir', join(scratch, 'gnupg'), '--kill', 'all'])
      await house[Symbol.asyncDispose]()
      await relay[Symbol.asyncDispose]()
      // It may have been started again in it, and so is left to us.
      await rm(house.directory, { recursive: true, force: true })
      await rm(scratch, { recursive: true, force: true })
    },
  }
}

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { writePem } from '@countersign/x509'
import { crl, type DifferentCrl, type Holder, revoked, root, sans } from '../../interop/chains/house.ts'
import { type RunningHouse, startHouse } from '../../scenario/support/house.ts'
import { openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Attackers, Case, Control } from '../model.ts'
import { around, caller, uri } from '../support/craft.ts'
import { recordsIn } from '../support/house.ts'
import { outcomeOf } from '../support/outcome.ts'
import { meet, presented } from '../support/tls-client.ts'

/** Another authority that counts at the door, and one of its parties. */
interface Partner {
  readonly authority: Holder
  readonly mallory: Holder
}

/** What is done to the list of a house that stands. */
type Damage = (file: string, partner: Partner) => Promise<void>

/** What is read at a start alone: while the house stands, nothing becomes of it but an alarm. */
const ANCHOR_DAMAGES: readonly (readonly [name: string, damage: (file: string) => Promise<void>])[] = [
  ['missing', (file) => rm(file)],
  ['empty', (file) => writeFile(file, '')],
  ['of somebody else', (file) => writeFile(file, writePem('CERTIFICATE', root(around()).certificate.der))],
]

/** DESIGN: at reload the old set stays; a list that has run out does what `revocation` of the door says. */
export const lists: Attack = {
  name: 'a revocation list that fails',
  goal: 'comes in although it was revoked, as the list that says so cannot be used any more',
  concurrent: true,
  cases: [
    atReload('missing, while the door stands', (file) => rm(file)),
    atReload('empty, while the door stands', (file) => writeFile(file, '')),
    atReload('malformed, while the door stands', (file) => writeFile(file, 'no list')),
    atReload('unreadable, while the door stands', async (file) => {
      await rm(file)
      await mkdir(file)
    }),
    atReload('an older one in its place', async (file, { authority }) => {
      await writeFile(file, listOf(authority, { number: 1n, thisUpdate: ago(3) }))
    }),
    atReload('one of another key in its place', async (file, { authority }) => {
      const other = root(around())
      await writeFile(file, listOf(authority, { number: 3n, signer: other.keys }))
    }),
    ...ANCHOR_DAMAGES.map(([name, damage]) =>
      atReload(`its authority’s certificate ${name}, while the door stands`, (file) =>
        damage(join(dirname(file), 'partner.pem')),
      ),
    ),
    way('run out, revocation: require', 'require', ({ authority }) => listOf(authority, { nextUpdate: ago(1) })),
    way('run out, with the caller on it, revocation: prefer', 'prefer', ({ authority, mallory }) =>
      listOf(authority, { nextUpdate: ago(1), revoked: [revoked(mallory, { revocationDate: ago(3) })] }),
    ),
  ],
}

const ago = (hours: number) => Temporal.Now.instant().round('second').subtract({ hours })

function listOf(authority: Holder, different: DifferentCrl): Uint8Array {
  const usual = { number: 2n, thisUpdate: ago(2), nextUpdate: ago(-2) }
  return crl(authority, { ...usual, ...different }).crl.der
}

/** Files are read when they have come to rest. */
async function alarm(house: RunningHouse): Promise<string> {
  const { event, code } = await house.event(({ event: each }) =>
    /^trust\.(?:reload-failed|changed)$/.test(String(each)),
  )
  return String(code ?? event)
}

function atReload(name: string, damage: Damage): Case {
  const whole = ({ authority, mallory }: Partner) =>
    listOf(authority, { revoked: [revoked(mallory, { revocationDate: ago(3) })] })
  return way(name, 'require', whole, damage)
}

function way(name: string, revocation: string, list: (partner: Partner) => Uint8Array, damage?: Damage): Case {
  return {
    name,
    control: goesOnWithout,
    async run(target) {
      if (target.name === 'control') return meet(target, presented(target.attackers.alice, target.attackers.issuing))
      const partner = partnerOf()
      await using place = await scratch()
      const file = join(place.directory, 'partner.crl')
      await writeFile(file, list(partner))
      await writeFile(join(place.directory, 'partner.pem'), writePem('CERTIFICATE', partner.authority.certificate.der))
      await using house = await startHouse({
        directory: place.directory,
        config: {
          authority: { listen: '127.0.0.1:0' },
          anchors: [
            { name: 'partner', file: 'partner.pem', crl: ['partner.crl'], vouches: ['spiffe://partner.example'] },
          ],
          doors: [
            {
              ...{ name: 'hello', kind: 'web', host: ['hello.localhost'], listen: '127.0.0.1:0', upstream: 'demo' },
              ...{ allow: ['spiffe://partner.example/mallory'], revocation },
            },
          ],
        },
      })
      let told: string | undefined
      if (damage) {
        await damage(file, partner)
        house.process.kill('SIGHUP')
        told = await alarm(house)
      }
      const { hostname: host, port } = new URL(house.ready.doors[0]?.url ?? '')
      const door = { ...target, kind: 'web', host, port: Number(port) } as const
      const attempt = await meet(door, presented(partner.mallory, partner.authority))
      const meeting = attempt.reference && (await recordsIn(house.data).under(attempt.reference, 'hello'))
      const record = meeting ? outcomeOf(meeting) : 'none'
      return {
        ...attempt,
        record: told === undefined ? record : `${record}; the operator is told ${told}`,
      }
    },
  }
}

function partnerOf(): Partner {
  const authority = root(around())
  const mallory = caller(authority, 'mallory', {
    extensions: { subjectAltName: sans(uri('spiffe://partner.example/mallory')) },
  })
  return { authority, mallory }
}

/** Reads the list again, and goes on without one where it cannot be used. */
async function goesOnWithout(attackers: Attackers): ReturnType<Control> {
  const { authority, mallory } = partnerOf()
  const door = await openPlainDoor(attackers, { ca: writePem('CERTIFICATE', authority.certificate.der) })
  return { ...door, attackers: { ...attackers, issuing: authority, alice: mallory } }
}

async function scratch(): Promise<AsyncDisposable & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-attack-'))
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}

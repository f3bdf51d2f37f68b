// The whole examination, from our own side to the word of the door.
import { observe, type ServerSeen } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import type { ReferenceIdentity } from '@countersign/verify'
import type { Around } from '../command.ts'
import { parseDoorAddress, referenceIdentity } from '../meeting/address.ts'
import { meetDoor } from '../meeting/meet-door.ts'
import { styleOf } from '../output/style.ts'
import { type Anchors, examineAnchors } from './anchors.ts'
import { type Ahead, examineAuthority, examineClock } from './clock.ts'
import { examineDoor } from './door.ts'
import { AREAS, type Check, type Mend, type Patient } from './model.ts'
import { examineOwnSide, type OwnSide } from './own-side.ts'
import { examinePeople, type HouseHere } from './people.ts'
import { examineProof } from './proof.ts'
import { examineReach } from './reach.ts'
import { examineSsh } from './ssh.ts'
import { examineVpn, examineVpnWay, parseVpnAddress } from './vpn.ts'

/** What was asked. */
export interface Complaint {
  readonly address: string
  readonly directory: string | undefined
  readonly trustFile: string | undefined
  readonly name: string | undefined
  /** Of which the door is, where it is here. */
  readonly house: HouseHere | undefined
}

/** What was found. */
export interface Examination {
  /** In the order of {@link AREAS}. */
  readonly checks: readonly Check[]
  /** The trouble on which the others rest; absent where there is none. */
  readonly trouble?: Check
  readonly mend?: Mend
  /** DER, as the server sent them. */
  readonly certificates: readonly Uint8Array[]
  readonly anchors?: Anchors
  readonly clock: { readonly door?: Ahead; readonly authority?: Ahead }
  /** Where there was one. */
  readonly meeting?: Meeting
}

/** Examines the house here alone. */
export async function examineHouse(house: HouseHere, { clock }: Pick<Around, 'clock'>): Promise<Examination> {
  return concluded(await examineDoors(house, clock()), { certificates: [], clock: {} })
}

async function examineDoors(house: HouseHere, now: Temporal.Instant): Promise<readonly Check[]> {
  return [...(await examinePeople(house)), ...(await examineSsh(house, now)), ...(await examineVpn(house))]
}

/** Examines the way from here to a door. @throws {Failure} where the address is none. */
export async function examine(complaint: Complaint, around: Around): Promise<Examination> {
  const { address, directory, house } = complaint
  const vpn = parseVpnAddress(address)
  const patient: Patient = { address, directory, ...(vpn ?? parseDoorAddress(address)), now: around.clock() }
  const name = referenceIdentity(complaint.name ?? patient.host)
  const own = await examineOwnSide(patient, complaint.trustFile, around)
  const here = house === undefined ? [] : await examineDoors(house, patient.now)
  try {
    if (vpn) {
      const proof: Check = {
        ...{ area: 'proof', outcome: 'unknown' },
        text: 'what it proves, and whom it lets in, a client of OpenVPN shows: openvpn --config its profile',
      }
      return concluded([...own.checks, ...here, ...(await examineVpnWay(vpn)), proof], { certificates: [], clock: {} })
    }
    return await examineWay(patient, name, { ...own, checks: [...own.checks, ...here] }, around)
  } finally {
    own.identity?.close()
  }
}

async function examineWay(
  patient: Patient,
  name: ReferenceIdentity,
  own: OwnSide,
  around: Around,
): Promise<Examination> {
  const { host, port } = patient
  const serverName = name.kind === 'dNSName' ? { serverName: name.value } : {}
  const seen = await observe({ host, port, ...serverName, clock: around.clock })
  const checks = [...own.checks, ...examineReach(seen, patient)]
  if (seen.stage !== 'channel') return concluded(checks, { certificates: [], clock: {} })
  const { checks: more, ...rest } = await examineServer(seen, patient, name, own, around)
  return concluded([...checks, ...more], { ...rest, certificates: seen.certificates })
}

async function examineServer(
  seen: ServerSeen,
  patient: Patient,
  name: ReferenceIdentity,
  { identity, trust }: OwnSide,
  around: Around,
): Promise<Omit<Examination, 'certificates'>> {
  const { host, port } = patient
  const style = styleOf(around.color.out)
  const proof = trust && examineProof({ certificates: seen.certificates, name, trust, identity, style }, patient)
  const asked = identity && (await examineAuthority(identity.directory, around))
  const authority = asked?.ahead
  const clock = { ...(seen.clock && { door: seen.clock }), ...(authority && { authority }) }
  const { check, anchors } = examineAnchors(seen, { ...(identity && { identity }), ...(trust && { trust }) }, patient)
  const met =
    trust && seen.protocol === 'TLSv1.3'
      ? await meetDoor({ host, port, trust, name, clock: around.clock, ...(identity && { identity }) })
      : undefined
  const door = met && examineDoor(met, patient)
  const unknown: Check = {
    area: 'proof',
    outcome: 'unknown',
    text: 'nobody said whom to believe: --identity DIR, or --trust FILE',
  }
  return {
    checks: [
      examineClock(seen.clock, authority, proof?.verdict),
      proof?.check ?? unknown,
      check,
      ...(door === undefined ? [] : [door]),
      ...(asked?.check === undefined ? [] : [asked.check]),
    ],
    anchors,
    clock,
    ...(met && { meeting: met.meeting }),
  }
}

/** Names the trouble on which the others rest: a wrong clock, by which everything else is judged; else the first in the order of areas. */
function concluded(found: readonly Check[], rest: Omit<Examination, 'checks' | 'trouble' | 'mend'>): Examination {
  const checks = found.toSorted((one, other) => AREAS.indexOf(one.area) - AREAS.indexOf(other.area))
  const troubles = checks.filter(({ outcome }) => outcome === 'bad')
  const trouble = troubles.find(({ area }) => area === 'clock') ?? troubles[0]
  const mend = (trouble ?? checks.find((each) => each.outcome === 'note' && each.mend !== undefined))?.mend
  return { checks, ...(trouble && { trouble }), ...(mend && { mend }), ...rest }
}

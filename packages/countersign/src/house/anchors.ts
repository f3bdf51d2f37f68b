// Other authorities that count at the doors of a house: those of its own file, or those that the authority it joins tells.
import {
  type Believe,
  createToldAuthorities,
  type Log,
  type OtherAuthorities,
  type OtherAuthority,
  openOtherAuthority,
  steadyAuthorities,
} from '@countersign/mtls'
import type { KnownAuthority } from '@countersign/protocol'
import type { AnchorConfig, DoorConfig, HouseConfig } from '../config/model.ts'

/** The other authorities of a house that stands. */
export interface HouseAnchors {
  of(door: DoorConfig): OtherAuthorities
  /** What the authority of this house tells others, now and when a list of theirs has changed: all that counts at every door. */
  follow(tell: (anchors: readonly KnownAuthority[]) => void): void
  /** Puts what the authority tells in force, where the house has no other authorities of its own. */
  readonly believe: Believe
}

/** Opens those of the file, until `opened` is disposed of. @throws {TrustFileError} */
export async function openAnchors(
  { anchors }: Pick<HouseConfig, 'anchors'>,
  log: Log,
  opened: AsyncDisposableStack,
): Promise<HouseAnchors> {
  const own: (readonly [AnchorConfig, OtherAuthority])[] = []
  for (const anchor of anchors) {
    const other = await openOtherAuthority(anchor, log)
    opened.defer(() => other.close())
    own.push([anchor, other])
  }
  const told = createToldAuthorities()
  const everywhere = own.filter(([{ doors }]) => doors === undefined)
  return {
    of: ({ name }) =>
      own.length === 0
        ? told
        : steadyAuthorities(own.flatMap(([{ doors }, other]) => (doors?.includes(name) === false ? [] : [other]))),
    follow(tell) {
      const now = () => tell(everywhere.map(knownOf))
      for (const [, other] of everywhere) other.onChange(now)
      now()
    },
    believe(next) {
      if (own.length > 0) return undefined
      const refused = told.take(next)
      if (refused === undefined) log('trust.followed', { authorities: next.map(({ name }) => name) })
      return refused
    },
  }
}

function knownOf([{ name, vouches }, { anchors, issuers, crls }]: readonly [
  AnchorConfig,
  OtherAuthority,
]): KnownAuthority {
  const certificates = [...anchors.flatMap(({ certificate }) => certificate ?? []), ...issuers]
  return { name, vouches, certificates: certificates.map(({ der }) => der), crls: crls.map(({ crl }) => crl.der) }
}

// What an administrator may grant: who the party is, and the names that its certificate will have.
import { type Identity, isParty, type Refusal } from '@countersign/protocol'
import { faultOfNames } from '../issuance/grant.ts'
import { parseSan, spiffeIdOf } from '../issuance/names.ts'
import { PROFILES, type ProfileName } from '../issuance/profiles.ts'

/** Who, and under which names. */
export interface GrantRequest {
  readonly party: string
  /** As in `dns:…`, `ip:…`, `email:…`, `uri:…`. */
  readonly san?: readonly string[]
  /** Default `client`. */
  readonly profile?: ProfileName
}

/** The names, beside the SPIFFE ID. */
export type Granted =
  | { readonly ok: true; readonly names: readonly Identity[] }
  | { readonly ok: false; readonly refusal: Refusal }

/** The parties `authority` and `authority/…` are the authority itself. */
export function isReservedParty(party: string): boolean {
  return party === 'authority' || party.startsWith('authority/')
}

/** Why nobody can be called so. */
export function faultOfParty(party: string): string | undefined {
  if (!isParty(party))
    return 'party: letters, digits, dots, hyphens, underscores; parts between slashes; at most 64 characters'
  return isReservedParty(party) ? 'party: this is the authority itself' : undefined
}

/** Decides whether an administrator may grant this. */
export function decideGrant(
  { party, san = [], profile = 'client' }: GrantRequest,
  domain: string,
  authorityName: string,
): Granted {
  const fault = faultOfParty(party)
  if (fault !== undefined) return refused(fault)
  const { instead } = PROFILES[profile]
  if (instead !== undefined) return refused(`profile: ${instead}`)
  const names: Identity[] = []
  for (const text of san) {
    const parsed = parseSan(text)
    if (!parsed.ok) return refused(`san: ${parsed.detail}`)
    if (parsed.name.kind === 'dNSName' && parsed.name.value === authorityName.toLowerCase())
      return refused('san: this is the name of the authority itself')
    names.push(parsed.name)
  }
  const unfit = faultOfNames(profile, PROFILES[profile], names, spiffeIdOf(domain, party))
  return unfit === undefined ? { ok: true, names } : refused(`san: ${unfit.note}`)
}

function refused(note: string): Granted {
  return { ok: false, refusal: { code: 'ERR_ADMIN_REQUEST', note } }
}

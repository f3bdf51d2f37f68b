// Whether names can stand in a certificate of a profile: asked of who invites, and again before anything is signed.
import type { Identity, Refusal } from '@countersign/protocol'
import { faultOfForm, kindsThatMust, sameIdentity } from './names.ts'
import type { Profile } from './profiles.ts'

/** A refusal, with its reason. */
export type GrantFault = Required<Pick<Refusal, 'code' | 'note'>>

/**
 * What speaks against granting `names` under `profile`; undefined where nothing does. `own` is the SPIFFE ID of the party,
 * the one URI that there can be (X509-SVID §2: a second one would let a party be two).
 */
export function faultOfNames(
  profileName: string,
  { names: allowed, ...profile }: Profile,
  names: readonly Identity[],
  own: Identity,
): GrantFault | undefined {
  for (const name of names) {
    const shown = JSON.stringify(`${name.kind}:${name.value}`)
    if (name.kind === 'uniformResourceIdentifier') {
      if (!sameIdentity(name, own)) return fault('ERR_ENROLL_PROFILE', `the one URI of this party is ${own.value}`)
      if (profile.kind !== 'x509' || !profile.spiffeId)
        return fault('ERR_ENROLL_PROFILE', `${profileName} has no SPIFFE ID`)
    } else if (allowed[name.kind] === undefined) {
      return fault(
        'ERR_ENROLL_PROFILE',
        `${shown}: ${profileName} has ${Object.keys(allowed).join(', ') || 'no names'}`,
      )
    }
    // A party is its own principal, whatever login names look like.
    const isItself =
      name.kind === 'sshPrincipal' && own.value.slice(own.value.indexOf('/', 'spiffe://'.length) + 1) === name.value
    const form = isItself ? undefined : faultOfForm(name)
    if (form !== undefined) return fault('ERR_ENROLL_PROFILE', form)
  }
  // PROTOCOL.certkeys: without principals a certificate is of everybody.
  if (profile.kind === 'ssh' && names.length === 0)
    return fault('ERR_ENROLL_NAME_MISSING', `${profileName} needs a principal`)
  const missing = kindsThatMust(allowed).find((kind) => !names.some((name) => name.kind === kind))
  if (missing !== undefined)
    return fault('ERR_ENROLL_NAME_MISSING', `${profileName} needs a name of the kind ${missing}`)
  return undefined
}

function fault(code: Refusal['code'], note: string): GrantFault {
  return { code, note }
}

// What speaks against a certificate in its place, whatever the rest of the path: judged once per search, told in each path.
import type { Certificate } from '@countersign/x509'
import type { AnyPathContext } from '../model.ts'
import { PROFILES } from '../profile.ts'
import { judgeEveryCertificate, judgeSerialNumber, judgeSignatureAlgorithm } from './every-certificate.ts'
import type { Fault } from './fault.ts'
import { judgeIssuer, selfIssued } from './issuer.ts'
import { judgeLeaf } from './leaf.ts'

/** The context of one search, which may be for the issuer of a CRL within another. */
export interface SearchContext extends AnyPathContext {
  readonly asCrlIssuer?: boolean
}

/** What is to be said of one certificate. */
export interface Alone {
  /** With any of these, no path through it stands. */
  readonly faults: readonly Parameters<Fault>[]
  /** Whether its signature may be asked for. */
  readonly signable: boolean
}

type Place = 'leaf' | 'issuer' | 'anchor'

/** Judges a certificate in one of the places of a path, or remembers it. */
export type JudgeAlone = (certificate: Certificate, place: Place) => Alone

/** Starts to judge, for one search. */
export function startAlone(context: SearchContext): JudgeAlone {
  const known: Record<Place, Map<Certificate, Alone>> = { leaf: new Map(), issuer: new Map(), anchor: new Map() }
  return (certificate, place) => {
    const alone = known[place].get(certificate) ?? judge(certificate, place, context)
    known[place].set(certificate, alone)
    return alone
  }
}

function judge(certificate: Certificate, place: Place, context: SearchContext): Alone {
  const faults: Parameters<Fault>[] = []
  const fault: Fault = (...found) => faults.push(found)
  const isForMail = place === 'leaf' && context.purpose === 'emailProtection' && !context.asCrlIssuer
  const profile = context.profile ?? PROFILES.private
  judgeEveryCertificate(certificate, context.now, profile, fault, isForMail ? 'mail' : undefined)
  if (place !== 'anchor') judgeIssued(certificate, fault)
  PLACES[place](certificate, context, fault)
  return { faults, signable: place === 'anchor' || judgeSignatureAlgorithm(certificate, fault) }
}

const PLACES: Readonly<Record<Place, (certificate: Certificate, context: SearchContext, fault: Fault) => void>> = {
  leaf(certificate, context, fault) {
    if (context.asCrlIssuer) judgeCrlIssuer(certificate, fault)
    else judgeLeaf(certificate, context, fault)
  },
  issuer(certificate, { purpose }, fault) {
    judgeIssuer(certificate, purpose, fault)
  },
  /** An anchor that came as a certificate is held to it, as if it were an issuer of the path: RFC 5937 §3. */
  anchor(certificate, { purpose, profile = PROFILES.private }, fault) {
    judgeIssuer(certificate, purpose, fault)
    if (profile.anchorPurpose === 'forbidden' && certificate.extendedKeyUsage !== undefined)
      fault('ERR_VERIFY_EXTENDED_KEY_USAGE', 'a root has extendedKeyUsage')
  },
}

/** What nobody asks of an anchor. */
function judgeIssued(certificate: Certificate, fault: Fault): void {
  judgeSerialNumber(certificate, fault)
  // §4.2.1.1: "The keyIdentifier field of the authorityKeyIdentifier extension MUST be included in all certificates", with
  // one exception, for certificates that their own key signs.
  const named = certificate.authorityKeyIdentifier?.keyIdentifier !== undefined || selfIssued(certificate)
  if (certificate.version === 3 && !named)
    fault('ERR_VERIFY_KEY_IDENTIFIER', 'the key identifier of its issuer is absent')
}

/** RFC 10007 §4: "verify that the key usage extension is present and verify that the cRLSign bit is set". */
function judgeCrlIssuer({ keyUsage }: Certificate, fault: Fault): void {
  if (!keyUsage?.has('cRLSign'))
    fault('ERR_VERIFY_KEY_USAGE', 'the key usage of an issuer of crls has no cRLSign', { wanted: 'cRLSign' })
}

// The certification request of a newcomer or of a renewal, RFC 2986.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { readMailbox } from '@countersign/verify'
import {
  type CertificationRequest,
  type GeneralName,
  nameOf,
  OID,
  parseIpAddress,
  readSubjectPublicKeyInfo,
  smtpUTF8MailboxName,
  subjectAltNameExtension,
  writeCertificationRequest,
  writeCertificationRequestInfo,
} from '@countersign/x509'
import { keyAlgorithmOf, signatureAlgorithmOf, signWithKey } from '../crypto/key-algorithm.ts'

/**
 * Writes a request for `party` by the key that it asks for. Without `san` it asks for no names: the invitation has them.
 * @param san As in `dns:…`, `ip:…`, `email:…`, `uri:…`.
 * @throws {RangeError} when one of `san` is none of these.
 */
export function writeRequest(privateKey: KeyObject, party: string, san: readonly string[] = []): Uint8Array {
  const algorithm = keyAlgorithmOf(privateKey)
  if (algorithm === undefined) throw new RangeError('this is no kind of key that we ask for')
  const names = san.map(parseName)
  const info = writeCertificationRequestInfo({
    subject: nameOf([['commonName', party]]),
    subjectPublicKeyInfo: readSubjectPublicKeyInfo(spkiOf(privateKey)),
    extensionRequest: names.length === 0 ? [] : [subjectAltNameExtension(names, { critical: false })],
  })
  return writeCertificationRequest(info, signatureAlgorithmOf(algorithm), signWithKey(privateKey, info))
}

/** Whether a request that was written before is by this key, for this party and these names: then it can be sent again. */
export function asksForSame(
  request: CertificationRequest,
  privateKey: KeyObject,
  party: string,
  san: readonly string[] = [],
): boolean {
  const [attribute, ...others] = request.subject.rdnSequence.flat()
  const sameParty = attribute?.type === OID.commonName && attribute.text === party && others.length === 0
  const asked = (request.requested.subjectAltName ?? []).map(textOf)
  const wanted = san.map(parseName).map(textOf)
  const sameNames = asked.length === wanted.length && asked.every((name, index) => name === wanted[index])
  return sameParty && sameNames && request.subjectPublicKeyInfo.der.toHex() === spkiOf(privateKey).toHex()
}

function spkiOf(privateKey: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }))
}

function parseName(san: string): GeneralName {
  const [, kind, value = ''] = /^(dns|ip|email|uri):(.+)$/.exec(san) ?? []
  if (kind === 'dns') return { kind: 'dNSName', value }
  if (kind === 'email') return mailName(san, value)
  if (kind === 'uri') return { kind: 'uniformResourceIdentifier', value }
  const octets = kind === 'ip' ? parseIpAddress(value) : undefined
  if (octets === undefined) throw new RangeError(`${JSON.stringify(san)} is not dns:…, ip:ADDRESS, email:… or uri:…`)
  return { kind: 'iPAddress', octets }
}

/** RFC 9598 §3, table 1: an address whose local part is not ASCII has a form of its own. */
function mailName(san: string, value: string): GeneralName {
  if (!/\P{ASCII}/u.test(value)) return { kind: 'rfc822Name', value }
  const mailbox = readMailbox(value)
  if (mailbox === undefined) throw new RangeError(`${JSON.stringify(san)} is no address whose domain is of A-labels`)
  return smtpUTF8MailboxName(mailbox)
}

function textOf(name: GeneralName): string {
  return 'octets' in name
    ? `${name.kind} ${name.octets.toHex()}`
    : 'value' in name
      ? `${name.kind} ${String(name.value)}`
      : name.kind
}

// An identity as one PKCS#12 file under a password, as browsers and phones take it.
import { randomBytes } from 'node:crypto'
import { type Credential, performWith, sideOf } from '@countersign/mtls'
import { PKCS12_ENTROPY_OCTETS, performSteps, readPrivateKeyInfo, sealPkcs12 } from '@countersign/x509'

/** What OWASP asks of PBKDF2 with HMAC-SHA-256: the file may be carried by mail, and its password be one that a person chose. */
const ITERATIONS = 600_000
/** Crockford's Base32: nothing that is mistaken for something else on paper. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const GROUPS = 5
const GROUP_LETTERS = 4

/** The name under which programs show a credential: its party's. A BMPString has no surrogates, X.680 §41. */
export function friendlyNameOf({ certificates: [leaf] }: Pick<Credential, 'certificates'>): string {
  return sideOf(leaf, leaf.serialNumber.toString(16)).name.replaceAll(/[\ud800-\udfff]/g, '\ufffd')
}

/** Enough for a password of {@link makePassword}, and a file that is gone in a moment. */
export const BRIEF_ITERATIONS = 2_048

/** Writes key, certificate and chain as PKCS#12. Whom to believe is not said by it, but by `trust install`. */
export function pkcs12Of(
  { privateKey, certificates }: Credential,
  friendlyName: string,
  password: string,
  iterations: number = ITERATIONS,
): Uint8Array {
  const [leaf, ...chain] = certificates
  const key = privateKey.export({ type: 'pkcs8', format: 'der' })
  try {
    const identity = {
      privateKey: readPrivateKeyInfo(new Uint8Array(key)),
      certificates: [leaf.der, ...chain.map(({ der }) => der)],
      friendlyName,
      entropy: new Uint8Array(randomBytes(PKCS12_ENTROPY_OCTETS)),
      iterations,
    } as const
    return performSteps(sealPkcs12(identity, password), performWith())
  } finally {
    key.fill(0)
  }
}

/** Makes a password of 100 random bits that can be typed, as in `7F3K-92QD-0VXM-4C2J-71XE`. Secret. */
export function makePassword(): string {
  const letters = [...randomBytes(GROUPS * GROUP_LETTERS)].map((octet) => LETTERS.charAt(octet & 31))
  const group = (index: number) => letters.slice(index * GROUP_LETTERS, (index + 1) * GROUP_LETTERS).join('')
  return Array.from({ length: GROUPS }, (_, index) => group(index)).join('-')
}

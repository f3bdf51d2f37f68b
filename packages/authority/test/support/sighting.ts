// What was seen of a certificate, for tests.
import type { Sighting } from '../../src/store/watch.ts'
import { START } from './core.ts'

const at = (minutes: number) => START.add({ minutes })

/** Of one certificate, `minutes` after START. */
export function sighting(sha256: Uint8Array, minutes: number, fields: Partial<Sighting> = {}): Sighting {
  const hex = sha256.toHex()
  return {
    sha256: hex,
    at: at(minutes),
    firstAt: at(minutes),
    door: 'web',
    as: 'caller',
    meetings: 1,
    certificate: {
      sha256: hex,
      spkiSha256: hex,
      serialNumber: '0f',
      subject: 'CN=mallory',
      issuer: 'CN=Acme Issuing 1',
      notBefore: START,
      notAfter: at(60),
    },
    ...fields,
  }
}

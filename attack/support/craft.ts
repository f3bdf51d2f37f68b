// Certificates that no authority should issue, by an authority that the door trusts.
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ALGORITHM, type GeneralName, OID, readCertificate, readPem } from '@countersign/x509'
import { type Different, type Holder, keysOf, leaf, name, purposes, sans } from '../../interop/chains/house.ts'
import type { Attackers } from '../model.ts'

/** In force around now, under a serial number that nobody else has. */
export function around(): Pick<Different, 'notBefore' | 'notAfter' | 'serialNumber'> {
  const now = Temporal.Now.instant().round('second')
  return {
    notBefore: now.subtract({ hours: 1 }),
    notAfter: now.add({ hours: 1 }),
    serialNumber: BigInt(`0x40${randomBytes(15).toString('hex')}`),
  }
}

export const uri = (value: string): GeneralName => ({ kind: 'uniformResourceIdentifier', value })

/** A caller's certificate as the authority issues them, but for what is `different`. */
export function caller(issuer: Holder, party: string, different: Different = {}): Holder {
  return leaf(issuer, {
    ...around(),
    subject: name(party),
    ...different,
    extensions: {
      extendedKeyUsage: purposes(OID.clientAuth),
      subjectAltName: sans(uri(`spiffe://house.localhost/${party}`)),
      ...different.extensions,
    },
  })
}

/** Those who attack a house whose data directory is at hand. */
export function attackersOf(data: string, allowed = 'alice'): Attackers {
  const root = holderIn(data, 'root')
  const issuing = holderIn(data, 'issuing')
  return { root, issuing, alice: caller(issuing, allowed), bob: caller(issuing, 'mallory') }
}

function holderIn(data: string, which: 'root' | 'issuing'): Holder {
  const read = (kind: string) => readFileSync(join(data, 'authority', `${which}.${kind}`), 'utf8')
  const [block] = readPem(read('pem'))
  if (block === undefined) throw new Error(`${which}.pem holds no certificate`)
  const privateKey = createPrivateKey(read('key'))
  const keys = keysOf({ privateKey, publicKey: createPublicKey(privateKey) }, ALGORITHM.ecdsaWithSHA256, 'sha256')
  return { certificate: readCertificate(block.der), keys }
}

// A PKCS #12 file and an encrypted key that cost little to open, and what is within.
import {
  openPkcs12,
  PKCS12_ENTROPY_OCTETS,
  performSteps,
  readPrivateKeyInfo,
  sealPkcs12,
  sealPrivateKey,
} from '@countersign/x509'
import { performWith } from '../../../../tools/testing/crypto-steps.ts'

const privateKey = readPrivateKeyInfo(Uint8Array.fromHex(`302e020100300506032b657004220420${'11'.repeat(32)}`))

/** Under the password `x`. */
export const file: Uint8Array = performSteps(
  sealPkcs12(
    {
      privateKey,
      certificates: [Uint8Array.of(0x30, 0), Uint8Array.of(0x30, 0)],
      friendlyName: 'x',
      entropy: new Uint8Array(PKCS12_ENTROPY_OCTETS),
      iterations: 2_000,
    },
    'x',
  ),
  performWith(),
)

/** Under the password of the octet 1. */
export const key: Uint8Array = performSteps(
  sealPrivateKey(privateKey, Uint8Array.of(1), { salt: new Uint8Array(16), iv: new Uint8Array(16), iterations: 1_000 }),
  performWith(),
)

/** What the file has in its encrypted part, and in the one that is not. */
export const opened: readonly Uint8Array[] = openedBy(file)

function openedBy(pkcs12: Uint8Array): Uint8Array[] {
  const plain: Uint8Array[] = []
  performSteps(openPkcs12(pkcs12, 'x'), (step) => {
    const answer = performWith()(step)
    if (step.op === 'decrypt' && answer instanceof Uint8Array) plain.push(answer)
    return answer
  })
  return plain
}

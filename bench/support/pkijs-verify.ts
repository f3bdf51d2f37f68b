// The most used JavaScript library, on WebCrypto.
import { webcrypto } from 'node:crypto'
import { Certificate, CertificateChainValidationEngine, CryptoEngine, setEngine } from 'pkijs'
import { type House, NOW } from './paths.ts'

setEngine('node', webcrypto as Crypto, new CryptoEngine({ name: 'node', crypto: webcrypto as Crypto }) as never)

/** Reads and verifies one path with it. @throws {Error} when it does not stand. */
export async function verifyWithPkijs({ root, issuing }: House, leaf: Uint8Array): Promise<void> {
  const read = (der: Uint8Array) => Certificate.fromBER(der as Uint8Array<ArrayBuffer>)
  const engine = new CertificateChainValidationEngine({
    trustedCerts: [read(root)],
    certs: [read(issuing), read(leaf)],
    checkDate: new Date(NOW.epochMilliseconds),
  })
  const { result, resultMessage } = await engine.verify()
  if (!result) throw new Error(`pkijs: ${resultMessage}`)
}

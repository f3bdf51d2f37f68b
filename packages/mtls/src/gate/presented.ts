// What the peer of a TLS connection sent to prove itself.
import type { TLSSocket } from 'node:tls'

// OpenSSL itself takes no list above 100 KiB; the verifier's budget is tighter and says so by name.
const MAX_CERTIFICATES = 128

/**
 * Reads what the peer sent, DER, in its order; of a full handshake, and while the connection stands.
 * `getPeerCertificate(true)` instead would mix in issuers of ours.
 */
export function presentedCertificates(socket: TLSSocket): readonly Uint8Array[] {
  const sent: Uint8Array[] = []
  for (let one = socket.getPeerX509Certificate(); one && sent.length < MAX_CERTIFICATES; one = one.issuerCertificate)
    sent.push(new Uint8Array(one.raw))
  return sent
}

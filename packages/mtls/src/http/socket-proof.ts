// The proof of whoever opens a WebSocket: no page can add a field to an opening handshake, but it names subprotocols
// (RFC 6455 §1.9), and the last of them is the proof.

/** Of a page that has no protocol of its own: a browser ends what was answered without one of those that it named. @see RFC 6455 §1.9 */
const NO_OTHER = 'countersign'
const PROOF = 'countersign.dpop.'

/** What a request says of itself by fields, as far as it proves something. */
export interface ProvingFields {
  readonly dpop?: string | string[] | undefined
  readonly 'sec-websocket-protocol'?: string | undefined
}

/**
 * The proofs that came with a request, joined by commas where there are several, which is none then.
 * @param isUpgrade Whether a WebSocket is asked for: a proof among protocols is for that alone.
 */
export function proofOf(fields: ProvingFields, isUpgrade: boolean): string | undefined {
  const ofSocket = isUpgrade ? protocolsIn(fields['sec-websocket-protocol']).filter(isProof) : []
  const proofs = [fields.dpop?.toString() ?? [], ofSocket.map((named) => named.slice(PROOF.length))].flat()
  return proofs.length === 0 ? undefined : proofs.join()
}

/** The protocols that are the application's to choose from; undefined where there are none. */
export function withoutProof(protocols: string): string | undefined {
  const kept = protocolsIn(protocols).filter((named) => named !== NO_OTHER && !isProof(named))
  return kept.length === 0 ? undefined : kept.join(', ')
}

/** What is chosen where the application has chosen none: only a page that named it would wait for it. */
export function chosenInstead(protocols: string | undefined): string | undefined {
  return protocolsIn(protocols).find((named) => named === NO_OTHER)
}

function protocolsIn(list = ''): string[] {
  return list
    .split(',')
    .map((named) => named.trim())
    .filter((named) => named !== '')
}

function isProof(named: string): boolean {
  return named.startsWith(PROOF)
}

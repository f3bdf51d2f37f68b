// C2SP tlog-tiles, Log entries: "sequences of big-endian uint16 length-prefixed log entries".
import { LedgerError } from './error.ts'
import { TILE_WIDTH } from './tile.ts'

/** What the two octets of its length can say. */
export const MAX_ENTRY_OCTETS = 65_535
/** A full bundle of the longest entries. */
export const MAX_BUNDLE_OCTETS: number = TILE_WIDTH * (2 + MAX_ENTRY_OCTETS)

/** The octets of a bundle. @throws {LedgerError} when an entry is too long. */
export function writeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const octets = new Uint8Array(entries.reduce((sum, { length }) => sum + 2 + length, 0))
  let at = 0
  for (const entry of entries) {
    if (entry.length > MAX_ENTRY_OCTETS) throw new LedgerError('ERR_LEDGER_ENTRY_LIMIT')
    octets[at] = entry.length >> 8
    octets[at + 1] = entry.length & 0xff
    octets.set(entry, at + 2)
    at += 2 + entry.length
  }
  return octets
}

/** The entries of a bundle, however many there are up to 256; views, not copies. @throws {LedgerError} */
export function readBundle(octets: Uint8Array): readonly Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let at = 0; at < octets.length; ) {
    const [high, low] = [octets[at], octets[at + 1]]
    if (high === undefined || low === undefined) throw new LedgerError('ERR_LEDGER_BUNDLE_TRUNCATED', `octet ${at}`)
    const end = at + 2 + high * 256 + low
    if (end > octets.length) throw new LedgerError('ERR_LEDGER_BUNDLE_TRUNCATED', `octet ${at}`)
    if (entries.length === TILE_WIDTH) throw new LedgerError('ERR_LEDGER_BUNDLE_LIMIT', `octet ${at}`)
    entries.push(octets.subarray(at + 2, end))
    at = end
  }
  return entries
}

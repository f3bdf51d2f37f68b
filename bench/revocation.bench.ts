// How long a revoked session goes on: from the call of revoke to the last octet that the door sends it, read off the
// wire, where it is one of 1,000 open sessions and is being sent as much as it reads. Nothing to compare with is known.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../interop/peer.ts'
import { revokeNow, type TimedReceipt } from '../scenario/support/administer.ts'
import { readServerPackets, type ServerPacket, startCapture } from '../scenario/support/capture.ts'
import { startHouse } from '../scenario/support/house.ts'
import { enrolled, type PartyFiles } from '../scenario/support/peers.ts'
import { print } from './measurement.ts'

const OPEN = 1000
const ROUNDS = 5
/** Enough of a packet for its addresses, its length and its flags. */
const SNAP_OCTETS = 128
const SESSIONS = fileURLToPath(new URL('support/sessions.ts', import.meta.url))
const GOAL = '< 100 ms'

interface Cut {
  readonly clientPort: number
  readonly receipt: TimedReceipt
}

if (findProgram('tshark') === undefined) print({ name: 'last octet', skipped: 'tshark is not installed' })
else await measure()

async function measure(): Promise<void> {
  await using house = await startHouse()
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const port = Number(new URL(house.ready.doors[0]?.url ?? '').port)
  const crowd = await openSessions('idle', OPEN - 1, port, await enrolled(house, 'crowd'))
  try {
    const file = join(scratch, 'wire.pcapng')
    const capture = await startCapture(port, file, { snapOctets: SNAP_OCTETS })
    const cuts = { fast: [] as Cut[], slow: [] as Cut[] }
    for (let round = 0; round < ROUNDS; round++)
      for (const kind of ['fast', 'slow'] as const) {
        const party = `${kind}-${round}`
        const reader = await openSessions(kind, 1, port, await enrolled(house, party))
        const receipt = await revokeNow(house, party)
        if (receipt.cuts.length !== 1) throw new Error(`${party}: ${receipt.cuts.length} sessions were cut`)
        cuts[kind].push({ clientPort: reader.ports[0] ?? 0, receipt })
        await reader.stop()
      }
    await capture.stop()
    const packets = await readServerPackets(file, port)
    for (const [kind, name] of [
      ['fast', `1 of ${OPEN} sessions`],
      ['slow', 'a reader who is slow'],
    ] as const) {
      const lasts = cuts[kind].map(({ clientPort, receipt }) => lastOctet(packets, clientPort) - receipt.calledAt)
      const answers = cuts[kind].map(({ receipt }) => receipt.answeredAt - receipt.calledAt)
      print({ name: `${name}: last octet`, unit: 'ms after the call', values: lasts, goal: GOAL })
      print({ name: `${name}: receipt`, unit: 'ms after the call', values: answers })
    }
  } finally {
    await crowd.stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

function lastOctet(packets: readonly ServerPacket[], clientPort: number): number {
  const last = packets.findLast((packet) => packet.clientPort === clientPort && packet.octets > 0)
  if (last === undefined) throw new Error(`the capture has nothing to port ${clientPort}`)
  return last.at
}

/** Opens sessions of one party; they stay until they are cut or stopped. */
async function openSessions(
  kind: 'idle' | 'fast' | 'slow',
  count: number,
  port: number,
  party: PartyFiles,
): Promise<{ readonly ports: readonly number[]; stop(): Promise<void> }> {
  const args = [SESSIONS, kind, String(count), String(port), party.certificate, party.key]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  const stop = async () => {
    child.kill()
    await closed
  }
  for await (const line of createInterface({ input: child.stdout }))
    return { ports: JSON.parse(line) as number[], stop }
  throw new Error(`${kind} sessions were not opened`)
}

// What many refused handshakes leave in the memory of the house: `npm run attack -- --soak 100000`.
import { readFileSync } from 'node:fs'
import { connect } from 'node:tls'
import type { Target } from './model.ts'
import type { AttackedHouse } from './support/house.ts'

const AT_ONCE = 16
const STAGES = 5

/** Has `count` callers without a certificate refused and says how large the process was on the way, in kB. */
export async function soakRefused(
  house: AttackedHouse,
  count: number,
): Promise<readonly (readonly [refused: number, kB: number])[]> {
  const target = house.targets.find(({ kind }) => kind === 'tcp')
  if (target === undefined) throw new Error('needs a TCP door')
  const sizes: [number, number][] = []
  for (let stage = 1; stage <= STAGES; stage++) {
    let left = Math.round(count / STAGES)
    const one = async () => {
      while (left-- > 0) await refusedOnce(target)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, one))
    sizes.push([Math.round((count / STAGES) * stage), residentKilobytes(house.pid)])
  }
  return sizes
}

function refusedOnce({ host, port, serverName }: Target): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: serverName, rejectUnauthorized: false })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => resolve())
    socket.resume()
  })
}

/** Linux alone tells it of another process. */
function residentKilobytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

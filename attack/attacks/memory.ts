import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type ConnectionOptions, connect } from 'node:tls'
import { root } from '../../interop/chains/house.ts'
import type { Attack, Case } from '../model.ts'
import { around, caller } from '../support/craft.ts'
import type { MemoryWord } from '../support/memory-process.ts'
import { presented } from '../support/tls-client.ts'

/** Until what is made once, code above all, has been made. */
const WARM_UP = 600
const COUNTED = 400
/** A door that keeps them is found sooner. */
const OF_CONTROL = 100
const AT_ONCE = 8
/** Of memory for each: less than the smallest record of a meeting, and more than what Node's own counters move by. */
const MAX_OCTETS_EACH = 1_000

/** Whoever is refused leaves nothing. The large numbers are `npm run attack -- --soak`, in docs/soak.md. */
export const memory: Attack = {
  name: 'many refused handshakes',
  goal: 'fills the memory of the door with what it keeps of callers that it turned away',
  concurrent: true,
  cases: [
    way('each with another certificate of an unknown authority', () => presented(caller(UNKNOWN, 'alice'))),
    way('without a certificate, each for another server name', (i) => ({ servername: `n${i}.localhost` })),
    way('that break off as the door presents itself', () => ({
      checkServerIdentity: () => new Error('leaves'),
      rejectUnauthorized: true,
    })),
  ],
}

const UNKNOWN = root(around())

function way(name: string, identity: (i: number) => ConnectionOptions): Case {
  return {
    name,
    // Keeps the record of each in a list.
    control: async (attackers) => ({
      ...{ kind: 'web', name: 'control', host: '127.0.0.1', port: 0, serverName: 'hello.localhost', attackers },
      [Symbol.asyncDispose]: async () => undefined,
    }),
    async run(target) {
      const child = fork(new URL('../support/memory-process.ts', import.meta.url), {
        execArgv: [...process.execArgv, '--expose-gc'],
      })
      const ended = once(child, 'exit')
      const keeps = target.name === 'control'
      const [warmUp, counted] = keeps ? [OF_CONTROL, OF_CONTROL] : [WARM_UP, COUNTED]
      child.send({ keeps })
      const { port } = (await word(child)) as { readonly port: number }
      await refusedMany(port, 0, warmUp, identity)
      const before = await held(child)
      await refusedMany(port, warmUp, counted, identity)
      const after = await held(child)
      child.disconnect()
      await ended
      const each = (after.octets - before.octets) / counted
      const all = after.refused === warmUp + counted && after.recorded === after.refused
      const won = each > MAX_OCTETS_EACH
      return {
        peer: all ? 'all are refused' : `${after.refused} of ${warmUp + counted} are refused`,
        record: won ? `${Math.round(each)} octets for each` : 'nothing is left',
        won,
      }
    },
  }
}

async function held(child: ChildProcess) {
  child.send('held')
  return (await word(child)) as Extract<MemoryWord, { readonly octets: number }>
}

async function word(child: ChildProcess): Promise<MemoryWord> {
  const [said] = await once(child, 'message')
  return said
}

async function refusedMany(
  port: number,
  from: number,
  count: number,
  identity: (i: number) => ConnectionOptions,
): Promise<void> {
  let next = from
  const oneAfterAnother = async () => {
    while (next < from + count) await refusedOnce(port, identity(next++))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, oneAfterAnother))
}

function refusedOnce(port: number, identity: ConnectionOptions): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'hello.localhost',
      rejectUnauthorized: false,
      ...identity,
    })
    socket.on('error', () => socket.destroy())
    socket.on('secureConnect', () => socket.end('GET / HTTP/1.1\r\nHost: hello.localhost\r\nConnection: close\r\n\r\n'))
    socket.on('close', () => resolve())
    socket.resume()
  })
}

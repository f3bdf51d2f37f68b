// A door that asks for certificates by name, and looks for the name where it usually stands: in the first octets that arrive.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { Attackers, Target } from '../model.ts'
import { openPlainDoor } from './plain-door.ts'

/** Where it does not find the guarded name it takes the profile without certificates, as if another site were meant. */
export async function openUnlessAsked(attackers: Attackers): Promise<Target & AsyncDisposable> {
  const guarded = await openPlainDoor(attackers, {})
  const open = await openPlainDoor(attackers, { requestCert: false, rejectUnauthorized: false })
  const server = createServer((caller) => {
    caller.once('data', (first) => {
      const asked = first
        .toString('latin1')
        .includes(`\0${String.fromCharCode(guarded.serverName.length)}${guarded.serverName}\0`)
      const behind = connect((asked ? guarded : open).port, '127.0.0.1')
      behind.on('error', () => caller.destroy())
      caller.on('error', () => behind.destroy())
      behind.write(first)
      caller.pipe(behind).pipe(caller)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    ...guarded,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      await guarded[Symbol.asyncDispose]()
      await open[Symbol.asyncDispose]()
    },
  }
}

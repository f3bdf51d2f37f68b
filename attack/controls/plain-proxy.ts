// A door that judges its callers by Node's options, and then carries every octet to the service as it came.
import { connect } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Attackers, Target } from '../model.ts'
import { startService } from '../support/service.ts'
import { openPlainDoor } from './plain-door.ts'

/** @param change What it does to the octets of a request on their way. */
export async function openPlainProxy(
  attackers: Attackers,
  options: TlsOptions = {},
  change: (octets: string) => string = (octets) => octets,
): Promise<Target & AsyncDisposable> {
  const service = await startService()
  const door = await openPlainDoor(attackers, options, (socket) => {
    const upstream = connect(service.port, '127.0.0.1')
    upstream.on('error', () => socket.destroy()).pipe(socket)
    socket.on('close', () => upstream.destroy())
    socket.setEncoding('latin1').on('data', (octets: string) => upstream.write(change(octets), 'latin1'))
  })
  return {
    ...door,
    service,
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}

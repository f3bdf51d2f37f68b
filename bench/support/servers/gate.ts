// Our gate before the same small answer: path, name, status and decision for every meeting. Usage: gate.ts IDENTITY-DIRECTORY
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { allowList, createAcceptor, createSessionIndex, openIdentity } from '@countersign/mtls'

const [directory] = process.argv.slice(2)
if (!directory) throw new Error('usage: gate IDENTITY-DIRECTORY')
const identity = await openIdentity(directory)
const http = createServer((_request, response) => response.end('ok'))
const acceptor = createAcceptor({
  door: 'bench',
  identity,
  trust: identity.trust,
  access: allowList(['*']),
  clock: () => Temporal.Now.instant(),
  sessions: createSessionIndex('bench'),
  record: (meeting) => void meeting,
  onAccepted: (socket) => void http.emit('connection', socket),
  onRefused: (socket) => socket.destroy(),
})
const server = createNetServer((raw) => acceptor.accept(raw))
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))

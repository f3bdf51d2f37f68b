// The process that holds a token. The C code of a vendor is in no other: it may block, leak or crash, and what asks for
// signatures goes on; and each start of it begins with a module that knows nothing of a token that was taken away.
import { KeyFault } from './fault.ts'
import type { HolderAnswer, HolderRequest } from './holder-messages.ts'
import { openToken, type TokenKey } from './token.ts'

let token: TokenKey | undefined

process.on('message', (request: HolderRequest) => void answer(request))
// Whoever asked has ended, in whatever way.
process.on('disconnect', () => {
  token?.close()
  process.exit()
})
// A terminal and a service manager send these to all processes: the house still signs while it drains.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

async function answer(request: HolderRequest): Promise<void> {
  try {
    if (request.kind === 'open') {
      token = await openToken(request.uri, request.pin)
      tell({ kind: 'opened', publicKey: token.publicKey })
    } else if (token !== undefined) {
      tell({ kind: 'signed', id: request.id, signature: token.sign(request.octets) })
    }
  } catch (cause) {
    if (!(cause instanceof KeyFault)) throw cause
    const { code, message, next } = cause
    tell({ kind: 'failed', code, message, next }, () => process.exit())
  }
}

function tell(message: HolderAnswer, told?: () => void): void {
  process.send?.(message, undefined, undefined, told)
}

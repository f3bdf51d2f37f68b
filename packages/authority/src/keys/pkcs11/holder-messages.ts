// What the process that holds a token and the one that asks it say to each other, in the structured clone of Node's IPC.
import type { webcrypto } from 'node:crypto'
import type { KeyFaultCode } from './fault.ts'
import type { KeyUri } from './uri.ts'

/** To the holder: `open` first, once. The PIN is secret. */
export type HolderRequest =
  | { readonly kind: 'open'; readonly uri: KeyUri; readonly pin: string | undefined }
  | { readonly kind: 'sign'; readonly id: number; readonly octets: Uint8Array }

/** From the holder. After `failed` it ends. */
export type HolderAnswer =
  | { readonly kind: 'opened'; readonly publicKey: webcrypto.JsonWebKey }
  | { readonly kind: 'signed'; readonly id: number; readonly signature: Uint8Array }
  | {
      readonly kind: 'failed'
      readonly code: KeyFaultCode
      readonly message: string
      readonly next: string | undefined
    }

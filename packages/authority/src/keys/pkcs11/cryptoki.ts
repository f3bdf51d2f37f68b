// The part of PKCS #11 that we use, as `pkcs11js` has it. That package compiles, so it is no dependency of ours but an
// extra that the operator adds; it is loaded by the process that holds the token, and by nothing else.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { KeyFault } from './fault.ts'

/** What names a slot, a session or an object: octets of the module's own. */
export type Handle = Buffer

interface Attribute {
  readonly type: number
  readonly value?: Buffer | number | boolean | string
}

/** Fields are padded with spaces, as C has them. */
export interface Cryptoki {
  load(path: string): void
  C_Initialize(): void
  C_Finalize(): void
  C_GetInfo(): {
    readonly manufacturerID: string
    readonly libraryDescription: string
    readonly libraryVersion: { readonly major: number; readonly minor: number }
  }
  C_GetSlotList(tokenPresent: boolean): readonly Handle[]
  C_GetSlotInfo(slot: Handle): { readonly slotDescription: string; readonly manufacturerID: string }
  C_GetTokenInfo(slot: Handle): {
    readonly label: string
    readonly manufacturerID: string
    readonly model: string
    readonly serialNumber: string
    readonly flags: number
  }
  C_OpenSession(slot: Handle, flags: number): Handle
  C_Login(session: Handle, userType: number, pin?: string): void
  C_FindObjectsInit(session: Handle, template: readonly Attribute[]): void
  C_FindObjects(session: Handle, maxObjects: number): readonly Handle[]
  C_FindObjectsFinal(session: Handle): void
  C_GetAttributeValue(session: Handle, object: Handle, template: readonly Attribute[]): readonly { value: Buffer }[]
  C_SignInit(session: Handle, mechanism: { readonly mechanism: number }, key: Handle): void
  /** Answers the part of `signature` that was written. */
  C_Sign(session: Handle, octets: Buffer, signature: Buffer): Buffer
}

/** PKCS #11 version 3.0, pkcs11t.h. */
export const CK = {
  CKF_SERIAL_SESSION: 0x4,
  CKF_LOGIN_REQUIRED: 0x4,
  CKF_TOKEN_INITIALIZED: 0x400,
  CKU_USER: 1,
  CKU_CONTEXT_SPECIFIC: 2,
  CKO_PUBLIC_KEY: 2,
  CKO_PRIVATE_KEY: 3,
  CKK_RSA: 0x0,
  CKK_EC: 0x3,
  CKK_EC_EDWARDS: 0x40,
  CKA_CLASS: 0x0,
  CKA_LABEL: 0x3,
  CKA_KEY_TYPE: 0x100,
  CKA_ID: 0x102,
  CKA_SIGN: 0x108,
  CKA_MODULUS: 0x120,
  CKA_PUBLIC_EXPONENT: 0x122,
  CKA_EC_PARAMS: 0x180,
  CKA_EC_POINT: 0x181,
  CKA_ALWAYS_AUTHENTICATE: 0x202,
  CKM_SHA256_RSA_PKCS: 0x40,
  CKM_ECDSA: 0x1041,
  CKM_EDDSA: 0x1057,
} as const

/** The release that our tests run with. */
const EXTRA = 'pkcs11js'
const EXTRA_VERSION = '2.1.7'

/** Loads a module and initializes it. @throws {KeyFault} when the extra is absent, or the module does not load. */
export async function loadCryptoki(modulePath: string): Promise<Cryptoki> {
  const { PKCS11 } = await importExtra()
  const cryptoki = new PKCS11()
  try {
    cryptoki.load(modulePath)
    cryptoki.C_Initialize()
  } catch (cause) {
    throw new KeyFault('ERR_AUTHORITY_KEY_MODULE', `the PKCS #11 module does not start: ${describe(cause)}`, { cause })
  }
  return cryptoki
}

async function importExtra(): Promise<{ readonly PKCS11: new () => Cryptoki }> {
  try {
    // By a variable: neither the compiler nor an installation without it has this package.
    const { default: extra } = await import(EXTRA)
    return extra
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && /MODULE_NOT_FOUND$/.test(String(cause.code))
    if (!missing) throw cause
    throw new KeyFault('ERR_AUTHORITY_KEY_EXTRA', `the package ${EXTRA} is not installed, or was not compiled`, {
      cause,
      next: `in the directory of countersign: ${addExtraCommand()}`,
    })
  }
}

/** What adds the extra, compiled with the headers that came with this Node where they did. */
function addExtraCommand(): string {
  const home = dirname(dirname(process.execPath))
  const headers = existsSync(join(home, 'include', 'node', 'node_api.h')) ? ` --nodedir=${home}` : ''
  return `npm install --no-save ${EXTRA}@${EXTRA_VERSION}${headers}`
}

/** The name of a CKR_… value, which pkcs11js has as the message. */
export function resultOf(cause: unknown): string | undefined {
  return cause instanceof Error && cause.name === 'Pkcs11Error' ? cause.message : undefined
}

/** A failed call in words for a message: what answered, and what was called. */
export function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return 'no reason'
  const method =
    'method' in cause && typeof cause.method === 'string' && cause.method !== '' ? ` (${cause.method})` : ''
  return `${cause.message.slice(0, 200)}${method}`
}

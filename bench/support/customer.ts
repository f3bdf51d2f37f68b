// A customer of a bank: OPAQUE's own client, a device's keys, an app for codes.
import { hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { client, ready } from '@serenity-kit/opaque'
import { CompactEncrypt, importJWK } from 'jose'
import { Secret, TOTP } from 'otpauth'
import { type Ask, type BankConnection, callsOver } from './bank-calls.ts'
import { type BenchDevice, newDevice } from './device.ts'

/** Somebody with an account. */
export interface BenchCustomer {
  /** A whole sign-in at the device of the set-up. @param step Of the code: now, or one before or after it (RFC 6238 §5.2). */
  signIn(step?: -1 | 0 | 1): Promise<void>
}

/** How long a code is shown. @see RFC 6238 §4.1 */
export const STEP_MS = 30_000

const SEALED_OCTETS = 24_576
// What a password is stretched with is the page's work, and none of the server's.
const keyStretching = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } }

/** Sets an account up. @param invitation The token of its address. @param now Of the app, in epoch milliseconds. */
export async function openAccount(
  connection: BankConnection,
  { account, invitation, now = Date.now }: { account: string; invitation: string; now?: () => number },
): Promise<BenchCustomer> {
  await ready
  const device = await newDevice()
  const ask = callsOver(connection, device)
  const password = randomUUID()
  const { setUp, opaque } = await ask('set-up/begin', { invitation, device: device.keys })
  const identifiers = { client: account, server: opaque.server }
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password })
  const { response } = await ask('set-up/password', { setUp, request: registrationRequest })
  const { registrationRecord: record, exportKey } = client.finishRegistration({
    ...{ password, clientRegistrationState, registrationResponse: response, identifiers, keyStretching },
  })
  const plain = randomBytes(SEALED_OCTETS)
  const { totp } = await ask('set-up/record', {
    ...{ setUp, name: account, record },
    ofPassword: await sealToPassword(plain, exportKey),
    ofDevice: await sealToDevice(plain, account, device),
  })
  const codes = new TOTP({ secret: Secret.fromBase32(totp.secret) })
  const code = (step = 0) => codes.generate({ timestamp: now() + step * STEP_MS })
  await ask('set-up/code', { setUp, code: code() })
  await ask('set-up/done', { setUp })
  return { signIn: (step) => signIn(ask, device, { account, password, identifiers, code: () => code(step) }) }
}

async function signIn(
  ask: Ask,
  device: BenchDevice,
  by: {
    readonly account: string
    readonly password: string
    readonly identifiers: { readonly client: string; readonly server: string }
    readonly code: () => string
  },
): Promise<void> {
  const { account, password, identifiers } = by
  const begun = await ask('begin', { device: device.keys })
  const { clientLoginState, startLoginRequest: start } = client.startLogin({ password })
  const { response: loginResponse } = await ask('password', { signIn: begun.signIn, account, start })
  const done = client.finishLogin({ password, clientLoginState, loginResponse, identifiers, keyStretching })
  if (done === undefined) throw new Error('the bank has not proved itself')
  await ask('finish', { signIn: begun.signIn, finish: done.finishLoginRequest })
  const { next } = await ask('code', { signIn: begun.signIn, code: by.code() })
  if (next !== 'done') throw new Error(`signed in, and then ${next}`)
}

async function sealToPassword(plain: Uint8Array, exportKey: string): Promise<string> {
  const key = hkdfSync('sha256', Buffer.from(exportKey, 'base64url'), '', 'countersign login picture v1', 32)
  return new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(new Uint8Array(key))
}

async function sealToDevice(plain: Uint8Array, account: string, { id, keys }: BenchDevice): Promise<string> {
  return new CompactEncrypt(plain)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .setKeyManagementParameters({ apu: Buffer.from(account), apv: Buffer.from(id) })
    .encrypt(await importJWK({ ...keys.agreement }, 'ECDH-ES'))
}

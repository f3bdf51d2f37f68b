// A customer over the network: OPAQUE's own client, a device's keys, an app for codes, one connection.
import { hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { Agent, request } from 'node:https'
import { text } from 'node:stream/consumers'
import type { AnswerOf, BodyOf, CallName } from '@countersign/login'
import { client, ready } from '@serenity-kit/opaque'
import { CompactEncrypt, importJWK } from 'jose'
import { Secret, TOTP } from 'otpauth'
import { newDevice, type TestDevice } from '../../packages/login/test/support/device.ts'

/** Where the bank is. */
export interface BankAddress {
  /** As in `bank.localhost:8444`. */
  readonly authority: string
  /** PEM of the root. */
  readonly trust: string
}

/** Somebody with an account. */
export interface BenchCustomer {
  /** A whole sign-in at the device of the set-up. */
  signIn(): Promise<void>
  close(): void
}

const SEALED_OCTETS = 24_576
// What a password is stretched with is the page's work, and none of the server's.
const keyStretching = { 'argon2id-custom': { iterations: 1, memory: 8, parallelism: 1 } }

/**
 * Sets an account up. @param invitation The token of its address. @param localAddress From where it calls: each
 * address may begin so many sign-ins a minute.
 */
export async function openAccount(
  bank: BankAddress,
  { account, invitation, localAddress }: { account: string; invitation: string; localAddress: string },
): Promise<BenchCustomer> {
  await ready
  const device = await newDevice()
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: bank.trust })
  const ask = asking(bank, device, agent, localAddress)
  const password = randomUUID()
  const begun = await ask('set-up/begin', { invitation, device: device.keys })
  const setUp = begun.setUp
  const identifiers = { client: account, server: begun.opaque.server }
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password })
  const { response } = await ask('set-up/password', { setUp, request: registrationRequest })
  const { registrationRecord: record, exportKey } = client.finishRegistration({
    ...{ password, clientRegistrationState, registrationResponse: response, identifiers, keyStretching },
  })
  const plain = randomBytes(SEALED_OCTETS)
  const { totp } = await ask('set-up/record', {
    setUp,
    name: account,
    record,
    ofPassword: await sealToPassword(plain, exportKey),
    ofDevice: await sealToDevice(plain, account, device),
  })
  const codes = new TOTP({ secret: Secret.fromBase32(totp.secret) })
  await ask('set-up/code', { setUp, code: codes.generate({ timestamp: Date.now() }) })
  await ask('set-up/done', { setUp })
  return {
    async signIn() {
      const { signIn } = await ask('begin', { device: device.keys })
      const { clientLoginState, startLoginRequest: start } = client.startLogin({ password })
      const { response: loginResponse } = await ask('password', { signIn, account, start })
      const done = client.finishLogin({ password, clientLoginState, loginResponse, identifiers, keyStretching })
      if (done === undefined) throw new Error('the bank has not proved itself')
      await ask('finish', { signIn, finish: done.finishLoginRequest })
      const code = codes.generate({ timestamp: Date.now() })
      const { next } = await ask('code', { signIn, code })
      if (next !== 'done') throw new Error(`signed in, and then ${next}`)
    },
    close: () => agent.destroy(),
  }
}

/** Each answer brings the nonce of the next proof. */
function asking({ authority }: BankAddress, device: TestDevice, agent: Agent, localAddress: string) {
  const { hostname, port } = new URL(`https://${authority}`)
  let nonce: string | undefined
  const send = async (name: CallName, body: unknown, proof?: string): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const sent = request({
      ...{ agent, host: '127.0.0.1', port, servername: hostname, localAddress, method: 'POST' },
      path: `/login/api/${name}`,
      headers: {
        Host: authority,
        Origin: `https://${authority}`,
        'Content-Type': 'application/json',
        ...(proof !== undefined && { DPoP: proof }),
      },
    })
    sent.on('response', (answer) => {
      nonce = answer.headers['dpop-nonce']?.toString() ?? nonce
      text(answer).then((said) => (answer.statusCode === 200 ? resolve(said) : reject(new Error(said))), reject)
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(body))
    return promise
  }
  return async <Name extends CallName>(name: Name, body: BodyOf<Name>): Promise<AnswerOf<Name>> => {
    if (nonce === undefined) await send('nonce', {})
    const uri = `https://${authority}/login/api/${name}`
    const proof = await device.proveFor({ method: 'POST', uri }, nonce ?? '')
    return JSON.parse(await send(name, body, proof)) as AnswerOf<Name>
  }
}

async function sealToPassword(plain: Uint8Array, exportKey: string): Promise<string> {
  const key = hkdfSync('sha256', Buffer.from(exportKey, 'base64url'), '', 'countersign login picture v1', 32)
  return new CompactEncrypt(plain).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(new Uint8Array(key))
}

async function sealToDevice(plain: Uint8Array, account: string, { id, keys }: TestDevice): Promise<string> {
  return new CompactEncrypt(plain)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
    .setKeyManagementParameters({ apu: Buffer.from(account), apv: Buffer.from(id) })
    .encrypt(await importJWK({ ...keys.agreement }, 'ECDH-ES'))
}

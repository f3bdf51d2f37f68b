// What pages and server say to each other: each request and answer below `/login/api`, in one table that both rest on.
import { z } from 'zod'
import { isSeen } from './browser/seen.ts'

/** Base64url without padding, of at most `maxOctets`. */
const octets = (maxOctets: number) =>
  z
    .base64url()
    .min(1)
    .max(Math.ceil((maxOctets * 4) / 3))
const id = z.string().regex(/^[A-Za-z0-9_-]{22,43}$/)
const instant = z.iso.datetime()
const account = z.string().trim().min(1).max(100)
/** Of somebody who may be anybody, for others to read: on pages, in mails, in records and at an operator's terminal. */
const seen = z.string().refine(isSeen, 'must have only characters that can be seen')
const called = seen.trim().min(1).max(60)

/** A sealed picture and phrase: a JWE in compact form, all of one length for each `alg`. @see RFC 7516 §3.1 */
export const SEALED_OCTETS = 64 * 1024
const sealed = z
  .string()
  .max(SEALED_OCTETS)
  .regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){3}\.[A-Za-z0-9_-]+$/)

/** A public key on P-256. @see RFC 7518 §6.2.1 */
const publicKey = z.strictObject({ kty: z.literal('EC'), crv: z.literal('P-256'), x: octets(32), y: octets(32) })
/** What a page made on this device; neither private key can leave it. `name` is for people, as in `Chromium on Linux`. */
const device = z.strictObject({ name: called, signing: publicKey, agreement: publicKey })
export type DeviceKeys = z.infer<typeof device>

/** What comes next in a sign-in. */
const next = z.enum(['password', 'code', 'confirm', 'recover', 'wait', 'restore', 'done'])
/** Digits of an app or of a telephone; a recovery code has letters too, and hyphens for the eye. */
const code = z.string().trim().min(6).max(40)

/** As in `+4915112345678`. @see ITU-T E.164 §6 */
const telephoneNumber = z.string().regex(/^\+[1-9]\d{6,14}$/)

/** What somebody confirms, as they read it: it is this that is signed, octet for octet (RFC 8785). */
export const matter = z.strictObject({
  title: seen.min(1).max(80),
  lines: z.array(z.tuple([seen.min(1).max(40), seen.max(200)])).max(12),
  /** Of whoever asks: makes it this one time. */
  nonce: seen.min(16).max(64),
})
export type Matter = z.infer<typeof matter>

/** Of `navigator.credentials`, as `PublicKeyCredential` writes it; `@simplewebauthn/server` reads the rest. @see WebAuthn 3 §5.1 */
const credential = z.looseObject({ id: octets(1024), rawId: octets(1024), type: z.literal('public-key') })
const options = z.looseObject({ challenge: octets(64) })

/** Of OPAQUE: the identity of the server. That of the client is the account, as it was sent. @see RFC 9807 §4 */
const opaque = z.strictObject({ server: z.string() })

const signIn = { signIn: id }
const none = z.strictObject({})
/** `pending`: the same secret, encrypted, to come back with the code. */
const newApp = z.strictObject({
  totp: z.strictObject({ uri: z.string(), secret: z.string(), qr: z.string() }),
  pending: octets(256),
})

interface Call {
  /** Which step of a flow it is, and what proves the asker, for readers. */
  readonly summary: string
  /**
   * `device`: a DPoP proof (RFC 9449) by a device's key, in the field `DPoP`. `session`: that and the session's cookie.
   * `maybe`: a proof where the device has a key. `none`: nothing but what the body says.
   */
  readonly proof: 'none' | 'maybe' | 'device' | 'session'
  readonly body: z.ZodType
  readonly answer: z.ZodType
}

/** Every call: `POST /login/api/<name>`, JSON both ways; what is refused is problem+json with a code of the house. */
export const API = {
  // Set-up: from an invitation, whose token is in the fragment of the page's address.
  'set-up/begin': {
    summary: 'Shows an invitation; the account is then set up step by step, and may be begun anew until it is open',
    proof: 'device',
    body: z.strictObject({ invitation: octets(32), device }),
    answer: z.strictObject({
      setUp: id,
      account,
      email: z.string().exactOptional(),
      opaque,
    }),
  },
  'set-up/password': {
    summary: 'OPAQUE registration, first message (RFC 9807 §5)',
    proof: 'device',
    body: z.strictObject({ setUp: id, request: octets(64) }),
    answer: z.strictObject({ response: octets(128) }),
  },
  'set-up/record': {
    summary:
      'OPAQUE registration, the record, with name, picture and phrase: one copy under the export key, one for this device',
    proof: 'device',
    body: z.strictObject({
      setUp: id,
      name: called,
      record: octets(512),
      ofPassword: sealed,
      ofDevice: sealed,
    }),
    /** `qr`: rows of `0` and `1` (dark), with a line feed between them and no margin, which the page draws. */
    answer: z.strictObject({ totp: z.strictObject({ uri: z.string(), secret: z.string(), qr: z.string() }) }),
  },
  'set-up/code': {
    summary: 'The first code of the app: it works. Answers recovery codes, once',
    proof: 'device',
    body: z.strictObject({ setUp: id, code }),
    answer: z.strictObject({ recovery: z.array(z.string()) }),
  },
  'set-up/done': {
    summary: 'The customer has kept the recovery codes: the account is open, and this device is known',
    proof: 'device',
    body: z.strictObject({ setUp: id }),
    answer: none,
  },

  // Sign-in.
  begin: {
    summary: 'Steps 1 and 2: a known device proves its key, and gets its copy of picture and phrase',
    proof: 'maybe',
    body: z.strictObject({ device: device.exactOptional() }),
    answer: z.strictObject({
      ...signIn,
      known: z.boolean(),
      account: account.exactOptional(),
      ofDevice: sealed.exactOptional(),
      opaque,
    }),
  },
  password: {
    summary: 'OPAQUE, KE1 to KE2 (RFC 9807 §6). The same for a name that nobody has',
    proof: 'maybe',
    body: z.strictObject({ ...signIn, account: account.refine(isSeen), start: octets(128) }),
    answer: z.strictObject({ response: octets(512) }),
  },
  finish: {
    summary: 'OPAQUE, KE3. The copy under the export key comes to a known device alone',
    proof: 'maybe',
    body: z.strictObject({ ...signIn, finish: octets(128) }),
    answer: z.strictObject({
      next,
      ofPassword: sealed.exactOptional(),
      number: z.string().exactOptional(),
      /** The end of the number that a code can come to by SMS, where that would be a way in: on a known device alone. */
      sms: z.string().exactOptional(),
    }),
  },
  code: {
    summary: 'The one-time password, of an app or as a telephone shows it',
    proof: 'device',
    body: z.strictObject({ ...signIn, code }),
    answer: z.strictObject({ next, ofPassword: sealed.exactOptional() }),
  },
  'code/send': {
    summary: 'Asks for the code to be shown on an enrolled telephone, in its own session',
    proof: 'device',
    body: z.strictObject(signIn),
    answer: z.strictObject({ number: z.string() }),
  },
  'code/sms': {
    summary:
      'Sends the code to the enrolled number by SMS, where the operator has a gateway: restricted, and from a known device alone',
    proof: 'device',
    body: z.strictObject(signIn),
    answer: z.strictObject({ number: z.string() }),
  },
  wait: {
    summary: 'Whether a known device has confirmed this one, or the waiting time of a recovery is over',
    proof: 'device',
    body: z.strictObject(signIn),
    answer: z.strictObject({
      next,
      until: instant.exactOptional(),
      /** What the rules of the door ask for at the end of a recovery, beside the password: one of them. */
      ways: z.array(z.enum(['totp', 'passkey'])).exactOptional(),
      ofPassword: sealed.exactOptional(),
    }),
  },
  recover: {
    summary:
      'A recovery code after the password, from a device that is not known: the customer is told, and a time must pass',
    proof: 'device',
    body: z.strictObject({ ...signIn, code }),
    answer: z.strictObject({ next, until: instant }),
  },
  'restore/app': {
    summary: 'At the end of a recovery, where the rules of the door ask for a code: another app, as `totp/new` does',
    proof: 'device',
    body: z.strictObject(signIn),
    answer: newApp,
  },
  'restore/app/confirm': {
    summary: 'The first code of the new app: it takes the place of the one before, and the recovery lets in',
    proof: 'device',
    body: z.strictObject({ ...signIn, pending: octets(256), code }),
    answer: z.strictObject({ next, ofPassword: sealed.exactOptional() }),
  },
  'restore/passkey/options': {
    summary: 'At the end of a recovery, where the rules of the door ask for a passkey: what makes a new one',
    proof: 'device',
    body: z.strictObject(signIn),
    answer: options,
  },
  'restore/passkey': {
    summary: 'Keeps it. The sign-in goes on by `passkey/options` and `passkey`',
    proof: 'device',
    body: z.strictObject({ ...signIn, credential, name: called }),
    answer: none,
  },
  'device/keep': {
    summary: 'After a sign-in on a new device: its own copy of picture and phrase',
    proof: 'session',
    body: z.strictObject({ ofDevice: sealed }),
    answer: none,
  },

  // Passkeys (WebAuthn 3).
  'passkey/options': {
    summary: 'What to sign to get in by a passkey, whoever it is of',
    proof: 'maybe',
    body: z.strictObject(signIn),
    answer: options,
  },
  passkey: {
    summary: 'In by a passkey: what a password with its code cannot do on a new device, this can',
    proof: 'device',
    body: z.strictObject({ ...signIn, credential }),
    answer: z.strictObject({ next, account }),
  },
  'passkey/add/options': {
    summary: 'What makes a new passkey; asks for a fresh proof',
    proof: 'session',
    body: none,
    answer: options,
  },
  'passkey/add': {
    summary: 'Keeps a new passkey; asks for a fresh proof',
    proof: 'session',
    body: z.strictObject({ credential, name: called }),
    answer: none,
  },

  // The session.
  nonce: {
    summary: 'A fresh nonce for proofs (RFC 9449 §8)',
    proof: 'none',
    body: none,
    answer: z.strictObject({ nonce: z.string() }),
  },
  renew: {
    summary: 'A new cookie for the proof of the device',
    proof: 'session',
    body: none,
    answer: z.strictObject({ until: instant }),
  },
  'sign-out': { summary: 'Ends this session', proof: 'session', body: none, answer: none },
  'step-up/options': { summary: 'What to sign for a fresh proof', proof: 'session', body: none, answer: options },
  'step-up': {
    summary: 'A fresh passkey or code for this session',
    proof: 'session',
    body: z.union([z.strictObject({ credential }), z.strictObject({ code })]),
    answer: none,
  },

  // What you see is what you sign.
  'confirm/options': {
    summary: 'What to sign to confirm exactly this: the challenge is made of it',
    proof: 'session',
    body: z.strictObject({ matter }),
    answer: options,
  },
  confirm: {
    summary: 'Confirms exactly this, by a passkey or by a code that was shown beside it',
    proof: 'session',
    body: z.union([z.strictObject({ matter, credential }), z.strictObject({ matter, code })]),
    answer: none,
  },
  'confirm/sms': {
    summary: 'Sends it, with a code, to the enrolled number by SMS, where the operator has a gateway: restricted',
    proof: 'session',
    body: z.strictObject({ matter }),
    answer: z.strictObject({ number: z.string() }),
  },
  'confirm/send': {
    summary: 'Shows it, with a code, on an enrolled telephone',
    proof: 'session',
    body: z.strictObject({ matter }),
    answer: z.strictObject({ number: z.string() }),
  },

  // The account: what a customer sees and does in an open session.
  account: {
    summary:
      'Name, devices, passkeys, open sessions, how many recovery codes are left, and what waits to be confirmed here',
    proof: 'session',
    body: none,
    answer: z.strictObject({
      account,
      name: z.string(),
      until: instant,
      proofs: z.array(z.strictObject({ kind: z.string(), at: instant })),
      devices: z.array(
        z.strictObject({
          device: id,
          name: z.string(),
          addedAt: instant,
          how: z.string(),
          isThis: z.boolean(),
          isPhone: z.boolean(),
        }),
      ),
      passkeys: z.array(z.strictObject({ passkey: z.string(), name: z.string(), addedAt: instant })),
      sessions: z.array(
        z.strictObject({
          /** Not its id, which is half of a cookie. */
          session: id,
          device: z.string(),
          openedAt: instant,
          isThis: z.boolean(),
          /** The one that opened it, where one did: with it the session ends. */
          passkey: z.string().exactOptional(),
        }),
      ),
      recoveryLeft: z.int(),
      /** Where the operator has a gateway: the end of the number that codes go to, where there is one, and since when. */
      sms: z.strictObject({ number: z.string().exactOptional(), addedAt: instant.exactOptional() }).exactOptional(),
      waiting: z.array(
        z.strictObject({
          waiting: id,
          kind: z.enum(['device', 'code', 'matter', 'recovery', 'invitation']),
          /** Empty where there is none. */
          number: z.string(),
          text: z.array(z.tuple([z.string(), z.string()])),
          code: z.string().exactOptional(),
          until: instant,
        }),
      ),
    }),
  },
  'waiting/answer': {
    summary: 'A known device says yes or no to what waits; a yes asks for a fresh proof',
    proof: 'session',
    body: z.strictObject({ waiting: id, yes: z.boolean() }),
    answer: none,
  },
  'device/remove': {
    summary: 'Ends a device, and every session that is bound to it; asks for a fresh proof',
    proof: 'session',
    body: z.strictObject({ device: id }),
    answer: none,
  },
  'passkey/remove': {
    summary: 'Ends a passkey; asks for a fresh proof',
    proof: 'session',
    body: z.strictObject({ passkey: octets(1024) }),
    answer: none,
  },
  'session/end': {
    summary: 'Ends one session, or every other one where none is named; asks for a fresh proof',
    proof: 'session',
    body: z.strictObject({ session: id.exactOptional() }),
    answer: none,
  },
  'device/phone': {
    summary: 'Whether codes may be shown on this device; a yes asks for a fresh proof',
    proof: 'session',
    body: z.strictObject({ isPhone: z.boolean() }),
    answer: none,
  },
  'recovery/new': {
    summary: 'New recovery codes in place of those before; asks for a fresh proof',
    proof: 'session',
    body: none,
    answer: z.strictObject({ recovery: z.array(z.string()) }),
  },
  'totp/new': {
    summary: 'Another app for codes: its secret, which counts when its first code was right; asks for a fresh proof',
    proof: 'session',
    body: none,
    answer: newApp,
  },
  'totp/confirm': {
    summary: 'The first code of the new app: it takes the place of the one before',
    proof: 'session',
    body: z.strictObject({ pending: octets(256), code }),
    answer: none,
  },
  'sms/add': {
    summary:
      'A number that codes are to come to by SMS, where the operator has a gateway: a first one goes there; asks for a fresh proof',
    proof: 'session',
    body: z.strictObject({ number: telephoneNumber }),
    answer: none,
  },
  'sms/confirm': {
    summary: 'The code that came there: the number counts from now on, in place of the one before',
    proof: 'session',
    body: z.strictObject({ code }),
    answer: none,
  },
  'sms/remove': {
    summary: 'No codes by SMS any more; asks for a fresh proof',
    proof: 'session',
    body: none,
    answer: none,
  },
  'picture/change': {
    summary:
      'Another picture and phrase, in both copies; asks for a fresh proof and the password of now, as `password/change` does. The copies of other devices end',
    proof: 'session',
    body: z.strictObject({ ...signIn, ofPassword: sealed, ofDevice: sealed }),
    answer: none,
  },
  'password/change': {
    summary:
      'OPAQUE registration anew, first message; asks for a fresh proof, and for a sign-in of this device in which the password of now was proved (`begin`, `password`, `finish`)',
    proof: 'session',
    body: z.strictObject({ ...signIn, request: octets(64) }),
    answer: z.strictObject({ response: octets(128) }),
  },
  'password/changed': {
    summary: 'The new record with picture and phrase under its export key: every other session ends',
    proof: 'session',
    body: z.strictObject({ ...signIn, record: octets(512), ofPassword: sealed }),
    answer: none,
  },
} as const satisfies Readonly<Record<string, Call>>

/** The name of a call. */
export type CallName = keyof typeof API
/** What is asked. */
export type BodyOf<Name extends CallName> = z.infer<(typeof API)[Name]['body']>
/** What is answered. */
export type AnswerOf<Name extends CallName> = z.infer<(typeof API)[Name]['answer']>

/** The longest body of any call, in octets. */
export const MAX_BODY_OCTETS: number = 4 * SEALED_OCTETS

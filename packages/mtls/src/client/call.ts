// One attempt to meet a callee: what it needs, made from the options once.
import { createSecureContext, type SecureContext } from 'node:tls'
import type { ReferenceIdentity } from '@countersign/verify'
import { type Judgement, judge } from '../gate/judge.ts'
import { verdictsOf } from '../gate/verdicts.ts'
import type { ConnectOptions, Credential, ResumptionStore, Trust } from '../model.ts'
import { sha256 } from '../sha256.ts'
import { createCheckSignature } from '../trust/check-signature.ts'
import { trustFirstContact } from './first-contact.ts'
import { referenceIdentityOf, serverNameOf, type Target, targetOf } from './target.ts'

/** Where a client goes, as whom, and what the callee must prove. */
export interface Call {
  readonly options: ConnectOptions
  readonly target: Target
  readonly name: ReferenceIdentity
  readonly serverName: string | undefined
  readonly door: string
  readonly credential: Credential | undefined
  readonly now: () => Temporal.Instant
}

/** A session to resume and the certificates that it was made under. */
export type Kept = NonNullable<ReturnType<ResumptionStore['take']>>

/** Says who the callee is; `trust` is what it was believed by. */
export type CalleeJudgement =
  | (Extract<Judgement, { readonly ok: true }> & { readonly trust: Trust })
  | Extract<Judgement, { readonly ok: false }>

const SYSTEM_CLOCK = () => Temporal.Now.instant()

/** Reads the options once; the credential is the one of now. */
export function prepareCall(options: ConnectOptions): Call {
  const target = targetOf(options.host, options.port)
  const name: ReferenceIdentity = options.firstContact
    ? { kind: 'dNSName', value: options.firstContact.name }
    : (options.name ?? referenceIdentityOf(target))
  return {
    options,
    target,
    name,
    serverName: options.serverName ?? serverNameOf(target, name),
    door: options.door ?? addressOf(target),
    credential: options.identity?.current(),
    now: options.clock ?? SYSTEM_CLOCK,
  }
}

/** Judges the callee by the one gate, from local knowledge only. */
export function judgeCallee(call: Call, certificates: readonly Uint8Array[] | Kept['certificates']): CalleeJudgement {
  const { options, target } = call
  const now = call.now()
  const address = addressOf(target)
  const asked = { presenter: 'callee', certificates, now, name: call.name, address } as const
  if (options.trust) return judgedUnder(options.trust, verdictsOf(options.trust).judge(asked))

  const checkSignature = createCheckSignature()
  const octets = certificates.filter((one) => one instanceof Uint8Array)
  const trust = trustFirstContact(octets, options.firstContact, checkSignature, now)
  if (trust) return judgedUnder(trust, judge({ ...asked, trust, checkSignature }))
  const code = octets.length === 0 ? 'ERR_CALLEE_NO_CERTIFICATE' : 'ERR_CALLEE_UNKNOWN_ISSUER'
  const note = 'the root that the invitation names is not among the certificates that the server sent'
  return { ok: false, side: { name: address, identities: [] }, refusal: { code, note } }
}

function judgedUnder(trust: Trust, judgement: Judgement): CalleeJudgement {
  return judgement.ok ? { ...judgement, trust } : judgement
}

/**
 * Takes a session that may be resumed. What the gate would refuse already is not offered: a full handshake may bring
 * a certificate that was renewed.
 */
export function takeResumable(call: Call): Kept | undefined {
  const kept = call.options.resumption?.take(resumptionKey(call))
  return kept && judgeCallee(call, kept.certificates).ok ? kept : undefined
}

/** A session is only ever resumed at the same door, for the same name, as the same identity and under the same anchors. */
export function resumptionKey({ options, target, name, serverName, door, credential }: Call): string {
  const leaf = credential && sha256(credential.certificates[0].der)
  const alpn = options.alpn ?? []
  const parts = [
    door,
    target.host,
    target.port,
    name.kind,
    name.value,
    serverName,
    leaf,
    options.trust?.anchorsSha256,
    alpn,
  ]
  return sha256(new TextEncoder().encode(JSON.stringify(parts)))
}

/** As in `door.example:443` or `[::1]:443`. */
export function addressOf({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const contexts = new WeakMap<Credential, SecureContext>()
let anonymous: SecureContext | undefined

/**
 * Makes what OpenSSL needs to present `credential`. It is given no anchors: the gate alone believes, and in TLS 1.2 a
 * client's certificate would leave before the gate is asked.
 */
export function secureContextOf(credential: Credential | undefined): SecureContext {
  if (credential === undefined) {
    anonymous ??= createSecureContext({ ca: [], minVersion: 'TLSv1.3' })
    return anonymous
  }
  const known = contexts.get(credential)
  if (known) return known
  const pem = (der: Uint8Array) => `-----BEGIN CERTIFICATE-----\n${der.toBase64()}\n-----END CERTIFICATE-----\n`
  const fresh = createSecureContext({
    ca: [],
    minVersion: 'TLSv1.3',
    cert: credential.certificates.map(({ der }) => pem(der)).join(''),
    key: credential.privateKey.export({ format: 'pem', type: 'pkcs8' }),
  })
  contexts.set(credential, fresh)
  return fresh
}

// The shape of a call's function: what it is told beside the body.
import type { AnswerOf, BodyOf, CallName } from './api.ts'
import type { LoginStore } from './model.ts'
import type { ProvedDevice } from './session/dpop.ts'
import type { SecretStanding } from './session/rotation.ts'
import type { SessionRow } from './session/row.ts'

/** The session of whoever asks, as its row has it. */
export interface OpenPersonSession {
  readonly id: string
  readonly account: string
  /** What it is bound to. */
  readonly device: string
  /** As it was when this was asked. */
  readonly row: SessionRow
  /** What the secret in the cookie is. */
  readonly standing: SecretStanding
}

/** Who asks, and when. */
export interface Asked {
  /**
   * Runs a transaction. The first one of a call that spends its proof with its act does so in it; what such a call does
   * before has no effect.
   */
  readonly commit: LoginStore['commit']
  /** Its proof is spent, but for calls that spend it with their act. Always there where the call's proof is `device` or `session`. */
  readonly device?: ProvedDevice
  /** Always there where the call's proof is `session`. */
  readonly session?: OpenPersonSession
  /** Of the network, as the door saw it. */
  readonly address: string
  /** Of the page that asks, which is one of the door's own: `https://bank.example:8444`. */
  readonly origin: string
  /** SHA-256, hexadecimal, of the certificate by which the connection's caller was met, where it was. */
  readonly certificateSha256?: string | undefined
  readonly now: Temporal.Instant
  /** Sends a field with the answer, as `Set-Cookie`. */
  field(name: string, value: string): void
}

/** The function of each call. What it refuses it throws as a `PersonRefusal`. */
export type Calls = {
  readonly [Name in CallName]: (body: BodyOf<Name>, asked: Asked) => Promise<AnswerOf<Name>>
}

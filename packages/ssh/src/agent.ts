// What is said to an agent that holds keys, draft-ietf-sshm-ssh-agent: as much as puts a key and its certificate there.
import type { SshCertificate } from './certificate/model.ts'
import { openWire, readByte, readUint32 } from './wire/read.ts'
import { join, writeString, writeText, writeUint32 } from './wire/write.ts'

const ADD_ID_CONSTRAINED = 25
const CONSTRAIN_LIFETIME = 1
const SUCCESS = 6

/** An Ed25519 key with its certificate. */
export interface AgentIdentity {
  readonly certificate: Pick<SshCertificate, 'type' | 'blob'>
  /** 32 octets. */
  readonly publicKey: Uint8Array
  /** 32 octets. Secret. */
  readonly seed: Uint8Array
  readonly comment: string
  /** After which the agent forgets it. */
  readonly lifetimeSeconds: number
}

/** Writes the message that adds an identity; it holds the private key. Secret. @see draft-ietf-sshm-ssh-agent §3.2, §3.2.7.1 */
export function writeAgentIdentity(identity: AgentIdentity): Uint8Array {
  const { certificate, publicKey, seed, comment, lifetimeSeconds } = identity
  return writeString(
    Uint8Array.of(ADD_ID_CONSTRAINED),
    writeText(certificate.type),
    writeString(certificate.blob),
    writeString(publicKey),
    writeString(join(seed, publicKey)),
    writeText(comment),
    Uint8Array.of(CONSTRAIN_LIFETIME),
    writeUint32(lifetimeSeconds),
  )
}

/** Octets of an answer whose beginning is `head`; undefined while that is too short to say. */
export function agentAnswerOctets(head: Uint8Array): number | undefined {
  return head.length < 4 ? undefined : 4 + readUint32(openWire(head.subarray(0, 4), 4))
}

/** Whether the agent did what was asked. @throws {SshError} where it is no answer. */
export function isAgentSuccess(answer: Uint8Array): boolean {
  const c = openWire(answer, 4096)
  readUint32(c)
  return readByte(c) === SUCCESS
}

// The agent of a person who is signed in here: it holds the key, and forgets it when its certificate ends.
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto'
import { connect } from 'node:net'
import { SSH_ENROLLMENT_NAMESPACE } from '@countersign/protocol'
import {
  agentAnswerOctets,
  isAgentSuccess,
  type SshCertificate,
  SshError,
  type SshMessageSignature,
  sshMessageInput,
  writeAgentIdentity,
} from '@countersign/ssh'
import { EXIT, Failure } from '../command.ts'

const TIMEOUT_MS = 10_000
/** An answer has one octet; one that says more is read no further. */
const MAX_ANSWER = 1024

/** A key that is in this process alone, until the agent has it. Secret. */
export interface NewSshKey {
  readonly sign: (message: Uint8Array) => Promise<SshMessageSignature>
  /** Gives it to the agent at `socket`, with its certificate. @throws {Failure} */
  give(socket: string, certificate: SshCertificate, now: Temporal.Instant): Promise<void>
}

/** Makes an Ed25519 key. */
export function newSshKey(): NewSshKey {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { x: publicKey, d: seed } = octetsOf(privateKey)
  return {
    async sign(message) {
      const input = sshMessageInput(SSH_ENROLLMENT_NAMESPACE, 'sha512', hash('sha512', message, 'buffer'))
      return {
        key: { kind: 'Ed25519', key: publicKey },
        namespace: SSH_ENROLLMENT_NAMESPACE,
        hash: 'sha512',
        signature: { algorithm: 'ssh-ed25519', octets: new Uint8Array(sign(null, input, privateKey)) },
      }
    },
    async give(socket, certificate, now) {
      const { keyId, validBefore } = certificate
      if (validBefore === 'forever') throw new RangeError('a certificate of ours has an end')
      const lifetimeSeconds = Math.max(1, Math.floor(now.until(validBefore).total('seconds')))
      const comment = `countersign ${keyId}`
      const answer = await askAgent(
        socket,
        writeAgentIdentity({ certificate, publicKey, seed, comment, lifetimeSeconds }),
      )
      if (!isSuccess(answer, socket))
        throw new Failure(EXIT.refused, `the agent at ${socket} does not take the key`, {
          code: 'ERR_CLI_SSH_AGENT',
          next: 'unlock it (ssh-add -X), or name a key of your own with --key',
        })
    },
  }
}

function octetsOf(key: KeyObject): { readonly x: Uint8Array; readonly d: Uint8Array } {
  const { x = '', d = '' } = key.export({ format: 'jwk' })
  const read = (text: string) => Uint8Array.fromBase64(text, { alphabet: 'base64url' })
  return { x: read(x), d: read(d) }
}

function isSuccess(answer: Uint8Array, socket: string): boolean {
  try {
    return isAgentSuccess(answer)
  } catch (cause) {
    if (!(cause instanceof SshError)) throw cause
    throw unusable(socket, 'what answers there is no agent', cause)
  }
}

async function askAgent(path: string, message: Uint8Array): Promise<Uint8Array> {
  const socket = connect({ path })
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
  try {
    socket.write(message)
    let answer = new Uint8Array()
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      answer = Uint8Array.of(...answer, ...chunk.subarray(0, MAX_ANSWER))
      if (answer.length >= Math.min(agentAnswerOctets(answer) ?? MAX_ANSWER, MAX_ANSWER)) break
    }
    return answer
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    throw unusable(path, cause.message, cause)
  } finally {
    socket.destroy()
  }
}

function unusable(path: string, why: string, cause: Error): Failure {
  return new Failure(EXIT.unreachable, `the agent at ${path} cannot be used: ${why}`, {
    code: 'ERR_CLI_SSH_AGENT',
    next: 'start one with eval "$(ssh-agent)", or name a key of your own with --key',
    cause,
  })
}

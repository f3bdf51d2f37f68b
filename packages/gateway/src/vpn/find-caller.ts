// Who a caller is, by what it has shown to the engine: when it connects, and when it renews its keys.
import { timingSafeEqual } from 'node:crypto'
import type { EngineCaller, EngineCallers } from '@countersign/mtls'
import type { Refusal } from '@countersign/protocol'
import { readCredentials } from './credentials.ts'
import type { Variables } from './notifications.ts'
import { PeerFileError, type Peers } from './peers.ts'
import type { CheckPerson } from './people.ts'

/** What a caller must show. */
export type VpnProof = 'certificate' | 'password' | 'both'

/** By what it is found out. */
export interface FindingParts {
  readonly peers: Peers
  readonly proof: VpnProof
  /** Where passwords count. */
  readonly checkPerson: CheckPerson | undefined
}

/** Who asks, and why not where nothing of it needs a policy. */
export type FoundCaller =
  | { readonly ok: true; readonly caller: EngineCaller }
  | { readonly ok: false; readonly caller: EngineCaller; readonly refusal: Refusal }

/** Who asks, by what it showed; what needs no policy is refused here. */
export async function findCaller(
  variables: Variables | undefined,
  gate: Pick<EngineCallers, 'judge'>,
  { peers, proof, checkPerson }: FindingParts,
): Promise<FoundCaller> {
  const nobody: EngineCaller = { certificates: [], address: 'unknown' }
  if (!variables?.ok) return { ok: false, caller: nobody, refusal: { code: 'ERR_VPN_CLIENT' } }
  const { values } = variables
  const network = `${values.get('untrusted_ip') ?? values.get('untrusted_ip6') ?? ''}`
  const address = `${network.includes(':') ? `[${network}]` : network}:${values.get('untrusted_port') ?? ''}`
  let certificates: readonly Uint8Array[]
  try {
    certificates = await peers.take(values)
  } catch (error) {
    if (!(error instanceof PeerFileError)) throw error
    return {
      ok: false,
      caller: { ...nobody, address },
      refusal: { code: 'ERR_VPN_CLIENT', note: error.message },
    }
  }
  const caller: EngineCaller = { certificates, address }
  if (proof === 'certificate') return { ok: true, caller }
  if (proof === 'both' && certificates.length === 0) return { ok: true, caller }
  const given = readCredentials(values)
  if (given === undefined) return { ok: false, caller, refusal: { code: 'ERR_VPN_CLIENT' } }
  if (given === 'none' || given.code === undefined)
    return { ok: false, caller, refusal: { code: 'ERR_VPN_PROOF', note: 'no password with a code' } }
  const { account, password, code } = given
  if (checkPerson === undefined) throw new TypeError('nobody checks passwords for this door')
  if (proof === 'both') {
    // Before the check: whoever has somebody else's certificate, or none that counts, guesses no password here.
    const judged = gate.judge(caller)
    if (!judged.ok) return { ok: false, caller, refusal: judged.refusal }
    if (judged.side.party !== account) return { ok: false, caller, refusal: { code: 'ERR_VPN_NAME' } }
  }
  const checked = await checkPerson({ account, password, code, address: network })
  if (!checked.ok) {
    const { code: refused, note } = checked
    const person = { account, proofs: [] }
    return {
      ok: false,
      caller: { ...caller, ...(certificates.length === 0 && { person }) },
      refusal: { code: refused, ...(note !== undefined && { note }) },
    }
  }
  // Of whom only a password is asked, a certificate says nothing.
  const shown = proof === 'both' ? caller : { ...caller, certificates: [] }
  return { ok: true, caller: { ...shown, person: { account, proofs: checked.proofs } } }
}

/** What a session was opened with. */
export interface OpenedWith {
  readonly certificates: readonly Uint8Array[]
  readonly account?: string
  /** In place of password and code, as often as keys are renewed. Secret. */
  readonly token?: string
}

/** Whether whoever renews the keys shows the same certificate, and the token of this session where it was opened with a password. */
export async function isSameCaller(
  { certificates, account, token }: OpenedWith,
  variables: Variables,
  peers: Peers,
): Promise<boolean> {
  if (!variables.ok) return false
  const { values } = variables
  if (account !== undefined) {
    const isToken = token !== undefined && sameText(values.get('password') ?? '', token)
    if (values.get('username') !== account || !isToken) return false
  }
  const [leaf] = certificates
  if (leaf === undefined) return account !== undefined
  try {
    const [shown] = await peers.take(values)
    return shown !== undefined && Buffer.compare(shown, leaf) === 0
  } catch (error) {
    if (error instanceof PeerFileError) return false
    throw error
  }
}

function sameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

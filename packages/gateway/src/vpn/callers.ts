// The callers of a door for VPN: what the engine says of each becomes events, and what follows is done here, in its order.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import {
  type CallerSession,
  createEngineCallers,
  createTroubles,
  type EngineCaller,
  type EngineCallers,
  type House,
  sideOf,
} from '@countersign/mtls'
import type { Meeting, Refusal, RefusalCode } from '@countersign/protocol'
import { createGrants } from '../kind/grants.ts'
import { wordsOf, wordsOfMeeting } from '../kind/refusal-words.ts'
import { type Client, type ClientEffect, type ClientEvent, stepClient } from './client.ts'
import { clientAuth, clientDeny, clientHalt, clientRestart } from './commands.ts'
import { readCredentials } from './credentials.ts'
import { refusalOfVerifyError } from './engine-refusals.ts'
import type { Firewall } from './firewall.ts'
import { type AddressPool, maskOf, type Network, readNetwork } from './network.ts'
import type { Notification, Variables } from './notifications.ts'
import { PeerFileError, type Peers } from './peers.ts'
import type { CheckPerson } from './people.ts'

/** A network behind the door, and who may reach it: whoever the door lets in, or whoever a rule lets meet that service. */
export interface RouteRule {
  readonly network: string
  readonly who: true | string
}

/** What a caller must show. */
export type VpnProof = 'certificate' | 'password' | 'both'

/** What the callers of a door stand on. */
export interface CallersParts {
  readonly name: string
  readonly network: Network
  readonly pool: AddressPool
  /** Those of now: they may change. */
  readonly routes: () => readonly RouteRule[]
  readonly proof: VpnProof
  readonly checkPerson: CheckPerson | undefined
  readonly firewall: Firewall
  readonly peers: Peers
  readonly say: (command: string) => void
  readonly house: House
}

/** All callers of one engine. */
export interface VpnCallers {
  said(notification: Notification): void
  /** The engine has ended: so has everybody's session. */
  ended(): Promise<void>
  /** Whether somebody is on the way in. */
  readonly isBusy: boolean
}

/** What is held of one that the gate has let in. */
interface Guest {
  readonly session: Omit<CallerSession, 'meetFor'>
  readonly release: () => void
  readonly address: string
  readonly certificates: readonly Uint8Array[]
  readonly account?: string
  /** In place of password and code, as often as keys are renewed. Secret. */
  readonly token?: string
  networks: readonly string[]
  received: number
  sent: number
}

/** A caller, as one run of the engine numbers it: the next run begins again with 0. */
type Cid = number

/** By these a program may come back by itself, and find another answer. */
const COMES_BACK: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'ERR_DOOR_DRAINING',
  'ERR_VPN_ENGINE',
  'ERR_SESSION_OVER',
  'ERR_CALLER_EXPIRED',
])
const TOKEN_OCTETS = 32
const ENGINE = 'OpenVPN'

/** Makes them. */
export function createVpnCallers(parts: CallersParts): VpnCallers {
  const { name, house, firewall, pool, peers } = parts
  const addTrouble = createTroubles(house)
  const gate = createEngineCallers(
    {
      ...house,
      door: name,
      engine: ENGINE,
      callee: () => sideOf(house.identity.current().certificates[0], name, 'callee'),
    },
    house.log,
  )
  const clients = new Map<Cid, Client>()
  const guests = new Map<Cid, Guest>()
  const asking = new Map<Cid, Variables>()
  /** Which run of the engine it is: whoever was asked about in one is nobody in the next, whatever number stands there. */
  let run = 0
  const onFault = (error: unknown) => house.log('gate.fault', { door: name, error })

  const step = async (cid: Cid, event: ClientEvent): Promise<void> => {
    const { client, effects } = stepClient(clients.get(cid), event)
    if (client) clients.set(cid, client)
    else clients.delete(cid)
    const faults: unknown[] = []
    for (const effect of effects) {
      try {
        await perform(cid, effect)
      } catch (error) {
        // Whom the rules do not block, the engine ends all the same; and whoever waits for it hears that it is not as it should be.
        faults.push(error)
      }
    }
    if (faults.length > 0) throw faults.length === 1 ? faults[0] : new AggregateError(faults)
  }
  const perform = async (cid: Cid, effect: ClientEffect): Promise<void> => {
    switch (effect.type) {
      case 'judge': {
        const asked = run
        // In its own time: the engine says more meanwhile.
        void judge(cid)
          .catch((error: unknown) => {
            onFault(error)
            if (run !== asked) return
            return step(cid, {
              type: 'refused',
              words: 'a fault of ours (ERR_GATE_FAULT); tell the operator of this door',
            })
          })
          .catch(onFault)
        return
      }
      case 'admit':
        await firewall.set(effect.address, guests.get(cid)?.networks ?? [])
        return step(cid, { type: 'admitted' })
      case 'block':
        return firewall.set(effect.address, [])
      case 'confirm':
        return parts.say(
          clientAuth(cid, effect.kid, effect.address === undefined ? [] : optionsOf(cid, effect.address)),
        )
      case 'deny':
        return parts.say(clientDeny(cid, effect.kid, 'refused', effect.words))
      case 'kill':
        return parts.say(effect.comesBack ? clientRestart(cid, effect.words) : clientHalt(cid, effect.words))
      case 'release':
        return release(cid)
    }
  }
  const release = (cid: Cid) => {
    asking.delete(cid)
    const guest = guests.get(cid)
    if (guest === undefined) return
    guests.delete(cid)
    pool.free(guest.address)
    guest.release()
    const { session, received, sent } = guest
    const { meeting, cutBy } = session
    house.log('session.done', {
      door: name,
      reference: meeting.reference,
      caller: meeting.caller.name,
      seconds: house.clock().since(meeting.at).total('seconds'),
      octetsIn: received,
      octetsOut: sent,
      ...(cutBy !== undefined && { code: cutBy }),
    })
  }
  const optionsOf = (cid: Cid, address: string): readonly string[] => {
    const { networks = [], token } = guests.get(cid) ?? {}
    return [
      `ifconfig-push ${address} ${maskOf(parts.network)}`,
      ...networks.flatMap((text) => {
        const network = readNetwork(text)
        return network ? [`push "route ${text.split('/')[0]} ${maskOf(network)}"`] : []
      }),
      ...(token === undefined ? [] : [`push "auth-token ${token}"`]),
    ]
  }

  const refuse = (cid: Cid, meeting: Meeting): Promise<void> => {
    house.record(meeting)
    return step(cid, { type: 'refused', words: wordsOfMeeting(meeting, house.clock()).text })
  }
  const judge = async (cid: Cid): Promise<void> => {
    const variables = asking.get(cid)
    asking.delete(cid)
    const asked = run
    const found = await findCaller(variables, gate, parts)
    const { caller } = found
    if (run !== asked) {
      if (!found.ok) house.record(gate.refuse(caller, found.refusal))
      return
    }
    if (!found.ok) return refuse(cid, gate.refuse(caller, found.refusal))
    // It may be gone by now: whoever is let in must be somebody.
    if (clients.get(cid)?.stage !== 'asked') return
    const address = pool.take()
    if (address === undefined) return refuse(cid, gate.refuse(caller, { code: 'ERR_VPN_ADDRESSES' }))
    const met = gate.meet(caller, {
      octetsSent: () => guests.get(cid)?.sent ?? 0,
      end: (cause) => end(cid, cause),
    })
    if (!met.ok) {
      pool.free(address)
      return refuse(cid, met.meeting)
    }
    const { session, release: leave } = met
    const guest: Guest = {
      ...{ session, release: leave, address, certificates: caller.certificates, networks: [], received: 0, sent: 0 },
      ...(caller.person && {
        account: caller.person.account,
        token: randomBytes(TOKEN_OCTETS).toString('base64url'),
      }),
    }
    guests.set(cid, guest)
    guest.networks = networksOf(guest)
    house.record(session.meeting)
    await step(cid, { type: 'accepted', address })
  }
  /** What it may reach, followed for as long as it is here. */
  const networksOf = (guest: Guest): readonly string[] => {
    // Nobody has asked for a network that is not given: that is no refusal.
    const grants = createGrants(guest.session, { now: house.clock, record: () => undefined, onFault })
    const lose = (network: string) => {
      guest.networks = guest.networks.filter((one) => one !== network)
      if (!guest.session.isCut) firewall.set(guest.address, guest.networks).catch(onFault)
    }
    return parts
      .routes()
      .filter(({ network, who }) => who === true || grants.ask(`service:${who}`, () => lose(network)).ok)
      .map(({ network }) => network)
  }
  const end = async (cid: Cid, cause: RefusalCode): Promise<void> => {
    const guest = guests.get(cid)
    if (guest === undefined) return
    const { text } = wordsOf(cause, guest.session.meeting)
    await step(cid, { type: 'cut', words: text, comesBack: COMES_BACK.has(cause) })
  }

  /** The same certificate, and the token of this session where it was opened with more. */
  const renew = async (cid: Cid, kid: number, variables: Variables): Promise<void> => {
    const guest = guests.get(cid)
    const asked = run
    const isSame = guest !== undefined && variables.ok && (await isStill(guest, variables.values, peers))
    if (run !== asked) return
    if (isSame || guest === undefined)
      return step(cid, { type: 'renewed', kid, ...(guest ? {} : { refusal: 'connect again' }) })
    const code = 'ERR_VPN_KEYS'
    const { meeting } = guest.session
    house.log('vpn.refused', { door: name, reference: meeting.reference, code })
    addTrouble(meeting, { code })
    return step(cid, { type: 'renewed', kid, refusal: wordsOf(code, meeting).text })
  }

  return {
    get isBusy() {
      return [...clients.values()].some(({ stage }) => stage === 'asked' || stage === 'entering')
    },
    said(notification) {
      switch (notification.kind) {
        case 'connect':
          asking.set(notification.cid, notification.variables)
          return void step(notification.cid, { type: 'asks', kid: notification.kid }).catch(onFault)
        case 'reauth':
          return void renew(notification.cid, notification.kid, notification.variables).catch(onFault)
        case 'disconnect': {
          const { cid, variables } = notification
          if (variables.ok) count(guests.get(cid), variables.values)
          return void step(cid, { type: 'gone' }).catch(onFault)
        }
        case 'bytes': {
          const guest = guests.get(notification.cid)
          if (guest) Object.assign(guest, { received: notification.received, sent: notification.sent })
          return
        }
        case 'log': {
          const refusal = refusalOfVerifyError(notification.text)
          if (refusal) house.record(gate.refuse({ certificates: [], address: refusal.address }, refusal))
          return
        }
        case 'answer':
          if (!notification.ok) house.log('vpn.unanswered', { door: name, cause: notification.text })
          return
        case 'established':
        case 'state':
        case 'hold':
        case 'fatal':
        case 'unknown':
          return
      }
    },
    async ended() {
      run++
      const all = [...clients.keys()]
      const cuts = await Promise.allSettled(all.map((cid) => guests.get(cid)?.session.cut('ERR_VPN_ENGINE')))
      for (const cut of cuts) if (cut.status === 'rejected') onFault(cut.reason)
      for (const cid of all) await step(cid, { type: 'gone' }).catch(onFault)
    },
  }
}

function count(guest: Guest | undefined, values: ReadonlyMap<string, string>): void {
  if (guest === undefined) return
  const received = Number(values.get('bytes_received'))
  const sent = Number(values.get('bytes_sent'))
  if (Number.isSafeInteger(received) && Number.isSafeInteger(sent)) Object.assign(guest, { received, sent })
}

type FoundCaller =
  | { readonly ok: true; readonly caller: EngineCaller }
  | { readonly ok: false; readonly caller: EngineCaller; readonly refusal: Refusal }

/** Who asks, by what it showed; what needs no policy is refused here. */
async function findCaller(
  variables: Variables | undefined,
  gate: Pick<EngineCallers, 'judge'>,
  { peers, proof, checkPerson }: CallersParts,
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

async function isStill(guest: Guest, values: ReadonlyMap<string, string>, peers: Peers): Promise<boolean> {
  const { certificates, account, token } = guest
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

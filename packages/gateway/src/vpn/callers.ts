// The callers of a door for VPN: what the engine says of each becomes events, and what follows is done here, in its order.
import { randomBytes } from 'node:crypto'
import { type CallerSession, createEngineCallers, createTroubles, type House, sideOf } from '@countersign/mtls'
import type { Meeting, RefusalCode } from '@countersign/protocol'
import { createGrants } from '../kind/grants.ts'
import { wordsOf, wordsOfMeeting } from '../kind/refusal-words.ts'
import { type Client, type ClientEffect, type ClientEvent, stepClient } from './client.ts'
import { clientAuth, clientDeny, clientHalt, clientOptions, clientRestart } from './commands.ts'
import { refusalOfVerifyError } from './engine-refusals.ts'
import { type FindingParts, findCaller, isSameCaller, type OpenedWith } from './find-caller.ts'
import type { Firewall } from './firewall.ts'
import type { AddressPool, Network } from './network.ts'
import type { Notification, Variables } from './notifications.ts'

/** A network behind the door, and who may reach it: whoever the door lets in, or whoever a rule lets meet that service. */
export interface RouteRule {
  readonly network: string
  readonly who: true | string
}

/** What the callers of a door stand on. */
export interface CallersParts extends FindingParts {
  readonly name: string
  readonly network: Network
  readonly pool: AddressPool
  /** Those of now: they may change. */
  readonly routes: () => readonly RouteRule[]
  readonly firewall: Firewall
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
interface Guest extends OpenedWith {
  readonly session: Omit<CallerSession, 'meetFor'>
  readonly release: () => void
  readonly address: string
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

  /** What is being done: an engine that is started again counts its callers from the beginning, and none is to meet another's end. */
  const underWay = new Set<Promise<void>>()
  const step = (cid: Cid, event: ClientEvent): Promise<void> => {
    const one = take(cid, event)
    underWay.add(one)
    const over = () => void underWay.delete(one)
    one.then(over, over)
    return one
  }
  const take = async (cid: Cid, event: ClientEvent): Promise<void> => {
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
      case 'confirm': {
        const guest = guests.get(cid)
        if (guest === undefined) throw new TypeError('nobody whom the gate has let in is confirmed')
        const options = effect.address === undefined ? [] : clientOptions({ ...guest, within: parts.network })
        return parts.say(clientAuth(cid, effect.kid, options))
      }
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
    const isSame = guest !== undefined && (await isSameCaller(guest, variables, peers))
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
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}

function count(guest: Guest | undefined, values: ReadonlyMap<string, string>): void {
  if (guest === undefined) return
  const received = Number(values.get('bytes_received'))
  const sent = Number(values.get('bytes_sent'))
  if (Number.isSafeInteger(received) && Number.isSafeInteger(sent)) Object.assign(guest, { received, sent })
}

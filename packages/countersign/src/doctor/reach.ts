// The way there: the name, the address, and what speaks there.

import { isIP } from 'node:net'
import type { Observation } from '@countersign/mtls'
import { REFUSALS } from '@countersign/protocol'
import type { Check, Mend, Patient } from './model.ts'

/** What is heard in the place of TLS, by how it begins. */
const OTHER_PROTOCOLS: readonly (readonly [begins: RegExp, text: string, next: string])[] = [
  [
    /^HTTP\//,
    'it speaks plain HTTP, and no TLS',
    'ask for its https address; its operator gives it a certificate, or puts a door before it',
  ],
  [
    /^SSH-/,
    'it is an SSH server',
    'use ssh, for which countersign ssh enroll gets a certificate, or check the port; the door there is examined on that host, by countersign doctor --config FILE',
  ],
  [/^220[ -]/, 'it greets as a mail or FTP server does, in the clear', 'check the port: 465 and 990 begin with TLS'],
  [/^\+OK/, 'it greets as a POP server does, in the clear', 'check the port: 995 begins with TLS'],
  [/^\* OK/, 'it greets as an IMAP server does, in the clear', 'check the port: 993 begins with TLS'],
]

const UNREACHED: Readonly<Partial<Record<string, readonly [text: string, next: string]>>> = {
  ECONNREFUSED: ['nobody listens there', 'start the server, or check the port'],
  ETIMEDOUT: ['nothing comes back', 'check the address, and whether a firewall stands between'],
  EHOSTUNREACH: ['there is no way to that host', 'check the address and the network'],
  ENETUNREACH: ['there is no way to that network', 'check the network of this machine'],
  ECONNRESET: ['it ends the connection at once', 'see what the server reported'],
}

/** The checks of name, reach and TLS, as far as it came. */
export function examineReach(seen: Observation, patient: Patient): readonly Check[] {
  const { host, port } = patient
  if (seen.stage === 'name')
    return [
      {
        area: 'name',
        outcome: 'bad',
        text: `${host} is not a name that this machine knows`,
        code: seen.code,
        mend: { text: 'check the spelling; else it is missing in DNS, or in /etc/hosts', by: 'caller' },
      },
    ]
  const { addresses } = seen
  const name: Check = {
    area: 'name',
    outcome: 'good',
    text: isIP(host) ? 'an address, no name' : `${host} is ${addresses.join(', ')}`,
  }
  if (seen.stage === 'connection') {
    const [text, next] = UNREACHED[seen.code] ?? ['it cannot be reached', 'check the address and the network']
    const here = addresses.every((each) => each.startsWith('127.') || each === '::1')
    const mend: Mend = here
      ? { text: `${next}; a house on this machine starts by`, command: 'countersign up', by: 'operator' }
      : { text: next, by: 'operator' }
    return [name, { area: 'reach', outcome: 'bad', text: `port ${port}: ${text}`, code: seen.code, mend }]
  }
  if (seen.stage === 'handshake')
    return [name, { area: 'reach', outcome: 'good', text: `port ${port} answers` }, failed(seen)]
  const { connectMs, protocol, cipher } = seen
  const reach: Check = {
    area: 'reach',
    outcome: 'good',
    text: `port ${port} answers in ${Math.max(1, Math.round(connectMs))} ms`,
  }
  if (protocol === 'TLSv1.3') return [name, reach, { area: 'tls', outcome: 'good', text: `${protocol}, ${cipher}` }]
  return [name, reach, tooOld(`it speaks ${protocol} at best`)]
}

function tooOld(text: string): Check {
  return {
    area: 'tls',
    outcome: 'bad',
    text: `${text}, and a meeting needs TLS 1.3: before it, a certificate travels in the clear`,
    code: 'ERR_GATE_TLS_VERSION',
    mend: { text: 'turn TLS 1.3 on at the server', by: 'operator' },
  }
}

function failed({ refusal, said, request }: Extract<Observation, { stage: 'handshake' }>): Check {
  const area = 'tls'
  const { code, note } = refusal
  const begins = Buffer.from(said.subarray(0, 16)).toString('latin1')
  const other = OTHER_PROTOCOLS.find(([each]) => each.test(begins))
  if (other !== undefined)
    return { area, outcome: 'bad', text: other[1], code: 'ERR_GATE_NOT_TLS', mend: { text: other[2], by: 'caller' } }
  // Alert and handshake records, RFC 9846 §5.1.
  const isTls = said[0] === 21 || said[0] === 22
  if (said.length > 0 && !isTls)
    return {
      area,
      outcome: 'bad',
      text: 'what it says is no TLS',
      code: 'ERR_GATE_NOT_TLS',
      mend: { text: 'check the port', by: 'caller' },
    }
  if (code === 'ERR_GATE_TLS_VERSION') return tooOld('it speaks no TLS that this machine has')
  if (said.length === 0 && code === 'ERR_GATE_TIMEOUT')
    return {
      area,
      outcome: 'bad',
      text: 'it takes the connection and says nothing',
      code,
      mend: { text: 'check the port; what waits to be spoken to is no TLS server', by: 'caller' },
    }
  if (request !== undefined && request !== 'unreadable')
    return tooOld('it ends the handshake of TLS 1.2 because no certificate came')
  const { public: text, next, fault } = REFUSALS[code]
  return {
    area,
    outcome: 'bad',
    text: note === undefined ? text : `${text}: ${note}`,
    code,
    mend: { text: next, by: fault },
  }
}

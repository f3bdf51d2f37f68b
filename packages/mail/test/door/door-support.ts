/** A mail door on loopback, behind the real gate: alice may hand in mail, bob is not on the list. */
import type { TestContext } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import {
  type Access,
  allowList,
  createSessionIndex,
  createTrust,
  type SessionIndex,
  type Trust,
} from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { openListener } from '../../../../tools/testing/listener.ts'
import { chainOf, type Holder, issueLeaf, pemOf } from '../../../../tools/testing/pki.ts'
import { issuing, ROOT_PEM, root } from '../../../../tools/testing/web-house.ts'
import { type MailDoor, openMailDoor } from '../../src/door/door.ts'
import type { MailDoorConfig, MailHouse, NextHop } from '../../src/door/model.ts'
import { scratch } from './support.ts'

const server = issueLeaf(issuing, 'mail.localhost', {
  names: [{ kind: 'dNSName', value: 'mail.localhost' }],
  purpose: 'serverAuth',
})

function writer(name: string, hours: { from?: number; to?: number } = {}): Holder {
  return issueLeaf(issuing, name, {
    names: [
      { kind: 'uniformResourceIdentifier', value: `spiffe://acme.example/${name}` },
      { kind: 'rfc822Name', value: `${name}@acme.example` },
    ],
    purpose: 'clientAuth',
    ...hours,
  })
}

export const WRITERS = {
  alice: writer('alice'),
  bob: writer('bob'),
  late: writer('alice', { from: -48, to: -24 }),
} as const

export interface TestMailDoor {
  readonly door: MailDoor
  readonly port: number
  readonly directory: string
  readonly trust: Trust
  readonly sessions: SessionIndex
  readonly records: readonly Meeting[]
  readonly amended: readonly Meeting[]
  readonly logs: readonly { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[]
}

export async function openTestMailDoor(
  t: TestContext,
  next: NextHop,
  more: Partial<MailDoorConfig> = {},
  access: Access = allowList(['alice']),
  changed: Partial<MailHouse> = {},
): Promise<TestMailDoor> {
  const trust = createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: Temporal.Now.instant() })
  const sessions = createSessionIndex('mail')
  const records: Meeting[] = []
  const amended: Meeting[] = []
  const logs: { event: string; fields: Readonly<Record<string, unknown>> }[] = []
  const directory = await scratch(t)
  const door = await openMailDoor(
    { name: 'mail', host: ['mail.localhost'], listen: { host: '127.0.0.1', port: 0 }, next, ...more },
    {
      identity: {
        current: () => ({ certificates: chainOf(server), privateKey: server.privateKey }),
        onChange: () => () => undefined,
      },
      trust,
      access,
      sessions,
      clock: () => Temporal.Now.instant(),
      record: (meeting) => records.push(meeting),
      amend: (meeting) => amended.push(meeting),
      log: (event, fields = {}) => logs.push({ event, fields }),
      listen: openListener,
      mustEncrypt: () => undefined,
      mustBeVerified: () => undefined,
      mailKeys: async () => ({ certificates: [], issuers: [] }),
      directory,
      ...changed,
    },
  )
  t.after(() => door.close())
  return { door, port: Number(new URL(door.url).port), directory, trust, sessions, records, amended, logs }
}

export interface Talk {
  readonly socket: TLSSocket
  /** Sends octets, and answers the next whole reply. */
  say(octets: string): Promise<string>
  /** The next whole reply; what was said until the end, where it ends first. */
  hear(): Promise<string>
}

/** A client that says what it is told, and nothing else. */
export async function talk({ port }: Pick<TestMailDoor, 'port'>, caller?: Holder): Promise<Talk> {
  const options = { host: '127.0.0.1', port, servername: 'mail.localhost', ca: ROOT_PEM, ...(caller && pemOf(caller)) }
  const socket = connect(options)
  let text = ''
  let isOver = false
  let wake: () => void = () => undefined
  socket.setEncoding('utf8').on('data', (piece) => {
    text += String(piece)
    wake()
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    isOver = true
    wake()
  })
  const hear = async () => {
    for (;;) {
      const reply = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(text)?.[0]
      if (reply !== undefined || isOver) {
        text = text.slice(reply?.length ?? text.length)
        return reply ?? ''
      }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  return {
    socket,
    hear,
    say(octets) {
      socket.write(octets)
      return hear()
    },
  }
}

/** Up to where the message itself is said. */
export async function begun(
  door: TestMailDoor,
  caller: Holder,
  to = 'bob@partner.example',
  from = 'alice@acme.example',
): Promise<Talk> {
  const client = await talk(door, caller)
  await client.hear()
  await client.say('EHLO client.example\r\n')
  await client.say(`MAIL FROM:<${from}>\r\n`)
  await client.say(`RCPT TO:<${to}>\r\n`)
  await client.say('DATA\r\n')
  return client
}

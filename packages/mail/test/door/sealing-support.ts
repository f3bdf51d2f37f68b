/** People of two houses with keys for mail, a door that seals for them by a rule, and what becomes of it. */
import type { TestContext } from 'node:test'
import {
  createSmimeOpener,
  createSmimeSealer,
  type LayerSealer,
  type OpenedMessage,
  openMessage,
  sourceOf,
} from '@countersign/mail'
import { type Holder, house } from '../../../../tools/testing/mail-people.ts'
import { createSealing, type SealingOptions } from '../../src/door/leave/sealing.ts'
import { type Got, type Leaver, NOON, openLeaver, openTestHop, scratch, type TestHop } from './support.ts'

export const alice: Holder = house.holder('alice@acme.example')
export const bob: Holder = house.holder('bob@partner.example')
export const carol: Holder = house.holder('carol@partner.example')
export const dave: Holder = house.holder('dave@partner.example')
const PEOPLE = [bob, carol, dave]
export const LETTER: string = [
  'From: Alice <alice@acme.example>',
  'To: bob@partner.example, Carol <carol@partner.example>',
  'Subject: The secret plan',
  'Message-ID: <1@acme.example>',
  'Date: Fri, 27 Nov 2026 12:00:00 +0000',
  '',
  'the first line',
  '',
].join('\r\n')

/** A door that must encrypt to a domain, and its next hop. */
export async function leaving(
  t: TestContext,
  more: Partial<SealingOptions> = {},
): Promise<{ readonly hop: TestHop; readonly leaver: Leaver }> {
  const hop = await openTestHop(t)
  const treat = createSealing({
    mustEncrypt: (address) => (address.endsWith('@partner.example') ? 'must encrypt to *@partner.example' : undefined),
    keysOf: async (address) => ({
      certificates: PEOPLE.filter((one) => one.address === address).map(({ certificate }) => certificate),
      issuers: [],
    }),
    trust: house.trust(),
    door: 'mail',
    clock: () => NOON,
    log: () => undefined,
    spoolDirectory: await scratch(t),
    ...more,
  })
  return { hop, leaver: await openLeaver(t, hop.next, { treat }) }
}

/** What a message says to who has these keys. */
export async function open(t: TestContext, text: string, ...holders: readonly Holder[]): Promise<OpenedMessage> {
  const opener = createSmimeOpener({ keys: holders, trust: house.trust() })
  const opened = await openMessage(sourceOf(Buffer.from(text, 'latin1')), {
    openers: [opener],
    now: NOON,
    spoolDirectory: await scratch(t),
  })
  t.after(() => opened[Symbol.asyncDispose]())
  return opened
}

/** Of each recipient how it stands, and why. */
export function why(leaver: Leaver, id: string): readonly (readonly (string | undefined)[])[] | undefined {
  return leaver.queue.find(id)?.recipients.map((one) => [one.state, one.why?.code, one.why?.note])
}

/** To whom each went. */
export const toOf = (got: readonly Got[]): readonly (readonly string[])[] => got.map(({ to }) => to)

/** What seals for a person. */
export function sealer({ certificate, privateKey }: Holder): LayerSealer {
  return createSmimeSealer({
    signer: { certificates: [certificate], key: privateKey },
    trust: house.trust(),
  })
}

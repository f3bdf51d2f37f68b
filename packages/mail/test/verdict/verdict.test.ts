// Every way in which a message may come, and what it comes to.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { type Layer, type Mailbox, type MailFacts, type SignatureFact, verdictOf } from '@countersign/mail'
import { REFUSALS, type RefusalCode } from '@countersign/protocol'

interface Signed {
  readonly by?: readonly string[]
  readonly outcome?: RefusalCode
  readonly trust?: RefusalCode
  readonly since?: string
  readonly claimedAt?: string
  readonly timeStamp?: string
  readonly timeStampFault?: string
}
interface Case {
  readonly name: string
  readonly facts: {
    readonly form?: RefusalCode
    readonly outerFrom?: readonly string[]
    readonly protectedFrom?: readonly string[]
    readonly protectedTo?: readonly string[]
    readonly alteredFields?: readonly string[]
    readonly layers: readonly (
      | { readonly signed: readonly Signed[] }
      | { readonly encrypted: { readonly authenticated: boolean; readonly outcome?: RefusalCode } }
    )[]
    readonly errants?: MailFacts['errants']
    readonly attachedMessages?: number
    readonly evidenceOfTime?: string
  }
  readonly expect: { readonly state: string; readonly code?: string; readonly remarks?: readonly string[] }
}

const cases = JSON.parse(
  readFileSync(new URL('../../../../vectors/mail/verdict.json', import.meta.url), 'utf8'),
) as readonly Case[]

suite('the verdict', () => {
  for (const { name, facts, expect } of cases)
    test(name, () => {
      const { state, refusal, remarks } = verdictOf(factsOf(facts))
      assert.deepEqual([state, refusal?.code], [expect.state, expect.code])
      assert.deepEqual(
        remarks.map(({ kind }) => kind),
        expect.remarks ?? [],
      )
    })

  test('has a vector for each code that it may give', () => {
    const given = new Set(cases.map(({ expect }) => expect.code))
    // What is refused when mail is sealed, handed in, sent on or brought.
    const others =
      /_(RECIPIENT_KEY|LEGACY|KEY_CHANGED|MUST_ENCRYPT|NOT_ENCRYPTED|LINES|SENDER|NOT_ASCII|RATE|SESSIONS|QUEUE|QUEUE_FULL|NEXT_HOP|DELAYED|REJECTED|CANNOT_CARRY|DROPPED|NOT_HERE|LOOP)$/
    const without = Object.keys(REFUSALS).filter(
      (code) => code.startsWith('ERR_MAIL_') && !given.has(code) && !others.test(code),
    )
    assert.deepEqual(without, [])
  })

  test('gives of a message that is not opened nothing that was inside', () => {
    for (const { facts, expect } of cases)
      if (expect.state === 'not opened') assert.deepEqual(verdictOf(factsOf(facts)).remarks, [])
  })

  test('says since when a signer is not believed', () => {
    const revoked: SignatureFact = {
      ...signatureOf({ by: ['a@b.example'], trust: 'ERR_CALLER_REVOKED', since: '2026-05-01T00:00:00Z' }),
    }
    const verdict = verdictOf(
      factsOf({ layers: [], outerFrom: ['a@b.example'] }, [{ kind: 'signed', format: 'smime', signatures: [revoked] }]),
    )
    assert.equal(verdict.since?.toString(), '2026-05-01T00:00:00Z')
    assert.equal(verdict.refusal?.code, 'ERR_CALLER_REVOKED')
  })
})

function factsOf(facts: Case['facts'], layers: readonly Layer[] = facts.layers.map(layerOf)): MailFacts {
  const {
    form,
    outerFrom,
    protectedFrom,
    protectedTo,
    alteredFields,
    errants = [],
    attachedMessages = 0,
    evidenceOfTime,
  } = facts
  return {
    form: form === undefined ? { ok: true } : { ok: false, code: form },
    ...(outerFrom && { outerFrom: outerFrom.map(mailboxOf) }),
    ...(protectedFrom && { protectedFrom: protectedFrom.map(mailboxOf) }),
    ...(protectedTo && { protectedTo: protectedTo.map(mailboxOf) }),
    ...(alteredFields && { alteredFields }),
    layers,
    errants,
    attachedMessages,
    self: { name: 'bob', addresses: ['bob@partner.example'] },
    ...(evidenceOfTime !== undefined && {
      evidenceOfTime: { at: Temporal.Instant.from(evidenceOfTime), by: 'the door mail' },
    }),
  }
}

function mailboxOf(text: string): Mailbox {
  const named = /^"(.*)" <(.*)>$/.exec(text)
  return named ? { displayName: named[1]!, address: named[2]! } : { address: text }
}

function layerOf(layer: Case['facts']['layers'][number]): Layer {
  if ('signed' in layer) return { kind: 'signed', format: 'smime', signatures: layer.signed.map(signatureOf) }
  const { authenticated, outcome } = layer.encrypted
  return {
    kind: 'encrypted',
    format: 'smime',
    isAuthenticated: authenticated,
    recipients: 1,
    outcome: outcome === undefined ? { ok: true } : { ok: false, code: outcome },
  }
}

function signatureOf({ by, outcome, trust, since, claimedAt, timeStamp, timeStampFault }: Signed): SignatureFact {
  return {
    outcome: outcome === undefined ? { ok: true } : { ok: false, code: outcome },
    ...(timeStamp !== undefined && {
      timeStamp: { ok: true, evidence: { at: Temporal.Instant.from(timeStamp), by: 'a time-stamping authority' } },
    }),
    ...(timeStampFault !== undefined && { timeStamp: { ok: false, note: timeStampFault } }),
    ...(by && {
      signer: { name: 'a signer', addresses: by },
      trust:
        trust === undefined
          ? { ok: true, anchor: 'Acme Root', status: 'good' }
          : {
              ok: false,
              refusal: { code: trust },
              ...(since !== undefined && { since: Temporal.Instant.from(since) }),
            },
    }),
    ...(claimedAt !== undefined && { claimedAt: Temporal.Instant.from(claimedAt) }),
  }
}

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Meeting } from '@countersign/protocol'
import { CALLERS } from '../../../../tools/testing/web-house.ts'
import { createAsserter, type PublicKey } from '../../src/web/assertion.ts'

const sha256 = hash('sha256', CALLERS.alice.certificate.der, 'hex')
const at = Temporal.Instant.from('2026-11-26T12:00:00Z')
const step = { by: 'both', outcome: 'proved' } as const
const meeting: Meeting = {
  reference: 'M-7F3K-92QD' as Meeting['reference'],
  door: 'hello',
  seenBy: 'callee',
  at,
  resumed: false,
  caller: {
    name: 'alice',
    party: 'alice',
    identities: [{ kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/alice' }],
    certificate: {
      sha256,
      spkiSha256: '',
      serialNumber: '1',
      subject: '',
      issuer: '',
      notBefore: at,
      notAfter: at,
    },
  },
  callee: { name: 'hello.localhost', identities: [] },
  steps: [
    step,
    step,
    step,
    step,
    step,
    { ...step, evidence: { kind: 'channel', protocol: 'TLSv1.3', cipher: 'x', exporterSha256: 'ab'.repeat(32) } },
  ],
  outcome: { ok: true, decision: { ok: true, rule: 'allow alice' } },
}

const partsOf = (token: string) => {
  const [head = '', claims = '', signature = ''] = token.split('.')
  const read = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, 'base64url').toString())
  return {
    head: read(head),
    claims: read(claims),
    input: Buffer.from(`${head}.${claims}`),
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** By WebCrypto, whose form of ECDSA is that of RFC 7518. */
async function isSignedBy(token: string, { kid: _kid, ...jwk }: PublicKey): Promise<boolean> {
  const key = await crypto.subtle.importKey('jwk', { ...jwk }, { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'verify',
  ])
  const { signature, input } = partsOf(token)
  return crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, input)
}

suite('what a door states of a caller', () => {
  test('names caller, certificate, meeting and channel, and is signed by the published key alone', async () => {
    const [ours, other] = [0, 1].map(() => createAsserter('https://hello.localhost', 'orders', () => at))
    const token = ours?.about(meeting)() ?? assert.fail()
    const { head, claims } = partsOf(token)
    const [key = assert.fail()] = ours?.keys ?? []
    assert.deepEqual(head, { alg: 'ES256', typ: 'JWT', kid: key.kid })
    const now = at.epochMilliseconds / 1000
    assert.deepEqual(claims, {
      iss: 'https://hello.localhost',
      aud: 'orders',
      sub: 'alice',
      identities: ['uniformResourceIdentifier:spiffe://acme.example/alice'],
      cnf: { 'x5t#S256': hash('sha256', CALLERS.alice.certificate.der, 'base64url') },
      door: 'hello',
      reference: 'M-7F3K-92QD',
      exporter_sha256: 'ab'.repeat(32),
      iat: now,
      exp: now + 60,
    })
    assert.equal(await isSignedBy(token, key), true)
    assert.equal(await isSignedBy(token, other?.keys[0] ?? assert.fail()), false)
    assert.doesNotMatch(JSON.stringify(ours?.keys), /"d"/)
  })

  test('of one behind a proxy names the proxy, and not the channel, which is the proxy’s', () => {
    const { certificate } = meeting.caller
    assert.ok(certificate)
    const [ask, present, verify, , judged, channel] = meeting.steps
    const shown = { ...step, evidence: { kind: 'forwarded', by: 'edge', certificate } } as const
    const behind = { ...meeting, steps: [ask, present, verify, shown, judged, channel] } as const
    const { claims } = partsOf(createAsserter('https://hello.localhost', 'orders', () => at).about(behind)())
    assert.deepEqual([claims['sub'], claims['through'], claims['exporter_sha256']], ['alice', 'edge', undefined])
  })

  test('is made anew before half of its life is over, and where the clock was set back', () => {
    let now = at
    const state = createAsserter('https://hello.localhost', 'orders', () => now).about(meeting)
    const first = state()
    now = at.add({ seconds: 29 })
    assert.equal(state(), first)
    now = at.add({ seconds: 30 })
    const second = state()
    assert.notEqual(second, first)
    now = at
    assert.equal(partsOf(state()).claims['iat'], at.epochMilliseconds / 1000)
  })
})

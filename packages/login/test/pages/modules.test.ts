// The modules of the pages in Chromium, each held against another implementation: jose for what is sealed and signed, and the
// library's own server for OPAQUE.
import assert from 'node:assert/strict'
import { createHash, hkdfSync } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { client, ready, server } from '@serenity-kit/opaque'
import * as jose from 'jose'
import { needs } from '../../../../interop/peer.ts'
import { type ModulePage, openModulePage, type ServedPages, servePages } from '../support/pages.ts'

suite('the modules of the pages, in Chromium', needs('chromium', 'chromium'), () => {
  let served: ServedPages
  let at: ModulePage
  before(async () => {
    served = await servePages()
    at = await openModulePage(served.origin)
  })
  after(async () => {
    await at?.[Symbol.asyncDispose]()
    await served?.[Symbol.asyncDispose]()
  })

  const SHOWN = Buffer.alloc(24_576, 7)

  test('what is sealed to a device, jose opens; and the other way round', async () => {
    const { publicKey, privateKey } = await jose.generateKeyPair('ECDH-ES', { crv: 'P-256', extractable: true })
    const { x, y } = await jose.exportJWK(publicKey)
    const sealed = await at.page.evaluate(
      async ({ url, octets, key }) => {
        const { sealToDevice } = await import(url)
        return sealToDevice(Uint8Array.fromBase64(octets), key, { account: 'carol', device: 'her device' })
      },
      { url: at.url('seal'), octets: SHOWN.toString('base64'), key: { kty: 'EC', crv: 'P-256', x, y } },
    )
    const { plaintext, protectedHeader } = await jose.compactDecrypt(sealed, privateKey)
    assert.deepEqual(Buffer.from(plaintext), SHOWN)
    const { epk, ...header } = protectedHeader
    const expected = {
      alg: 'ECDH-ES',
      enc: 'A256GCM',
      apu: Buffer.from('carol').toString('base64url'),
      apv: Buffer.from('her device').toString('base64url'),
    }
    assert.deepEqual(header, expected)
    assert.equal((epk as jose.JWK).crv, 'P-256')

    const opened = await at.page.evaluate(
      async ({ seal, device, make }) => {
        const { newDevice, publicJwk } = await import(device)
        const { openOfDevice } = await import(seal)
        const mine = await newDevice()
        const theirs = await (
          globalThis as unknown as { sealWithJose: (key: unknown, device: string) => Promise<string[]> }
        ).sealWithJose(await publicJwk(mine.agreement), mine.id)
        const attempts = theirs.map(async (sealed) => {
          try {
            const octets = await openOfDevice(sealed, mine.agreement, { account: make, device: mine.id })
            return octets.toBase64()
          } catch (error) {
            return (error as Error).name
          }
        })
        return Promise.all(attempts)
      },
      { seal: at.url('seal'), device: at.url('device'), make: await expose() },
    )
    const [good, ...bad] = opened
    assert.equal(good, SHOWN.toString('base64'))
    assert.equal(bad.length, 9)
    assert.deepEqual(new Set(bad), new Set(['SealError']))

    /** What jose makes for the device: one that is right, and others that are not. */
    async function expose(): Promise<string> {
      await at.page.exposeFunction('sealWithJose', async (jwk: jose.JWK, device: string) => {
        const key = await jose.importJWK(jwk, 'ECDH-ES')
        const seal = async (account: string, to: string, enc = 'A256GCM', extra = {}) =>
          new jose.CompactEncrypt(SHOWN)
            .setProtectedHeader({ alg: 'ECDH-ES', enc, ...extra })
            .setKeyManagementParameters({ apu: Buffer.from(account), apv: Buffer.from(to) })
            .encrypt(key)
        const right = await seal('carol', device)
        const parts = right.split('.')
        const altered = (index: number, by: (part: string) => string) =>
          parts.map((part, at) => (at === index ? by(part) : part)).join('.')
        const flip = (part: string) => (part.startsWith('A') ? 'B' : 'A') + part.slice(1)
        return [
          right,
          await seal('mallory', device),
          await seal('carol', 'another device'),
          await seal('carol', device, 'A128GCM'),
          await seal('carol', device, 'A256GCM', { typ: 'JWE' }),
          altered(0, flip),
          altered(1, () => 'AAAA'),
          altered(3, flip),
          altered(4, flip),
          `${right}.AAAA`,
        ]
      })
      return 'carol'
    }
  })

  test('what is sealed under the export key, jose opens with the key of login.md; another key does not', async () => {
    const exportKey = createHash('sha512').update('an export key').digest('base64url')
    const raw = hkdfSync('sha256', Buffer.from(exportKey, 'base64url'), '', 'countersign login picture v1', 32)
    const sealed = await at.page.evaluate(
      async ({ url, octets, exportKey: key }) => (await import(url)).sealToPassword(Uint8Array.fromBase64(octets), key),
      { url: at.url('seal'), octets: SHOWN.toString('base64'), exportKey },
    )
    const { plaintext, protectedHeader } = await jose.compactDecrypt(sealed, new Uint8Array(raw))
    assert.deepEqual(Buffer.from(plaintext), SHOWN)
    assert.deepEqual(protectedHeader, { alg: 'dir', enc: 'A256GCM' })

    const make = (header: jose.CompactJWEHeaderParameters) =>
      new jose.CompactEncrypt(SHOWN).setProtectedHeader(header).encrypt(new Uint8Array(raw))
    const theirs = await make({ alg: 'dir', enc: 'A256GCM' })
    const zipped = await make({ alg: 'dir', enc: 'A256GCM', zip: 'DEF' }).catch(() => theirs.replace(/^./, 'f'))
    const open = (text: string, key: string) =>
      at.page.evaluate(
        async ({ url, text, key }) => {
          const { openOfPassword } = await import(url)
          return openOfPassword(text, key).then(
            (octets: Uint8Array) => octets.toBase64(),
            (error: Error) => error.name,
          )
        },
        { url: at.url('seal'), text, key },
      )
    assert.equal(await open(theirs, exportKey), SHOWN.toString('base64'))
    assert.equal(await open(theirs, createHash('sha512').update('another').digest('base64url')), 'SealError')
    for (const text of [
      zipped,
      theirs.slice(0, -2),
      theirs.replace('..', '.AAAA.'),
      `${theirs}=`,
      '',
      '....',
      'e30....',
    ]) {
      assert.equal(await open(text, exportKey), 'SealError', text.slice(0, 40))
    }
  })

  test('every block has one size, and what is not one is refused', async () => {
    const told = await at.page.evaluate(async (url) => {
      const { writeShown, readShown, SHOWN_OCTETS } = await import(url)
      const attempt = (work: () => unknown) => {
        try {
          return work()
        } catch (error) {
          return (error as Error).name
        }
      }
      const of = (phrase: string, size: number) => writeShown({ phrase, picture: new Uint8Array(size).fill(9) })
      const read = readShown(of('grüner Tee 🍵', 20_000))
      const changed = (at: number, to: number) => {
        const octets = of('tea', 10)
        octets[at] = to
        return () => readShown(octets)
      }
      return {
        size: SHOWN_OCTETS,
        sizes: [of('', 0).length, of('x'.repeat(400), 20_000).length],
        read: [read.phrase, read.picture.length, read.picture.every((octet: number) => octet === 9)],
        refused: [
          () => of('x'.repeat(401), 1),
          () => of('', 20_001),
          () => readShown(of('a', 1).subarray(1)),
          () => readShown(new Uint8Array(SHOWN_OCTETS + 1)),
          () => readShown(new Uint8Array(SHOWN_OCTETS)),
          changed(0, 2),
          changed(1, 255),
          changed(6, 255),
          changed(24_575, 1),
        ].map(attempt),
        utf8: attempt(changed(3, 0xff)),
      }
    }, at.url('shown'))
    assert.deepEqual(told.sizes, [told.size, told.size])
    assert.equal(told.size, 24_576)
    assert.deepEqual(told.read, ['grüner Tee 🍵', 20_000, true])
    assert.deepEqual(told.refused, Array(9).fill('RangeError'))
    assert.equal(told.utf8, 'TypeError')
  })

  test('a proof verifies by jose, and says what RFC 9449 asks for', async () => {
    const { proof, id, again } = await at.page.evaluate(
      async ({ dpop, device }) => {
        const { prove } = await import(dpop)
        const { currentDevice } = await import(device)
        const mine = await currentDevice()
        const what = { method: 'POST', url: 'https://bank.example:8444/pay?to=bob#x', nonce: 'n-1', ath: 'the-hash' }
        return { proof: await prove(mine, what), again: await prove(mine, { ...what, ath: undefined }), id: mine.id }
      },
      { dpop: at.url('dpop'), device: at.url('device') },
    )
    const { protectedHeader, payload } = await jose.jwtVerify(proof, jose.EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
    })
    assert.deepEqual(Object.keys(protectedHeader.jwk ?? {}).toSorted(), ['crv', 'kty', 'x', 'y'])
    assert.equal(await jose.calculateJwkThumbprint(protectedHeader.jwk as jose.JWK), id)
    const { jti, iat, ...claims } = payload
    assert.deepEqual(claims, { htm: 'POST', htu: 'https://bank.example:8444/pay', nonce: 'n-1', ath: 'the-hash' })
    assert.ok(Math.abs((iat ?? 0) - Date.now() / 1000) < 10)
    const second = jose.decodeJwt(again)
    assert.notEqual(second.jti, jti)
    assert.equal('ath' in second, false)
    const [header = '', body = '', signature = ''] = proof.split('.')
    const forged = Buffer.from(JSON.stringify({ ...payload, htu: 'https://bank.example:8444/other' })).toString(
      'base64url',
    )
    await assert.rejects(
      jose.jwtVerify(`${header}.${forged}.${signature}`, jose.EmbeddedJWK),
      /signature verification failed/,
    )
    assert.ok(body.length > 0)
  })

  test('the keys of a device survive a reload, and no script can take them out', async () => {
    const look = () =>
      at.page.evaluate(
        async ({ device, store }) => {
          const { currentDevice } = await import(device)
          const { readDevices } = await import(store)
          const { id, signing, agreement } = await currentDevice()
          const refused: string[] = []
          for (const { privateKey } of [signing, agreement]) {
            for (const format of ['jwk', 'pkcs8', 'raw'] as const) {
              await crypto.subtle.exportKey(format, privateKey).then(
                () => refused.push('exported'),
                (error: Error) => refused.push(error.name),
              )
            }
          }
          return {
            id,
            devices: (await readDevices()).length,
            refused,
            extractable: [signing.privateKey.extractable, agreement.privateKey.extractable],
            usages: [signing.privateKey.usages, agreement.privateKey.usages],
            json: JSON.stringify([signing.privateKey, agreement.privateKey]),
          }
        },
        { device: at.url('device'), store: at.url('store') },
      )
    const before = await look()
    await at.open()
    const after = await look()
    assert.equal(after.id, before.id)
    assert.equal(after.devices, before.devices)
    assert.deepEqual(new Set(after.refused), new Set(['InvalidAccessError']))
    assert.equal(after.refused.length, 6)
    assert.deepEqual(after.extractable, [false, false])
    assert.deepEqual(after.usages, [['sign'], ['deriveBits']])
    assert.equal(after.json, '[{},{}]')
  })

  test('OPAQUE in its worker: registration and sign-in with the library’s own server', async () => {
    await ready
    const serverSetup = server.createSetup()
    const identifiers = { client: 'carol', server: 'bank.example' }
    const userIdentifier = 'carol'
    let record = ''
    let state = ''
    let sessionKey = ''
    await at.page.exposeFunction(
      'register',
      (registrationRequest: string) =>
        server.createRegistrationResponse({ serverSetup, userIdentifier, registrationRequest }).registrationResponse,
    )
    await at.page.exposeFunction('keep', (message: string) => {
      record = message
    })
    await at.page.exposeFunction('start', (startLoginRequest: string) => {
      const begun = server.startLogin({
        serverSetup,
        userIdentifier,
        registrationRecord: record,
        startLoginRequest,
        identifiers,
      })
      state = begun.serverLoginState
      return begun.loginResponse
    })
    await at.page.exposeFunction('finish', (finishLoginRequest: string) => {
      ;({ sessionKey } = server.finishLogin({ serverLoginState: state, finishLoginRequest, identifiers }))
    })
    const told = await at.page.evaluate(
      async ({ url, identifiers: who }) => {
        const { openOpaque } = await import(url)
        const told = globalThis as unknown as Record<
          'register' | 'keep' | 'start' | 'finish',
          (message: string) => Promise<string>
        >
        const opaque = openOpaque()
        const request = await opaque.startRegistration('drei lange Wörter')
        const registered = await opaque.finishRegistration(await told.register(request), who)
        await told.keep(registered.message)
        const right = await opaque.finishLogin(await told.start(await opaque.startLogin('drei lange Wörter')), who)
        await told.finish(right.message)
        const name = (error: Error) => error.name
        const wrong = await opaque
          .finishLogin(await told.start(await opaque.startLogin('drei kurze Wörter')), who)
          .catch(name)
        const elsewhere = { ...who, server: 'bank.example.evil' }
        const relayed = await opaque
          .finishLogin(await told.start(await opaque.startLogin('drei lange Wörter')), elsewhere)
          .catch(name)
        const twice = await opaque.finishLogin('AAAA', who).catch(name)
        const nonsense = await opaque
          .startLogin('x')
          .then(() => opaque.finishLogin('AAAA', who))
          .catch(name)
        opaque.close()
        return { registered: registered.exportKey, right: right.exportKey, wrong, relayed, twice, nonsense }
      },
      { url: at.url('opaque'), identifiers },
    )
    assert.equal(told.right, told.registered)
    assert.ok(Buffer.from(told.right, 'base64url').length === 64)
    assert.deepEqual([told.wrong, told.relayed, told.twice, told.nonsense], Array(4).fill('OpaqueError'))
    assert.ok(sessionKey.length > 40)

    // The same password by the library in Node. RFC 9106 §4, the second: t=3, m=2^16 KiB, p=4; anything quicker gives other keys.
    const exportKeyBy = (iterations: number, memory: number) => {
      const password = 'drei lange Wörter'
      const { startLoginRequest, clientLoginState } = client.startLogin({ password })
      const given = { serverSetup, userIdentifier, registrationRecord: record, startLoginRequest, identifiers }
      const { loginResponse } = server.startLogin(given)
      const keyStretching = { 'argon2id-custom': { iterations, memory, parallelism: 4 } } as const
      return client.finishLogin({ password, clientLoginState, loginResponse, identifiers, keyStretching })?.exportKey
    }
    assert.equal(exportKeyBy(3, 2 ** 16), told.registered)
    for (const [iterations, memory] of [
      [2, 2 ** 16],
      [3, 2 ** 15],
    ] as const)
      assert.equal(exportKeyBy(iterations, memory), undefined)
  })

  test('passwords that anybody would try first, and those made of names', async () => {
    const told = await at.page.evaluate(async (url) => {
      const { isCommon, isMadeOf } = await import(url)
      const common = [
        'qwertyuiop',
        'PASSWORD123',
        'Password2026!',
        '1q2w3e4r5t',
        'aaaaaaaaaaaa',
        'ababababab',
        '9876543210',
        '..dragon1999..',
      ]
      const fine = ['drei lange Wörter', 'xkTq0-mPl2w', 'correct horse battery staple', '84 Lokomotiven']
      const names = ['carol', 'Bank of Tests', 'bank.example']
      return {
        common: await Promise.all(common.map(isCommon)),
        fine: await Promise.all(fine.map(isCommon)),
        madeOf: ['carolcarol', 'Carol-Bank1', 'bankoftests1', 'carolexample'].map((each) => isMadeOf(each, names)),
        notMadeOf: ['carol likes green tea', 'drei lange Wörter', 'aaaaa'].map((each) => isMadeOf(each, names)),
      }
    }, at.url('common'))
    assert.deepEqual(new Set(told.common), new Set([true]))
    assert.deepEqual(new Set(told.fine), new Set([false]))
    assert.deepEqual(told.madeOf, [true, true, true, true])
    assert.deepEqual(told.notMadeOf, [false, false, false])
  })

  test('a matter is read as strictly as the server reads it', async () => {
    const good = {
      title: 'Transfer',
      lines: [
        ['To', 'Bob'],
        ['Amount', '100.00 €'],
      ],
      nonce: 'n'.repeat(16),
    }
    const bad = [
      { ...good, more: 1 },
      { ...good, title: '' },
      { ...good, title: 'x'.repeat(81) },
      { ...good, title: 'Transfer 1\u202e00.1' },
      { ...good, lines: [['Amount', '1.00\u200b']] },
      { ...good, nonce: 'short' },
      { ...good, lines: [['To']] },
      { ...good, lines: [['To', 'Bob', 'x']] },
      { ...good, lines: [['', 'Bob']] },
      { ...good, lines: [['To', 7]] },
      { ...good, lines: Array(13).fill(['a', 'b']) },
      { ...good, lines: 'To Bob' },
      [],
      null,
      'Transfer',
    ]
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const octets = [
      encode(good),
      ...bad.map(encode),
      '',
      '!!!',
      `${encode(good)}=`,
      Buffer.from([0xff, 0xfe]).toString('base64url'),
    ]
    const [first, ...rest] = await at.page.evaluate(
      async ({ url, all }) => {
        const { readMatter } = await import(url)
        return all.map((each) => readMatter(each) ?? 'refused')
      },
      { url: at.url('matter'), all: octets },
    )
    assert.deepEqual(first, good)
    assert.deepEqual(new Set(rest), new Set(['refused']))
    const { matter } = await import('../../src/api.ts')
    for (const each of bad) assert.equal(matter.safeParse(each).success, false)
    assert.equal(matter.safeParse(good).success, true)
  })

  test('nothing was complained of', () => {
    assert.deepEqual(at.complaints, [])
  })
})

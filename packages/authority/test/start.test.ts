import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openAuthority } from '@countersign/authority'
import { readCertificateList, readPem } from '@countersign/x509'
import { DOMAIN, NAME, temporaryDirectory, testClock } from './support/core.ts'
import { askLocally, enrollParty, meet, openHouse, placeOf, sendRaw } from './support/house.ts'

const options = (directory: string, port = 0) => ({
  directory,
  name: NAME,
  domain: DOMAIN,
  organization: 'Acme',
  listen: { host: '127.0.0.1', port },
  clock: () => Temporal.Now.instant(),
  log: () => undefined,
})

suite('starting again', () => {
  test('finds everything as it was: root, listener, certificates, revocations, settings', async (t) => {
    const first = await openHouse(t)
    const held = await enrollParty(t, first, 'alice')
    await enrollParty(t, first, 'bob')
    await first.authority.revoke({ subject: 'bob', reason: 'keyCompromise' })
    await first.authority.setting('demo', 'kept')
    const listener = (await meet(t, placeOf(first.authority))).socket.getPeerX509Certificate()?.fingerprint256
    // Where they were last seen is written by and by, and at the end.
    const stored = async () =>
      (await askLocally(first.directory, 'GET', '/v1/certificates')).body.certificates.map(
        ({ lastSeen: _, ...certificate }: Record<string, unknown>) => certificate,
      )
    const before = await stored()
    assert.equal(before.length, 5)
    await first.authority.close()

    const second = await openHouse(t, { directory: first.directory })
    assert.deepEqual(second.authority.root.der, first.authority.root.der)
    assert.equal(await second.authority.setting('demo'), 'kept')
    assert.equal(await second.authority.setting('other'), undefined)
    assert.deepEqual(await stored(), before)
    const caller = await meet(t, placeOf(second.authority), held)
    assert.equal(caller.socket.getPeerX509Certificate()?.fingerprint256, listener)
    assert.equal((await caller.ask('GET', '/v1/ready')).status, 200)
    const { body } = await caller.ask('GET', '/status')
    assert.equal(readCertificateList(Uint8Array.fromBase64(body.crls[0])).revokedCertificates.length, 1)
  })

  test('what a start leaves on the disk is closed to others, and root.pem is what everybody may have', async (t) => {
    const { authority, directory } = await openHouse(t)
    const mode = (name: string) => (statSync(join(directory, name)).mode & 0o777).toString(8)
    assert.equal(mode('.'), '700')
    assert.equal(mode('admin.sock'), '600')
    assert.equal(mode('store.db'), '600')
    assert.equal(mode('meetings.db'), '600')
    assert.equal(mode('authority/listener.pem'), '600')
    assert.equal(authority.rootFile, join(directory, 'root.pem'))
    assert.deepEqual(readPem(readFileSync(authority.rootFile, 'utf8'))[0]?.der, authority.root.der)
  })

  test('the first list of the issuer is there before anybody is judged', async (t) => {
    const { authority } = await openHouse(t)
    assert.equal(authority.trust.crls.length, 2)
    assert.equal(authority.trust.revocation, 'require')
  })

  test('a revocation whose list was not signed any more is in the list of the next start', async (t) => {
    let stop = false
    const first = await openHouse(t, {
      failpoint(name) {
        if (stop && name === 'crl.before-sign') throw new Error('the list is not to be')
      },
    })
    await enrollParty(t, first, 'alice')
    stop = true
    const revoked = await first.authority.revoke({ subject: 'alice', reason: 'keyCompromise' })
    assert.ok(revoked.ok, 'the revocation itself holds')
    assert.ok(first.events.some(([event]) => event === 'crl.failed'))
    await first.authority.close()
    const second = await openHouse(t, { directory: first.directory })
    const crl = second.authority.trust.crls.find(({ crl }) => crl.revokedCertificates.length > 0)
    assert.equal(crl?.crl.revokedCertificates[0]?.userCertificate, revoked.receipt.revoked[0]?.serialNumber)
    assert.equal(crl?.crl.cRLNumber, 2n)
  })
})

suite('what keeps an authority from starting is one clear error, and nothing stays open', () => {
  const rejects = (starting: Promise<unknown>, code: string, path?: string) =>
    assert.rejects(starting, (error: Error & { code?: string; path?: string; next?: string }) => {
      assert.equal(error.name, 'AuthorityError', String(error))
      assert.equal(error.code, code)
      if (path !== undefined) assert.equal(error.path, path)
      assert.equal(error.message.includes('\n'), false)
      assert.ok(error.next)
      return true
    })

  test('another process uses the directory: refused, and the other goes on', async (t) => {
    const { authority, directory } = await openHouse(t)
    await rejects(openAuthority(options(directory)), 'ERR_AUTHORITY_IN_USE', join(directory, 'store.db'))
    assert.equal((await askLocally(directory, 'GET', '/v1/ready')).status, 200)
    assert.equal((await (await meet(t, placeOf(authority))).ask('GET', '/v1/ready')).status, 200)
  })

  test('the port is taken; once it is free, the same directory starts', async (t) => {
    const blocker = createServer().listen(0, '127.0.0.1')
    await once(blocker, 'listening')
    const address = blocker.address()
    assert.ok(typeof address === 'object' && address !== null)
    const directory = temporaryDirectory(t)
    await rejects(openAuthority(options(directory, address.port)), 'ERR_AUTHORITY_LISTEN', `127.0.0.1:${address.port}`)
    blocker.close()
    await once(blocker, 'close')
    await openHouse(t, { directory, port: address.port })
  })

  test('an address that is not ours', async (t) => {
    const foreign = { ...options(temporaryDirectory(t)), listen: { host: '192.0.2.1', port: 0 } }
    await rejects(openAuthority(foreign), 'ERR_AUTHORITY_LISTEN', '192.0.2.1:0')
  })

  test('others can enter the directory', async (t) => {
    const directory = temporaryDirectory(t)
    chmodSync(directory, 0o755)
    await rejects(openAuthority(options(directory)), 'ERR_AUTHORITY_DIRECTORY_MODE', directory)
    assert.equal(existsSync(join(directory, 'store.db')), false, 'nothing was made in it')
  })

  test('a directory where the socket must be', async (t) => {
    const directory = temporaryDirectory(t)
    mkdirSync(join(directory, 'admin.sock'))
    const path = join(directory, 'admin.sock')
    await assert.rejects(openAuthority(options(directory)), { code: 'ERR_AUTHORITY_DIRECTORY', path })
  })

  test('a path too long for a socket', async (t) => {
    const directory = join(temporaryDirectory(t), 'd'.repeat(100))
    await rejects(openAuthority(options(directory)), 'ERR_AUTHORITY_SOCKET_PATH', join(directory, 'admin.sock'))
    assert.equal(existsSync(directory), false, 'nothing was made')
  })

  for (const name of ['store.db', 'meetings.db'])
    for (const [what, change] of [
      ['random octets', (path: string) => writeFileSync(path, Buffer.alloc(9000, 'r'))],
      ['cut in the middle of its header', (path: string) => truncateSync(path, 50)],
    ] as const)
      test(`${name} is ${what}`, async (t) => {
        const { authority, directory } = await openHouse(t)
        await authority.close()
        const path = join(directory, name)
        change(path)
        await rejects(openAuthority(options(directory)), 'ERR_AUTHORITY_STORE_MALFORMED', path)
      })

  test("the listener's key and certificate are random octets: delete them and a new one is made", async (t) => {
    const { authority, directory } = await openHouse(t)
    await authority.close()
    const path = join(directory, 'authority', 'listener.pem')
    writeFileSync(path, 'x')
    await rejects(openAuthority(options(directory)), 'ERR_AUTHORITY_FILE_MALFORMED', path)
  })

  for (const [option, value] of [
    ['name', 'Authority.Localhost'],
    ['name', ''],
    ['name', '127.0.0.1'],
    ['domain', 'Acme Inc'],
    ['domain', ''],
    ['organization', ' '],
    ['organization', 'x'.repeat(49)],
    ['directory', ''],
  ] as const)
    test(`the option ${option} is ${JSON.stringify(value).slice(0, 24)}`, async (t) => {
      await rejects(
        openAuthority({ ...options(temporaryDirectory(t)), [option]: value }),
        'ERR_AUTHORITY_OPTION',
        option,
      )
    })
})

suite('octets that nobody asked for', () => {
  const random = (octets: number) => {
    let state = 1
    return Uint8Array.from({ length: octets }, () => {
      state = (state * 48271) % 2147483647
      return state & 255
    })
  }
  for (const [what, octets] of [
    ['nothing', new Uint8Array()],
    ['one octet', Uint8Array.of(22)],
    ['random octets', random(5_000)],
    ['a megabyte', random(1_000_000)],
    ['plain HTTP', Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n')],
  ] as const)
    test(`${what} at both doors: an answer or an end, and the next caller is heard`, async (t) => {
      const { authority, directory } = await openHouse(t)
      const [host = '', port = ''] = authority.address.split(':')
      await sendRaw({ host, port: Number(port) }, octets)
      const local = await sendRaw({ path: authority.socketPath }, octets)
      if (octets.length > 1) assert.match(local, /^HTTP\/1\.1 (400|404) /)
      assert.equal((await askLocally(directory, 'GET', '/v1/ready')).status, 200)
      assert.equal((await (await meet(t, placeOf(authority))).ask('GET', '/v1/ready')).status, 200)
    })

  test('a hundred connections that say nothing keep nobody out', async (t) => {
    const { authority } = await openHouse(t)
    const [host = '', port = ''] = authority.address.split(':')
    for (let i = 0; i < 100; i++) {
      const socket = connect({ host, port: Number(port) }).on('error', () => undefined)
      t.after(() => socket.destroy())
    }
    assert.equal((await (await meet(t, placeOf(authority))).ask('GET', '/v1/ready')).status, 200)
  })

  test('heads beyond their limit are refused with a problem', async (t) => {
    const { authority } = await openHouse(t)
    const head = `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`
    const answer = await sendRaw({ path: authority.socketPath }, Buffer.from(head))
    assert.match(answer, /^HTTP\/1\.1 431 .*ERR_ADMIN_REQUEST/s)
  })
})

suite('closing', () => {
  test('drain lets the request under way end, and takes no new ones', async (t) => {
    const house = await openHouse(t)
    await enrollParty(t, house, 'alice')
    let leave: (value: []) => void = () => undefined
    t.after(
      house.authority.join({
        name: 'slow',
        sessions: async () => [],
        apply: ({ change }) =>
          change.kind === 'crl' ? Promise.resolve([]) : new Promise((resolve) => (leave = resolve)),
      }),
    )
    const revoking = askLocally(house.directory, 'POST', '/v1/revocations', { subject: 'alice' })
    await new Promise((resolve) => setTimeout(resolve, 100))
    const draining = house.authority.drain(5_000)
    await assert.rejects(meet(t, placeOf(house.authority)))
    leave([])
    assert.equal((await revoking).status, 200)
    await draining
    await house.authority.close()
  })

  test('close ends open connections and lets another process in', async (t) => {
    const { authority, directory } = await openHouse(t)
    const caller = await meet(t, placeOf(authority))
    const ended = once(caller.socket, 'close')
    await authority.close()
    await ended
    await openHouse(t, { directory })
  })

  test('a clock that steps by a day in either direction stops nothing', async (t) => {
    const clock = testClock(Temporal.Now.instant())
    const house = await openHouse(t, { clock })
    for (const hours of [25, -50, 25]) {
      clock.advance({ hours })
      const invited = await house.authority.invite({ party: `after-${hours}` })
      assert.ok(invited.ok)
      const { body } = await askLocally(house.directory, 'GET', '/v1/certificates')
      assert.ok(body.certificates.length > 0)
    }
  })
})

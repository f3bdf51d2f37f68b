// Enrollment by token, with the real authority: who proves what, and what a thief, a relay and a replay gain.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { connect, EnrollmentError, enroll, MeetingRefusedError, openIdentity } from '@countersign/mtls'
import { formatToken, parseToken } from '@countersign/protocol'
import { writePem } from '@countersign/x509'
import { needs } from '../interop/peer.ts'
import { AUTHORITY_NAME, startAuthority, type TestAuthority } from './support/authority.ts'

/** Waits for a refusal and answers it. */
async function refused(enrolling: Promise<unknown>): Promise<EnrollmentError> {
  const error = await enrolling.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof EnrollmentError)) throw error
  return error
}

const refusals = ({ log }: TestAuthority) =>
  log.filter(([event]) => event === 'enroll.refused').map(([, fields]) => fields)

suite('a newcomer enrolls', () => {
  test('and has an identity that the authority’s own door accepts', async () => {
    await using house = await startAuthority()
    const directory = join(house.directory, 'alice')
    const enrolled = await enroll(await house.invite('alice'), { directory, clock: house.clock })
    assert.equal(enrolled.party, 'alice')
    assert.deepEqual((await readdir(directory)).sort(), [
      'authority.json',
      'identity.key',
      'identity.pem',
      'status',
      'trust.pem',
    ])
    const identity = await openIdentity(directory, { clock: house.clock })
    try {
      const { trust } = identity
      assert.deepEqual(trust.anchors[0]?.certificate?.der, house.authority.root.der)
      assert.equal(trust.crls.length, 2)
      assert.deepEqual(identity.current().certificates[0].validity.notAfter, enrolled.notAfter)
      const port = Number(house.authority.address.split(':').at(-1))
      const { socket, meeting } = await connect({ host: AUTHORITY_NAME, port, identity, trust, clock: house.clock })
      socket.end('GET /v1/ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
      const [answer] = await once(socket.setEncoding('utf8'), 'data')
      assert.match(answer, /^HTTP\/1\.1 200 /)
      assert.equal(meeting.caller.party, 'alice')
    } finally {
      identity.close()
    }
  })

  test('with the names that the invitation gives, asked for or not', async () => {
    await using house = await startAuthority()
    const san = ['dns:db.acme.example', 'ip:10.0.0.7']
    for (const asked of [undefined, san, san.slice(0, 1)]) {
      const directory = join(house.directory, `db-${asked?.length ?? 0}`)
      const token = await house.invite('db', { san, profile: 'service' })
      await enroll(token, { directory, clock: house.clock, ...(asked && { san: asked }) })
      const identity = await openIdentity(directory)
      identity.close()
      const names = identity.current().certificates[0].subjectAltName?.map(({ kind }) => kind)
      assert.deepEqual(names?.sort(), ['dNSName', 'iPAddress', 'uniformResourceIdentifier'])
    }
  })

  test('as a server too, although its certificate may not ask at doors', async () => {
    await using house = await startAuthority()
    const token = await house.invite('web', { san: ['dns:web.acme.example'], profile: 'server' })
    const { party } = await enroll(token, { directory: join(house.directory, 'web'), clock: house.clock })
    assert.equal(party, 'web')
  })

  test('and openssl agrees with every file', needs('openssl', 'openssl'), async () => {
    await using house = await startAuthority()
    const directory = join(house.directory, 'alice')
    await enroll(await house.invite('alice'), { directory, clock: house.clock })
    const file = (name: string) => join(directory, name)
    const lists = (await readdir(file('status'))).flatMap((name) => ['-CRLfile', file(`status/${name}`)])
    const trusted = ['-CAfile', file('trust.pem'), '-untrusted', file('identity.pem'), '-crl_check_all', ...lists]
    const verified = execFileSync('openssl', ['verify', ...trusted, '-purpose', 'sslclient', file('identity.pem')])
    assert.match(verified.toString(), /: OK/)
  })

  test('once more, where the answer was lost: with the same key, for the same certificate', async () => {
    let lose = true
    await using house = await startAuthority({
      failpoint: (name) => {
        if (name === 'enroll.before-reply' && lose) throw new Error('the answer is lost')
      },
    })
    const directory = join(house.directory, 'alice')
    const token = await house.invite('alice')
    const lost = await refused(enroll(token, { directory, clock: house.clock }))
    assert.equal(lost.code, 'ERR_AUTHORITY_FAULT')
    const key = await readFile(join(directory, 'identity.key'), 'utf8')
    lose = false
    await enroll(token, { directory, clock: house.clock })
    assert.equal(await readFile(join(directory, 'identity.key'), 'utf8'), key)
    await assert.rejects(stat(join(directory, 'identity.csr')), { code: 'ENOENT' })
    // The token is spent for everybody else.
    const other = await refused(enroll(token, { directory: join(house.directory, 'thief'), clock: house.clock }))
    assert.equal(other.code, 'ERR_ENROLL_TOKEN_SPENT')
  })
})

suite('an enrollment is refused, with the same reference on both sides', () => {
  const cases = {
    ERR_ENROLL_TOKEN_UNKNOWN: async (house: TestAuthority) =>
      formatToken({ ...parseToken(await house.invite('alice')), secret: new Uint8Array(32) }),
    ERR_ENROLL_TOKEN_EXPIRED: async (house: TestAuthority) => {
      const token = await house.invite('alice', { ttlSeconds: 60 })
      house.turn({ seconds: 61 })
      return token
    },
    ERR_ENROLL_TOKEN_SPENT: async (house: TestAuthority) => {
      const token = await house.invite('alice')
      await enroll(token, { directory: join(house.directory, 'first'), clock: house.clock })
      return token
    },
    ERR_ENROLL_NAME: (house: TestAuthority) => house.invite('alice'),
  }
  for (const [code, prepare] of Object.entries(cases))
    test(code, async () => {
      await using house = await startAuthority()
      const directory = join(house.directory, 'alice')
      const san = code === 'ERR_ENROLL_NAME' ? { san: ['dns:bank.example'] } : {}
      const error = await refused(enroll(await prepare(house), { directory, clock: house.clock, ...san }))
      assert.equal(error.code, code)
      assert.ok(error.next.length > 0)
      assert.deepEqual(
        refusals(house).map((fields) => [fields['code'], fields['reference']]),
        [[code, error.reference]],
      )
      await assert.rejects(openIdentity(directory), { code: 'ERR_IDENTITY_UNFINISHED' })
    })

  test('of eight rivals with one token, one comes through', async () => {
    await using house = await startAuthority()
    const token = await house.invite('alice')
    const rivals = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) =>
        enroll(token, { directory: join(house.directory, `${i}`), clock: house.clock }),
      ),
    )
    const codes = rivals.map((rival) => (rival.status === 'fulfilled' ? 'in' : (rival.reason as EnrollmentError).code))
    assert.deepEqual(codes.sort(), [...Array(7).fill('ERR_ENROLL_TOKEN_SPENT'), 'in'])
  })

  test('where an identity is already, before anybody is asked', async () => {
    await using house = await startAuthority()
    const directory = join(house.directory, 'alice')
    await enroll(await house.invite('alice'), { directory, clock: house.clock })
    const before = await readFile(join(directory, 'identity.pem'), 'utf8')
    const token = await house.invite('alice')
    await assert.rejects(enroll(token, { directory, clock: house.clock }), { code: 'ERR_IDENTITY_EXISTS' })
    assert.equal(await readFile(join(directory, 'identity.pem'), 'utf8'), before)
  })

  test('where the token is damaged', async () => {
    await assert.rejects(enroll('cs1_x', { directory: '/nowhere' }), { name: 'TokenError' })
  })
})

suite('an identity from a directory or a token', () => {
  test('the first start enrolls, the next one needs the token no more', async () => {
    await using house = await startAuthority()
    const directory = join(house.directory, 'alice')
    const token = await house.invite('alice')
    const open = async (word?: string) => {
      const identity = await openIdentity(directory, { clock: house.clock, ...(word !== undefined && { token: word }) })
      identity.close()
      return identity.current().certificates[0].serialNumber
    }
    await assert.rejects(open(), { code: 'ERR_IDENTITY_MISSING' })
    const first = await open(token)
    assert.deepEqual([await open(token), await open()], [first, first])
  })

  test('a token that was used by somebody else opens nothing', async () => {
    await using house = await startAuthority()
    const token = await house.invite('alice')
    const other = await openIdentity(join(house.directory, 'first'), { clock: house.clock, token })
    other.close()
    const directory = join(house.directory, 'second')
    await assert.rejects(openIdentity(directory, { clock: house.clock, token }), { name: 'EnrollmentError' })
    await assert.rejects(openIdentity(directory, { clock: house.clock }), { name: 'IdentityError' })
  })
})

suite('the newcomer refuses, before it sends anything', () => {
  const cases = {
    'another root': [{ rootSha256: new Uint8Array(32) }, 'ERR_CALLEE_UNKNOWN_ISSUER'],
    'another name': [{ name: 'other.localhost' }, 'ERR_CALLEE_WRONG_NAME'],
    'nobody there': [{ address: '127.0.0.1:1' }, 'ERR_CALLEE_UNREACHABLE'],
  } as const
  for (const [name, [change, code]] of Object.entries(cases))
    test(name, async () => {
      await using house = await startAuthority()
      const directory = join(house.directory, 'alice')
      const token = formatToken({ ...parseToken(await house.invite('alice')), ...change })
      await assert.rejects(enroll(token, { directory, clock: house.clock }), (error: unknown) => {
        assert.ok(error instanceof MeetingRefusedError, String(error))
        assert.equal(error.code, code)
        return true
      })
      assert.deepEqual(refusals(house), [])
      // A key is made for an authority that has proved itself, and of its kind.
      await assert.rejects(readFile(join(directory, 'identity.key')), { code: 'ENOENT' })
      await enroll(await house.invite('alice'), { directory, clock: house.clock })
    })
})

suite('what others gain', () => {
  test('an insider who stands in between has a proof that fits no channel but his', async () => {
    await using house = await startAuthority()
    // Somebody whom the authority itself has certified, and an invitation that was made to lead to him.
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const chain = await house.authority.issueLocal({
      party: 'insider',
      dnsNames: ['insider.localhost'],
      profile: 'server',
      publicKey: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    })
    const bodies: string[] = []
    const cert = chain.map(({ der }) => writePem('CERTIFICATE', der)).join('')
    const key = privateKey.export({ format: 'pem', type: 'pkcs8' })
    const server = createServer({ cert, key }, async (request, response) => {
      bodies.push((await request.setEncoding('utf8').toArray()).join(''))
      response.writeHead(503).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const invited = await house.invite('alice')
    const diverted = formatToken({ ...parseToken(invited), address: `127.0.0.1:${port}`, name: 'insider.localhost' })
    const directory = join(house.directory, 'alice')
    assert.equal((await refused(enroll(diverted, { directory, clock: house.clock }))).code, 'ERR_ENROLL_ANSWER')
    server.close()

    const [body = ''] = bodies
    const secret = parseToken(invited).secret
    assert.ok(!body.includes(secret.toBase64({ alphabet: 'base64url', omitPadding: true })))
    const connected = await connect({
      host: '127.0.0.1',
      port: Number(house.authority.address.split(':').at(-1)),
      firstContact: { rootSha256: house.authority.rootSha256, name: AUTHORITY_NAME },
      clock: house.clock,
    })
    connected.socket.end(
      `POST /enroll HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    )
    const answer = (await connected.socket.setEncoding('utf8').toArray()).join('')
    assert.match(answer, /ERR_ENROLL_PROOF/)
    // And the newcomer can still enroll: nothing was spent.
    await enroll(invited, { directory, clock: house.clock })
  })
})

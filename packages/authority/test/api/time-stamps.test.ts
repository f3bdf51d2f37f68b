import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import {
  type Extension,
  OID,
  readCertificate,
  readSignedData,
  readTimeStampResp,
  readTSTInfo,
  writePem,
} from '@countersign/x509'
import { file, openssl, refusedByOpenssl, withOpenssl } from '../../../../interop/openssl.ts'
import { TIME_STAMP_POLICY } from '../../src/time-stamps.ts'
import { askLocally, enrollParty, meet, openHouse, placeOf } from '../support/house.ts'

const QUERY = { 'content-type': 'application/timestamp-query' }
const DATA = file('data', 'We take it.')

/** As OpenSSL asks; of `DATA` unless they say otherwise. */
function query(name: string, ...args: readonly string[]): { readonly path: string; readonly octets: Uint8Array } {
  const path = file(`${name}.tsq`)
  const about = args.includes('-digest') ? [] : ['-data', DATA]
  openssl('ts', '-query', ...about, ...args, '-out', path)
  return { path, octets: new Uint8Array(readFileSync(path)) }
}

suite('time-stamps', withOpenssl, () => {
  const setUp = async (t: Parameters<typeof openHouse>[0]) => {
    const house = await openHouse(t)
    const asAlice = await meet(t, placeOf(house.authority), await enrollParty(t, house, 'alice'))
    const ask = (octets: Uint8Array | string, headers: Readonly<Record<string, string>> = QUERY) =>
      asAlice.ask('POST', '/v1/timestamps', octets, headers)
    const rootFile = file(
      `root-${house.authority.root.serialNumber}.pem`,
      writePem('CERTIFICATE', house.authority.root.der),
    )
    return { house, ask, rootFile }
  }

  for (const hash of ['sha256', 'sha384', 'sha512'])
    test(`of ${hash} OpenSSL verifies, and refuses for other octets`, async (t) => {
      const { ask, rootFile } = await setUp(t)
      const asked = query(`q-${hash}`, `-${hash}`, '-cert')
      const { status, type, octets } = await ask(asked.octets)
      assert.deepEqual([status, type], [200, 'application/timestamp-reply'])
      const reply = file(`r-${hash}.tsr`, octets)
      assert.match(openssl('ts', '-verify', '-queryfile', asked.path, '-in', reply, '-CAfile', rootFile), /OK/)
      assert.match(openssl('ts', '-verify', '-data', DATA, '-in', reply, '-CAfile', rootFile), /OK/)
      const other = file('other', 'We leave it.')
      assert.match(refusedByOpenssl('ts', '-verify', '-data', other, '-in', reply, '-CAfile', rootFile), /mismatch/)
    })

  test('are in the ledger with who asked, under numbers that never come again, by a key that stays', async (t) => {
    const { house, ask } = await setUp(t)
    const { octets } = query('one', '-sha256', '-cert')
    const tokens = [await ask(octets), await ask(octets)].map((answer) => tokenOf(answer.octets))
    const [one = assert.fail(), two = assert.fail()] = tokens
    assert.notEqual(one.info.serialNumber, two.info.serialNumber)
    assert.deepEqual(one.certificates, two.certificates)
    assert.equal(one.info.policy, TIME_STAMP_POLICY)
    const ids = Array.from({ length: 20 }, (_, index) => index + 1).join()
    const { body } = await askLocally(house.directory, 'GET', `/v1/ledger/entries?ids=${ids}`)
    const entries = (body.entries as { entry: string }[]).map(
      ({ entry }) => JSON.parse(Buffer.from(entry, 'base64').toString()) as Record<string, string>,
    )
    const stamps = entries.filter(({ kind }) => kind === 'timestamp')
    assert.deepEqual(
      stamps.map(({ party, hash, serial, imprint }) => [party, hash, BigInt(`0x${serial}`), imprint]),
      tokens.map(({ info }) => ['alice', 'SHA-256', info.serialNumber, info.messageImprint.hashedMessage.toHex()]),
    )
  })

  test('come with the certificate only where it is asked for', async (t) => {
    const { ask } = await setUp(t)
    const { certificates } = tokenOf((await ask(query('bare', '-sha256').octets)).octets)
    assert.equal(certificates, undefined)
  })

  test('are by a certificate for that alone, critical, and no invitation gives one', async (t) => {
    const { house, ask } = await setUp(t)
    const { certificates = [] } = tokenOf((await ask(query('c', '-sha256', '-cert').octets)).octets)
    const certificate =
      certificates.map(readCertificate).find(({ basicConstraints }) => basicConstraints === undefined) ?? assert.fail()
    assert.deepEqual(certificate.extendedKeyUsage, [OID.timeStamping])
    const purposes = certificate.extensions.find(({ extnID }: Extension) => extnID === OID.extendedKeyUsage)
    assert.equal(purposes?.critical, true)
    const invited = await askLocally(house.directory, 'POST', '/v1/invitations', {
      party: 'eve',
      profile: 'time-stamping',
    })
    assert.deepEqual([invited.status, invited.body.code], [400, 'ERR_ADMIN_REQUEST'])
  })

  const failures: Readonly<Record<string, readonly [args: readonly string[], text: RegExp]>> = {
    'a hash of SHA-1': [['-sha1'], /SHA-256, SHA-384 or SHA-512/],
    'a hash of MD5': [['-md5'], /SHA-256, SHA-384 or SHA-512/],
    'another policy': [['-sha256', '-tspolicy', '1.2.3.4.1'], /the one policy/],
  }
  for (const [what, [args, text]] of Object.entries(failures))
    test(`are not given for ${what}`, async (t) => {
      const { ask } = await setUp(t)
      const { octets, status } = await ask(query('bad', ...args).octets)
      const answer = readTimeStampResp(new Uint8Array(octets))
      assert.equal(status, 200)
      assert.equal(answer.token, undefined)
      assert.match(answer.text ?? '', text)
      assert.match(openssl('ts', '-reply', '-in', file('bad.tsr', octets), '-text'), /Status: Rejected/i)
    })

  test('are not given for what is no request, too much of one, or JSON', async (t) => {
    const { ask } = await setUp(t)
    for (const octets of [Uint8Array.of(), Uint8Array.of(0x30, 0), query('cut', '-sha256').octets.subarray(1)])
      assert.equal(readTimeStampResp(new Uint8Array((await ask(octets)).octets)).token, undefined)
    assert.equal((await ask('{}', { 'content-type': 'application/json' })).body.code, 'ERR_ADMIN_REQUEST')
    assert.equal((await ask('{}', { 'content-type': 'text/plain' })).body.code, 'ERR_ADMIN_REQUEST')
    // The last one: the rest of it is not read, and the connection ends.
    assert.equal((await ask(new Uint8Array(2000))).body.code, 'ERR_ADMIN_REQUEST')
  })

  test('are given to no stranger', async (t) => {
    const { house } = await setUp(t)
    const stranger = await meet(t, placeOf(house.authority))
    const { octets } = query('stranger', '-sha256')
    const { status, body } = await stranger.ask('POST', '/v1/timestamps', octets, QUERY)
    assert.deepEqual([status, body.code], [403, 'ERR_ADMIN_FORBIDDEN'])
    assert.equal((await askLocally(house.directory, 'POST', '/v1/timestamps', octets, QUERY)).status, 403)
  })
})

function tokenOf(reply: Uint8Array) {
  const { token = assert.fail('no token') } = readTimeStampResp(new Uint8Array(reply))
  const { eContent = assert.fail(), certificates } = readSignedData(token)
  return { info: readTSTInfo(eContent), certificates }
}

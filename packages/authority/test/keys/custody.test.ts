// An authority whose keys are encrypted, and one whose issuing key is on a token: from the first start on, and after each fault.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Certificate, writePem } from '@countersign/x509'
import { file, openssl, withOpenssl } from '../../../../interop/openssl.ts'
import { softToken, withToken } from '../../../../tools/testing/soft-token.ts'
import { exportRootKey } from '../../src/keys/export-root-key.ts'
import { temporaryDirectory } from '../support/core.ts'
import { enrollmentBody, enrollParty, type House, meet, openHouse, placeOf } from '../support/house.ts'
import { newKey, requestFor } from '../support/keys.ts'
import { newKeyFile } from './support/key-sources.ts'

function secretFile(t: TestContext, line: string): string {
  const path = join(temporaryDirectory(t), 'secret')
  writeFileSync(path, `${line}\n`, { mode: 0o600 })
  return path
}

/** OpenSSL follows the path from a certificate of the house to its root. */
function verifiedByOpenssl(house: House, [leaf, issuing]: readonly Certificate[]): string {
  const name = createHash('sha256').update(leaf!.der).digest('hex').slice(0, 12)
  const chain = file(`${name}-issuing.pem`, writePem('CERTIFICATE', issuing!.der))
  const path = file(`${name}.pem`, writePem('CERTIFICATE', leaf!.der))
  return openssl('verify', '-x509_strict', '-CAfile', house.authority.rootFile, '-untrusted', chain, path)
}

suite('an authority under a passphrase', withOpenssl, () => {
  test('both keys are encrypted from the first start on; OpenSSL opens them with the passphrase', async (t) => {
    const passphrase = secretFile(t, 'correct horse')
    const house = await openHouse(t, { custody: { passphrase } })
    const folder = join(house.directory, 'authority')
    for (const name of ['root', 'issuing']) {
      const key = join(folder, `${name}.key`)
      assert.match(readFileSync(key, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
      const spki = openssl('pkey', '-in', key, '-passin', `file:${passphrase}`, '-pubout')
      assert.equal(openssl('x509', '-in', join(folder, `${name}.pem`), '-noout', '-pubkey'), spki)
    }
    const { certificates } = await enrollParty(t, house, 'alice')
    assert.match(verifiedByOpenssl(house, certificates), /: OK\n$/)
    await house.authority.close()
    const again = await openHouse(t, { directory: house.directory, custody: { passphrase } })
    await enrollParty(t, again, 'bob')
  })

  test('refused: a start without it, or with another; and one with it where the keys are plain', async (t) => {
    const passphrase = secretFile(t, 'correct horse')
    const { authority, directory } = await openHouse(t, { custody: { passphrase } })
    await authority.close()
    const path = join(directory, 'authority', 'issuing.key')
    await assert.rejects(openHouse(t, { directory }), {
      code: 'ERR_AUTHORITY_KEY_PASSPHRASE',
      path,
      next: /passphrase: FILE/,
    })
    const other = { passphrase: secretFile(t, 'wrong horse') }
    await assert.rejects(openHouse(t, { directory, custody: other }), { code: 'ERR_AUTHORITY_KEY_PASSPHRASE', path })
    const absent = { passphrase: join(directory, 'absent') }
    await assert.rejects(openHouse(t, { directory, custody: absent }), { code: 'ERR_AUTHORITY_KEY_SECRET' })

    const plain = await openHouse(t)
    await plain.authority.close()
    await assert.rejects(openHouse(t, { directory: plain.directory, custody: { passphrase } }), {
      code: 'ERR_AUTHORITY_KEY_PLAIN',
      path: join(plain.directory, 'authority', 'issuing.key'),
    })
  })

  test('the command that a plain key is refused with makes it one that is taken', async (t) => {
    const plain = await openHouse(t)
    await plain.authority.close()
    const passphrase = secretFile(t, 'correct horse')
    const { directory } = plain
    for (const name of ['issuing.key', 'ssh.key', 'ledger.key']) {
      const key = join(directory, 'authority', name)
      const encrypted = `${key}.encrypted`
      const next = await openHouse(t, { directory, custody: { passphrase } }).catch((error) => String(error.next))
      const [, command] = /: openssl (.*)$/.exec(String(next)) ?? []
      openssl(...command!.replace('FILE', encrypted).split(' '), '-passout', `file:${passphrase}`)
      renameSync(encrypted, key)
    }
    await enrollParty(t, await openHouse(t, { directory, custody: { passphrase } }), 'alice')
  })

  test('the root key is exported with the passphrase alone, and stays encrypted', async (t) => {
    const passphrase = secretFile(t, 'correct horse')
    const { directory } = await openHouse(t, { custody: { passphrase } })
    const away = join(temporaryDirectory(t), 'root.key')
    assert.throws(() => exportRootKey(directory, away, { remove: true }), { code: 'ERR_AUTHORITY_KEY_PASSPHRASE' })
    assert.ok(!existsSync(away))
    exportRootKey(directory, away, { remove: true, passphrase })
    openssl('pkey', '-in', away, '-passin', `file:${passphrase}`, '-noout', '-check')
    assert.ok(!existsSync(join(directory, 'authority', 'root.key')))
  })
})

suite('an authority whose issuing key is on a token', withToken, () => {
  test('it issues, renews its list, and starts again; the key is in no file', async (t) => {
    const token = softToken(t)
    token.tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'issuing', '--id', '01')
    const custody = { issuingKey: token.uri('object=issuing') }
    const house = await openHouse(t, { custody })
    assert.ok(!existsSync(join(house.directory, 'authority', 'issuing.key')))
    const { certificates } = await enrollParty(t, house, 'alice')
    assert.match(verifiedByOpenssl(house, certificates), /: OK\n$/)
    assert.ok((await house.authority.revoke({ subject: 'alice', reason: 'keyCompromise' })).ok)
    await house.authority.close()
    await enrollParty(t, await openHouse(t, { directory: house.directory, custody }), 'bob')
  })

  test('RSA on the token under a root of P-384: each signs in its own way', async (t) => {
    const token = softToken(t)
    token.import(newKeyFile('RSA-2048').path, 'issuing', '01')
    const house = await openHouse(t, { custody: { issuingKey: token.uri('object=issuing'), algorithm: 'p384' } })
    const { certificates } = await enrollParty(t, house, 'alice')
    assert.match(verifiedByOpenssl(house, certificates), /: OK\n$/)
    const text = (index: number) =>
      openssl('x509', '-in', file('seen.pem', writePem('CERTIFICATE', certificates[index]!.der)), '-noout', '-text')
    assert.match(text(0), /Signature Algorithm: sha256WithRSAEncryption/)
    assert.match(text(1), /Signature Algorithm: ecdsa-with-SHA384/)
    assert.ok((await house.authority.revoke({ subject: 'alice', reason: 'superseded' })).ok)
  })

  test('the token is away: who asks is told, a revocation holds all the same, and back it goes on', async (t) => {
    const token = softToken(t)
    token.import(newKeyFile('P-256').path, 'issuing', '01')
    const house = await openHouse(t, { custody: { issuingKey: token.uri('object=issuing') } })
    await enrollParty(t, house, 'alice')
    const invited = await house.authority.invite({ party: 'bob' })
    assert.ok(invited.ok)
    token.takeAway()
    const caller = await meet(t, placeOf(house.authority))
    const body = enrollmentBody(invited.token, requestFor(newKey()), caller.exporter)
    const refused = await caller.ask('POST', '/enroll', body)
    assert.equal(refused.status, 503)
    assert.equal(refused.body.code, 'ERR_AUTHORITY_KEY')
    assert.equal(refused.body.next, 'try again in a minute; the log of the authority has the cause')
    const failed = house.events.find(([event]) => event === 'key.failed')?.[1]
    assert.equal(failed?.['code'], 'ERR_AUTHORITY_KEY_TOKEN')
    assert.equal(failed?.['key'], 'pkcs11:token=acme;object=issuing')
    assert.match(String(failed?.['next']), /attach the token/)
    assert.ok((await house.authority.revoke({ subject: 'alice', reason: 'superseded' })).ok)
    assert.ok(house.events.some(([event]) => event === 'crl.failed'))

    token.bringBack()
    await delay(1_100)
    // The invitation was not spent by what could not be signed.
    assert.equal((await caller.ask('POST', '/enroll', body)).status, 201)
  })

  test('refused: a start while the token is away, with the key of another authority, and with a URI that is none', async (t) => {
    const token = softToken(t)
    token.import(newKeyFile('P-256').path, 'issuing', '01')
    token.import(newKeyFile('P-256').path, 'other', '02')
    const custody = { issuingKey: token.uri('object=issuing') }
    const { authority, directory } = await openHouse(t, { custody })
    await authority.close()
    const other = { issuingKey: token.uri('object=other') }
    await assert.rejects(openHouse(t, { directory, custody: other }), {
      code: 'ERR_AUTHORITY_FILE_MISMATCH',
      path: 'pkcs11:token=acme;object=other',
    })
    token.takeAway()
    await assert.rejects(openHouse(t, { directory, custody }), { code: 'ERR_AUTHORITY_KEY_TOKEN' })
    token.bringBack()
    const directoryOfNone = join(temporaryDirectory(t), 'none')
    await assert.rejects(openHouse(t, { directory: directoryOfNone, custody: { issuingKey: 'pkcs11:' } }), {
      code: 'ERR_AUTHORITY_KEY_URI',
    })
    assert.ok(!existsSync(directoryOfNone))
    await openHouse(t, { directory, custody })
  })

  test('a key that was moved to a token and left in its file is told of', async (t) => {
    const plain = await openHouse(t)
    await plain.authority.close()
    const path = join(plain.directory, 'authority', 'issuing.key')
    const token = softToken(t)
    token.import(path, 'issuing', '01')
    const custody = { issuingKey: token.uri('object=issuing') }
    const house = await openHouse(t, { directory: plain.directory, custody })
    assert.deepEqual(house.events.find(([event]) => event === 'authority.key-beside-token')?.[1], { path })
    await enrollParty(t, house, 'alice')
  })
})

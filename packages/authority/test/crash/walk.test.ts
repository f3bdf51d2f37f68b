// kill -9 at every failpoint, then the next start. What must hold: no certificate is out that the store does not know, no
// revocation that was told is forgotten, serial numbers are one certificate's, a list's number is one list's, one root.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { suite, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readCertificateList } from '@countersign/x509'
import { FAILPOINTS, type FailpointName } from '../../src/failpoints.ts'
import { sha256 } from '../../src/octets.ts'
import { temporaryDirectory } from '../support/core.ts'
import { askLocally, enrollmentBody, type Held, heldOf, meet, type Place } from '../support/house.ts'
import { type Key, newKey, requestFor } from '../support/keys.ts'

const PROGRAM = fileURLToPath(new URL('authority-process.ts', import.meta.url))

/** What left the authority, as its callers saw it. */
interface Seen {
  root?: string
  token?: string
  readonly key: Key
  readonly request: Uint8Array
  held?: Held
  /** DER of every certificate and list that anyone was given. */
  readonly certificates: Uint8Array[]
  readonly lists: Uint8Array[]
  /** Serial numbers in receipts. */
  readonly revoked: string[]
}

async function start(
  t: TestContext,
  directory: string,
  ...failpoint: string[]
): Promise<{ child: ChildProcess; place?: Place }> {
  const child = spawn(process.execPath, [PROGRAM, directory, ...failpoint], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  assert.ok(child.stdout)
  const lines = createInterface({ input: child.stdout })
  const line = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => undefined)])
  return line === undefined ? { child } : { child, place: JSON.parse(String(line[0])) }
}

/** Everything a house does, step by step; a step that the crash cuts off ends the run. Each can be taken again later. */
async function live(t: TestContext, directory: string, place: Place, seen: Seen): Promise<void> {
  seen.root ??= place.root
  assert.equal(place.root, seen.root, 'one root')
  const keep = (answer: { body: { certificates?: string[]; crls?: string[] } }) => {
    for (const der of answer.body.certificates ?? []) seen.certificates.push(Uint8Array.fromBase64(der))
    for (const der of answer.body.crls ?? []) seen.lists.push(Uint8Array.fromBase64(der))
  }
  keep(await (await meet(t, place)).ask('GET', '/status'))

  if (seen.token === undefined) {
    const invited = await askLocally(directory, 'POST', '/v1/invitations', { party: 'alice' })
    assert.equal(invited.status, 201)
    seen.token = String(invited.body.token)
  }
  // Whether its receipt arrived or not, a revocation that is recorded holds from then on.
  const listed = await askLocally(directory, 'GET', '/v1/certificates?party=alice&state=revoked')
  const revoked = listed.body.certificates.length > 0
  // The same request again after a crash: whether or not the answer was lost, this one has the certificate.
  const newcomer = await meet(t, place)
  const body = enrollmentBody(seen.token, seen.request, newcomer.exporter)
  const enrolled = await newcomer.ask('POST', '/enroll', body)
  if (revoked) assert.equal(enrolled.body.code, 'ERR_ENROLL_TOKEN_SPENT')
  else {
    assert.equal(enrolled.status, 201, JSON.stringify(enrolled.body))
    keep(enrolled)
    seen.held = heldOf(seen.key, enrolled)
  }

  assert.ok(seen.held)
  const holder = await meet(t, place, seen.held)
  const renewed = await holder.ask('POST', '/renew', { request: seen.request.toBase64() })
  if (revoked) assert.equal(renewed.body.code, 'ERR_CALLER_REVOKED')
  else {
    assert.equal(renewed.status, 201, JSON.stringify(renewed.body))
    keep(renewed)
  }

  const answer = await askLocally(directory, 'POST', '/v1/revocations', { subject: 'alice' })
  assert.ok(answer.status === 200 || answer.status === 409, JSON.stringify(answer.body))
  for (const one of answer.body.revoked ?? []) seen.revoked.push(String(one.serialNumber))
  keep(await (await meet(t, place)).ask('GET', '/status'))
}

async function check(t: TestContext, directory: string, place: Place, seen: Seen): Promise<void> {
  assert.equal(place.root, seen.root ?? place.root, 'one root')
  for (const der of seen.certificates) {
    const known = await askLocally(directory, 'GET', `/v1/certificates/${sha256(der).toHex()}`)
    assert.equal(known.status, 200, 'a certificate is out that the store does not know')
    assert.equal(known.body.certificates[0].der, der.toBase64())
  }
  const { body } = await askLocally(directory, 'GET', '/v1/certificates?limit=1000')
  const rows: { serialNumber: string; state: string }[] = body.certificates
  assert.equal(new Set(rows.map(({ serialNumber }) => serialNumber)).size, rows.length, 'serial numbers are unique')

  const status = await (await meet(t, place)).ask('GET', '/status')
  for (const der of status.body.crls as string[]) seen.lists.push(Uint8Array.fromBase64(der))
  const lists = seen.lists.map((der) => readCertificateList(der))
  const byNumber = new Map<string, string>()
  for (const list of lists) {
    const name = `${list.issuer.der.toHex()} ${list.cRLNumber}`
    assert.equal(byNumber.get(name) ?? list.der.toHex(), list.der.toHex(), 'a number is one list’s')
    byNumber.set(name, list.der.toHex())
  }
  const issuing = readCertificateList(Uint8Array.fromBase64(status.body.crls[0]))
  for (const list of lists)
    if (list.issuer.der.toHex() === issuing.issuer.der.toHex())
      assert.ok(issuing.cRLNumber! >= list.cRLNumber!, 'numbers only rise')
  const listed = new Set(issuing.revokedCertificates.map((entry) => entry.userCertificate))
  for (const serialNumber of seen.revoked) {
    assert.equal(rows.find((row) => row.serialNumber === serialNumber)?.state, 'revoked', 'a revocation was forgotten')
    assert.ok(listed.has(BigInt(`0x${serialNumber}`)), 'a revocation is not in the list')
  }
  // Also those whose receipt never arrived: what the store says, the list says.
  const revoked = rows.filter(({ state }) => state === 'revoked')
  assert.equal(listed.size, revoked.length)
}

/** At which occurrence to end: the first signature and list are the start's, the next the enrollment's, the renewal's, the revocation's. */
const COUNTS: Partial<Record<string, readonly number[]>> = { issue: [1, 2, 3], crl: [1, 2] }
const countsOf = (name: FailpointName) => COUNTS[name.slice(0, name.indexOf('.'))] ?? [1]

/** From its commit on a revocation holds, told or not. The second list is the one that names it. */
function isAfterRevocation(name: FailpointName, count: number): boolean {
  return (name.startsWith('revoke.') && name !== 'revoke.before-commit') || (name.startsWith('crl.') && count === 2)
}

suite('kill -9 at every failpoint', { concurrency: 2 }, () => {
  for (const name of FAILPOINTS)
    for (const count of countsOf(name))
      test(`${name}, time ${count}`, async (t) => {
        const directory = temporaryDirectory(t)
        const key = newKey()
        const seen: Seen = { key, request: requestFor(key), certificates: [], lists: [], revoked: [] }

        const first = await start(t, directory, name, String(count))
        if (first.place !== undefined) {
          const ended = once(first.child, 'exit')
          // Whichever request the crash cuts off fails at its caller; what had arrived before is in `seen`.
          await live(t, directory, first.place, seen).catch((error: Error) =>
            assert.notEqual(error.name, 'AssertionError', error.message),
          )
          await ended
        }
        assert.equal(first.child.signalCode, 'SIGKILL', 'the failpoint was reached')

        const second = await start(t, directory)
        assert.ok(second.place, 'it starts again')
        await check(t, directory, second.place, seen)
        if (isAfterRevocation(name, count)) {
          const { body } = await askLocally(directory, 'GET', '/v1/certificates?party=alice&state=valid')
          assert.deepEqual(body.certificates, [], 'a revocation was durable, and is forgotten')
        }
        await live(t, directory, second.place, seen)
        await check(t, directory, second.place, seen)
        second.child.kill('SIGTERM')
        await once(second.child, 'exit')
      })
})

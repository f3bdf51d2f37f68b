// A whole house in this process, on loopback: what its doors take from the authority, from one start to the next.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Authority } from '@countersign/authority'
import { connect, createIdentity, createTrust, type OwnIdentity } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { STANDARD_CONFIG } from '../src/config/standard.ts'
import { type OpenHouse, openHouse } from '../src/house/open-house.ts'

const START = Temporal.Now.instant()
const [DOOR = assert.fail()] = STANDARD_CONFIG.doors

interface TestHouse extends AsyncDisposable {
  readonly house: OpenHouse
  readonly met: readonly Meeting[]
  /** The clock of the whole house. */
  now: Temporal.Instant
  /** The same directory once more. */
  restart(): Promise<void>
  enroll(party: string): Promise<OwnIdentity>
  /** Meets a door as `identity`, by its clock, and answers its record of that. */
  meet(door: string, identity: OwnIdentity): Promise<Meeting>
}

function ownAuthority({ authority }: OpenHouse): Authority {
  return authority ?? assert.fail('the house has an authority')
}

async function openTestHouse(): Promise<TestHouse> {
  const data = await mkdtemp(join(tmpdir(), 'countersign-house-'))
  const met: Meeting[] = []
  const listen = { host: '127.0.0.1', port: 0 }
  const config = {
    ...STANDARD_CONFIG,
    authority: { ...STANDARD_CONFIG.authority, listen },
    doors: [
      { ...DOOR, listen },
      { ...DOOR, name: 'lenient', revocation: 'prefer' as const, listen },
    ],
  }
  const open = () =>
    openHouse({
      config,
      data: join(data, 'house'),
      clock: () => test.now,
      log: () => undefined,
      onMeeting: (meeting) => met.push(meeting),
      failpoint: undefined,
    })
  const test: TestHouse & { house: OpenHouse } = {
    now: START,
    met,
    house: undefined as unknown as OpenHouse,
    async restart() {
      await test.house.close(0)
      test.house = await open()
    },
    async enroll(party) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const spki = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
      const certificates = await ownAuthority(test.house).issueLocal({ party, profile: 'client', publicKey: spki })
      return createIdentity({ certificates, privateKey })
    },
    async meet(name, identity) {
      const authority = ownAuthority(test.house)
      const { doors } = test.house
      const url = new URL(doors.find((door) => door.name === name)?.url ?? assert.fail(name))
      const { socket, meeting } = await connect({
        host: url.hostname,
        port: Number(url.port),
        identity,
        trust: createTrust({ anchors: [authority.root], revocation: 'prefer', asOf: test.now }),
        clock: () => test.now,
      })
      socket.on('error', () => undefined).resume()
      for (;;) {
        const seen = met.find(({ reference }) => reference === meeting.reference)
        if (seen) return seen
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    async [Symbol.asyncDispose]() {
      await test.house.close(0)
      await rm(data, { recursive: true })
    },
  }
  test.house = await open()
  return test
}

const codeOf = ({ outcome }: Meeting) => (outcome.ok ? 'accepted' : outcome.refusal.code)
const serialOf = ({ callee }: Meeting) => callee.certificate?.serialNumber ?? assert.fail('no certificate')

suite('a house', () => {
  test('whose lists have run out lets nobody in where they are required, and whom it knows where they are preferred', async () => {
    await using house = await openTestHouse()
    const alice = await house.enroll('alice')
    assert.equal(codeOf(await house.meet('hello', alice)), 'accepted')
    house.now = START.add({ hours: 49 })
    assert.equal(codeOf(await house.meet('hello', alice)), 'ERR_CALLER_STATUS_UNKNOWN')
    assert.equal(codeOf(await house.meet('lenient', alice)), 'accepted')
    await ownAuthority(house.house).revoke({ subject: 'alice', reason: 'keyCompromise' })
    assert.equal(codeOf(await house.meet('lenient', alice)), 'ERR_CALLER_REVOKED')
  })

  test('that revokes a party cuts the sessions of all of its certificates, at every door', async () => {
    await using house = await openTestHouse()
    const [one, other, bob] = [await house.enroll('alice'), await house.enroll('alice'), await house.enroll('bob')]
    const references = [
      (await house.meet('hello', one)).reference,
      (await house.meet('hello', other)).reference,
      (await house.meet('lenient', other)).reference,
    ]
    await house.meet('hello', bob)
    const revoked = await ownAuthority(house.house).revoke({ subject: 'alice', reason: 'superseded' })
    assert.ok(revoked.ok)
    assert.deepEqual(new Set(revoked.receipt.cuts.map(({ reference }) => reference)), new Set(references))
    assert.deepEqual([...revoked.receipt.confirmed].sort(), ['authority', 'hello', 'lenient'])
    assert.deepEqual(
      house.house.doors.flatMap(({ sessions }) => sessions.list().map(({ meeting }) => meeting.caller.party)),
      ['bob'],
    )
  })

  test('keeps the certificate of a door from one start to the next, until a third of its life is left', async () => {
    await using house = await openTestHouse()
    const first = serialOf(await house.meet('hello', await house.enroll('alice')))
    house.now = START.add({ hours: 24 * 19 })
    await house.restart()
    assert.equal(serialOf(await house.meet('hello', await house.enroll('alice'))), first)
    house.now = START.add({ hours: 24 * 21 })
    await house.restart()
    assert.notEqual(serialOf(await house.meet('hello', await house.enroll('alice'))), first)
  })

  test('gives a door whose certificate was revoked another one at the next start', async () => {
    await using house = await openTestHouse()
    const first = serialOf(await house.meet('hello', await house.enroll('alice')))
    const revoked = await ownAuthority(house.house).revoke({ subject: 'door/hello', reason: 'keyCompromise' })
    assert.ok(revoked.ok)
    await house.restart()
    assert.notEqual(serialOf(await house.meet('hello', await house.enroll('alice'))), first)
  })
})

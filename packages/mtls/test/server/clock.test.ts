// A clock that is set by a day, either way: nobody comes in who should not, with a ticket or without.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { issuing, openDoor, outcomeOf, root, visit } from '../support/door.ts'
import { issueCrl, issueLeaf, NOW, uri } from '../support/pki.ts'

const names = [uri('spiffe://acme.example/alice')]
const ofToday = issueLeaf(issuing, 'alice', {
  names,
  purposes: ['clientAuth'],
  notBefore: NOW.subtract({ hours: 12 }),
  notAfter: NOW.add({ hours: 12 }),
})
const ofThisYear = issueLeaf(issuing, 'alice', { names, purposes: ['clientAuth'] })
const untilTonight = [issueCrl(root), issueCrl(issuing, [], { nextUpdate: NOW.add({ hours: 12 }) })]

for (const [title, credential, setting, forward, back] of [
  ['a certificate of today', ofToday, {}, 'ERR_CALLER_EXPIRED', 'ERR_CALLER_NOT_YET_VALID'],
  [
    'a list until tonight',
    ofThisYear,
    { trusting: { revocation: 'require', crls: untilTonight } },
    'ERR_CALLER_STATUS_UNKNOWN',
    'accepted',
  ],
] as const)
  suite(title, () => {
    for (const [hours, outcome] of [
      [24, forward],
      [-24, back],
    ] as const)
      test(`${hours} hours later: ${outcome}`, async () => {
        let now = NOW
        await using door = await openDoor({ ...setting, clock: () => now })
        // Often enough for the gate to remember it.
        for (let i = 0; i < 3; i++) assert.equal(await (await visit(door.port, credential)).said, 'welcome')
        const { socket, said } = await visit(door.port, credential)
        const [session] = (await once(socket, 'session')) as [Buffer]
        await said
        now = NOW.add({ hours })
        for (const options of [{}, { session }]) await (await visit(door.port, credential, options)).said
        now = NOW
        await (await visit(door.port, credential)).said
        assert.deepEqual(door.records.slice(4).map(outcomeOf), [outcome, outcome, 'accepted'])
      })
  })

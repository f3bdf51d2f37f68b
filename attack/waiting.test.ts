// Of the attack suite, what waits more than it works.
import { after, before, suite, test } from 'node:test'
import { ATTACKS } from './attacks.ts'
import { assertAsExpected } from './support/assert-as-expected.ts'
import { type AttackedHouse, startAttackedHouse } from './support/house.ts'

suite('attacks that wait', () => {
  let house: AttackedHouse
  before(async () => {
    house = await startAttackedHouse()
  })
  after(() => house?.[Symbol.asyncDispose]())

  for (const { name } of ATTACKS.filter(({ concurrent }) => concurrent)) test(name, () => assertAsExpected(house, name))
})

// Name constraints prepared in one pass against the comparison of each name with each subtree, on random paths.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { verifyParsedPath } from '@countersign/verify'
import type { GeneralName } from '@countersign/x509'
import {
  anchorOf,
  codesOf,
  contextOf,
  intermediate,
  leaf,
  name,
  p256,
  root,
  sans,
} from '../../../../interop/chains/house.ts'
import { type Random, randomFrom } from '../../../../interop/differ/random.ts'
import { allowedBySubtrees, type Subtrees } from '../../../../interop/differ/subtree-oracle.ts'
import {
  randomDirectoryName,
  randomName,
  randomSubtrees,
  subtreesExtension,
} from '../../../../interop/differ/subtrees.ts'

/** For a longer run: COUNTERSIGN_FUZZ_ROUNDS and COUNTERSIGN_FUZZ_SEED. */
const ROUNDS = Number(process.env['COUNTERSIGN_FUZZ_ROUNDS'] ?? 1_500)
const SEED = Number(process.env['COUNTERSIGN_FUZZ_SEED'] ?? 20_261_126)

const [rootKeys, issuingKeys, partyKeys] = [p256(), p256(), p256()] as const

/** A path on which the anchor, the issuer or both constrain names; the issuer may be self-issued and have names of its own. */
function makePath(random: Random) {
  const [ofAnchor, ofIssuer] = random
    .pick([
      [true, false],
      [false, true],
      [true, true],
    ])
    .map((constrains) => (constrains ? [randomSubtrees(random)] : [])) as [Subtrees[], Subtrees[]]
  const isSelfIssued = random.once(4)
  const issuerSubject = isSelfIssued ? name('Root') : random.once(2) ? randomDirectoryName(random) : name('Issuing')
  const issuerNames = random.once(4) ? [randomName(random)] : []
  const partySubject = random.once(2) ? randomDirectoryName(random) : name('party')
  const partyNames = Array.from({ length: 1 + random.below(3) }, () => randomName(random))

  const anchor = root({ keys: rootKeys, more: ofAnchor.map(subtreesExtension) })
  const issuing = intermediate(anchor, {
    keys: issuingKeys,
    subject: issuerSubject,
    more: [...ofIssuer.map(subtreesExtension), ...(issuerNames.length > 0 ? [sans(...issuerNames)] : [])],
  })
  const party = leaf(issuing, {
    keys: partyKeys,
    subject: partySubject,
    extensions: { subjectAltName: sans(...partyNames) },
  })
  const withSubject = (names: readonly GeneralName[], value: typeof partySubject): readonly GeneralName[] => [
    { kind: 'directoryName', value },
    ...names,
  ]
  const isIssuerAllowed = isSelfIssued || allowedBySubtrees(withSubject(issuerNames, issuerSubject), ofAnchor)
  const isPartyAllowed = allowedBySubtrees(withSubject(partyNames, partySubject), [...ofAnchor, ...ofIssuer])
  const told = { ofAnchor, ofIssuer, issuerSubject, issuerNames, partySubject, partyNames }
  return { anchor, issuing, party, isAllowed: isIssuerAllowed && isPartyAllowed, told }
}

suite('name constraints, one by one', () => {
  test(`${ROUNDS} random paths`, () => {
    let allowed = 0
    for (let round = 0; round < ROUNDS; round++) {
      const { anchor, issuing, party, isAllowed, told } = makePath(randomFrom(SEED + round))
      const verdict = verifyParsedPath(party.certificate, [issuing.certificate], contextOf([anchorOf(anchor)]))
      for (const code of codesOf(verdict)) assert.equal(code, 'ERR_VERIFY_NAME_CONSTRAINTS')
      assert.equal(verdict.ok, isAllowed, `seed ${SEED + round}: ${JSON.stringify(told)}`)
      if (isAllowed) allowed++
    }
    assert.ok(allowed > ROUNDS / 10 && allowed < (9 * ROUNDS) / 10, `${allowed} of ${ROUNDS} are allowed`)
  })
})

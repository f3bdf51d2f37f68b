// A random chain from its number.
import { type Draft, type Place, startDraft } from './draft.ts'
import { FORM_TWISTS } from './form-twists.ts'
import { twistConstraints, twistNames, twistPolicies, twistStatus } from './question-twists.ts'
import { randomFrom } from './random.ts'

/** Makes the draft of chain `seed`: up to two authorities between anchor and leaf, up to three twists of form, and questions. */
export function randomDraft(seed: number): Draft {
  const random = randomFrom(seed)
  const draft = startDraft(random.below(3), random.pick(['clientAuth', 'serverAuth'] as const))
  for (let left = random.pick([0, 1, 1, 1, 1, 2, 2, 3]); left > 0; left--) {
    const [roles, what, apply] = random.pick(FORM_TWISTS)
    const places = [...draft.places.keys()].filter((i) => roles.includes((draft.places[i] as Place).role))
    if (places.length === 0) continue
    const i = random.pick(places)
    if (apply(draft, i, random)) draft.twists.add(`${(draft.places[i] as Place).role}: ${what}`)
  }
  for (const [times, twist] of [
    [4, twistNames],
    [4, twistPolicies],
    [4, twistConstraints],
    [5, twistStatus],
  ] as const)
    if (random.once(times)) twist(draft, random)
  return draft
}

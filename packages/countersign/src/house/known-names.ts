// Names in lists of doors that nobody has: most often they are written wrong.
import type { Authority } from '@countersign/authority'
import { readName } from '@countersign/verify'
import type { Config } from '../config/model.ts'
import type { PlaceOf } from '../config/read-config.ts'
import { didYouMean } from '../nearest.ts'
import { plainText } from '../output/plain-text.ts'

/** Beyond these the nearest name is not looked for. */
const MAX_PARTIES = 10_000
/** Words that are no names. */
const WORDS: readonly string[] = ['*', 'nobody']

/** As in `countersign.yaml:7: door web allows alcie, and no party is that; did you mean alice?`. */
export async function unknownNames(
  { doors, parties }: Pick<Config, 'doors' | 'parties'>,
  authority: Pick<Authority, 'parties'> | undefined,
  placeOf: PlaceOf,
): Promise<readonly string[]> {
  // Of a joined house the parties are elsewhere.
  if (authority === undefined || doors.every(({ allow }) => allow === undefined)) return []
  const enrolled = await authority.parties(MAX_PARTIES)
  if (enrolled.length === MAX_PARTIES) return []
  const known = new Set([...enrolled, ...parties.map(({ id }) => id)])
  const people = [...known].filter((name) => !/^(?:authority|door)(?:\/|$)/.test(name))
  return doors.flatMap(({ name, allow = [] }, door) =>
    allow.flatMap((entry, index) => {
      // An identity in full may be of anybody.
      const isParty = !entry.includes('.') && (readName(entry)?.kind ?? 'dNSName') === 'dNSName'
      if (WORDS.includes(entry) || !isParty || known.has(entry)) return []
      const place = placeOf(['doors', door, 'allow', index])
      return [`${place}: door ${name} allows ${plainText(entry)}, and no party is that${didYouMean(entry, people)}`]
    }),
  )
}

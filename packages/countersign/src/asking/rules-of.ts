// The configuration and the rules that a question is about, from their files; of a joined house, as its authority told them.
import { resolve } from 'node:path'
import { type Holder, readToldRules } from '@countersign/mtls'
import { type Caller, partyIn, spiffeIdOf } from '@countersign/policy'
import type { FeedRules } from '@countersign/protocol'
import { readName } from '@countersign/verify'
import { type Arguments, type Around, EXIT, Failure } from '../command.ts'
import type { Config } from '../config/model.ts'
import { readConfig } from '../config/read-config.ts'
import { type Rulebook, readPolicyFile, serviceOf } from '../house/policy.ts'
import { holderOf, rulebookFor } from '../house/rules.ts'
import { plainText } from '../output/plain-text.ts'

/** What a house is configured with, and its rules. */
export interface Asked {
  readonly config: Config
  readonly rulebook: Rulebook
  /** What the authority that the house joins told it last. */
  readonly told: FeedRules | undefined
  /** By which identity it joins. */
  readonly holder: Holder | undefined
}

/** Reads the configuration that `--config` names, and its policy. @throws {Failure} where there is none, or it has faults. */
export async function rulesOf(given: Arguments, around: Around): Promise<Asked> {
  const file = resolve(around.cwd, given.text('config') ?? 'countersign.yaml')
  const config = readConfig(await around.readFile(file), file)
  const told = 'join' in config ? await readToldRules(config.join) : undefined
  const house = { config, told, holder: await holderOf(config) }
  if (config.policy !== undefined) return { ...house, rulebook: await readRulebook(config.policy, house, around) }
  if (told?.policy !== undefined) return { ...house, rulebook: rulebookFor(config, { text: undefined, ...house }) }
  const message =
    'join' in config
      ? `${file} names no policy, and its authority has told none`
      : `${file} names no policy: its doors go by their allow lists`
  throw new Failure(EXIT.input, message, {
    code: 'ERR_CLI_POLICY',
    next: 'see the key allow of each door; or add the key policy with the file of your rules, see docs/policy.md',
  })
}

/** Reads another policy for the same house. */
export async function readRulebook(
  policy: string,
  { config, ...house }: Pick<Asked, 'config' | 'told' | 'holder'>,
  around: Around,
): Promise<Rulebook> {
  return rulebookFor({ ...config, policy }, { text: await readPolicyFile(policy, around.readFile), ...house })
}

/** The service that a word names: as rules do, or a door by its name alone. @throws {Failure} where there is no such service. */
export function serviceNamed(word: string, { config, rulebook: { policy } }: Asked): string {
  const found = policy.services.find(
    ({ id, labels }) => id === word || id === serviceOf(word) || (word.includes(':') && labels.includes(word)),
  )
  if (found !== undefined) return found.id
  const listed = config.doors.find(({ name, allow }) => allow !== undefined && [name, serviceOf(name)].includes(word))
  if (listed !== undefined)
    throw new Failure(
      EXIT.input,
      `door ${listed.name} goes by its allow list, and not by the policy: ${listed.allow?.map(plainText).join(', ')}`,
      {
        code: 'ERR_CLI_POLICY',
        next: '`*` is every party of this authority; see its key allow',
      },
    )
  throw new Failure(EXIT.input, `there is no service ${word}`, {
    code: 'ERR_CLI_POLICY',
    next: `the services here are ${policy.services.map(({ id }) => id).join(', ') || 'none'}; of a house that joins this one, ask on its machine`,
  })
}

/** The party of this authority that a word names, by itself or by its SPIFFE ID; undefined for a name that another proves. */
export function partyNamed(word: string, { rulebook: { directory } }: Asked): string | undefined {
  const name = readName(word)
  const isNamed = name !== undefined && name.kind !== 'dNSName'
  return partyIn(isNamed ? name.value : word, directory.domain) ?? (isNamed ? undefined : word)
}

/** Whom a word names, by itself or by a name that another authority proves; whom the house does not know has no labels but its name's. */
export function callerNamed(word: string, asked: Asked): Caller {
  const { directory } = asked.rulebook
  const { domain } = directory
  const party = partyNamed(word, asked)
  const name = readName(word)
  if (party === undefined) return directory.callerOf({ name: word, identities: name === undefined ? [] : [name] })
  // Whoever is a party of this house proves that by its SPIFFE ID.
  const identities = domain === undefined ? [] : [spiffeIdOf(domain, party)]
  return directory.callerOf({ name: party, party, identities })
}

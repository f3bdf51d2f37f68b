// The configuration and the policy that a question is about, from their files.
import { resolve } from 'node:path'
import type { Caller } from '@countersign/policy'
import { type Arguments, type Around, EXIT, Failure } from '../command.ts'
import { identityOf } from '../config/identity.ts'
import type { Config } from '../config/model.ts'
import { readConfig } from '../config/read-config.ts'
import { type Rulebook, rulebookOf, serviceOf } from '../house/policy.ts'

/** What a house is configured with, and its rules. */
export interface Asked {
  readonly config: Config
  readonly rulebook: Rulebook
}

// As many rules as the reader takes.
const MAX_POLICY_OCTETS = 4 * 1024 * 1024

/** Reads the configuration that `--config` names, and its policy. @throws {Failure} where there is none, or it has faults. */
export async function rulesOf(given: Arguments, around: Around): Promise<Asked> {
  const file = resolve(around.cwd, given.text('config') ?? 'countersign.yaml')
  const config = readConfig(await around.readFile(file), file)
  if (config.policy === undefined)
    throw new Failure(EXIT.input, `${file} names no policy`, {
      code: 'ERR_CLI_POLICY',
      next: 'add the key policy with the file of your rules; see docs/policy.md',
    })
  return { config, rulebook: await readRulebook(config.policy, config, around) }
}

/** Reads another policy for the same house. */
export async function readRulebook(path: string, config: Config, around: Around): Promise<Rulebook> {
  const text = new TextDecoder().decode(await around.readFile(path, MAX_POLICY_OCTETS))
  return rulebookOf(text, path, config)
}

/** The service that a word names: as rules do, or a door by its name alone. @throws {Failure} where there is no such service. */
export function serviceNamed(word: string, { config, rulebook: { policy } }: Asked): string {
  const found = policy.services.find(
    ({ id, labels }) => id === word || id === serviceOf(word) || (word.includes(':') && labels.includes(word)),
  )
  if (found !== undefined) return found.id
  const listed = config.doors.find(({ name, allow }) => allow !== undefined && [name, serviceOf(name)].includes(word))
  if (listed !== undefined)
    throw new Failure(EXIT.input, `door ${listed.name} goes by its allow list, and not by the policy`, {
      code: 'ERR_CLI_POLICY',
      next: 'see its key allow',
    })
  throw new Failure(EXIT.input, `there is no service ${word}`, {
    code: 'ERR_CLI_POLICY',
    next: `the services are ${policy.services.map(({ id }) => id).join(', ')}`,
  })
}

/** The party that a word names, by itself or by a name that another authority proves; whom the house does not know has no labels but its name's. */
export function callerNamed(word: string, { rulebook: { directory } }: Asked): Caller {
  if (word.includes('://') || word.includes('@'))
    return directory.callerOf({ name: word, identities: [identityOf(word)] })
  return directory.callerOf({ name: word, party: word, identities: [] })
}

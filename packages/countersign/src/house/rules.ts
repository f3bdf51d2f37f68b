// By whose rules the doors of a house decide: by its own file, or by those that the authority it joins has told it.
import { isDeepStrictEqual } from 'node:util'
import { type Clock, type Govern, type Holder, type Log, readHolder } from '@countersign/mtls'
import { PARTY_KINDS, type Party } from '@countersign/policy'
import type { FeedRules, KnownParty } from '@countersign/protocol'
import { EXIT, Failure } from '../command.ts'
import type { Config, DoorConfig, HouseConfig } from '../config/model.ts'
import { createHousePolicy, type HousePolicy, MAX_TOLD, type Rulebook, readPolicyFile, rulebookOf } from './policy.ts'

/** What stands in messages in place of a file of the house's own. */
export const TOLD = 'the policy of the authority'

/** The rules of a house that stands. */
export interface HouseRules {
  /** Absent where every door has a list. */
  readonly policy: HousePolicy | undefined
  /** What the authority of this house tells others. */
  readonly own: { readonly policy?: string; readonly parties: readonly KnownParty[] }
  /** Puts what the authority tells in force, as far as the house has no rules of its own. */
  readonly govern: Govern
  /**
   * Where doors need what the authority tells, waits until it is `heard`: that answers why it has not told anything.
   * @throws {Failure} (rejects) where it is not there then.
   */
  settle(heard: () => Promise<string>): Promise<void>
  /** Makes the rules of another configuration. @throws {Failure} where they have faults. */
  read(next: Config): Promise<ReadRules>
  /** One change after the other. */
  inTurn<Result>(change: () => Promise<Result>): Promise<Result>
}

/** Rules of another configuration. Nothing waits between `apply` and what else changes with it. */
export interface ReadRules {
  readonly own: HouseRules['own']
  /** What is another, in words. */
  readonly applied: readonly string[]
  apply(): void
}

/** Reads the policy of the house, if it has one. @throws {Failure} where it has faults. */
export async function openRules(
  first: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<HouseRules> {
  let config = first
  let text = await readText(config)
  let told: FeedRules | undefined
  const joined = 'join' in config
  // The identity by which a house joins keeps its names for as long as the house stands.
  const holder = await holderOf(config)
  const policy =
    text === undefined && !joined ? undefined : createHousePolicy(rulebookFor(config, { text, told, holder }), log)
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn: HouseRules['inTurn'] = (change) => {
    const done = turn.then(change)
    turn = done.catch(() => undefined)
    return done
  }
  return {
    policy,
    own: ownOf(config, text),
    inTurn,
    govern: (rules) =>
      inTurn(async () => {
        try {
          const rulebook = rulebookFor(config, { text, told: rules, holder })
          // It is in force at once; who gains and who loses is found out, and told, beside that.
          const difference = told && policy?.compare(rulebook, clock())
          policy?.replace(rulebook)
          told = rules
          log('policy.followed', { sha256: rules.policy?.sha256 ?? null, parties: rules.parties.length })
          void difference?.then((found) => policy?.tell(found))
          return undefined
        } catch (error) {
          if (!(error instanceof Failure)) throw error
          return { refused: error.message }
        }
      }),
    async settle(heard) {
      if (!needsTold(config)) return
      // First: what is told meanwhile counts.
      const cause = await heard()
      checkTold(config, told, cause)
    },
    async read(next) {
      const nextText = await readText(next)
      if (needsTold(next)) checkTold(next, told, 'it cannot be reached')
      const rulebook = policy && rulebookFor(next, { text: nextText, told, holder })
      const difference = rulebook && (await policy.compare(rulebook, clock()))
      return {
        own: ownOf(next, nextText),
        applied: isDeepStrictEqual(ownOf(config, text), ownOf(next, nextText))
          ? []
          : [
              `rules: ${difference?.gains.length ?? 0} may do more, ${difference?.losses.length ?? 0} less`,
              ...(difference?.looser ?? []).slice(0, MAX_TOLD).map((name) => `rules: no longer ${name}`),
              ...(difference?.stricter ?? []).slice(0, MAX_TOLD).map((name) => `rules: ${name}`),
            ],
        apply() {
          config = next
          text = nextText
          if (rulebook) policy?.replace(rulebook)
          if (difference) policy?.tell(difference)
        },
      }
    },
  }
}

/** The rules of a configuration: each of the two, policy and parties, is the house's own where it has it. @throws {Failure} */
export function rulebookFor(config: Config, { text, told, holder }: RulesParts): Rulebook {
  const { policy, doors } = config
  const parties = config.parties.length > 0 ? config.parties : (told?.parties ?? []).map(partyOf)
  const house = { parties, doors, domain: 'authority' in config ? config.authority.domain : holder?.domain }
  if (policy !== undefined) return rulebookOf(text ?? '', policy, house)
  // Who has no rules lets nobody in.
  return rulebookOf(told?.policy?.text, TOLD, house)
}

/** What rules are made of beside a configuration. */
export interface RulesParts {
  /** The text of the policy that the configuration names. */
  readonly text: string | undefined
  readonly told: FeedRules | undefined
  /** Of a joined house. */
  readonly holder: Holder | undefined
}

/** By which identity a house joins, where it does and has one. */
export async function holderOf(config: Config): Promise<Holder | undefined> {
  return 'join' in config ? await readHolder(config.join) : undefined
}

/** Whether a door asks the rules. */
export function goesByPolicy(door: DoorConfig): boolean {
  return 'host' in door && door.allow === undefined
}

/** Whether what must be with mail is asked there: of every list too. */
function carriesMail({ kind }: DoorConfig): boolean {
  return kind === 'mail'
}

/** Without the authority's parties a lock on a label would miss, and without its policy there is no rule. */
function needsTold(config: Config): boolean {
  const { policy, parties, doors } = config
  if (!('join' in config)) return false
  if (policy === undefined && doors.some(carriesMail)) return true
  return doors.some(goesByPolicy) && (policy === undefined || parties.length === 0)
}

/** @throws {Failure} where it is not there. */
function checkTold({ policy, doors }: Config, told: FeedRules | undefined, cause: string): void {
  const namesOf = (which: (door: DoorConfig) => boolean) => doors.flatMap((door) => (which(door) ? [door.name] : []))
  const asking = namesOf(goesByPolicy)
  if (told === undefined)
    throw fault(
      `doors go by the rules of the authority (${namesOf((door) => goesByPolicy(door) || carriesMail(door)).join(', ')}), and it has told none yet: ${cause}`,
      'start the house again when its authority can be reached, or give it a policy and parties of its own',
    )
  if (policy === undefined && told.policy === undefined && asking.length > 0)
    throw fault(
      `doors go by the policy of the authority (${asking.join(', ')}), and it has none`,
      'give the authority or this house a policy, or each of these doors a list: allow',
    )
}

async function readText({ policy }: Pick<HouseConfig, 'policy'>): Promise<string | undefined> {
  return policy === undefined ? undefined : await readPolicyFile(policy)
}

function ownOf({ parties }: Pick<HouseConfig, 'parties'>, policy: string | undefined): HouseRules['own'] {
  return {
    ...(policy !== undefined && { policy }),
    parties,
  }
}

/** @throws {Failure} */
function partyOf({ id, kind: word, labels, identities }: KnownParty): Party {
  const kind = PARTY_KINDS.find((one) => one === word)
  if (kind === undefined && word !== undefined)
    throw fault(`${TOLD} speaks of ${id} as a ${word}, which this version does not know`, 'update this house')
  return { id, labels, identities, ...(kind && { kind }) }
}

function fault(message: string, next: string): Failure {
  return new Failure(EXIT.input, message, { code: 'ERR_CLI_POLICY', next })
}

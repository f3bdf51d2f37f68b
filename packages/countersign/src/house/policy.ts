// The policy of a house: read whole or not at all, asked by every door without an allow list, and replaced while they run.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Access, AccessQuestion, Holder, Log } from '@countersign/mtls'
import {
  comparePolicies,
  compilePolicy,
  createDirectory,
  type Difference,
  type Directory,
  type DutyAct,
  decide,
  dutyOf,
  type Fault,
  NO_RULES,
  type Policy,
  readPolicy,
  type Service,
} from '@countersign/policy'
import type { Decision } from '@countersign/protocol'
import { readName } from '@countersign/verify'
import { EXIT, Failure } from '../command.ts'
import { doorParty, hostsOf } from '../config/hosts.ts'
import type { Config, DoorConfig, HouseConfig } from '../config/model.ts'
import { SECTIONS } from '../config/sections.ts'
import { readSmallFile, utf8 } from '../small-file.ts'

/** A policy with the parties that it speaks of. */
export interface Rulebook {
  readonly policy: Policy
  readonly directory: Directory
}

/** What doors ask, for as long as the house stands. */
export interface HousePolicy {
  readonly current: Rulebook
  accessOf(service: string): Access
  /** The sentence by which something must be with mail to or from an address, as it is told now. */
  mustBe(act: DutyAct, address: string): string | undefined
  /** Compares it with another, in turns: a door does not wait for it. */
  compare(rulebook: Rulebook, now: Temporal.Instant): Promise<Difference>
  /** Puts another in its place; every open session is judged anew. */
  replace(rulebook: Rulebook): void
  /** Logs what a replacement changed. */
  tell(difference: Difference): void
}

/** Every service of a house that goes by the policy, as rules can speak of it. */
export function servicesOf(doors: readonly DoorConfig[]): readonly Service[] {
  return doors.flatMap((door) => {
    if (!('host' in door) || door.allow !== undefined) return []
    const { services, labelOf = (host) => host } = SECTIONS[door.kind]
    const labels = ['any', `kind:${door.kind}`]
    const hosts = hostsOf(door).map(labelOf)
    const within = new Set(services?.(door))
    return [
      { id: serviceOf(door.name), labels: [...labels, ...hosts] },
      ...[...within].map((service) => ({ id: serviceOf(service), labels })),
    ]
  })
}

/** What rules call a door. */
export function serviceOf(door: string): string {
  return `service:${door}`
}

/** The names that a door of this house proves; `joined` is the holder of the identity that it joins by. */
export function provedBy(door: DoorConfig, config: Config, joined: Holder | undefined): readonly string[] {
  if ('authority' in config) return [...hostsOf(door), `spiffe://${config.authority.domain}/${doorParty(door.name)}`]
  // All doors of a joined house prove the one identity that was enrolled.
  return joined === undefined ? hostsOf(door) : joined.identities.map(({ value }) => value)
}

// As many rules as the reader takes.
const MAX_POLICY_OCTETS = 4 * 1024 * 1024
const ADVICE = { code: 'ERR_CLI_POLICY', next: 'see docs/policy.md' }

/** Reads the file of a policy. @throws {Failure} where it is too large or no text; the system's error where it cannot be read. */
export async function readPolicyFile(
  file: string,
  readFile: (path: string, maxOctets: number) => Promise<Uint8Array> = readSmallFile,
): Promise<string> {
  return utf8(await readFile(file, MAX_POLICY_OCTETS), file, ADVICE)
}

/**
 * Reads and compiles a policy.
 * @param text Undefined where there is none: who has no rules lets nobody in.
 * @throws {Failure} with exit code 3 that names each fault's line and column.
 */
export function rulebookOf(
  text: string | undefined,
  file: string,
  { parties, doors, domain }: Pick<HouseConfig, 'doors'> & Pick<Directory, 'parties' | 'domain'>,
): Rulebook {
  const read =
    text === undefined ? ({ ok: true, rules: NO_RULES } as const) : readPolicy(text, (name) => readName(name)?.value)
  if (!read.ok) throw new Failure(EXIT.input, read.faults.map((fault) => formatFault(file, fault)).join('; '), ADVICE)
  return { policy: compilePolicy(read.rules, servicesOf(doors)), directory: createDirectory(parties, domain) }
}

/** As in `policy.yaml:4:9: there is no key …`. */
export function formatFault(file: string, { line, column, text }: Fault): string {
  return `${file}:${line}:${column}: ${text}`
}

/** A log line is read by a person. */
export const MAX_TOLD = 20

/** Starts with a policy that was read. */
export function createHousePolicy(first: Rulebook, log: Log): HousePolicy {
  let current = first
  const listeners = new Set<() => void>()
  return {
    get current() {
      return current
    },
    accessOf: (service) => ({
      decide: (question) => decideBy(current, service, question),
      onChange(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    }),
    mustBe(act, address) {
      // What cannot be brought to the form of names is compared with nothing, and every sentence means it.
      const name = readName(address)
      return dutyOf(current.policy.rules.must, act, name?.kind === 'rfc822Name' ? name.value : undefined)?.name
    },
    compare(next, now) {
      const people = { before: current.directory, after: next.directory }
      return inTurns(comparePolicies(current.policy, next.policy, people, now))
    },
    replace(next) {
      current = next
      for (const listener of [...listeners]) listener()
    },
    tell({ gains, losses, looser, stricter }) {
      const told = (list: typeof gains) =>
        list.slice(0, MAX_TOLD).map(({ who, what, rule }) => `${who} ${what} (${rule})`)
      log('policy.replaced', {
        gains: gains.length,
        losses: losses.length,
        gained: told(gains),
        lost: told(losses),
        ...(looser.length > 0 && { looser: looser.slice(0, MAX_TOLD) }),
        ...(stricter.length > 0 && { stricter: stricter.slice(0, MAX_TOLD) }),
      })
    },
  }
}

// As a cut of sessions: what else there is to do waits no longer.
const TURN_MS = 5

async function inTurns<Result>(steps: Generator<undefined, Result>): Promise<Result> {
  for (let since = performance.now(); ; ) {
    const { done, value } = steps.next()
    if (done) return value
    if (performance.now() - since < TURN_MS) continue
    await nextTurn()
    since = performance.now()
  }
}

function decideBy({ policy, directory }: Rulebook, door: string, question: AccessQuestion): Decision {
  const { caller, callee, proofs, what = door, now } = question
  const { name, party, identities, authority } = caller
  const who = directory.callerOf({
    name,
    identities,
    ...(party !== undefined && { party }),
    ...(authority !== undefined && { authority }),
  })
  // A code by SMS is restricted (NIST SP 800-63B §5.2.10): for rules it is as if it had not been shown.
  const counted = proofs.flatMap(({ kind, at }) => (kind === 'sms' ? [] : [{ kind, at }]))
  const decision = decide(
    { who, what, proofs: counted, seen: callee.identities.map(({ value }) => value), now },
    policy,
  )
  return decision.ok ? { ...decision, labels: [...who.labels].sort() } : decision
}

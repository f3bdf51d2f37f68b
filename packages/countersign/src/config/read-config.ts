// Reads countersign.yaml: every fault with its line, and the nearest name where a key is unknown.
import { dirname, resolve } from 'node:path'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { EXIT, Failure } from '../command.ts'
import { didYouMean } from '../nearest.ts'
import { plainText } from '../output/plain-text.ts'
import { utf8 } from '../small-file.ts'
import type { Config, DoorConfig } from './model.ts'
import { CONFIG_SCHEMA, keysAt } from './schema.ts'
import { secretAt } from './secret-at.ts'

const ADVICE = { code: 'ERR_CLI_CONFIG', next: 'see docs/configuration.md' }

/** A configuration, and where in its file what is. */
export interface PlacedConfig {
  readonly config: Config
  /** As in `countersign.yaml:7`, of what has this path in the file, or of what is around it. */
  readonly placeOf: PlaceOf
}

/** Answers where in a file something is. */
export type PlaceOf = (path: readonly (string | number)[]) => string

/** As {@link readPlacedConfig}. @throws {Failure} */
export function readConfig(octets: Uint8Array, file: string): Config {
  return readPlacedConfig(octets, file).config
}

/**
 * Reads and checks a configuration.
 * @param file Its path: for messages, and where relative paths in it begin.
 * @throws {Failure} with exit code 3 that names each fault's line and path.
 */
export function readPlacedConfig(octets: Uint8Array, file: string): PlacedConfig {
  const lines = new LineCounter()
  const document = parseDocument(utf8(octets, file, ADVICE), {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: true,
  })
  const [fault] = [...document.errors, ...document.warnings]
  if (fault !== undefined)
    throw configFailure(`${file}:${lines.linePos(fault.pos[0]).line}: ${plainText(fault.message)}`)
  const placeOf: PlaceOf = (path) => `${file}:${lines.linePos(offsetOf(document, path)).line}`
  const parsed = CONFIG_SCHEMA.safeParse(plainValue(document, file))
  if (parsed.success) {
    const { anchors, authority, join, accessLog, policy, doors, ...rest } = parsed.data
    const at = (path: string) => resolve(dirname(file), path)
    const placed = anchors.map((anchor) => ({ ...anchor, file: at(anchor.file), crl: anchor.crl.map(at) }))
    const house = {
      standard: false,
      ...rest,
      anchors: placed,
      doors: doors.map((door) => withPaths(door, dirname(file))),
      ...(accessLog !== undefined && { accessLog: at(accessLog) }),
      ...(policy !== undefined && { policy: at(policy) }),
    }
    if (authority !== undefined) {
      const { passphrase } = authority
      const secret = passphrase !== undefined && { passphrase: secretAt(dirname(file), passphrase) }
      return { config: deepFreeze({ ...house, authority: { ...authority, ...secret } }), placeOf }
    }
    // The schema has seen that one of the two is there.
    return { config: deepFreeze({ ...house, join: at(join ?? '') }), placeOf }
  }
  const faults = parsed.error.issues.flatMap(unfold).map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined
    const place = lines.linePos(offsetOf(document, issue.path, unknown))
    return `${file}:${place.line}: ${plainText(textOf(document, issue))}`
  })
  throw configFailure(faults.join('; '))
}

/** What a door's section says of people, and of its certificate, has paths of its own. */
function withPaths(door: DoorConfig, folder: string): DoorConfig {
  if (door.kind === 'mail') {
    const { next, keys, partnerKeys } = door
    return {
      ...door,
      next: { ...next, ...(next.anchors !== undefined && { anchors: resolve(folder, next.anchors) }) },
      ...(keys && { keys: keys.map((directory) => resolve(folder, directory)) }),
      ...(partnerKeys !== undefined && { partnerKeys: resolve(folder, partnerKeys) }),
    }
  }
  if (door.kind !== 'web') return door
  const { certificate } = door
  const own = certificate && {
    certificate: { chain: resolve(folder, certificate.chain), key: resolve(folder, certificate.key) },
  }
  if (door.people === undefined) return { ...door, ...own }
  const { secret, mail, ...people } = door.people
  const password = mail?.password
  return {
    ...door,
    ...own,
    people: {
      ...people,
      ...(secret !== undefined && { secret: resolve(folder, secret) }),
      ...(mail && { mail: { ...mail, ...(password !== undefined && { password: secretAt(folder, password) }) } }),
    },
  }
}

function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    // How yaml refuses aliases that multiply, and those of nothing.
    if (cause instanceof ReferenceError) throw configFailure(`${file}:1: ${plainText(cause.message)}`)
    throw cause
  }
}

function configFailure(message: string): Failure {
  return new Failure(EXIT.input, message, ADVICE)
}

/** A union says only that nothing fitted; what its object branch said is what helps. */
function unfold(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ ...issue, keys: [key] }))
  // The key of a record is judged like a value of its own.
  if (issue.code === 'invalid_key')
    return issue.issues.map((inner) => ({ ...inner, path: issue.path }) as z.core.$ZodIssue)
  const branch = issue.code === 'invalid_union' ? issue.errors.at(-1) : undefined
  return branch === undefined
    ? [issue]
    : branch.flatMap((inner) => unfold({ ...inner, path: [...issue.path, ...inner.path] }))
}

function textOf(document: Document, issue: z.core.$ZodIssue): string {
  const path = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys
    const place = issue.path
      .map((part, index) => (typeof part === 'number' || issue.path[index - 1] === 'parties' ? '*' : String(part)))
      .join('.')
    return `${path === '' ? '' : `${path}: `}there is no key ${key}${didYouMean(key, othersAt(place, key))}`
  }
  if (path === '') return 'the file must be a mapping with the keys authority and doors'
  // Where another key would do as well, the message says so.
  if (!document.hasIn(issue.path))
    return issue.message.startsWith('must be given, or') ? `${path} ${issue.message}` : `${path} is missing`
  return `${path} ${issue.message.startsWith('must') ? issue.message : `is not as it must be: ${issue.message}`}`
}

/** The keys of every kind of door: one that another kind has is no word for itself. */
function othersAt(place: string, key: string): readonly string[] {
  return keysAt(place).filter((each) => each !== key)
}

/** Where in the text something is: at the unknown key, the value, or the nearest thing around it. */
function offsetOf(document: Document, path: readonly PropertyKey[], unknown?: string): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (!isNode(node)) continue
    if (unknown !== undefined && isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === unknown)
      if (isScalar(pair?.key) && pair.key.range) return pair.key.range[0]
    }
    if (node.range) return node.range[0]
  }
  return 0
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part)
    Object.freeze(value)
  }
  return value
}

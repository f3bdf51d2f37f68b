// A door that somebody runs, by its address; and attackers of our own making, for the controls beside it.
import { createPublicKey } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect as connectRaw } from 'node:net'
import { join } from 'node:path'
import { openIdentity } from '@countersign/mtls'
import type { Reference } from '@countersign/protocol'
import { ALGORITHM, readCertificate, readPem } from '@countersign/x509'
import { type Holder, intermediate, keysOf, root, usage } from '../../interop/chains/house.ts'
import type { Attackers, Target } from '../model.ts'
import { around, caller } from './craft.ts'
import type { Records } from './house.ts'
import { meet, presented } from './tls-client.ts'

/** What is asked for on the command line. */
export interface Elsewhere {
  /** `https://HOST:PORT` of a web door, `tcp://HOST:PORT` of a TCP door. */
  readonly address: string
  /** Directory of an identity that the door lets in. */
  readonly identity: string
}

/** @throws {RangeError} where the address is none; as `openIdentity`. */
export async function doorElsewhere({ address, identity }: Elsewhere): Promise<Target> {
  const url = URL.parse(address)
  const kind = { 'https:': 'web', 'tcp:': 'tcp' } as const
  const found = kind[url?.protocol as keyof typeof kind]
  if (url === null || found === undefined || url.port === '' || url.hostname === '')
    throw new RangeError(`${address} is no address of a door: https://HOST:PORT or tcp://HOST:PORT`)
  // RFC 6761 §6.3: names below localhost are this machine's own; not every resolver knows.
  const host = /(?:^|\.)localhost$/.test(url.hostname) ? '127.0.0.1' : (await lookup(url.hostname)).address
  return {
    kind: found,
    name: '',
    host,
    port: Number(url.port),
    serverName: url.hostname,
    attackers: await attackersIn(identity),
    isElsewhere: true,
    // Nobody looks into it: see `canTell`.
    service: { port: 0, taken: () => '' },
  }
}

/** Why nothing is tried at a door: a door that nobody is let in by refuses every attack. */
export class NotMetError extends Error {
  override readonly name = 'NotMetError'
  /** As of the command: 1 refused, 4 not reachable. */
  readonly exitCode: 1 | 4
  constructor(exitCode: 1 | 4, message: string) {
    super(message)
    this.exitCode = exitCode
  }
}

/**
 * Meets the door as whoever attacks it. @throws {NotMetError} where that is not let in, or nothing listens; or where
 * `records` cannot be asked, or are not of the house whose door it is.
 */
export async function meetFirst(target: Target, records?: Records): Promise<void> {
  const { host, port, kind, attackers } = target
  const socket = connectRaw({ host, port, timeout: REACH_MS })
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(REACH_MS) })
  } catch (error) {
    throw new NotMetError(4, `${host}:${port} is not reachable (${(error as Error).message})`)
  } finally {
    socket.destroy()
  }
  const { peer, reference } = await meet(target, presented(attackers.alice, attackers.issuing))
  // Whatever a TCP service says first, or that it waits, is the service.
  const isIn = kind === 'tcp' ? peer !== 'closed' && !peer.startsWith('alert') : peer === 'passed'
  if (isIn) return checkRecords(target, reference, records)
  const wanted = kind === 'web' ? ', where GET / must be answered with a 2xx' : ''
  throw new NotMetError(1, `${host}:${port} does not let the identity in${wanted}: ${peer}`)
}

const REACH_MS = 5_000

async function checkRecords(
  { host, port, name }: Target,
  reference: Reference | undefined,
  records: Records | undefined,
): Promise<void> {
  if (records === undefined || reference === undefined) return
  const found = await records.under(reference, name).catch((error: unknown) => {
    throw new NotMetError(4, `the house cannot be asked for its records (${String(error)})`)
  })
  if (found === undefined)
    throw new NotMetError(
      1,
      `the house has no record of ${reference}, the meeting with ${host}:${port}: it is another's door`,
    )
}

/** Whoever is in the directory attacks; the authority's own keys are nobody's to use. */
async function attackersIn(directory: string): Promise<Attackers> {
  const identity = await openIdentity(directory, { renew: false })
  identity.close()
  const { certificates, privateKey } = identity.current()
  const holder = (certificate: Holder['certificate']): Holder => ({
    certificate,
    keys: keysOf({ privateKey, publicKey: createPublicKey(privateKey) }, ALGORITHM.ecdsaWithSHA256, 'sha256'),
  })
  const [anchor] = readPem(await readFile(join(directory, 'trust.pem'), 'utf8'))
  if (anchor === undefined) throw new RangeError(`${directory}: trust.pem holds no certificate`)
  const [leaf, issuing = leaf] = certificates
  const alice = holder(leaf)
  return { root: holder(readCertificate(anchor.der)), issuing: holder(issuing), alice, bob: alice }
}

/** For controls: a house of their own. */
export function ownAttackers(): Attackers {
  const top = root(around())
  const issuing = intermediate(top, { ...around(), extensions: { keyUsage: usage('keyCertSign', 'cRLSign') } })
  return { root: top, issuing, alice: caller(issuing, 'alice'), bob: caller(issuing, 'mallory') }
}

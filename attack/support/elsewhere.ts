// A door that somebody runs, by its address; and attackers of our own making, for the controls beside it.
import { createPublicKey } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openIdentity } from '@countersign/mtls'
import { ALGORITHM, readCertificate, readPem } from '@countersign/x509'
import { type Holder, intermediate, keysOf, root, usage } from '../../interop/chains/house.ts'
import type { Attackers, Target } from '../model.ts'
import { around, caller } from './craft.ts'

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
  }
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

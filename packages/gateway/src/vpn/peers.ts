// Certificates of callers, whole: the engine hands each to a script, which copies it to where it is taken here, once.
//
// The engine tells of a certificate by its hash; what is in the file counts only where it has that hash. Taken once, so that
// what an earlier handshake of a caller has left is no proof in a later one.

import { hash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PemError, readPem } from '@countersign/x509'

/** Where certificates are. */
export interface Peers {
  readonly directory: string
  readonly script: string
  /**
   * Takes the chain of a caller, leaf first, by what the engine says of it: empty where it showed none.
   * @throws {PeerFileError} (rejects) where what is said is not there.
   */
  take(variables: ReadonlyMap<string, string>): Promise<readonly Uint8Array[]>
  close(): Promise<void>
}

/** What the engine says and what is there are not the same. */
export class PeerFileError extends Error {
  override readonly name = 'PeerFileError'
}

/** As deep as any path that we verify. */
const MAX_DEPTH = 8
const MAX_OCTETS = 64 * 1024
const SWEEP_MS = 30_000
/** The engine gives a handshake 60 s; what is older belongs to one that was left. */
const KEPT_MS = 120_000

/**
 * The variables are the engine's own: an address, a port and a number, and `peer_cert` the name of a file that it made. The shell
 * copies by itself: to start another program for it takes longer than all the rest, three times in each handshake, for which
 * the engine waits.
 */
const SCRIPT = `[ -n "$peer_cert" ] || exit 1
while IFS= read -r line; do
  printf '%s\\n' "$line" || exit 1
done <"$peer_cert" >"\${0%/*}/peers/$untrusted_ip$untrusted_ip6-$untrusted_port-$1"
`

/** @param directory Nobody else can enter it. */
export async function openPeers(directory: string, onFault: (error: unknown) => void): Promise<Peers> {
  const place = join(directory, 'peers')
  const script = join(directory, 'keep-peer')
  await mkdir(place, { mode: 0o700 })
  await writeFile(script, SCRIPT, { mode: 0o400 })
  await chmod(script, 0o400)
  let sweeping = Promise.resolve()
  const timer = setInterval(() => {
    sweeping = sweep(place).catch(onFault)
  }, SWEEP_MS).unref()
  return {
    directory: place,
    script,
    async take(variables) {
      const from = `${variables.get('untrusted_ip') ?? ''}${variables.get('untrusted_ip6') ?? ''}`
      const port = variables.get('untrusted_port') ?? ''
      if (!/^[0-9a-fA-F:.]{2,45}$/.test(from) || !/^\d{1,5}$/.test(port)) throw new PeerFileError('no address is said')
      const digests: string[] = []
      for (let depth = 0; depth < MAX_DEPTH; depth++) {
        const digest = variables.get(`tls_digest_sha256_${depth}`)
        if (digest === undefined) break
        digests.push(digest.replaceAll(':', '').toLowerCase())
      }
      const shown = await Promise.all(
        digests.map((sha256, depth) => takeOne(join(place, `${from}-${port}-${depth}`), sha256)),
      )
      // Without a leaf there is nothing; that of an issuer may be of an earlier handshake.
      if (shown.length > 0 && shown[0] === undefined)
        throw new PeerFileError('the certificate that was shown is not there')
      const chain: Uint8Array[] = []
      for (const der of shown) {
        if (der === undefined) break
        chain.push(der)
      }
      return chain
    },
    // Whoever closes takes the directory away.
    async close() {
      clearInterval(timer)
      await sweeping
    },
  }
}

/** Undefined where nothing is there, or something else. */
async function takeOne(path: string, sha256: string): Promise<Uint8Array | undefined> {
  let text: string
  try {
    text = (await readFile(path)).subarray(0, MAX_OCTETS).toString('latin1')
    await rm(path, { force: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    const [first] = readPem(text)
    return first && hash('sha256', first.der, 'hex') === sha256 ? first.der : undefined
  } catch (error) {
    if (error instanceof PemError) return undefined
    throw error
  }
}

async function sweep(place: string): Promise<void> {
  const before = Date.now() - KEPT_MS
  for (const name of await readdir(place)) {
    const path = join(place, name)
    const age = await stat(path).catch(() => undefined)
    if (age && age.mtimeMs < before) await rm(path, { force: true })
  }
}

// The request is kept beside the key until its answer has come: the authority gives the same answer to the same octets.
import type { KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  type CertificationRequest,
  DerError,
  PemError,
  readCertificationRequest,
  readPem,
  writePem,
  X509Error,
} from '@countersign/x509'
import { replaceFiles } from '../identity/durable.ts'
import { systemCode } from '../identity/error.ts'
import { asksForSame, writeRequest } from './request.ts'

const LABEL = 'CERTIFICATE REQUEST'

/** Answers the kept request where it asks for the same, else writes a new one. DER. @throws {IdentityError} */
export async function readRequestFor(
  path: string,
  privateKey: KeyObject,
  party: string,
  san: readonly string[] | undefined,
): Promise<Uint8Array> {
  const kept = await readKept(path)
  if (kept && asksForSame(kept, privateKey, party, san)) return kept.der
  const der = writeRequest(privateKey, party, san)
  await replaceFiles([{ path, octets: writePem(LABEL, der), mode: 0o644 }])
  return der
}

/** What cannot be read is no request that was sent: another one is written in its place. */
async function readKept(path: string): Promise<CertificationRequest | undefined> {
  try {
    const [block] = readPem(await readFile(path, 'utf8'))
    return block?.label === LABEL ? readCertificationRequest(block.der) : undefined
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error || error instanceof PemError) return undefined
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

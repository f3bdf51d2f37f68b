// `openssl verify` on a drawn chain.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OID, writePem } from '@countersign/x509'
import { programPath } from '../peer.ts'
import type { Drawn } from './draft.ts'
import type { ForeignVerdict } from './model.ts'

const NAME_OPTIONS = { dNSName: '-verify_hostname', iPAddress: '-verify_ip', rfc822Name: '-verify_email' } as const

/** Writes certificates or lists to a file of `folder`, and answers its path. */
export function pemFile(folder: string, file: string, label: string, ders: readonly Uint8Array[]): string {
  const path = join(folder, file)
  writeFileSync(path, ders.map((der) => writePem(label, der)).join(''))
  return path
}

/** Judges as strictly as OpenSSL can. A reason is its number and its depth: `10 at 0`. @throws {Error} where it answers neither yes nor no */
export function opensslVerify({ holders, context }: Drawn, folder: string): ForeignVerdict {
  const { name, now, purpose, status, policy = {} } = context
  const ders = holders.map(({ certificate }) => certificate.der)
  const options = ['-x509_strict', '-partial_chain', '-no-CAstore', '-no-CApath']
  options.push('-attime', String(now.epochMilliseconds / 1000))
  options.push('-purpose', purpose === 'clientAuth' ? 'sslclient' : 'sslserver')
  if (name !== undefined && name.kind !== 'uniformResourceIdentifier') options.push(NAME_OPTIONS[name.kind], name.value)
  options.push('-policy_check')
  if (policy.initialExplicitPolicy) options.push('-explicit_policy')
  if (policy.initialAnyPolicyInhibit) options.push('-inhibit_any')
  if (policy.initialPolicyMappingInhibit) options.push('-inhibit_map')
  for (const oid of policy.initialPolicySet ?? [OID.anyPolicy]) options.push('-policy', oid)
  if (status.mode === 'require') options.push('-crl_check_all')
  if (status.crls.length > 0) {
    const crls = status.crls.map(({ crl }) => crl.der)
    options.push('-CRLfile', pemFile(folder, 'crls.pem', 'X509 CRL', crls))
  }
  options.push('-CAfile', pemFile(folder, 'anchor.pem', 'CERTIFICATE', ders.slice(0, 1)))
  if (ders.length > 2) options.push('-untrusted', pemFile(folder, 'issuers.pem', 'CERTIFICATE', ders.slice(1, -1)))
  const leaf = pemFile(folder, 'leaf.pem', 'CERTIFICATE', ders.slice(-1))
  const {
    status: exit,
    stdout,
    stderr,
  } = spawnSync(programPath('openssl'), ['verify', ...options, leaf], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  const reasons = [...stderr.matchAll(/^error (\d+) at (\d+) depth lookup/gm)].map(
    ([, code, depth]) => `${code} at ${depth}`,
  )
  if ((exit === 0) !== stdout.endsWith(': OK\n') || (exit !== 0 && reasons.length === 0))
    throw new Error(`openssl verify ended with ${exit}: ${stdout}${stderr}`)
  return { accepted: exit === 0, reasons }
}

// `certtool --verify` of GnuTLS on a drawn chain. It is asked of form, purpose and names: policies and lists are not its trade.
import { execFileSync, spawnSync } from 'node:child_process'
import { OID } from '@countersign/x509'
import { programPath } from '../peer.ts'
import type { Drawn } from './draft.ts'
import type { ForeignVerdict } from './model.ts'
import { pemFile } from './openssl-verify.ts'

/** Said with every reason. */
const GENERAL = ['Not verified.', 'The certificate is NOT trusted.']

/** The question without what GnuTLS is not asked. */
export function withoutPoliciesAndLists(drawn: Drawn): Drawn {
  const { policy: _policy, ...context } = drawn.context
  return { ...drawn, context: { ...context, status: { mode: 'prefer', crls: [] } } }
}

/** A reason is a sentence of its last line. It has no option for the time, so that it is run at a false one. @throws {Error} where it answers neither yes nor no */
export function gnutlsVerify({ holders, context }: Drawn, folder: string): ForeignVerdict {
  const { name, now, purpose } = context
  const ders = holders.map(({ certificate }) => certificate.der)
  const options = ['--verify', '--verify-purpose', OID[purpose]]
  if (name?.kind === 'rfc822Name') options.push('--verify-email', name.value)
  else if (name !== undefined) options.push('--verify-hostname', name.value)
  options.push('--load-ca-certificate', pemFile(folder, 'anchor.pem', 'CERTIFICATE', ders.slice(0, 1)))
  options.push('--infile', pemFile(folder, 'path.pem', 'CERTIFICATE', ders.slice(1).toReversed()))
  const { status, stdout, stderr } = spawnSync(programPath('certtool'), options, {
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, ...clockAt(now), LC_ALL: 'C' },
  })
  const output = /^Chain verification output: (.*)$/m.exec(stdout)?.[1]
  const sentences = (output ?? '').split(/(?<=\.) +/).map((sentence) => sentence.trim())
  const accepted = sentences[0] === 'Verified.'
  const reasons = sentences.filter((sentence) => sentence !== '' && !GENERAL.includes(sentence))
  if ((output === undefined && status !== 1) || (status === 0) !== accepted)
    throw new Error(`certtool ended with ${status}: ${stdout}${stderr}`)
  // What it cannot read it says elsewhere.
  if (output === undefined) reasons.push(stderr.trim())
  return { accepted, reasons: accepted ? [] : reasons }
}

let library: string | undefined

/** The environment of a process at another time. The library alone: its wrapper leaves semaphores, over which a later one falls. */
function clockAt(now: Temporal.Instant): Readonly<Record<string, string>> {
  library ??= execFileSync(programPath('faketime'), ['-f', '+0d', 'printenv', 'LD_PRELOAD'], {
    encoding: 'utf8',
  }).trim()
  return { LD_PRELOAD: library, FAKETIME: now.toString().replace('T', ' ').replace('Z', ''), TZ: 'UTC' }
}

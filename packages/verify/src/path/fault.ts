// Findings are collected, never thrown, so that a verdict can name them all.
import type { Certificate } from '@countersign/x509'
import { type Facts, FINDINGS, type Finding, type FindingCode } from '../model.ts'
import { shown } from '../text.ts'

/** What a finding carries beside its words. */
export interface FaultFacts extends Facts {
  readonly revocation?: NonNullable<Finding['revocation']>
}

/** Notes one finding. `detail` is lower case, and what a peer controls in it is escaped; in `facts` it is here. */
export type Fault = (code: FindingCode, detail: string, facts?: FaultFacts) => void

/** Notes findings about `certificate`, which stands at `depth`, in `findings`. */
export function faultsOf(findings: Finding[], depth: number, certificate: Certificate | undefined): Fault {
  return (code, detail, facts) => {
    findings.push(finding(code, detail, depth, certificate?.der, facts))
  }
}

/** Makes one finding with its clause. */
export function finding(
  code: FindingCode,
  detail: string,
  depth?: number,
  certificate?: Uint8Array,
  { revocation, ...facts }: FaultFacts = {},
): Finding {
  const { found } = facts
  return {
    code,
    clause: FINDINGS[code],
    ...(depth !== undefined && { depth }),
    detail,
    ...(certificate !== undefined && { certificate }),
    ...(revocation !== undefined && { revocation }),
    ...(Object.keys(facts).length > 0 && { facts: { ...facts, ...(found && { found: found.map(shown) }) } }),
  }
}

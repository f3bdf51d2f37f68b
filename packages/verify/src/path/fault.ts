// Findings are collected, never thrown, so that a verdict can name them all.
import type { Certificate } from '@countersign/x509'
import { FINDINGS, type Finding, type FindingCode } from '../model.ts'

/** Notes one finding. `detail` is lower case, and what a peer controls in it is escaped. */
export type Fault = (code: FindingCode, detail: string, revocation?: Finding['revocation']) => void

/** Notes findings about `certificate`, which stands at `depth`, in `findings`. */
export function faultsOf(findings: Finding[], depth: number, certificate: Certificate | undefined): Fault {
  return (code, detail, revocation) => {
    const found = finding(code, detail, depth, certificate?.der)
    findings.push(revocation === undefined ? found : { ...found, revocation })
  }
}

/** Makes one finding with its clause. */
export function finding(code: FindingCode, detail: string, depth?: number, certificate?: Uint8Array): Finding {
  return {
    code,
    clause: FINDINGS[code],
    ...(depth !== undefined && { depth }),
    detail,
    ...(certificate !== undefined && { certificate }),
  }
}

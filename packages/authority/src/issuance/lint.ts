// The last look at what is to be signed: the exact octets are read back and judged before a key touches them.
import { type ReadSshTbsCertificate, readSshTbsCertificate, SshError } from '@countersign/ssh'
import {
  ALGORITHM,
  type Certificate,
  type CertificateList,
  type CertificationRequest,
  DerError,
  readCertificate,
  readCertificateList,
  readCertificationRequest,
  writeCertificate,
  writeCertificateList,
  writeCertificationRequest,
  X509Error,
} from '@countersign/x509'
import { buildCertificate, type CertificateContent } from './build.ts'
import { CERTIFICATE_LINTS, type CertificateExpectation } from './certificate-lints.ts'
import { CRL_LINTS, type CrlExpectation } from './crl-lints.ts'
import type { Lint } from './lint-model.ts'
import { REQUEST_LINTS, type RequestExpectation } from './request-lints.ts'
import { SSH_LINTS, type SshExpectation } from './ssh-lints.ts'

/** Octets that passed every lint. Signers accept nothing else. */
export type LintedTbs = Uint8Array & { readonly [linted]: true }
declare const linted: unique symbol

export interface LintFinding {
  readonly id: string
  readonly clause: string
  readonly detail: string
}

export type Linted =
  | {
      readonly ok: true
      readonly tbs: LintedTbs /** Of rules whose breach is only told. */
      readonly warnings: readonly LintFinding[]
    }
  | { readonly ok: false; readonly findings: readonly LintFinding[] }

/** Judges a TBSCertificate against what was asked for. */
export function lintCertificate(tbs: Uint8Array, expected: CertificateExpectation): Linted {
  return lint<Certificate, CertificateExpectation>(tbs, expected, CERTIFICATE_LINTS, () =>
    readCertificate(writeCertificate(tbs, ALGORITHM.ecdsaWithSHA256, NO_SIGNATURE)),
  )
}

/** Builds a certificate, and judges what was built against what was asked for. */
export function buildAndLint(content: CertificateContent): Linted {
  return lintCertificate(buildCertificate(content), content)
}

/** Judges what a key of ours asks another authority for. */
export function lintRequest(tbs: Uint8Array, expected: RequestExpectation): Linted {
  return lint<CertificationRequest, RequestExpectation>(tbs, expected, REQUEST_LINTS, () =>
    readCertificationRequest(writeCertificationRequest(tbs, ALGORITHM.ecdsaWithSHA256, NO_SIGNATURE)),
  )
}

/** Judges what is to be signed for SSH against what was asked for. */
export function lintSshCertificate(tbs: Uint8Array, expected: SshExpectation): Linted {
  return lint<ReadSshTbsCertificate, SshExpectation>(tbs, expected, SSH_LINTS, () => readSshTbsCertificate(tbs))
}

/** Judges a TBSCertList against what was asked for. */
export function lintCrl(tbs: Uint8Array, expected: CrlExpectation): Linted {
  return lint<CertificateList, CrlExpectation>(tbs, expected, CRL_LINTS, () =>
    readCertificateList(writeCertificateList(tbs, ALGORITHM.ecdsaWithSHA256, NO_SIGNATURE)),
  )
}

/** Stands where the signature will: what is read is the whole structure, as a verifier reads it. */
const NO_SIGNATURE: Uint8Array = new Uint8Array(8)

function lint<Value, Expectation>(
  tbs: Uint8Array,
  expected: Expectation,
  lints: readonly Lint<Value, Expectation>[],
  read: () => Value,
): Linted {
  let value: Value
  try {
    value = read()
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error || error instanceof SshError)) throw error
    return { ok: false, findings: [{ id: 'readable', clause: 'RFC 5280 §4.1', detail: error.message }] }
  }
  const broken = (severity: 'error' | 'warning') =>
    lints.flatMap(({ id, clause, severity: of, check }) => {
      const detail = of === severity ? check(value, expected) : undefined
      return detail === undefined ? [] : [{ id, clause, detail }]
    })
  const findings = broken('error')
  // The brand says that the lints have passed; only this line gives it.
  return findings.length === 0
    ? { ok: true, tbs: tbs as LintedTbs, warnings: broken('warning') }
    : { ok: false, findings }
}

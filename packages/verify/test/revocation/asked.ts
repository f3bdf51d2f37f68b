// One path of three, and what its CRLs make of it.
import {
  type CrlIndex,
  type OcspAnswer,
  type OcspContext,
  type StatusContext,
  type Verdict,
  verifyPath,
} from '@countersign/verify'
import { type Extension, writeSequence } from '@countersign/x509'
import { anchorOf, codesOf, contextOf, type Holder } from '../../../../interop/chains/house.ts'
import { anchor, anchorCrl, issuing, type ListCase, party } from '../../../../interop/chains/lists.ts'
import { digest } from '../../../../interop/chains/responder.ts'

/** Judges the party's path, or another under the same anchor. */
export function ask(status: Partial<StatusContext>, chain: readonly Holder[] = [party, issuing]): Verdict {
  return verifyPath(
    chain.map(({ certificate }) => certificate.der),
    contextOf([anchorOf(anchor)], { status: { mode: 'require', crls: [], ...status } }),
  )
}

/** Judges a case of lists. */
export function judged({ holder = party, sent = [], crls }: ListCase): Verdict {
  return ask({ crls: [anchorCrl, ...crls] }, [holder, issuing, ...sent])
}

/** What is found where the anchor's CRL is good and `crls` are there for the party. */
export function askCrls(...crls: CrlIndex[]): readonly string[] {
  return codesOf(ask({ crls: [anchorCrl, ...crls] }))
}

/** Judges where the anchor's CRL is good and these are the answers on the party, or on another of its issuer. */
export function askAnswers(
  answers: readonly OcspAnswer[],
  ocsp: Partial<OcspContext> = {},
  holder: Holder = party,
): Verdict {
  return ask({ crls: [anchorCrl], ocsp: { answers, digest, ...ocsp } }, [holder, issuing])
}

/** What its findings tell of the answers. */
export function toldOf(verdict: Verdict): string {
  const details = verdict.ok ? [] : verdict.findings.map(({ detail }) => detail)
  return details.join().replace('there is no crl of its issuer; ', '')
}

export function unknownExtension(critical: boolean): Extension {
  return {
    extnID: '1.3.6.1.4.1.32473.1',
    critical,
    extnValue: writeSequence(),
  }
}

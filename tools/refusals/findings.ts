/** The page of all findings of the verifier, made from the tables that the programs use and from the chains that show them. */
import { CAUSE_OF_FINDING, NEXT_STEPS, SENTENCES } from '@countersign/protocol'
import { FINDINGS, type FindingCode } from '@countersign/verify'
import { EVERY_CASE } from '../../interop/chains/every-case.ts'

export function findingsPage(): string {
  const rows = (Object.keys(FINDINGS) as FindingCode[]).map((code) => {
    const [text, step] = SENTENCES[code]
    const chains = EVERY_CASE.filter(({ codes }) => codes.includes(code)).map(({ what }) => what)
    const shown = chains.length > 1 ? `${chains[0]}, and others` : chains[0]
    const cells = [
      `\`${code}\``,
      FINDINGS[code],
      text,
      NEXT_STEPS[step].file,
      `\`${CAUSE_OF_FINDING[code]}\``,
      shown ?? '–',
    ]
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/[<>]/g, (sign) => `\\${sign}`)).join(' | ')} |`
  })
  return `<!-- Made by tools/write-refusals.ts from the tables in packages/verify and packages/protocol. Do not edit. -->
# Findings

What the verifier can hold against a path. A code keeps its meaning for ever. \`{it}\` is the certificate at fault, by the name of its place: "your certificate", "the server's certificate", "the issuer CN=Acme Issuing 1 above it". \`{found}\`, \`{wanted}\`, \`{when}\` and \`{detail}\` are what the finding carries; \`countersign verify --json\` has them as data.

"What to do next" is what \`countersign verify\` says of a leaf; where an issuer is at fault, its authority must mend it. A door tells one of a verdict's findings, as the refusal \`ERR_CALLER_\` or \`ERR_CALLEE_\` with the ending of "Told as" ([refusals](refusals.md)). A chain is a case in \`interop/chains\`, which no other rule refuses.

| Code | Clause | What is said | What to do next | Told as | Chain |
|---|---|---|---|---|---|
${rows.join('\n')}
`
}

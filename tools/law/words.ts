/** Laws about what a line may say, and how many lines a file may have. */
import { type Breach, sourcesOf } from './house.ts'

interface Words {
  readonly law: string
  readonly text: string
  readonly pattern: RegExp
  /** Files to which it applies. */
  readonly where: RegExp
  /** Whether a comment may say it. */
  readonly inComments: boolean
}

const SRC = /^packages\/[^/]+\/src\//

const WORDS: readonly Words[] = [
  {
    law: 'one gate',
    text: 'rejectUnauthorized is decided in packages/mtls alone',
    pattern: /rejectUnauthorized/,
    where: /^packages\/(?!mtls\/)[^/]+\/src\//,
    inComments: true,
  },
  {
    law: 'one gate',
    text: 'TLS is opened, and whom it meets is judged, in packages/mtls alone',
    pattern:
      /\bfrom 'node:(?:https|http2)'|^import \{.*\b(?:connect|create\w+)\b.*\} from 'node:tls'|\bcheckServerIdentity\b/,
    where: /^packages\/(?!mtls\/)[^/]+\/src\//,
    inComments: true,
  },
  {
    law: 'one gate',
    text: 'this variable would switch every check off',
    pattern: /NODE_TLS_REJECT_UNAUTHORIZED/,
    where: SRC,
    inComments: true,
  },
  {
    law: 'one verifier',
    text: 'paths, names and status are decided by @countersign/verify alone',
    pattern: /\bnew X509Certificate\b|\.check(?:Issued|Host|IP|Email)\(|\bauthorizationError\b|\.authorized\b/,
    where: SRC,
    inComments: true,
  },
  {
    law: 'listed exports',
    text: 'name what is exported, so that a reader of index.ts sees it',
    pattern: /^\s*export\s+(?:type\s+)?\*/,
    where: /./,
    inComments: true,
  },
  {
    law: 'no suppression',
    text: 'the import law has no exceptions; move the code to a ring where it may be',
    pattern:
      /biome-ignore\S* lint(?:\/\w+)?(?:\/(?:noNodejsModules|noUndeclaredDependencies|noImportCycles|noRestrictedGlobals|noJsRestrictedProperties))?:/,
    where: /./,
    inComments: false,
  },
  {
    law: 'nothing left open',
    text: 'what is left undone stands as a "not yet" row in docs/protocols/',
    // Written so that this line does not match itself.
    pattern: /\b(?:TO-?DO|FIX-?ME|X{3})\b/,
    where: /./,
    inComments: false,
  },
]

const COMMENT = /^\s*(?:\/\/|\/\*|\*)/

/** Lines that say what no line may say. */
export function wordBreaches(root: string): readonly Breach[] {
  return sourcesOf(root).flatMap(({ file, lines }) =>
    WORDS.filter(({ where }) => where.test(file)).flatMap(({ law, text, pattern, inComments }) =>
      lines.flatMap((line, index) =>
        pattern.test(line) && !(inComments && COMMENT.test(line)) ? [{ file, line: index + 1, law, text }] : [],
      ),
    ),
  )
}

/** Files over 300 lines, for a reader to judge. Over 500 Biome's noExcessiveLinesPerFile refuses them. */
export function longFiles(root: string): readonly { readonly file: string; readonly lines: number }[] {
  return sourcesOf(root)
    .map(({ file, lines }) => ({ file, lines: lines.length }))
    .filter(({ lines }) => lines > 300)
}

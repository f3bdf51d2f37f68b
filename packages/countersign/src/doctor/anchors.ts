// Whom each side believes: our anchors, and the authorities that the door asks for.
import type { DirectoryIdentity, ServerSeen, Trust } from '@countersign/mtls'
import { DerError, formatName, type Name, namesEqual, readName, X509Error } from '@countersign/x509'
import type { Check, Patient } from './model.ts'

/** Both sides, in words. */
export interface Anchors {
  readonly ours: readonly string[]
  /** Undefined where the door asks for no certificate, or what it asked for is not known. */
  readonly theirs: readonly string[] | undefined
}

/** Lists both, and says whether our certificate is of an authority that the door asks for. */
export function examineAnchors(
  { request }: Pick<ServerSeen, 'request'>,
  { identity, trust }: { readonly identity?: DirectoryIdentity; readonly trust?: Trust },
  { address }: Patient,
): { readonly check: Check; readonly anchors: Anchors } {
  const area = 'anchors'
  const ours = (trust?.anchors ?? []).map(({ name }) => formatName(name))
  const we = ours.length === 0 ? '' : `; we believe ${ours.join(', ')}`
  if (request === 'unreadable')
    return {
      check: { area, outcome: 'unknown', text: `whom the door asks for is not known${we}` },
      anchors: { ours, theirs: undefined },
    }
  if (request === undefined) {
    const mend = { text: 'let the server ask for client certificates', by: 'operator' } as const
    const text = `the door asks for no certificate, so that it cannot know who comes${we}`
    return { check: { area, outcome: 'note', text, mend }, anchors: { ours, theirs: undefined } }
  }
  const names = request.authorities.flatMap(readIfReadable)
  const theirs = names.map(formatName)
  const anchors = { ours, theirs }
  const text = `the door takes certificates of ${theirs.length === 0 ? 'any authority' : theirs.join(', ')}${we}`
  if (identity === undefined || theirs.length === 0) return { check: { area, outcome: 'good', text }, anchors }
  const above = identity.current().certificates.flatMap(({ subject, issuer }) => [subject, issuer])
  if (names.some((name) => above.some((each) => namesEqual(name, each))))
    return { check: { area, outcome: 'good', text }, anchors }
  const check: Check = {
    area,
    outcome: 'bad',
    text: `${text}; our certificate is of none of those`,
    code: 'ERR_CALLER_UNKNOWN_ISSUER',
    mend: {
      text: 'come with an identity of that authority; ask its administrator for an invitation',
      command: `countersign doctor ${address} --identity DIR`,
      by: 'caller',
    },
  }
  return { check, anchors }
}

function readIfReadable(der: Uint8Array): readonly Name[] {
  try {
    return [readName(der)]
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return []
    throw error
  }
}

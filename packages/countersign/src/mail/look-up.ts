// A partner's key, looked up where the domain of their address has it. Who answers there is who answers for the domain in the web;
// the key that was found first is remembered, and another one in its place is refused.
import { readPin, writePin } from '@countersign/mail'
import { type DirectoryAt, webFetch } from '@countersign/mtls'
import { MailError } from '@countersign/protocol'
import type { Around } from '../command.ts'
import { openPgpOrFail } from '../openpgp.ts'

/**
 * Looks a key up, judges it and remembers it. Answers whether the domain has one.
 * @throws {MailError} ERR_MAIL_KEY_CHANGED where another is remembered; what is wrong with the key, or with the answer
 * @see draft-koch-openpgp-webkey-service-22 §3.1
 */
export async function lookUpKey(
  directory: string,
  address: string,
  at: DirectoryAt | undefined,
  { clock }: Pick<Around, 'clock'>,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly note: string }> {
  const { comparedAddress, describeKey, findWkdKey, judgeOctets, readTrust } = await openPgpOrFail()
  const compared = comparedAddress(address) ?? address
  const found = await findWkdKey(compared, webFetch(at))
  if (!found.ok) return found
  const { key } = found
  const { fingerprint } = await describeKey(key)
  const before = await readPin(directory, compared)
  if (before && before.fingerprint !== fingerprint)
    throw new MailError(
      'ERR_MAIL_KEY_CHANGED',
      `the domain of ${compared} has the key ${fingerprint} now, and it was ${before.fingerprint}`,
    )
  const now = clock()
  const trust = await readTrust([], new Map([[compared, fingerprint]]))
  const { trust: said } = await judgeOctets(key, { side: 'callee', trust, now, address: compared })
  // What is revoked or has ended stays known as that; else what is not good is not begun with.
  if (!said.ok && before === undefined)
    throw new MailError(said.refusal.code, said.refusal.note ?? 'the key is not good')
  const how = before?.how === 'accepted' ? 'accepted' : 'found'
  await writePin(directory, { address: compared, fingerprint, key, since: before?.since ?? now, how })
  return { ok: true }
}

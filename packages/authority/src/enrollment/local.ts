// Certificates of doors and programs in this process: who runs it is who asks.
import { type Identity, isParty } from '@countersign/protocol'
import { AuthorityError } from '../error.ts'
import type { Issue } from '../issuance/issue.ts'
import { parseSan } from '../issuance/names.ts'
import type { Authority, LocalRequest } from '../model.ts'
import { isReservedParty } from './granted.ts'

/** Issues one. @throws {AuthorityError} (rejects) where it is refused. */
export async function issueLocal(
  issue: Issue,
  request: LocalRequest,
  authorityName: string,
): ReturnType<Authority['issueLocal']> {
  const { party, profile, publicKey, succeeds } = request
  const issued = await issue(
    { kind: 'x509', publicKey, names: localNames(request, authorityName), profile },
    { method: 'local', party, evidence: 'this process', ...(succeeds && { succeeds }) },
  )
  if (issued.ok) return issued.credential
  const { code, note } = issued.refusal
  throw new AuthorityError('ERR_AUTHORITY_REFUSED', party, note === undefined ? code : `${code}: ${note}`)
}

/** The names of a local request. @throws {AuthorityError} when one cannot be granted */
function localNames(request: LocalRequest, authorityName: string): readonly Identity[] {
  const { party, dnsNames = [], ipAddresses = [] } = request
  const refused = (message: string) =>
    new AuthorityError('ERR_AUTHORITY_REFUSED', party, message, { next: 'choose another name' })
  if (!isParty(party) || isReservedParty(party)) throw refused('this party cannot be certified')
  return [...dnsNames.map((name) => `dns:${name}`), ...ipAddresses.map((address) => `ip:${address}`)].map((san) => {
    const parsed = parseSan(san)
    if (!parsed.ok) throw refused(parsed.detail)
    if (parsed.name.value === authorityName) throw refused(`${authorityName} is the name of the authority itself`)
    return parsed.name
  })
}

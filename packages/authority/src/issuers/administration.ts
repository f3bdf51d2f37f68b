// What administrators do with issuers: made, certified elsewhere, certified by another root, brought into another state.
import type { Refusal } from '@countersign/protocol'
import { sameOctets, sha256 } from '../octets.ts'
import type { NewIssuer } from '../store/issuers.ts'
import type { StoreTransaction } from '../store/store.ts'
import { createImport } from './import.ts'
import {
  certificateRow,
  faultOfName,
  faultOfOneMore,
  keyOfNew,
  PROFILES_OF,
  recordCertificate,
  recordIssuer,
  signAuthority,
  signingRoot,
  subjectOf,
} from './make.ts'
import type { IssuerAdministration, IssuerOutcome, IssuerParts, NewIssuerRequest } from './model.ts'
import { recordChange } from './record.ts'
import { writeIssuerRequest } from './request.ts'
import { createChangeState } from './state.ts'

/** Makes them. */
export function createIssuerAdministration(parts: IssuerParts): IssuerAdministration {
  const { store, issuers, crls, clock, tell, failpoint, log } = parts

  /** Of all that was done, everybody is told. */
  const settle = async (name: string, lists: readonly number[]): Promise<IssuerOutcome> => {
    await issuers.refresh()
    await crls.refresh()
    await crls.publish(lists)
    tell(await recordChange(parts, ({ status }) => status.addEvent('crl', clock())))
    return answer(name)
  }
  const answer = async (name: string): Promise<IssuerOutcome> => {
    const issuer = await store.issuers.byName(name)
    return issuer === undefined ? refused('ERR_ADMIN_NOT_FOUND', NO_ISSUER) : { ok: true, issuer }
  }
  /** What speaks against a new issuer, whatever its key is. */
  const faultOfNew = async ({ name, kind, profiles }: NewIssuerRequest): Promise<Refusal | undefined> => {
    const fault = faultOfName(name)
    if (fault !== undefined) return { code: 'ERR_ADMIN_REQUEST', note: fault }
    const foreign = (profiles ?? []).find((profile) => !PROFILES_OF[kind].includes(profile))
    if (foreign !== undefined)
      return { code: 'ERR_ADMIN_REQUEST', note: `profiles: one of kind ${kind} signs no ${foreign}` }
    if ((await store.issuers.byName(name)) !== undefined)
      return { code: 'ERR_ADMIN_CONFLICT', note: `there is an issuer ${name} already` }
    return faultOfOneMore(store)
  }
  const commit = (work: (tx: StoreTransaction) => Promise<void>) => recordChange(parts, work)

  const make = async (asked: NewIssuerRequest, by: string): Promise<IssuerOutcome> => {
    const { name, kind, isWaiting, profiles = PROFILES_OF[kind] } = asked
    const fault = await faultOfNew(asked)
    if (fault !== undefined) return { ok: false, refusal: fault }
    // Before a key is made for nothing.
    const above = kind === 'intermediate' && !isWaiting ? await signingRoot(parts) : undefined
    if (above !== undefined && 'code' in above) return { ok: false, refusal: above }
    const key = await keyOfNew(asked, parts)
    if ('code' in key) return { ok: false, refusal: key }
    await using _ = key
    const { signer, keyPlace } = key
    const { der: publicKey } = signer.publicKey
    const now = clock()
    const issuer: NewIssuer = {
      name,
      kind,
      state: isWaiting ? 'waiting' : 'next',
      keyPlace,
      spkiSha256: sha256(publicKey),
      publicKey,
      profiles,
      createdAt: now,
    }
    if (isWaiting) {
      await commit((tx) => recordIssuer(tx, issuer, now))
      return answer(name)
    }
    if (kind === 'ssh') {
      await commit(async (tx) => recordIssuer(tx, { ...issuer, id: await tx.issuers.nextSsh() }, now))
      return settle(name, [])
    }
    const subject = subjectOf(name, parts)
    const certificate = await (above === undefined
      ? signAuthority('root', subject, publicKey, signer, { now, failpoint })
      : signAuthority('intermediate', subject, publicKey, above.signer, {
          issuer: above.root.certificate,
          now,
          failpoint,
        }))
    const profile = above === undefined ? 'root' : 'intermediate'
    const row = certificateRow(certificate, { name, profile, issuer: above?.root.id ?? 0, now, by })
    await commit(async (tx) => {
      const id = await recordCertificate(tx, row, now)
      await recordIssuer(tx, { ...issuer, id }, now)
    })
    log('issuer.made', { issuer: name, kind, by })
    const made = await store.issuers.byName(name)
    // The root's list must hold as long as what it speaks of.
    const lists = [made?.id, above?.root.id].flatMap((id) => id ?? [])
    const settled = await settle(name, lists)
    if (kind !== 'root') return settled
    // Who believes the root of now believes the next one by this, and the other way round; where its key is here.
    const root = issuers.published().issuers.find((one) => one.kind === 'root' && one.state === 'active')
    if (root === undefined || !issuers.hasKey(root)) return settled
    const crossed = await cross(name, root.name, by)
    return crossed.ok ? cross(root.name, name, by) : crossed
  }

  const cross = async (name: string, by: string, who: string): Promise<IssuerOutcome> => {
    const issuer = issuers.published().issuers.find((one) => one.name === name)
    if (issuer === undefined) return refused('ERR_ADMIN_NOT_FOUND', NO_ISSUER)
    const above = await signingRoot(parts, by)
    if ('code' in above) return { ok: false, refusal: above }
    const { root, signer } = above
    if (root.name === name) return refused('ERR_ADMIN_REQUEST', 'by: a root signs itself once')
    const { certificate, crosses, kind } = issuer
    const isThere = [certificate, ...crosses].some((one) => sameOctets(one.issuer.der, root.certificate.subject.der))
    if (isThere) return refused('ERR_ADMIN_CONFLICT', `${by} has signed ${name} already`)
    const now = clock()
    const { subject, subjectPublicKeyInfo: key, subjectKeyIdentifier: keyIdentifier } = certificate
    const profile = kind === 'root' ? 'cross-root' : 'intermediate'
    const made = await signAuthority(profile, subject, key.der, signer, {
      issuer: root.certificate,
      keyIdentifier,
      now,
      failpoint,
    })
    await commit(async (tx) => {
      const row = certificateRow(made, { name, profile, issuer: root.id, now, by: who })
      await recordCertificate(tx, row, now)
      await tx.issuers.addCross({
        issuer: name,
        sha256: sha256(made.der),
        der: made.der,
        notAfter: made.validity.notAfter,
      })
    })
    log('issuer.crossed', { issuer: name, root: root.name, by: who })
    return settle(name, [root.id])
  }

  return {
    make,
    cross,
    async request(name) {
      const issuer = await store.issuers.byName(name)
      if (issuer === undefined) return refused('ERR_ADMIN_NOT_FOUND', NO_ISSUER)
      if (issuer.kind === 'ssh') return refused('ERR_ADMIN_REQUEST', 'name: an issuer for SSH has no certificate')
      if (!issuers.hasKey(issuer)) return refused('ERR_ISSUER_KEY_ELSEWHERE', `the key of ${name} is not here`)
      const signer = await issuers.signerOf(issuer)
      const certificate = issuers.published().issuers.find((one) => one.name === name)?.certificate
      const subject = certificate?.subject ?? subjectOf(name, parts)
      return { ok: true, issuer, request: await writeIssuerRequest(subject, issuer.kind, signer, failpoint) }
    },
    import: createImport(parts, settle),
    changeState: createChangeState(parts, settle),
  }
}

const NO_ISSUER = 'no issuer is called so'

function refused(code: Refusal['code'], note: string): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { code, note } }
}

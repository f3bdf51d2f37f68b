// What comes back from elsewhere: certificates for keys of ours, roots that shall be believed, lists of roots whose key is away.
import { isListSignedBy } from '@countersign/mtls'
import type { Refusal } from '@countersign/protocol'
import {
  type Certificate,
  type CertificateList,
  DerError,
  formatName,
  PemError,
  readCertificate,
  readCertificateList,
  readPem,
  X509Error,
} from '@countersign/x509'
import type { PublishedIssuer } from '../keys/issuers.ts'
import { issuerEntry } from '../ledger/entry.ts'
import { sameOctets, serialHex, sha256 } from '../octets.ts'
import { recordRevoked } from '../status/revoke.ts'
import { REVOCATION_REASONS, type RevocationReason, type StoredCertificate } from '../store/certificates.ts'
import type { StoredIssuer } from '../store/issuers.ts'
import { faultOfAuthority, faultOfPath, isSignedBy } from './judge.ts'
import {
  certificateRow,
  faultOfName,
  faultOfOneMore,
  PROFILES_OF,
  recordCertificate,
  recordIssuer,
  subjectOf,
} from './make.ts'
import type { ImportRequest, IssuerAdministration, IssuerOutcome, IssuerParts } from './model.ts'
import { recordChange } from './record.ts'

type Settle = (name: string, lists: readonly number[]) => Promise<IssuerOutcome>

/** One thing of a file, or why it is nothing for us. */
type Taken = string | Refusal

/** Makes the function that imports. Roots come first, then what they have signed, then their lists. */
export function createImport(parts: IssuerParts, settle: Settle): IssuerAdministration['import'] {
  const { store, issuers, revocation, clock, checkSignature, domain, log } = parts

  const takeRoot = async (root: Certificate, asked: ImportRequest, by: string): Promise<Taken> => {
    const fingerprint = sha256(root.der).toHex()
    const shown = `${formatName(root.subject)}, sha256:${fingerprint}`
    if (asked.rootSha256 !== fingerprint) return { code: 'ERR_ISSUER_ROOT_UNKNOWN', note: shown }
    const now = clock()
    const fault = faultOfAuthority(root, now)
    if (fault !== undefined) return no(`${shown}: ${fault}`)
    const name = asked.name ?? `root-${fingerprint.slice(0, 8)}`
    const nameFault = faultOfName(name)
    if (nameFault !== undefined) return { code: 'ERR_ADMIN_REQUEST', note: nameFault }
    if ((await store.issuers.byName(name)) !== undefined)
      return { code: 'ERR_ADMIN_CONFLICT', note: `there is an issuer ${name} already` }
    const full = await faultOfOneMore(store)
    if (full !== undefined) return full
    const row = certificateRow(root, { name, profile: 'root', issuer: 0, now, by })
    await recordChange(parts, async (tx) => {
      const id = await recordCertificate(tx, row, now)
      const { spkiSha256 } = row
      await recordIssuer(
        tx,
        { name, kind: 'root', id, state: 'next', spkiSha256, profiles: PROFILES_OF.root, createdAt: now },
        now,
      )
    })
    return `the root ${name} is believed`
  }

  /** A certificate for a key of ours. */
  const takeOwn = async (certificate: Certificate, issuer: StoredIssuer, by: string): Promise<Taken> => {
    const { name, kind, state } = issuer
    if (kind === 'ssh') return no(`${name} signs for SSH, and has no certificate`)
    // What was given up is not believed again by another certificate.
    if (state === 'retired') return no(`${name} has retired: make a new issuer, with a key of its own`)
    const published = issuers.published().issuers
    const own = published.find((one) => one.name === name)
    if ([own?.certificate, ...(own?.crosses ?? [])].some((one) => one && sameOctets(one.der, certificate.der)))
      return `${name} has this certificate already`
    const now = clock()
    const fault = faultOfAuthority(certificate, now)
    if (fault !== undefined) return no(`for ${name}: ${fault}`)
    const subject = own?.certificate.subject ?? subjectOf(name, parts)
    if (!sameOctets(certificate.subject.der, subject.der))
      return no(`for ${name}: its subject is ${formatName(certificate.subject)}, not ${formatName(subject)}`)
    const above = published.find(
      (one) => one.kind === 'root' && one.name !== name && isSignedBy(certificate, one.certificate, checkSignature),
    )
    if (above === undefined)
      return no(
        `for ${name}: no root that is believed here has signed it; its issuer is ${formatName(certificate.issuer)}`,
      )
    const calls = own?.certificate.subjectKeyIdentifier
    if (calls !== undefined && !sameOctets(calls, certificate.subjectKeyIdentifier ?? new Uint8Array()))
      return no(`for ${name}: it calls the key otherwise than the certificate that is here (RFC 5280 §4.2.1.2)`)
    if (kind !== 'root') {
      const path = faultOfPath(certificate, [], above.certificate, { domain, now, checkSignature })
      if (path !== undefined) return no(`for ${name}: ${path}`)
    } else if (certificate.basicConstraints?.pathLenConstraint === 0)
      return no(`for ${name}: no authority may be below it`)
    await recordChange(parts, async (tx) => {
      const row = certificateRow(certificate, { name, profile: 'intermediate', issuer: above.id, now, by })
      const id = await recordCertificate(tx, row, now)
      if (own === undefined) {
        await tx.issuers.change(name, { id, state: 'next' })
        await tx.ledger.add(issuerEntry({ ...issuer, state: 'next' }, now))
      } else {
        const { notAfter } = certificate.validity
        await tx.issuers.addCross({ issuer: name, sha256: row.sha256, der: certificate.der, notAfter })
      }
    })
    return own === undefined
      ? `${name} has its certificate, by ${above.name}`
      : `${name} is signed by ${above.name}, too`
  }

  const takeList = async (list: CertificateList): Promise<Taken> => {
    const shown = `the list of ${formatName(list.issuer)}`
    const issuer = issuers
      .published()
      .issuers.find(({ certificate }) => isListSignedBy(list, certificate, checkSignature))
    if (issuer === undefined) return no(`${shown}: no issuer here has signed it`)
    if (issuers.hasKey(issuer)) return no(`${shown}: the key of ${issuer.name} is here, and signs its lists here`)
    const { cRLNumber, nextUpdate, thisUpdate, deltaCRLIndicator } = list
    if (cRLNumber === undefined || cRLNumber > BigInt(Number.MAX_SAFE_INTEGER))
      return no(`${shown}: it has no number that counts up (RFC 5280 §5.2.3)`)
    if (deltaCRLIndicator !== undefined) return no(`${shown}: it is not a full list (RFC 5280 §5.2.4)`)
    const now = clock()
    if (nextUpdate === undefined || Temporal.Instant.compare(nextUpdate, now) <= 0)
      return no(`${shown}: it has no end, or is over (RFC 5280 §5.1.2.5)`)
    const newest = await store.status.newestCrl(issuer.id)
    if (newest !== undefined && cRLNumber <= newest.number)
      return newest.number === Number(cRLNumber) && sameOctets(newest.der, list.der)
        ? `${shown} is here already`
        : { code: 'ERR_ADMIN_CONFLICT', note: `${shown}: number ${cRLNumber} is not after ${newest.number}` }
    const named = await revokedHere(list, issuer)
    // Before the list: what it says ends sessions at once, as every revocation does.
    if (named.length > 0)
      await revocation.act(`the list of ${issuer.name}`, named[0]?.reason ?? 'unspecified', async (tx) => {
        await tx.alone('issuers')
        return recordRevoked(
          tx,
          named.map(({ certificate }) => certificate),
          named[0]?.reason ?? 'unspecified',
          now,
        )
      })
    const untold = (await store.certificates.revokedAfter(issuer.id, 0)).filter(
      ({ serial }) => !list.revokedCertificates.some((one) => serialHex(one.userCertificate) === serial),
    )
    if (untold.length > 0)
      return no(`${shown}: it does not name what is revoked here: ${untold.map(({ serial }) => serial).join(', ')}`)
    await recordChange(parts, async ({ status }) => {
      const covers = await status.newestStatus()
      await status.addCrl({
        issuer: issuer.id,
        number: Number(cRLNumber),
        der: list.der,
        thisUpdate,
        nextUpdate,
        covers,
      })
    })
    return `list ${cRLNumber} of ${issuer.name}`
  }

  /** What a list revokes of ours that is not revoked here. */
  const revokedHere = async (list: CertificateList, issuer: PublishedIssuer) => {
    const found: { certificate: StoredCertificate; reason: RevocationReason }[] = []
    for (const { userCertificate, reasonCode } of list.revokedCertificates)
      for (const certificate of await store.certificates.bySerial(serialHex(userCertificate)))
        if (certificate.issuer === issuer.id && certificate.revocation === undefined)
          found.push({ certificate, reason: REVOCATION_REASONS.find((one) => one === reasonCode) ?? 'unspecified' })
    return found
  }

  return async (asked, by) => {
    const read = readFile(asked.pem)
    if ('code' in read) return { ok: false, refusal: read }
    const { certificates, lists } = read
    const done: string[] = []
    const take = async (work: () => Promise<Taken>): Promise<Refusal | undefined> => {
      const taken = await work()
      if (typeof taken !== 'string') return taken
      done.push(taken)
      await issuers.refresh()
      return undefined
    }
    /** What came before it in the same file is done, and said. */
    const refuse = async ({ code, note }: Refusal) => {
      if (done.length > 0) await settle('', [])
      return { ok: false, refusal: { code, note: [...done, note].join('; ') } } as const
    }
    const isRoot = (one: Certificate) => isSignedBy(one, one, checkSignature)
    for (const certificate of [...certificates.filter(isRoot), ...certificates.filter((one) => !isRoot(one))]) {
      const issuer = await store.issuers.byKey(sha256(certificate.subjectPublicKeyInfo.der))
      if (issuer === undefined && !isRoot(certificate))
        return refuse(no(`${formatName(certificate.subject)}: its key is no issuer's of ours, and it is no root`))
      const refusal = await take(() =>
        issuer === undefined ? takeRoot(certificate, asked, by) : takeOwn(certificate, issuer, by),
      )
      if (refusal !== undefined) return refuse(refusal)
    }
    for (const list of lists) {
      const refusal = await take(() => takeList(list))
      if (refusal !== undefined) return refuse(refusal)
    }
    log('issuer.imported', { done, by })
    await settle('', [])
    return { ok: true, done }
  }
}

function readFile(
  pem: string,
): { readonly certificates: readonly Certificate[]; readonly lists: readonly CertificateList[] } | Refusal {
  try {
    const blocks = readPem(pem)
    const other = blocks.find(({ label }) => label !== 'CERTIFICATE' && label !== 'X509 CRL')
    if (other !== undefined || blocks.length === 0)
      return no(
        other === undefined
          ? 'it holds nothing in PEM'
          : `it holds a ${other.label}, and certificates and lists are expected`,
      )
    return {
      certificates: blocks.flatMap(({ label, der }) => (label === 'CERTIFICATE' ? [readCertificate(der)] : [])),
      lists: blocks.flatMap(({ label, der }) => (label === 'X509 CRL' ? [readCertificateList(der)] : [])),
    }
  } catch (error) {
    if (!(error instanceof PemError || error instanceof DerError || error instanceof X509Error)) throw error
    return no(`${error.message} [${error.code}]`)
  }
}

function no(note: string): Refusal {
  return { code: 'ERR_ISSUER_CERTIFICATE', note }
}

// HTTP binding of administration: invitations, revocations, and what there is to see. For administrators alone.
import { OPEN_METRICS_TYPE, parseReference, type Refusal, writeOpenMetrics, writeReceipt } from '@countersign/protocol'
import type { FastifyInstance } from 'fastify'
import type { Invited } from '../enrollment/token/invite.ts'
import { AuthorityError, InvariantError } from '../error.ts'
import { serialHex } from '../octets.ts'
import type { Kept } from '../status/revoke.ts'
import { findSubject, MAX_OF_PARTY, NO_SUBJECT } from '../status/subject.ts'
import type { StoredCertificate } from '../store/certificates.ts'
import type { Repositories, StoreTransaction } from '../store/store.ts'
import { accountRoutes } from './accounts.ts'
import { callerName, callerOf } from './caller.ts'
import { eventRoutes } from './events.ts'
import { issuerRoutes } from './issuers.ts'
import {
  certificateJson,
  derJson,
  entryJson,
  foreseenJson,
  partyJson,
  sessionJson,
  wholeCertificateJson,
} from './json.ts'
import type { Api } from './model.ts'
import { answerOnce, onceOf } from './once.ts'
import { openPgpAuthorityRoutes } from './openpgp-authorities.ts'
import { operationOf } from './operations.ts'
import { partyRoutes } from './parties.ts'
import { sendRefusal } from './reply.ts'
import { createPermit, isAction, isAdministrator } from './roles.ts'
import {
  backupBody,
  certificatesQuery,
  certifyBody,
  entriesQuery,
  invitationBody,
  read,
  reloadBody,
  revocationBody,
  writePlace,
} from './schemas.ts'
import { watchingRoutes } from './watching.ts'
import { keyJson } from './watching-json.ts'

export function administrationRoutes(app: FastifyInstance, api: Api): void {
  const { store, clock, failpoint } = api
  const permit = createPermit(api)

  // Before the body is read: who may not ask is not listened to.
  app.addHook('onRequest', async (request, reply) => {
    const who = operationOf(request.method, request.routeOptions.url)?.who
    if (who === undefined || !isAction(who)) throw new InvariantError(`${request.method} ${request.url} is for nobody`)
    const refusal = await permit(request, who)
    if (refusal !== undefined) return sendRefusal(request, reply, refusal)
  })

  answerOnce(app, api)

  app.post('/v1/invitations', async (request, reply) => {
    const body = read(invitationBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const { profile, role } = body.value
    if (role !== undefined && profile !== 'admin')
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_REQUEST', note: 'role: of the profile admin alone' })
    const isUponThem = profile === 'admin' || (await isAdministrator(store, body.value.party, clock()))
    const denied = isUponThem ? await permit(request, 'administrators.change') : undefined
    if (denied !== undefined) return sendRefusal(request, reply, denied)
    const once = onceOf(request)
    const kept = once && ((tx: StoreTransaction, done: Done) => once.keep(tx, 201, invitedJson(done), true))
    const invited = await api.invite(body.value, kept)
    if (!invited.ok) return sendRefusal(request, reply, invited.refusal)
    failpoint('invite.before-reply')
    reply.raw.once('finish', () => failpoint('invite.after-reply'))
    return reply.code(201).send(invitedJson(invited))
  })

  app.post('/v1/certificates', async (request, reply) => {
    const body = read(certifyBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const { party: asked, profile } = body.value
    const isUponThem = profile === 'admin' || (await isAdministrator(store, asked, clock()))
    const denied = isUponThem ? await permit(request, 'administrators.change') : undefined
    if (denied !== undefined) return sendRefusal(request, reply, denied)
    const once = onceOf(request)
    const kept =
      once &&
      ((tx: StoreTransaction, { party, serial, der }: StoredCertificate) =>
        once.keep(tx, 201, { party, serialNumber: serial, certificates: [der.toBase64()], interrupted: true }))
    const certified = await api.certify(body.value, callerName(request), kept)
    if (!certified.ok) return sendRefusal(request, reply, certified.refusal)
    const { party, credential } = certified
    failpoint('certify.before-reply')
    reply.raw.once('finish', () => failpoint('certify.after-reply'))
    return reply.code(201).send({
      party,
      serialNumber: serialHex(credential[0].serialNumber),
      certificates: derJson(credential),
      ...(certified.denied.length > 0 && { denied: certified.denied }),
    })
  })

  app.post('/v1/backups', async (request, reply) => {
    const body = read(backupBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    // It writes a path of this machine: whoever is elsewhere has no business there.
    if (callerOf(request.raw.socket).kind !== 'local')
      return sendRefusal(request, reply, {
        code: 'ERR_ADMIN_FORBIDDEN',
        note: 'a backup is made on the machine itself',
      })
    let made: Awaited<ReturnType<typeof api.backup>>
    try {
      made = await api.backup(body.value)
    } catch (error) {
      if (!(error instanceof AuthorityError)) throw error
      return sendRefusal(request, reply, {
        code: 'ERR_ADMIN_BACKUP',
        note: `${error.path}: ${error.message}; ${error.next}`,
      })
    }
    failpoint('backup.before-reply')
    reply.raw.once('finish', () => failpoint('backup.after-reply'))
    return reply.code(201).send({ target: body.value.target, secrets: made.secrets })
  })

  app.post('/v1/reload', async (request, reply) => {
    const body = read(reloadBody, request.body ?? {})
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    // It reads files of this machine, and tells what stands in them.
    if (callerOf(request.raw.socket).kind !== 'local')
      return sendRefusal(request, reply, {
        code: 'ERR_ADMIN_FORBIDDEN',
        note: 'a configuration is put in force on the machine itself',
      })
    if (api.reload === undefined)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_RELOAD', note: 'this house was started without a file' })
    const outcome = await api.reload()
    if (!outcome.ok) return sendRefusal(request, reply, { code: 'ERR_ADMIN_RELOAD', note: outcome.note })
    const { file, applied, warnings } = outcome
    return reply.send({ file, applied, warnings })
  })

  app.post('/v1/revocations', async (request, reply) => {
    const body = read(revocationBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const { subject, reason, dryRun } = body.value
    if (dryRun) {
      const foreseen = await api.revocation.foresee({ subject, reason })
      if (!foreseen.ok) return sendRefusal(request, reply, foreseen.refusal)
      return reply.send(foreseenJson(foreseen, clock()))
    }
    const denied = (await isAdministrator(store, subject, clock()))
      ? await permit(request, 'administrators.change')
      : undefined
    if (denied !== undefined) return sendRefusal(request, reply, denied)
    const once = onceOf(request)
    const kept: Kept | undefined =
      once &&
      ((tx, receipt, entries) =>
        once.keep(tx, 200, { ...writeReceipt(receipt), entries: entries.map(String), interrupted: true }))
    const revoked = await api.revocation.revoke({ subject, reason }, kept)
    if (!revoked.ok) return sendRefusal(request, reply, revoked.refusal)
    failpoint('revoke.before-reply')
    reply.raw.once('finish', () => failpoint('revoke.after-reply'))
    return reply.send({ ...writeReceipt(revoked.receipt), entries: revoked.entries.map(String) })
  })

  app.get('/v1/certificates', async (request, reply) => {
    const query = read(certificatesQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const { issuer: named, ...asked } = query.value
    const issuer = named === undefined ? undefined : await findIssuer(store, named)
    if (typeof issuer === 'object') return sendRefusal(request, reply, issuer)
    const now = clock()
    const { found, next } = await store.certificates.list({ ...asked, issuer, now })
    return reply.send({
      certificates: found.map((stored) => certificateJson(stored, now)),
      ...(next && { next: writePlace(next) }),
    })
  })

  app.get<{ Params: { subject: string } }>('/v1/certificates/:subject', async (request, reply) => {
    const found = await findSubject(store, request.params.subject)
    if (found === undefined) return sendRefusal(request, reply, { code: 'ERR_ADMIN_NOT_FOUND', note: NO_SUBJECT })
    const now = clock()
    const { kind, certificates } = found
    const keys =
      kind === 'party' ? await store.keys.ofParty({ party: request.params.subject, limit: MAX_OF_PARTY }) : undefined
    const party = kind === 'party' ? await store.parties.byName(request.params.subject) : undefined
    return reply.send({
      certificates: certificates.map((stored) => wholeCertificateJson(stored, now)),
      ...(keys && { keys: keys.found.map(keyJson) }),
      ...(party && { party: partyJson(party, now) }),
    })
  })

  partyRoutes(app, api, permit)
  accountRoutes(app, api, permit)
  issuerRoutes(app, api)
  openPgpAuthorityRoutes(app, api)
  watchingRoutes(app, api)

  eventRoutes(app, api, permit)

  app.get('/metrics', async (_request, reply) =>
    reply.type(OPEN_METRICS_TYPE).send(writeOpenMetrics(await api.figures.families())),
  )

  app.get('/v1/ledger/entries', async (request, reply) => {
    const query = read(entriesQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const gone = new Promise<void>((resolve) => reply.raw.once('close', resolve))
    const entries = await api.receipts([...new Set(query.value.ids)], gone)
    if (entries.length === 0)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_NOT_FOUND', note: 'no receipt names such an entry' })
    return reply.send({ entries: entries.map(entryJson) })
  })

  app.get('/v1/sessions', async () => ({ sessions: (await api.sessions()).map(sessionJson) }))

  app.get<{ Params: { reference: string } }>('/v1/meetings/:reference', async (request, reply) => {
    const reference = parseReference(request.params.reference)
    if (reference === undefined)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_REQUEST', note: 'reference: as in M-7F3K-92QD' })
    const meetings = await api.meetings(reference)
    if (meetings.length === 0) return sendRefusal(request, reply, { code: 'ERR_ADMIN_NO_MEETING' })
    // Each is JSON already: it is handed on as it was written.
    return reply.type('application/json; charset=utf-8').send(`{"meetings":[${meetings.join(',')}]}`)
  })
}

type Done = Extract<Invited, { readonly ok: true }>

function invitedJson({ token, party, expiresAt, entry }: Done): Record<string, unknown> {
  return { token, party, expiresAt: expiresAt.toString(), ...(entry !== undefined && { entries: [String(entry)] }) }
}

/** The row of the issuing certificate that `named` means. */
async function findIssuer(store: Repositories, named: string): Promise<number | Refusal> {
  const certificates = (await findSubject(store, named))?.certificates ?? []
  const [one, another] = certificates
  if (one === undefined) return { code: 'ERR_ADMIN_NOT_FOUND', note: `issuer: ${NO_SUBJECT}` }
  if (another === undefined) return one.id
  return { code: 'ERR_ADMIN_REQUEST', note: 'issuer: it has several certificates; name one by its SHA-256' }
}

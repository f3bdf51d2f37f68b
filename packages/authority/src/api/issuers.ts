// HTTP binding of issuers: what each is, and what officers do with them.
import { formatName } from '@countersign/x509'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AuthorityError } from '../error.ts'
import type { IssuerOutcome } from '../issuers/model.ts'
import { sha256 } from '../octets.ts'
import type { StoredIssuer } from '../store/issuers.ts'
import { callerName, callerOf } from './caller.ts'
import { crossBody, importBody, issuerBody, issuersQuery, stateBody } from './issuer-forms.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import { read } from './schemas.ts'

interface OfIssuer {
  Params: { issuer: string }
}

export function issuerRoutes(
  app: FastifyInstance,
  { store, issuers, issuerAdministration: acts, failpoint }: Api,
): void {
  const json = (issuer: StoredIssuer): Record<string, unknown> => {
    const { name, kind, state, profiles, keyPlace, spkiSha256, createdAt } = issuer
    const published = issuers.published().issuers.find((one) => one.name === name)
    const key = !issuers.hasKey(issuer) ? 'elsewhere' : keyPlace?.startsWith('pkcs11:') ? 'token' : 'here'
    return {
      name,
      kind,
      state,
      profiles,
      key,
      spkiSha256: spkiSha256.toHex(),
      createdAt: createdAt.toString(),
      ...(published && {
        subject: formatName(published.certificate.subject),
        sha256: sha256(published.certificate.der).toHex(),
        notAfter: published.certificate.validity.notAfter.toString(),
        signedBy: [published.certificate, ...published.crosses].map((one) => formatName(one.issuer)),
      }),
    }
  }
  const done = (reply: FastifyReply, body: Record<string, unknown>, status: number = 200) => {
    failpoint('issuer.before-reply')
    reply.raw.once('finish', () => failpoint('issuer.after-reply'))
    return reply.code(status).send(body)
  }
  const answer = (request: FastifyRequest, reply: FastifyReply, outcome: IssuerOutcome, status: number = 200) =>
    outcome.ok ? done(reply, json(outcome.issuer), status) : sendRefusal(request, reply, outcome.refusal)
  /** What is wrong with a key or its file is for whoever administers it. */
  const told = async (request: FastifyRequest, reply: FastifyReply, work: () => Promise<FastifyReply>) => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof AuthorityError)) throw error
      const note = `${error.path}: ${error.message}; ${error.next}`
      return sendRefusal(request, reply, { code: 'ERR_ISSUER_KEY_ELSEWHERE', note })
    }
  }

  app.get('/v1/issuers', async (request, reply) => {
    const query = read(issuersQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const { found, next } = await store.issuers.list(query.value)
    return reply.send({ issuers: found.map(json), ...(next !== undefined && { next }) })
  })

  app.get<OfIssuer>('/v1/issuers/:issuer', async (request, reply) => {
    const { issuer: name } = request.params
    const issuer = name.includes('\0') ? undefined : await store.issuers.byName(name)
    return issuer === undefined
      ? sendRefusal(request, reply, { code: 'ERR_ADMIN_NOT_FOUND', note: 'no issuer is called so' })
      : reply.send(json(issuer))
  })

  app.post('/v1/issuers', async (request, reply) => {
    const body = read(issuerBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    // It names a module, which is a program of this machine: whoever is elsewhere has none to name.
    if (body.value.key !== undefined && callerOf(request.raw.socket).kind !== 'local')
      return sendRefusal(request, reply, {
        code: 'ERR_ADMIN_FORBIDDEN',
        note: 'key: a key on a token is named on the machine itself',
      })
    return told(request, reply, async () =>
      answer(request, reply, await acts.make(body.value, callerName(request)), 201),
    )
  })

  app.post('/v1/issuers/import', async (request, reply) => {
    const body = read(importBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    return told(request, reply, async () => {
      const imported = await acts.import(body.value, callerName(request))
      return imported.ok ? done(reply, { done: imported.done }) : sendRefusal(request, reply, imported.refusal)
    })
  })

  app.post<OfIssuer>('/v1/issuers/:issuer/request', async (request, reply) =>
    told(request, reply, async () => {
      const outcome = await acts.request(request.params.issuer)
      if (!outcome.ok) return sendRefusal(request, reply, outcome.refusal)
      return done(reply, { issuer: json(outcome.issuer), request: outcome.request.toBase64() })
    }),
  )

  app.post<OfIssuer>('/v1/issuers/:issuer/crosses', async (request, reply) => {
    const body = read(crossBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    return told(request, reply, async () =>
      answer(request, reply, await acts.cross(request.params.issuer, body.value.by, callerName(request))),
    )
  })

  app.post<OfIssuer>('/v1/issuers/:issuer/state', async (request, reply) => {
    const body = read(stateBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    return told(request, reply, async () =>
      answer(request, reply, await acts.changeState(request.params.issuer, body.value, callerName(request))),
    )
  })
}

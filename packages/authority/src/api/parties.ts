// HTTP binding of parties: what each is, and the lock that stops it at every door. For administrators alone.
import { writeReceipt } from '@countersign/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { faultOfParty } from '../enrollment/granted.ts'
import { changeParty } from '../parties/change.ts'
import type { KeptLock, Locked } from '../status/lock.ts'
import type { Repositories } from '../store/store.ts'
import { partyJson } from './json.ts'
import type { Api } from './model.ts'
import { onceOf } from './once.ts'
import { sendRefusal } from './reply.ts'
import { isAdministrator, type Permit } from './roles.ts'
import { lockBody, partiesQuery, partyBody, read, unlockBody } from './schemas.ts'

interface OfParty {
  Params: { party: string }
}

const NO_PARTY = { code: 'ERR_ADMIN_NOT_FOUND', note: 'no party is that' } as const
const KNOWN = { code: 'ERR_ADMIN_CONFLICT', note: 'this party is known' } as const

export function partyRoutes(app: FastifyInstance, { store, locking, clock, failpoint }: Api, permit: Permit): void {
  app.get('/v1/parties', async (request, reply) => {
    const query = read(partiesQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const now = clock()
    const { found, next } = await store.parties.list({ ...query.value, now })
    return reply.send({ parties: found.map((party) => partyJson(party, now)), ...(next !== undefined && { next }) })
  })

  app.get<OfParty>('/v1/parties/:party', async (request, reply) => {
    const party = await partyNamed(request.params.party)
    if (party === undefined) return sendRefusal(request, reply, NO_PARTY)
    return reply.send(partyJson(party, clock()))
  })

  app.patch<OfParty>('/v1/parties/:party', async (request, reply) => {
    const body = read(partyBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const denied = 'role' in body.value ? await permit(request, 'administrators.change') : undefined
    if (denied !== undefined) return sendRefusal(request, reply, denied)
    const { party: name } = request.params
    const { create, ...change } = body.value
    const known = await partyNamed(name)
    if (create === undefined && known === undefined) return sendRefusal(request, reply, NO_PARTY)
    if (create && known !== undefined) return sendRefusal(request, reply, KNOWN)
    const unfit = create && faultOfParty(name)
    if (unfit) return sendRefusal(request, reply, { code: 'ERR_ADMIN_REQUEST', note: unfit })
    const once = onceOf(request)
    const changed = await store.commit(async (tx) => {
      // One party's acts come one after the other.
      await tx.alone(`party ${name}`)
      if (create) {
        if ((await tx.parties.byName(name)) !== undefined) return KNOWN
        await tx.parties.ensure(name, clock())
      }
      const entry = await changeParty(tx, name, change, clock())
      const as = await tx.parties.byName(name)
      const answer = as && { ...partyJson(as, clock()), ...(entry !== undefined && { entries: [String(entry)] }) }
      if (answer) await once?.keep(tx, 200, answer, true)
      failpoint('party.before-commit')
      return answer
    })
    failpoint('party.after-commit')
    if (changed === undefined) return sendRefusal(request, reply, NO_PARTY)
    if ('code' in changed) return sendRefusal(request, reply, KNOWN)
    failpoint('party.before-reply')
    reply.raw.once('finish', () => failpoint('party.after-reply'))
    return reply.send(changed)
  })

  app.post<OfParty>('/v1/parties/:party/lock', async (request, reply) => {
    const body = read(lockBody, request.body ?? {})
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const { party } = request.params
    if ((await partyNamed(party)) === undefined) return sendRefusal(request, reply, NO_PARTY)
    const denied = await deniedUpon(request, party)
    if (denied !== undefined) return sendRefusal(request, reply, denied)
    const { reason, until } = body.value
    const lock = { party, ...(reason !== undefined && { reason }), ...(until && { until }) }
    return answer(request, reply, party, await locking.lock(lock, keeping(request, party)))
  })

  app.post<OfParty>('/v1/parties/:party/unlock', async (request, reply) => {
    const body = read(unlockBody, request.body ?? {})
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const { party } = request.params
    if ((await partyNamed(party)) === undefined) return sendRefusal(request, reply, NO_PARTY)
    const denied = await deniedUpon(request, party)
    if (denied !== undefined) return sendRefusal(request, reply, denied)
    return answer(request, reply, party, await locking.unlock(party, keeping(request, party)))
  })

  // PostgreSQL keeps no NUL, and so knows no question with one.
  const partyNamed = async (name: string) => (name.includes('\0') ? undefined : store.parties.byName(name))

  /** Upon an administrator an officer acts, and no operator. */
  const deniedUpon = async (request: FastifyRequest, party: string) =>
    (await isAdministrator(store, party, clock())) ? permit(request, 'administrators.change') : undefined

  const answerOf = async (view: Repositories, name: string, done: Extract<Locked, { ok: true }>) => {
    const { sequence, at, told, entry } = done
    const party = await view.parties.byName(name)
    const { revoked: _, ...receipt } = writeReceipt({ sequence, at, revoked: [], ...told })
    return { party: party && partyJson(party, at), ...receipt, entries: [String(entry)] }
  }

  const keeping = (request: FastifyRequest, name: string): KeptLock | undefined => {
    const once = onceOf(request)
    return once && (async (tx, done) => once.keep(tx, 200, { ...(await answerOf(tx, name, done)), interrupted: true }))
  }

  const answer = async (request: FastifyRequest, reply: FastifyReply, name: string, outcome: Locked) => {
    if (!outcome.ok) return sendRefusal(request, reply, outcome.refusal)
    failpoint('lock.before-reply')
    reply.raw.once('finish', () => failpoint('lock.after-reply'))
    return reply.send(await answerOf(store, name, outcome))
  }
}

// HTTP binding of accounts of people: it only translates; whoever keeps them does the work. For administrators alone.
import type { Refusal } from '@countersign/protocol'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Accounts, SeenAccount } from '../accounts.ts'
import { faultOfParty } from '../enrollment/granted.ts'
import { accountInvitationBody, accountsQuery, deviceName, writeAccountPlace } from './account-forms.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import { isAdministrator, type Permit } from './roles.ts'
import { read } from './schemas.ts'

interface OfDevice {
  Params: { door: string; account: string; device: string }
}

const NOBODY: Refusal = { code: 'ERR_ADMIN_NOT_FOUND', note: 'at no door of this house do people sign in' }

/** A house without people has none. */
const NO_ACCOUNTS: Accounts = {
  invite: async () => ({ ok: false, refusal: NOBODY }),
  list: async ({ door }) => (door === undefined ? { ok: true, found: [] } : { ok: false, refusal: NOBODY }),
  removeDevice: async () => ({ ok: false, refusal: NOBODY }),
  of: async () => [],
  revoke: async () => undefined,
}

export function accountRoutes(app: FastifyInstance, api: Api, permit: Permit): void {
  const { store, accounts = NO_ACCOUNTS, clock, failpoint } = api

  app.post('/v1/accounts/invitations', async (request, reply) => {
    const body = read(accountInvitationBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const unfit = faultOfParty(body.value.party)
    if (unfit !== undefined) return sendRefusal(request, reply, { code: 'ERR_ADMIN_REQUEST', note: unfit })
    const denied =
      (await deniedUpon(request, body.value.party)) ??
      // Whoever may take an account from its owner is not whoever opens accounts every day.
      (body.value.again === true ? await permit(request, 'accounts.replace') : undefined)
    if (denied !== undefined) return sendRefusal(request, reply, denied)
    const invited = await accounts.invite(body.value)
    if (!invited.ok) return sendRefusal(request, reply, invited.refusal)
    return answer(reply.code(201), { url: invited.url, expiresAt: invited.expiresAt.toString() })
  })

  app.get('/v1/accounts', async (request, reply) => {
    const query = read(accountsQuery, request.query)
    if (!query.ok) return sendRefusal(request, reply, query.refusal)
    const listed = await accounts.list(query.value)
    if (!listed.ok) return sendRefusal(request, reply, listed.refusal)
    const { found, next } = listed
    return reply.send({ accounts: found.map(accountJson), ...(next && { next: writeAccountPlace(next) }) })
  })

  app.delete<OfDevice>('/v1/accounts/:door/:account/devices/:device', async (request, reply) => {
    const { door, account, device } = request.params
    // PostgreSQL keeps no NUL, and so knows no question with one.
    if (faultOfParty(account) !== undefined || door.includes('\0') || !deviceName.safeParse(device).success)
      return sendRefusal(request, reply, { code: 'ERR_ADMIN_NOT_FOUND', note: 'no account has this device' })
    const denied = await deniedUpon(request, account)
    if (denied !== undefined) return sendRefusal(request, reply, denied)
    const removed = await accounts.removeDevice({ door, account, device })
    if (!removed.ok) return sendRefusal(request, reply, removed.refusal)
    return answer(reply, { door, account, device })
  })

  /** Upon an administrator an officer acts, and no operator. */
  const deniedUpon = async (request: FastifyRequest, party: string) =>
    (await isAdministrator(store, party, clock())) ? permit(request, 'administrators.change') : undefined

  const answer = (reply: FastifyReply, body: object) => {
    failpoint('account.before-reply')
    reply.raw.once('finish', () => failpoint('account.after-reply'))
    return reply.send(body)
  }
}

function accountJson({ account, door, openedAt, devices, lastSeenAt, ways }: SeenAccount): object {
  return {
    account,
    door,
    ...(openedAt && { openedAt: openedAt.toString() }),
    devices: devices.map(({ device, name, ...at }) => ({
      device,
      name,
      addedAt: at.addedAt.toString(),
      lastSeenAt: at.lastSeenAt.toString(),
    })),
    ...(lastSeenAt && { lastSeenAt: lastSeenAt.toString() }),
    ways: { ...ways },
  }
}

// HTTP binding of enrollment and renewal. Decisions are made in `../enrollment`; this file only translates.
import { channelBinding } from '@countersign/mtls'
import type { Identity, Meeting, PartyId } from '@countersign/protocol'
import type { FastifyInstance } from 'fastify'
import type { Credential } from '../issuance/issue.ts'
import { sshIssuerLines } from '../status/krl.ts'
import { callerOf } from './caller.ts'
import { derJson } from './json.ts'
import type { Api } from './model.ts'
import { sendRefusal } from './reply.ts'
import { enrollmentBody, read, renewalBody, sshEnrollmentBody } from './schemas.ts'

export function enrollmentRoutes(app: FastifyInstance, api: Api): void {
  const { enroll, renew, enrollSsh, failpoint, record } = api

  app.post('/enroll', async (request, reply) => {
    const body = read(enrollmentBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const caller = callerOf(request.raw.socket)
    // The proof is bound to a TLS channel; the local socket has none.
    if (caller.kind === 'local') return sendRefusal(request, reply, { code: 'ERR_ENROLL_PROOF' })
    const { token: tokenId, request: der, mac } = body.value
    const enrolled = await enroll({ tokenId, request: der, mac, exporter: channelBinding(caller.socket) })
    if (!enrolled.ok) {
      api.log('enroll.refused', { reference: caller.meeting.reference, ...enrolled.refusal })
      return sendRefusal(request, reply, enrolled.refusal)
    }
    record(withToken(caller.meeting, enrolled.party, tokenId, enrolled.credential, api.clock()))
    failpoint('enroll.before-reply')
    reply.raw.once('finish', () => failpoint('enroll.after-reply'))
    return reply.code(201).send(answerOf(api, enrolled))
  })

  app.post('/renew', async (request, reply) => {
    const body = read(renewalBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const caller = callerOf(request.raw.socket)
    const sha256 = caller.kind === 'met' ? caller.meeting.caller.certificate?.sha256 : undefined
    if (sha256 === undefined) return sendRefusal(request, reply, { code: 'ERR_CALLER_NO_CERTIFICATE' })
    const renewed = await renew(Uint8Array.fromHex(sha256), body.value.request, body.value.beside)
    if (!renewed.ok) return sendRefusal(request, reply, renewed.refusal)
    failpoint('renew.before-reply')
    reply.raw.once('finish', () => failpoint('renew.after-reply'))
    return reply.code(201).send(answerOf(api, renewed))
  })

  app.post('/v1/ssh/certificates', async (request, reply) => {
    const body = read(sshEnrollmentBody, request.body)
    if (!body.ok) return sendRefusal(request, reply, body.refusal)
    const caller = callerOf(request.raw.socket)
    const sha256 = caller.kind === 'met' ? caller.meeting.caller.certificate?.sha256 : undefined
    if (caller.kind !== 'met' || sha256 === undefined)
      return sendRefusal(request, reply, { code: 'ERR_CALLER_NO_CERTIFICATE' })
    const exporter = channelBinding(caller.socket)
    const enrolled = await enrollSsh(Uint8Array.fromHex(sha256), { ...body.value, exporter })
    if (!enrolled.ok) return sendRefusal(request, reply, enrolled.refusal)
    failpoint('ssh-enroll.before-reply')
    reply.raw.once('finish', () => failpoint('ssh-enroll.after-reply'))
    const { party, certificate } = enrolled
    const lines = sshIssuerLines(api.issuers.published().ssh)
    const authorities = lines.split('\n').filter((line) => line !== '')
    return reply.code(201).send({ party, certificate: certificate.blob.toBase64(), authorities })
  })
}

function answerOf(
  api: Api,
  { party, credential, denied }: { party: string; credential: Credential; denied: readonly string[] },
): Record<string, unknown> {
  const { address, name } = api.address()
  // The lists are theirs: nobody believes one whose issuer is unknown.
  const others = api.issuers.published().intermediates.filter((one) => !credential.includes(one))
  return {
    party,
    certificates: derJson(credential),
    ...(others.length > 0 && { issuers: derJson(others) }),
    crls: api.crls().all.map((der) => der.toBase64()),
    authority: { address, name },
    ...(denied.length > 0 && { denied }),
  }
}

/** The meeting as it is after the enrollment: the caller, a stranger at the handshake, has proved itself by the token. */
function withToken(
  meeting: Meeting,
  party: PartyId,
  tokenId: Uint8Array,
  [leaf]: Credential,
  at: Temporal.Instant,
): Meeting {
  const identities = (leaf.subjectAltName ?? []).flatMap((name): Identity[] =>
    name.kind === 'uniformResourceIdentifier' ? [{ kind: name.kind, value: name.value }] : [],
  )
  const { reference, door, seenBy, resumed, address, callee, outcome } = meeting
  const [ask, present, verify, , decide, channel] = meeting.steps
  const proof = { by: 'caller', outcome: 'proved', evidence: { kind: 'token', id: tokenId.toHex() }, at } as const
  return {
    reference,
    door,
    seenBy,
    at: meeting.at,
    resumed,
    ...(address === undefined ? {} : { address }),
    caller: { name: party, party, identities },
    callee,
    steps: [ask, present, verify, proof, decide, channel],
    outcome,
  }
}

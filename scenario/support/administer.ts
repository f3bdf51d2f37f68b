// The administration socket asked directly, where starting a command would be most of what is measured, or of what a test takes.
import { request } from 'node:http'
import { join } from 'node:path'
import { enroll } from '@countersign/mtls'
import { fieldOf, parseToken, type Receipt, readReceipt } from '@countersign/protocol'
import type { RunningHouse } from './house.ts'
import { type PartyFiles, partyFiles } from './peers.ts'

export interface TimedReceipt extends Receipt {
  /** Wall clock, epoch milliseconds: just before the request was written, and when its answer was whole. */
  readonly calledAt: number
  readonly answeredAt: number
}

/** Revokes `subject` and answers the receipt with the times around the call. */
export async function revokeNow(house: RunningHouse, subject: string): Promise<TimedReceipt> {
  const calledAt = Date.now()
  const { status, body } = await post(house, '/v1/revocations', { subject, reason: 'keyCompromise' })
  const answeredAt = Date.now()
  if (status !== 200) throw new Error(`revoke ${subject}: ${status} ${body}`)
  return { ...readReceipt(JSON.parse(body)), calledAt, answeredAt }
}

/** How many sessions are open at the door of that name. */
export async function sessionsNow(house: RunningHouse, door: string): Promise<number> {
  const { status, body } = await ask(house, 'GET', '/v1/sessions')
  if (status !== 200) throw new Error(`sessions: ${status} ${body}`)
  const open = fieldOf(JSON.parse(body)).get('sessions').list(10_000)
  return open.filter((one) => one.get('door').text() === door).length
}

function post(house: RunningHouse, path: string, json: object): Promise<{ status: number; body: string }> {
  return ask(house, 'POST', path, json)
}

function ask(
  house: RunningHouse,
  method: 'GET' | 'POST',
  path: string,
  json?: object,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath: join(house.data, 'admin.sock'),
        path,
        method,
        ...(json && { headers: { 'content-type': 'application/json' } }),
      },
      (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      },
    )
    sent.on('error', reject)
    sent.end(json && JSON.stringify(json))
  })
}

/** Invites `party` and answers the token; `more` as the administration takes it, as in `{ profile: 'service' }`. */
export async function inviteNow(house: RunningHouse, party: string, more: object = {}): Promise<string> {
  const { status, body } = await post(house, '/v1/invitations', { party, ttlSeconds: 600, ...more })
  if (status >= 300) throw new Error(`invite ${party}: ${status} ${body}`)
  return fieldOf(JSON.parse(body)).get('token').text()
}

/** Invites `party` and enrolls it, in this process: for a party that a test takes for granted. */
export async function enrolledNow(house: RunningHouse, party: string, more: object = {}): Promise<PartyFiles> {
  const directory = join(house.directory, 'parties', party)
  await enroll(parseToken(await inviteNow(house, party, more)), { directory })
  return partyFiles(directory)
}

import { randomBytes } from 'node:crypto'
import { OID } from '@countersign/x509'
import { purposes, root } from '../../interop/chains/house.ts'
import { openPlainProxy } from '../controls/plain-proxy.ts'
import type { Attack, Attackers, Attempt, Case, Target } from '../model.ts'
import { around, caller } from '../support/craft.ts'
import { type Fields, requestOf, sendFrames } from '../support/http2.ts'
import { attemptOf, besideMeeting, dial, presented } from '../support/tls-client.ts'

type Options = Parameters<typeof dial>[1]
type Says = (attackers: Attackers) => Fields | Promise<Fields>

const item = (der: Uint8Array) => `:${Buffer.from(der).toString('base64')}:`
/** Of whom the authority vouches for. */
const of = (party: string) => (attackers: Attackers) => caller(attackers.issuing, party)
/** As the proxy before the door. */
const proxy = ({ issuing }: Attackers): Options => presented(caller(issuing, 'edge'), issuing)

/** RFC 9440 §2.2, §2.3 in the form that they have, of somebody. */
const saying =
  (who: (attackers: Attackers) => { readonly certificate: { readonly der: Uint8Array } }): Says =>
  (attackers) => [
    ['Client-Cert', item(who(attackers).certificate.der)],
    ['Client-Cert-Chain', item(attackers.issuing.certificate.der)],
  ]

/** RFC 9440 §4: who says whom a request is from is believed for who says it, and for nothing else. */
export const forwarded: Attack = {
  name: 'what a proxy says of its caller',
  goal: 'is somebody else by what it writes in the place of the proxy before the door, or through that proxy',
  cases: [
    from('a caller that is none, of another', ({ alice, issuing }) => presented(alice, issuing), saying(of('guest-0'))),
    from(
      'a caller that is none, over HTTP/2',
      ({ alice, issuing }) => presented(alice, issuing),
      saying(of('guest-0')),
      2,
    ),
    from(
      'who is not let in, of one who is',
      ({ bob, issuing }) => presented(bob, issuing),
      saying(({ alice }) => alice),
    ),
    from(
      'the name of the proxy, of another root',
      impostor,
      saying(({ alice }) => alice),
    ),
    from(
      'nobody, of one who is let in',
      () => ({}),
      saying(({ alice }) => alice),
    ),
    from('the proxy, of nobody', proxy, () => [['X-Forwarded-Client-Cert', `Hash=${randomBytes(16).toString('hex')}`]]),
    from('the proxy, in another spelling', proxy, (attackers) => [['Client_Cert', sentence(attackers)]]),
    from(
      'the proxy, of one whom the rules do not let in',
      proxy,
      saying(({ bob }) => bob),
    ),
    from(
      'the proxy, of a name from another root',
      proxy,
      saying(() => caller(root(around()), 'alice')),
    ),
    from('the proxy, of a certificate for servers', proxy, saying(server)),
    from(
      'the proxy, of the authority',
      proxy,
      saying(({ issuing }) => issuing),
    ),
    from('the proxy, of octets that are no certificate', proxy, () => [['Client-Cert', item(randomBytes(32))]]),
    { ...from('the proxy, of one who is revoked', proxy, () => []), run: ofRevoked },
    malformed('twice', (one) => [one, one]),
    malformed('as a list', (one) => [`${one}, ${one}`]),
    malformed('with a parameter', (one) => [`${one};a=1`]),
    malformed('empty and then full', (one) => ['', one]),
    malformed('without colons', (one) => [one.replaceAll(':', '')]),
    malformed('in the alphabet of URLs', (one) => [one.replaceAll('+', '-').replaceAll('/', '_')]),
    malformed('without padding', () => [`:${randomBytes(32).toString('base64').replaceAll('=', '')}:`]),
    malformed('as PEM in a URL', (one) => [`-----BEGIN%20CERTIFICATE-----%0A${encodeURIComponent(one.slice(1, -1))}`]),
    from('the proxy, by a chain alone', proxy, (attackers) => [['Client-Cert-Chain', sentence(attackers)]]),
    from('the proxy, by a chain without end', proxy, (attackers) => [
      ['Client-Cert', sentence(attackers)],
      [
        'Client-Cert-Chain',
        Array(40)
          .fill(item(randomBytes(16)))
          .join(', '),
      ],
    ]),
    from('the proxy, twice over HTTP/2', proxy, (attackers) => Array(2).fill(['Client-Cert', sentence(attackers)]), 2),
  ],
}

const sentence = ({ alice }: Attackers) => item(alice.certificate.der)

function impostor(): Options {
  const other = root(around())
  return presented(caller(other, 'edge'), other)
}

function server({ issuing }: Attackers) {
  return caller(issuing, 'alice', { extensions: { extendedKeyUsage: purposes(OID.serverAuth) } })
}

/** RFC 9440 §2.2, RFC 9651 §3.3.5. */
function malformed(how: string, values: (one: string) => readonly string[]): Case {
  return from(`the proxy, ${how}`, proxy, (attackers) =>
    values(sentence(attackers)).map((value) => ['Client-Cert', value] as const),
  )
}

function from(name: string, who: (attackers: Attackers) => Options, says: Says, version?: 2): Case {
  return {
    name,
    control: (attackers) => openPlainProxy(attackers, { rejectUnauthorized: false }),
    run: async (target) => tell(target, who(target.attackers), await says(target.attackers), version),
  }
}

async function ofRevoked(target: Target): Promise<Attempt> {
  const { holder = target.attackers.alice, revoke } = (await target.revocable?.enroll()) ?? {}
  await revoke?.()
  return tell(target, proxy(target.attackers), await saying(() => holder)(target.attackers))
}

/** `won`: what it said of its caller is what the service reads. */
async function tell(given: Target, identity: Options, fields: Fields, version?: 2): Promise<Attempt> {
  // A control is its own.
  const target = given.shop ?? given
  const { service } = target
  if (service === undefined) throw new Error('needs the service behind the door')
  service.taken()
  const attempt = version === 2 ? await overHttp2(target, identity, fields) : await overHttp1(target, identity, fields)
  const taken = service.taken()
  // The issuer is the door's own word too, of whoever is met.
  const issuer = item(given.attackers.issuing.certificate.der)
  const claims = fields.filter(([name, value]) => value !== '' && !(name === 'Client-Cert-Chain' && value === issuer))
  const won = claims.some(([, value]) => taken.includes(value))
  // Who is refused behind a proxy that is met has a record of its own.
  const isRead = attempt.peer !== 'ERR_DOOR_CLIENT_CERT'
  return { ...(isRead ? besideMeeting(attempt) : attempt), won, door: target.name }
}

async function overHttp1(target: Target, identity: Options, fields: Fields): Promise<Attempt> {
  const { socket, over, reference } = await dial(target, identity)
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.write(`GET / HTTP/1.1\r\nHost: ${target.serverName}\r\n${lines}Connection: close\r\n\r\n`)
  const { said, error } = await over(300, 2_000)
  return attemptOf(said, error, reference())
}

function overHttp2(target: Target, identity: Options, fields: Fields): Promise<Attempt> {
  const lower = fields.map(([name, value]) => [name.toLowerCase(), value] as const)
  return sendFrames(target, [requestOf(target, lower)], identity)
}

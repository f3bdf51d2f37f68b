// `countersign doctor`: one row for each trouble, with real doors that are wrong in that way.
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { closedPort, opensslServer, plainServer, rawServer } from './support/broken-doors.ts'
import { type Clinic, type Expected, hoursAgo, openClinic } from './support/clinic.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { mint } from './support/mint.ts'

interface Row extends Expected {
  readonly address?: (clinic: Clinic) => string | Promise<string>
  /** Default: as alice. */
  readonly args?: readonly string[]
}

let elsewhere: RunningHouse
const own = ({ own: address }: Clinic) => address
const says = (text: string) => (clinic: Clinic) => clinic.opened(rawServer((socket) => socket.write(text)))
const shows = (more: Parameters<Clinic['serverFiles']>[0]) => async (clinic: Clinic) =>
  clinic.opened(clinic.withChain(await clinic.serverFiles(more)))
const as = (party: string) => ['--identity', party]

const WAY: Readonly<Record<string, Row>> = {
  'a name that nobody has': {
    exit: 4,
    area: 'name',
    code: /ENOTFOUND|EAI_AGAIN/,
    by: 'caller',
    address: () => 'door.invalid:443',
  },
  'nobody listens': {
    exit: 4,
    area: 'reach',
    code: 'ECONNREFUSED',
    command: /^countersign up$/,
    by: 'operator',
    address: async () => `127.0.0.1:${await closedPort()}`,
  },
  'plain HTTP': {
    exit: 1,
    area: 'tls',
    code: 'ERR_GATE_NOT_TLS',
    text: /it speaks plain HTTP/,
    address: ({ opened }) => opened(plainServer()),
  },
  'a mail server': {
    exit: 1,
    area: 'tls',
    code: 'ERR_GATE_NOT_TLS',
    text: /as a mail or FTP server does/,
    address: says('220 mail ESMTP\r\n'),
  },
  'an SSH server': {
    exit: 1,
    area: 'tls',
    code: 'ERR_GATE_NOT_TLS',
    text: /it is an SSH server/,
    address: says('SSH-2.0-x\r\n'),
  },
  'something else': {
    exit: 1,
    area: 'tls',
    code: 'ERR_GATE_NOT_TLS',
    text: /what it says is no TLS/,
    address: says('\0\0\0\0'),
  },
  'one that closes': {
    exit: 1,
    area: 'tls',
    code: 'ERR_GATE_HANDSHAKE',
    address: ({ opened }) => opened(rawServer((socket) => socket.destroy())),
  },
  'one that is silent': { exit: 1, area: 'tls', code: 'ERR_GATE_TIMEOUT', text: /says nothing/, address: says('') },
  'TLS 1.2 alone': {
    exit: 1,
    area: 'tls',
    code: 'ERR_GATE_TLS_VERSION',
    text: /TLSv1\.2 at best/,
    by: 'operator',
    address: async ({ opened, serverFiles }) => opened(opensslServer(await serverFiles(), '-tls1_2')),
  },
  'TLS 1.2 that insists on a certificate': {
    exit: 1,
    area: 'tls',
    code: 'ERR_GATE_TLS_VERSION',
    text: /because no certificate came/,
    address: async ({ opened, serverFiles }) =>
      opened(opensslServer(await serverFiles(), '-tls1_2', '-Verify', '1', '-verify_return_error')),
  },
}

const PROOF: Readonly<Record<string, Row>> = {
  'another name': {
    exit: 1,
    area: 'proof',
    code: 'ERR_CALLEE_WRONG_NAME',
    text: /is for hello\.localhost, not for helo\.localhost/,
    command: /^countersign meet hello\.localhost:\d+ --name hello\.localhost --identity alice$/,
    args: [...as('alice'), '--name', 'helo.localhost'],
  },
  'another authority': {
    exit: 1,
    area: 'proof',
    code: 'ERR_CALLEE_UNKNOWN_ISSUER',
    by: 'caller',
    args: [...as('alice'), '--name', 'hello.localhost'],
    address: () => elsewhere.ready.doors[0]?.url ?? '',
  },
  'the issuer is not sent': {
    exit: 1,
    area: 'proof',
    code: 'ERR_CALLEE_UNKNOWN_ISSUER',
    text: /does not send its issuer CN=Test Issuing 1.*our own chain has/,
    command: /^cat server\.pem issuing\.pem/,
    by: 'callee',
    address: async ({ opened, serverFiles }) => opened(opensslServer(await serverFiles())),
  },
  'the certificate has expired': {
    exit: 1,
    area: 'proof',
    code: 'ERR_CALLEE_EXPIRED',
    text: /the server's certificate expired 1 day ago/,
    by: 'callee',
    address: shows(hoursAgo(48, 24)),
  },
  'it begins tomorrow': {
    exit: 1,
    area: 'proof',
    code: 'ERR_CALLEE_NOT_YET_VALID',
    address: shows(hoursAgo(-24, -48)),
  },
  'it is for clients': {
    exit: 1,
    area: 'proof',
    code: 'ERR_CALLEE_WRONG_PURPOSE',
    address: shows({ purposes: ['clientAuth'] }),
  },
}

const DOOR: Readonly<Record<string, Row>> = {
  'nobody comes': {
    exit: 1,
    area: 'door',
    code: 'ERR_CALLER_NO_CERTIFICATE',
    command: /^countersign doctor hello\.localhost:\d+ --identity DIR$/,
    args: ['--trust', 'countersign-data/root.pem'],
  },
  'who comes is not on the list': {
    exit: 1,
    area: 'door',
    code: 'ERR_CALLER_NOT_ALLOWED',
    text: /\(M-/,
    command: /^countersign why M-/,
    args: as('bob'),
  },
  'who comes was revoked': {
    exit: 1,
    area: 'door',
    code: 'ERR_CALLER_REVOKED',
    command: /^countersign enroll TOKEN --out rita-new$/,
    args: as('rita'),
  },
}

const IDENTITY: Readonly<Record<string, Row>> = {
  'no identity there': {
    exit: 3,
    area: 'identity',
    code: 'ERR_IDENTITY_MISSING',
    command: /^countersign enroll TOKEN --out nowhere$/,
    args: as('nowhere'),
  },
  'no such trust file': {
    exit: 3,
    area: 'identity',
    code: 'ERR_TRUST_FILE_MISSING',
    args: [...as('alice'), '--trust', 'nowhere.pem'],
  },
  'key and certificate do not fit': { exit: 3, area: 'identity', code: 'ERR_IDENTITY_KEY_MISMATCH', args: as('unfit') },
  'the certificate cannot be read': { exit: 3, area: 'identity', code: 'ERR_IDENTITY_MALFORMED', args: as('garbled') },
  'its own trust is empty': { exit: 3, area: 'identity', code: 'ERR_TRUST_FILE_EMPTY', args: as('trustless') },
  'it has expired': {
    exit: 1,
    area: 'identity',
    code: 'ERR_CALLER_EXPIRED',
    text: /^late, .*expired 1 day ago/,
    command: /^countersign enroll TOKEN --out late-new$/,
    args: as('late'),
  },
}

suite('countersign doctor', { ...needs('openssl', 'openssl'), concurrency: 4 }, () => {
  let clinic: Clinic
  before(async () => {
    clinic = await openClinic()
    elsewhere = await startHouse()
    const { path, brokenCopy } = clinic
    brokenCopy('unfit', (directory) => cpSync(path('bob/identity.key'), join(directory, 'identity.key')))
    brokenCopy('garbled', (directory) => writeFileSync(join(directory, 'identity.pem'), 'nothing\n'))
    brokenCopy('trustless', (directory) => writeFileSync(join(directory, 'trust.pem'), ''))
    const { key, certificate } = await mint(clinic.house, { party: 'late', ...hoursAgo(48, 24) })
    brokenCopy('late', (directory) => {
      cpSync(key, join(directory, 'identity.key'))
      cpSync(certificate, join(directory, 'identity.pem'))
    })
  })
  after(async () => {
    await elsewhere?.[Symbol.asyncDispose]()
    await clinic?.[Symbol.asyncDispose]()
  })

  for (const [what, row] of Object.entries({ ...WAY, ...PROOF, ...DOOR, ...IDENTITY }))
    test(`${what}: exit ${row.exit}, ${row.area} ${row.code}`, async () => {
      const { address = own, args = as('alice'), ...expected } = row
      await clinic.assertFound(await address(clinic), args, expected)
    })
})

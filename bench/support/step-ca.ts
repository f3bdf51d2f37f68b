// step-ca as its `step ca init` sets it up: a root, an intermediate that issues (P-256), a JWK provisioner, and its database.
import { execFile } from 'node:child_process'
import { createSign, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../tools/testing/ports.ts'
import { startForeign } from './foreign.ts'

const run = promisify(execFile)
const NAME = 'localhost'
const PROVISIONER = 'bench'

export interface StepCa extends AsyncDisposable {
  readonly port: number
  readonly pid: number
  readonly trust: string
  readonly path: string
  /** What is asked with a PKCS#10 request, in PEM. */
  body(csr: string, name: string): string
}

/** Starts it in `scratch`, with its default database (`badgerv2`) or bbolt, which syncs each transaction. */
export async function startStepCa(program: string, scratch: string, database: 'badgerv2' | 'bbolt'): Promise<StepCa> {
  await mkdir(scratch, { recursive: true })
  const file = (name: string) => join(scratch, name)
  const openssl = (...args: readonly string[]) => run('openssl', args)
  const key = (name: string) =>
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', file(name))
  await Promise.all([key('root.key'), key('issuing.key')])
  await writeFile(
    file('authority.ext'),
    'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n',
  )
  await openssl(
    'req',
    '-x509',
    '-new',
    '-key',
    file('root.key'),
    '-subj',
    '/CN=Root',
    '-days',
    '30',
    '-out',
    file('root.crt'),
  )
  await openssl('req', '-new', '-key', file('issuing.key'), '-subj', '/CN=Issuing', '-out', file('issuing.csr'))
  await openssl(
    ...['x509', '-req', '-in', file('issuing.csr'), '-CA', file('root.crt'), '-CAkey', file('root.key')],
    ...['-days', '20', '-extfile', file('authority.ext'), '-out', file('issuing.crt')],
  )
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: PROVISIONER, use: 'sig', alg: 'ES256' }
  const port = await freePort()
  await writeFile(
    file('ca.json'),
    JSON.stringify({
      root: file('root.crt'),
      crt: file('issuing.crt'),
      key: file('issuing.key'),
      address: `127.0.0.1:${port}`,
      dnsNames: [NAME, '127.0.0.1'],
      logger: { format: 'json' },
      db: { type: database, dataSource: file(`db-${database}`) },
      authority: { provisioners: [{ type: 'JWK', name: PROVISIONER, key: jwk }] },
      tls: { minVersion: 1.3, maxVersion: 1.3, cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'] },
    }),
  )
  const server = await startForeign(`step-ca ${database}`, port, [program, file('ca.json')], 'itself')
  return {
    port,
    pid: server.pids[0] ?? 0,
    trust: await readFile(file('root.crt'), 'utf8'),
    path: '/1.0/sign',
    body: (csr, name) => JSON.stringify({ csr, ott: tokenFor(privateKey, name, port) }),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** The one-time token of a JWK provisioner. @see RFC 7519, and step-ca's documentation of JWK provisioners */
function tokenFor(key: KeyObject, name: string, port: number): string {
  const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: PROVISIONER,
    aud: `https://${NAME}:${port}/1.0/sign`,
    sub: name,
    sans: [name],
    iat: now,
    nbf: now - 60,
    exp: now + 3600,
    jti: randomUUID(),
  }
  const input = `${base64url({ alg: 'ES256', typ: 'JWT', kid: PROVISIONER })}.${base64url(claims)}`
  const signature = createSign('sha256').update(input).sign({ key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

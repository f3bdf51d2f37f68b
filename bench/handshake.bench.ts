// Full mutual TLS 1.3 handshakes, one small HTTP answer each, per second of the server's CPU:
// our gate beside nginx (which checks path and CRL) and bare node:tls (which checks the path), in turns in one run.
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { findProgram } from '../interop/peer.ts'
import { startHouse } from '../scenario/support/house.ts'
import { enrolled, type PartyFiles } from '../scenario/support/peers.ts'
import { print } from './measurement.ts'
import { cpuSeconds } from './support/cpu.ts'

const ROUNDS = 5
const HANDSHAKES = 400
const CONCURRENCY = 8

const run = promisify(execFile)
const here = (file: string) => fileURLToPath(new URL(`support/${file}`, import.meta.url))

interface Server {
  readonly name: string
  readonly port: number
  /** Of the processes that shake hands. */
  readonly pids: readonly number[]
  stop(): void
}

await using house = await startHouse()
const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
const serverParty = await enrolled(house, 'bench', ['--san', 'dns:bench.localhost', '--profile', 'server'])
const client = await enrolled(house, 'alice')

const servers: Server[] = [
  await startNode('bare node:tls', 'servers/bare.ts', [serverParty.certificate, serverParty.key, serverParty.trust]),
  await startNode('countersign', 'servers/gate.ts', [serverParty.directory]),
]
const nginx = await startNginx(serverParty)
if (nginx === undefined) print({ name: 'nginx', skipped: 'nginx is not installed' })
else servers.push(nginx)
try {
  const rates = new Map<string, number[]>(servers.map(({ name }) => [name, []]))
  // The first round warms code and caches and is not counted.
  for (let round = 0; round <= ROUNDS; round++)
    for (const server of servers) {
      const rate = await measure(server)
      if (round > 0) rates.get(server.name)?.push(rate)
    }
  for (const [name, values] of rates) {
    const [first, ...rest] = values
    if (first === undefined) continue
    const baseline = name === 'countersign' ? undefined : 'countersign'
    print({ name, unit: 'per CPU-second', values: [first, ...rest], ...(baseline && { baseline }) })
  }
} finally {
  for (const server of servers) server.stop()
  await rm(scratch, { recursive: true, force: true })
}

async function measure(server: Server): Promise<number> {
  const before = cpuSeconds(server.pids)
  const { stdout } = await run(process.execPath, [
    here('handshakes.ts'),
    String(server.port),
    String(HANDSHAKES),
    String(CONCURRENCY),
    client.certificate,
    client.key,
  ])
  const { done, failed } = JSON.parse(stdout) as { done: number; failed: number }
  if (failed > 0) throw new Error(`${server.name}: ${failed} of ${HANDSHAKES} handshakes failed`)
  return done / (cpuSeconds(server.pids) - before)
}

async function startNode(name: string, program: string, args: readonly string[]): Promise<Server> {
  const child = spawn(process.execPath, ['--conditions=source', here(program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout }))
    return { name, port: Number(line), pids: [child.pid ?? 0], stop: () => child.kill() }
  throw new Error(`${name} did not start`)
}

async function startNginx(party: PartyFiles): Promise<Server | undefined> {
  const program = findProgram('nginx')
  if (program === undefined) return undefined
  const port = await freePort()
  const status = join(party.directory, 'status')
  const crls = await Promise.all(
    (await readdir(status)).filter((file) => file.endsWith('.crl')).map((file) => pem(join(status, file))),
  )
  await writeFile(join(scratch, 'crls.pem'), crls.join(''))
  const conf = join(scratch, 'nginx.conf')
  await writeFile(
    conf,
    `daemon off; worker_processes 1; pid ${scratch}/nginx.pid; error_log ${scratch}/error.log;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${scratch}/b; proxy_temp_path ${scratch}/p; fastcgi_temp_path ${scratch}/f; uwsgi_temp_path ${scratch}/u; scgi_temp_path ${scratch}/s;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${party.certificate}; ssl_certificate_key ${party.key};
    ssl_client_certificate ${party.trust}; ssl_verify_client on; ssl_verify_depth 3; ssl_crl ${scratch}/crls.pem;
    ssl_protocols TLSv1.3; ssl_session_tickets off; ssl_session_cache off;
    location / { return 200 ok; }
  }
}
`,
  )
  const child = spawn(program, ['-c', conf, '-p', scratch], { stdio: ['ignore', 'ignore', 'inherit'] })
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { stdout } = await run('ps', ['--ppid', String(child.pid), '-o', 'pid='])
  const workers = stdout.trim().split(/\s+/).map(Number)
  return { name: 'nginx', port, pids: workers, stop: () => child.kill('SIGTERM') }
}

/** CRLs are kept in DER; nginx reads PEM. */
async function pem(file: string): Promise<string> {
  const octets = await readFile(file)
  if (octets[0] !== 0x30) return octets.toString('utf8')
  return `-----BEGIN X509 CRL-----\n${octets.toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd()}\n-----END X509 CRL-----\n`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

// nginx as it is usually set up for mutual TLS: the client's path, and the CRLs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readPem, writePem } from '@countersign/x509'
import type { PartyFiles } from '../../scenario/support/peers.ts'
import type { LoadedServer } from './load.ts'

/**
 * Starts one worker of the nginx at `program`, its files in the empty folder `scratch`. Its own default is to write tickets.
 * @throws {Error} when it does not listen within 5 seconds.
 */
export async function startNginx(
  program: string,
  party: PartyFiles,
  scratch: string,
  { tickets }: { readonly tickets: boolean },
): Promise<LoadedServer> {
  await mkdir(scratch)
  const port = await freePort()
  await writeFile(join(scratch, 'crls.pem'), await crlsOf(party))
  const conf = join(scratch, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (of) => `${of}_temp_path ${scratch}/${of};`,
  )
  await writeFile(
    conf,
    `daemon off; worker_processes 1; pid ${scratch}/nginx.pid; error_log ${scratch}/error.log;
events { worker_connections 512; }
http {
  access_log off; ${temporary.join(' ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${party.certificate}; ssl_certificate_key ${party.key};
    ssl_client_certificate ${party.trust}; ssl_verify_client on; ssl_verify_depth 3; ssl_crl ${scratch}/crls.pem;
    ssl_protocols TLSv1.3; ssl_session_tickets ${tickets ? 'on' : 'off; ssl_session_cache off'};
    location / { return 200 ok; }
  }
}
`,
  )
  const child = spawn(program, ['-c', conf, '-p', scratch], { stdio: ['ignore', 'ignore', 'inherit'] })
  await listening(port)
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  return {
    name: tickets ? 'nginx' : 'nginx without tickets',
    port,
    pids: children.trim().split(' ').map(Number),
    async stop() {
      const closed = once(child, 'close')
      child.kill('SIGTERM')
      await closed
    },
  }
}

/** CRLs are kept in DER or PEM; nginx reads PEM. */
async function crlsOf({ directory }: PartyFiles): Promise<string> {
  const status = join(directory, 'status')
  const names = (await readdir(status)).filter((name) => name.endsWith('.crl'))
  const files = await Promise.all(names.map((name) => readFile(join(status, name))))
  return files
    .map((octets) => (octets[0] === 0x30 ? octets : readPem(octets.toString('latin1'))[0]?.der))
    .map((der) => writePem('X509 CRL', der ?? new Uint8Array()))
    .join('')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function listening(port: number): Promise<void> {
  const deadline = performance.now() + 5000
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port })
    try {
      await once(socket, 'connect')
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
      await delay(50)
    } finally {
      socket.destroy()
    }
  }
}

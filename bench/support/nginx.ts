// nginx as it is usually set up for mutual TLS: the client's path, and the CRLs.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartyFiles } from '../../scenario/support/peers.ts'
import { freePort } from '../../tools/testing/ports.ts'
import { crlsOf, startForeign } from './foreign.ts'
import type { LoadedServer } from './load.ts'

/** What differs between one nginx and another. */
export interface NginxOptions {
  readonly name: string
  /** Its own default is to write tickets. */
  readonly tickets?: boolean
  /** As in `http://127.0.0.1:8080`. Absent: a small answer of its own. */
  readonly upstream?: string
}

/** Starts one worker of the nginx at `program`, its files in the new folder `scratch`. @throws {Error} when it does not listen. */
export async function startNginx(
  program: string,
  party: PartyFiles,
  scratch: string,
  { name, tickets = true, upstream }: NginxOptions,
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
  access_log off; keepalive_requests 1000000; ${temporary.join(' ')}
  ${upstream === undefined ? '' : `upstream behind { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 1000000; }`}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${party.certificate}; ssl_certificate_key ${party.key};
    ssl_client_certificate ${party.trust}; ssl_verify_client on; ssl_verify_depth 3; ssl_crl ${scratch}/crls.pem;
    ssl_protocols TLSv1.3; ssl_session_tickets ${tickets ? 'on' : 'off; ssl_session_cache off'};
    location / { ${upstream === undefined ? 'return 200 ok;' : CARRY} }
  }
}
`,
  )
  return startForeign(name, port, [program, '-c', conf, '-p', scratch], 'children')
}

// The caller is named to the upstream, as our door does.
const CARRY = `proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header Client-Cert $ssl_client_escaped_cert;`

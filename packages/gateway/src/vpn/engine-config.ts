// The configuration of the engine, which is made here and handed to it on its standard input: no key is written for it.
import type { Credential, Trust } from '@countersign/mtls'
import { writePem } from '@countersign/x509'
import { inline } from './inline.ts'
import { addressAt, maskOf, type Network } from './network.ts'

/** What the engine is told. */
export interface EngineConfig {
  readonly listen: { readonly host: string; readonly port: number }
  readonly device: string
  readonly network: Network
  readonly maxClients: number
  readonly credential: Credential
  readonly trust: Trust
  /** Where the management connection is awaited. */
  readonly socket: string
  /** Where the engine leaves certificates, and the script that moves them there. */
  readonly peers: { readonly directory: string; readonly script: string }
}

/**
 * Writes it. That a client shows a certificate is not asked of the engine, but here, so that a reason arrives; what it shows
 * must lead to an authority by the engine's own check as well. There is no list of revoked ones for the same reason.
 */
export function writeEngineConfig(config: EngineConfig): string {
  const { listen, device, network, maxClients, socket, peers } = config
  const { certificates, privateKey } = config.credential
  const gateway = addressAt(network, 1)
  const believed = config.trust.anchors.flatMap(({ certificate }) => certificate ?? [])
  return [
    'mode server',
    'tls-server',
    `local ${listen.host}`,
    `port ${listen.port}`,
    `proto ${listen.host.includes(':') ? 'udp6' : 'udp4'}`,
    `dev ${device}`,
    'dev-type tun',
    // In the kernel, packets would go another way than the one that is tested.
    'disable-dco',
    'topology subnet',
    `ifconfig ${gateway} ${maskOf(network)}`,
    'push "topology subnet"',
    `push "route-gateway ${gateway}"`,
    'dh none',
    'tls-version-min 1.3',
    'data-ciphers AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305',
    // Two devices of one party are two sessions, as at every door.
    'duplicate-cn',
    'verify-client-cert optional',
    'auth-user-pass-optional',
    `management "${socket}" unix`,
    'management-client',
    'management-client-auth',
    'management-hold',
    'script-security 2',
    `tls-export-cert "${peers.directory}"`,
    `tls-verify "/bin/sh ${peers.script}"`,
    'keepalive 10 60',
    'explicit-exit-notify 1',
    `max-clients ${maxClients}`,
    'connect-freq-initial 1000 10',
    'verb 1',
    ...inline('ca', believed.map(({ der }) => writePem('CERTIFICATE', der)).join('')),
    ...inline('cert', certificates.map(({ der }) => writePem('CERTIFICATE', der)).join('')),
    ...inline('key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    '',
  ].join('\n')
}

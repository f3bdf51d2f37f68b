// What a stock client of OpenVPN needs for a door, as one file.
import type { VpnProof } from './find-caller.ts'
import { inline } from './inline.ts'

/** What is written into it. */
export interface VpnProfile {
  readonly door: string
  readonly remote: { readonly host: string; readonly port: number }
  readonly proof: VpnProof
  /** The roots by which the client believes the door, PEM. */
  readonly roots: string
  /** The client's own chain and key, PEM; absent: they are looked for beside the file, as an enrollment wrote them. Secret. */
  readonly own?: { readonly chain: string; readonly key: string }
}

/** Writes it: the client believes the door alone, by its name and purpose, before it shows anything of itself. */
export function writeVpnProfile({ door, remote, proof, roots, own }: VpnProfile): string {
  return [
    'client',
    'dev tun',
    'proto udp',
    `remote ${remote.host} ${remote.port}`,
    'nobind',
    'resolv-retry infinite',
    'remote-cert-tls server',
    // Clients of OpenVPN compare the common name, and no other: the authority gives this one to the door alone.
    `verify-x509-name "door/${door}" name`,
    'tls-version-min 1.3',
    'explicit-exit-notify 1',
    ...inline('ca', roots),
    ...(proof === 'password'
      ? []
      : own
        ? [...inline('cert', own.chain), ...inline('key', own.key)]
        : ['cert identity.pem', 'key identity.key']),
    ...(proof === 'certificate' ? [] : ['auth-user-pass', 'static-challenge "One-time code" 1', 'auth-retry interact']),
    'verb 3',
    '',
  ].join('\n')
}

// The commands of VPN, as the table has them.
import type { Command } from '../command.ts'

/** Rows of the table of commands. */
export const VPN_COMMANDS: readonly Command[] = [
  {
    name: 'vpn profile',
    summary: 'write what a client of OpenVPN needs to connect at a door for VPN',
    details: [
      'The client believes that door alone, by its name and purpose, before it shows anything of itself. What it shows is',
      'as the door asks: with --identity the certificate and key are in the file, which is then a secret; without, they are',
      'looked for beside it, as identity.pem and identity.key. Where the door asks for a password, the client asks for it,',
      'and for a one-time code.',
    ],
    positionals: [{ name: 'PARTY', summary: 'for whom it is' }],
    options: {
      identity: {
        type: 'string',
        value: 'DIR',
        summary: 'with the certificate and key from there (countersign enroll)',
      },
      door: { type: 'string', value: 'NAME', summary: 'which door, where there are several' },
      host: { type: 'string', value: 'HOST', summary: 'where it is reached (the first of its host)' },
      out: { type: 'string', value: 'FILE', summary: 'where to, mode 0600 (standard output)' },
      force: { type: 'boolean', summary: 'write over a file that is there' },
      config: { type: 'string', value: 'FILE', summary: 'the configuration (countersign.yaml)' },
      data: { type: 'string', value: 'DIR', summary: 'the data directory of the house (countersign-data)' },
    },
    examples: ['countersign vpn profile alice --identity alice --out alice.ovpn'],
    load: async () => (await import('./vpn-profile.ts')).vpnProfile,
  },
]

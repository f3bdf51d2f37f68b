// The commands of SSH, as the table has them.
import type { Command } from '../command.ts'

/** Rows of the table of commands. */
export const SSH_COMMANDS: readonly Command[] = [
  {
    name: 'ssh enroll',
    summary: 'get a certificate of SSH, for yourself or for this host',
    details: [
      'By the certificate in hand, from the authority that gave it. For a person a key is made here, never written, and given',
      'to the agent (SSH_AUTH_SOCK), which forgets it when its certificate ends; with --key it is for a key of your own, beside',
      'which it is written. With --host it is for the key of this host, under the names of the identity. Shows what OpenSSH',
      'must be told; --install writes it. What is shown for a host with --door lets in whom that door lets in.',
    ],
    positionals: [],
    options: {
      identity: { type: 'string', value: 'DIR', summary: 'by whom: a directory that countersign enroll wrote (.)' },
      host: { type: 'boolean', summary: 'for this host (as root)' },
      key: {
        type: 'string',
        value: 'FILE',
        summary: 'an own key, which ssh-keygen can sign with (with --host: /etc/ssh/ssh_host_ed25519_key)',
      },
      door: {
        type: 'string',
        value: 'DIR',
        summary: 'with --host: the directory of the socket of the door on this host',
      },
      install: { type: 'boolean', summary: 'write what OpenSSH must be told, and have sshd check it' },
      keep: { type: 'boolean', summary: 'stay, and renew before the certificate ends' },
    },
    examples: [
      'countersign ssh enroll --identity alice',
      'countersign ssh enroll --host --identity /etc/countersign/web1 --door /var/lib/countersign-ssh --install',
    ],
    load: async () => (await import('./ssh-enroll.ts')).sshEnroll,
  },
]

// Every command: what it is called, takes and says of itself. Help, the manual and the checks are derived from it.
import type { Command, Option } from '../command.ts'

const ADMIN: Readonly<Record<string, Option>> = {
  data: {
    type: 'string',
    value: 'DIR',
    summary: 'data directory of an authority on this machine (./countersign-data)',
  },
}

const ADMIN_DETAILS = ['Asks the authority over the socket in its data directory.']

export const COMMANDS: readonly Command[] = [
  {
    name: 'invite',
    summary: 'make a one-time token with which a party enrolls',
    details: ['The token alone is written to standard output.', ...ADMIN_DETAILS],
    positionals: [{ name: 'PARTY', summary: 'the name the newcomer will have, as in alice or ops/backup' }],
    options: {
      san: {
        type: 'string',
        multiple: true,
        value: 'NAME',
        summary: 'a DNS name or IP address that the newcomer may prove; may be given again',
      },
      profile: { type: 'string', value: 'NAME', summary: 'the kind of certificate' },
      ttl: { type: 'string', value: 'SPAN', summary: 'how long the token can be used, as in 90s, 10m, 2h (10m)' },
      ...ADMIN,
    },
    examples: ['countersign enroll "$(countersign invite alice)"'],
    load: async () => (await import('./invite.ts')).invite,
  },
  {
    name: 'list',
    summary: 'list the certificates that were issued',
    details: ADMIN_DETAILS,
    positionals: [],
    options: {
      party: { type: 'string', value: 'PARTY', summary: 'only those of one party' },
      state: { type: 'string', value: 'STATE', summary: 'only valid, revoked or expired ones' },
      ...ADMIN,
    },
    examples: ['countersign list --state valid'],
    load: async () => (await import('./list.ts')).list,
  },
]

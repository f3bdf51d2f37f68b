// The commands of mail, as the table has them.
import type { Command, Option } from '../command.ts'

const IDENTITY: Readonly<Record<string, Option>> = {
  identity: {
    type: 'string',
    value: 'DIR',
    summary: 'whose mail it is: a directory that countersign enroll wrote (.)',
  },
}

/** Rows of the table of commands. */
export const MAIL_COMMANDS: readonly Command[] = [
  {
    name: 'mail key',
    summary: 'make the key to which mail for a person is encrypted',
    details: [
      'For an identity with an e-mail address (countersign invite NAME --profile person --san email:ADDRESS). The key',
      'is made here and stays here; the authority certifies it by the certificate in hand, and other parties find it.',
      'Run it again for a new key: the old ones stay, so that old mail can be read.',
    ],
    positionals: [],
    options: IDENTITY,
    examples: ['countersign mail key --identity alice'],
    load: async () => (await import('./mail-keys.ts')).mailKey,
  },
  {
    name: 'mail keys',
    summary: 'list your keys for mail, or those of an address',
    details: ['Of an ADDRESS, as your authority knows them, each judged. Exit 1 where mail cannot be encrypted to it.'],
    positionals: [{ name: 'ADDRESS', summary: 'as in bob@acme.example', optional: true }],
    options: IDENTITY,
    examples: ['countersign mail keys --identity alice', 'countersign mail keys bob@acme.example --identity alice'],
    load: async () => (await import('./mail-keys.ts')).mailKeys,
  },
]

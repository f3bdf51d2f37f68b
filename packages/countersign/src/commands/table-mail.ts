// The commands of mail, as the table has them.
import type { Command, Option } from '../command.ts'

const IDENTITY: Readonly<Record<string, Option>> = {
  identity: {
    type: 'string',
    value: 'DIR',
    summary: 'whose mail it is: a directory that countersign enroll wrote (.)',
  },
}

const QUEUE: Readonly<Record<string, Option>> = {
  data: { type: 'string', value: 'DIR', summary: 'the data directory of the house (countersign-data)' },
  door: { type: 'string', value: 'NAME', summary: 'the queue of this door alone' },
}

/** Rows of the table of commands. */
export const MAIL_COMMANDS: readonly Command[] = [
  {
    name: 'mail key',
    summary: 'make the key to which mail for a person is encrypted',
    details: [
      'For an identity with an e-mail address (countersign invite NAME --profile person --san email:ADDRESS). The key',
      'is made here and stays here; the authority certifies it by the certificate in hand, and other parties find it.',
      'Run it again for a new key: the old ones stay, so that old mail can be read. With --openpgp the key is one of OpenPGP,',
      'which signs too, and the OpenPGP key of the authority certifies it.',
    ],
    positionals: [],
    options: {
      ...IDENTITY,
      openpgp: { type: 'boolean', summary: 'a key of OpenPGP (RFC 9580)' },
      legacy: {
        type: 'boolean',
        summary: 'with --openpgp: of version 4, for programs that read no newer one, as GnuPG 2.2',
      },
    },
    examples: ['countersign mail key --identity alice', 'countersign mail key --openpgp --identity alice'],
    load: async () => (await import('./mail-keys.ts')).mailKey,
  },
  {
    name: 'mail keys',
    summary: 'list your keys for mail, or those of an address',
    details: [
      'Of an ADDRESS, as your authority knows them, each judged. Exit 1 where mail cannot be encrypted to it. With --wkd, of',
      'whom it does not know, the OpenPGP key that the domain of the address has (Web Key Directory), over HTTPS: it is',
      'remembered, mail seal and mail open use it, and another in its place is refused.',
    ],
    positionals: [{ name: 'ADDRESS', summary: 'as in bob@acme.example', optional: true }],
    options: {
      ...IDENTITY,
      wkd: { type: 'boolean', summary: 'ask the domain of the address; never at an address that is not public' },
      'wkd-at': { type: 'string', value: 'HOST:PORT', summary: 'ask it there, also within your own network' },
    },
    examples: ['countersign mail keys --identity alice', 'countersign mail keys bob@acme.example --identity alice'],
    load: async () => (await import('./mail-keys.ts')).mailKeys,
  },
  {
    name: 'mail keys accept',
    summary: 'believe an OpenPGP key for an address, once you have compared its fingerprint',
    details: [
      'For people whom your authority does not know. FILE is their public key, armored or not. Without --fingerprint nothing',
      'is accepted: the fingerprint is told, to be compared with what its owner says by another way, as by telephone. What',
      'was accepted for the address before is believed no more.',
    ],
    positionals: [
      { name: 'ADDRESS', summary: 'as in bob@partner.example' },
      { name: 'FILE', summary: 'the public key' },
    ],
    options: { ...IDENTITY, fingerprint: { type: 'string', value: 'HEX', summary: 'as its owner has said it' } },
    examples: ['countersign mail keys accept bob@partner.example bob.asc --identity alice'],
    load: async () => (await import('./mail-keys-accept.ts')).mailKeysAccept,
  },
  {
    name: 'mail keys forget',
    summary: 'remember no OpenPGP key of an address any more',
    details: ['Neither one that was accepted, nor one from which mail came. Exit 1 where none was remembered.'],
    positionals: [{ name: 'ADDRESS', summary: 'as in bob@partner.example' }],
    options: IDENTITY,
    examples: ['countersign mail keys forget bob@partner.example --identity alice'],
    load: async () => (await import('./mail-keys-accept.ts')).mailKeysForget,
  },
  {
    name: 'mail seal',
    summary: 'sign a message and encrypt it to all whom it names',
    details: [
      'FILE is a message with its header (RFC 5322). Its From must be an address of the identity. All of it, the subject',
      'too, goes inside; outside stand the addresses and the date. Whoever is in Bcc gets a copy of their own, and so do',
      'those whose keys are of another kind: FILE.1, FILE.2, … beside --out. Of each it is said how it is encrypted, as the',
      'keys of its recipients have it. Nothing is written where a recipient has no key.',
    ],
    positionals: [{ name: 'FILE', summary: 'the message' }],
    options: {
      ...IDENTITY,
      out: { type: 'string', value: 'FILE', summary: 'where the sealed message goes; it must not be there' },
      openpgp: {
        type: 'boolean',
        summary: 'by OpenPGP for whoever has a key of it, else by S/MIME; without it the other way',
      },
      legacy: { type: 'boolean', summary: 'for readers that know no encryption that authenticates' },
      'sign-only': { type: 'boolean', summary: 'signed, and readable by anybody' },
    },
    examples: ['countersign mail seal letter.eml --identity alice --out sealed.eml'],
    load: async () => (await import('./mail-seal.ts')).mailSeal,
  },
  {
    name: 'mail open',
    summary: 'open a message, and say who wrote to whom',
    details: [
      'Exit 0 where the message is verified: all of it is signed by the address in From, which is vouched for. Exit 1',
      'where it is not, with the reason. What is inside is written only to --out, and only where nothing keeps it closed.',
    ],
    positionals: [{ name: 'FILE', summary: 'the message' }],
    options: {
      ...IDENTITY,
      out: { type: 'string', value: 'FILE', summary: 'where the message inside goes; it must not be there' },
    },
    examples: ['countersign mail open sealed.eml --identity bob --out letter.eml'],
    load: async () => (await import('./mail-open.ts')).mailOpen,
  },
  {
    name: 'mail queue',
    summary: 'list the messages that wait at the mail doors here, or are held',
    details: [
      'Reads the queues in the data directory, whether their doors stand or not. Nothing of what a message says is shown.',
    ],
    positionals: [],
    options: QUEUE,
    examples: ['countersign mail queue', 'countersign mail queue --door mail --json'],
    load: async () => (await import('./mail-queue.ts')).mailQueue,
  },
  {
    name: 'mail queue show',
    summary: 'show one message of a queue: each recipient, why it is still here, when it is tried again',
    details: [],
    positionals: [{ name: 'ID', summary: 'as the list has it' }],
    options: QUEUE,
    examples: ['countersign mail queue show 0mwyxitc0-c84f85055177'],
    load: async () => (await import('./mail-queue.ts')).mailQueueShow,
  },
  {
    name: 'mail queue retry',
    summary: 'try a message again now, as when a key has come; or all',
    details: [
      'A door that stands does so within seconds, another when it is started. Exit 1 where nothing of it waits.',
    ],
    positionals: [{ name: 'ID', summary: 'as the list has it, or all' }],
    options: QUEUE,
    examples: ['countersign mail queue retry 0mwyxitc0-c84f85055177', 'countersign mail queue retry all'],
    load: async () => (await import('./mail-queue.ts')).mailQueueRetry,
  },
  {
    name: 'mail queue drop',
    summary: 'give up a message, or one of its recipients; its sender is told why',
    details: [
      'The door sends the report, within seconds where it stands. A recipient to whom it is being sent just now stays.',
      'Exit 1 where nothing of it waits.',
    ],
    positionals: [{ name: 'ID', summary: 'as the list has it' }],
    options: {
      ...QUEUE,
      reason: { type: 'string', value: 'TEXT', summary: 'what the sender reads; it must be said' },
      recipient: { type: 'string', value: 'ADDRESS', summary: 'this recipient alone' },
    },
    examples: ['countersign mail queue drop 0mwyxitc0-c84f85055177 --reason "written by a broken script"'],
    load: async () => (await import('./mail-queue.ts')).mailQueueDrop,
  },
]

// biome-ignore-all lint/style/noExcessiveLinesPerFile: a table, one row for each command
// Every command: what it is called, takes and says of itself. Help, the manual and the checks are derived from it.
import type { Command, Option } from '../command.ts'
import { MAIL_COMMANDS } from './table-mail.ts'
import { SSH_COMMANDS } from './table-ssh.ts'
import { VPN_COMMANDS } from './table-vpn.ts'

const ADMIN: Readonly<Record<string, Option>> = {
  data: {
    type: 'string',
    value: 'DIR',
    summary: 'data directory of an authority on this machine (./countersign-data)',
  },
  authority: { type: 'string', value: 'URL', summary: 'an authority elsewhere, as in https://authority.example:7443' },
  identity: { type: 'string', value: 'DIR', summary: "with --authority: the administrator's identity" },
}

const OF_PARTY: Readonly<Record<string, Option>> = {
  kind: { type: 'string', value: 'KIND', summary: 'person, service, device or host' },
  owner: { type: 'string', value: 'NAME', summary: 'who answers for it' },
  label: {
    type: 'string',
    multiple: true,
    value: 'LABEL',
    summary: 'as in group:ops; may be given again: these are all that it then has',
  },
  role: { type: 'string', value: 'NAME', summary: 'viewer, auditor, operator or officer' },
}

const ADMIN_DETAILS = [
  'Asks the authority over the socket in its data directory, or, with --authority',
  "and --identity, over mutual TLS with an administrator's certificate.",
]

const STORES: Readonly<Record<string, Option>> = {
  identity: { type: 'string', value: 'DIR', summary: 'a directory that countersign enroll wrote' },
  trust: { type: 'string', value: 'FILE', summary: 'or the root certificate alone' },
  system: { type: 'boolean', summary: "only the system's store (Debian and its kin)" },
  chromium: { type: 'boolean', summary: 'only the store of Chromium and Chrome of this user' },
  nss: { type: 'string', multiple: true, value: 'DIR', summary: 'only this NSS store, as a Firefox profile is one' },
  yes: { type: 'boolean', summary: 'do not ask' },
}

const NEW_ISSUER: Readonly<Record<string, Option>> = {
  algorithm: { type: 'string', value: 'NAME', summary: 'of the key that is made (that of the authority)' },
  key: { type: 'string', value: 'URI', summary: 'a key that is on a token already, as in pkcs11:token=…;object=…' },
  profile: { type: 'string', multiple: true, value: 'NAME', summary: 'what it shall sign (all); may be given again' },
}

const CONFIG: Option = { type: 'string', value: 'FILE', summary: 'the configuration (./countersign.yaml)' }

/** All of them, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  {
    name: 'up',
    summary: 'start an authority and its doors',
    details: [
      'Without a configuration file: an authority, a web door named hello before a small',
      'demo service, and one named bank at which people sign in, all on loopback. A visitor',
      'of its own meets the first door, and the six steps are printed. Stays up until SIGINT',
      'or SIGTERM, then drains and ends.',
    ],
    positionals: [],
    options: {
      config: { type: 'string', value: 'FILE', summary: 'what to start (YAML); see docs/configuration.md' },
      data: { type: 'string', value: 'DIR', summary: 'where everything is kept (./countersign-data)' },
    },
    examples: ['countersign up', 'countersign up --config countersign.yaml --data /var/lib/countersign --json'],
    load: async () => (await import('./up.ts')).up,
  },
  {
    name: 'reload',
    summary: 'put the configuration of a running house in force as its file has it now',
    details: [
      'As a SIGHUP does, whole or not at all, and says what was changed. Exit 3 with every fault and its',
      'line where it is not: the old configuration then stays.',
    ],
    positionals: [],
    options: {
      data: { type: 'string', value: 'DIR', summary: 'data directory of the house (./countersign-data)' },
    },
    examples: ['countersign reload --data /var/lib/countersign'],
    load: async () => (await import('./reload.ts')).reload,
  },
  {
    name: 'invite',
    summary: 'make a one-time token with which a party enrolls, or an address to open an account',
    details: [
      'The token alone is written to standard output. With --account, it is an address that a',
      'person opens in a browser, to set up how to sign in at that door.',
      ...ADMIN_DETAILS,
    ],
    positionals: [{ name: 'PARTY', summary: 'the name the newcomer will have, as in alice or ops/backup' }],
    options: {
      san: {
        type: 'string',
        multiple: true,
        value: 'NAME',
        summary:
          'a further name the newcomer may prove: a DNS name, an IP address, an e-mail address; may be given again',
      },
      profile: {
        type: 'string',
        value: 'NAME',
        summary: 'client (the default), server, service, device, person, short-lived or admin',
      },
      role: {
        type: 'string',
        value: 'NAME',
        summary: 'of an administrator: viewer, auditor, operator or officer (the default); holds from now on',
      },
      account: { type: 'string', value: 'DOOR', summary: 'to open an account at a door where people sign in' },
      again: {
        type: 'boolean',
        summary: 'with --account: to set up anew an account whose owner has lost everything; as an officer alone',
      },
      proofed: {
        type: 'string',
        value: 'TEXT',
        summary:
          'with --account: by what the person has proved who they are; stands in the ledger, and --again asks for it',
      },
      email: { type: 'string', value: 'ADDRESS', summary: 'with --account: where notices go; it proves nothing' },
      ttl: {
        type: 'string',
        value: 'SPAN',
        summary: 'how long it can be used, as in 90s, 10m, 2h (10m; of an account 1d)',
      },
      ...ADMIN,
    },
    examples: [
      'countersign invite alice | countersign enroll - --out alice',
      'countersign invite carol --account bank --email carol@acme.example',
      "countersign invite carol --account bank --again --proofed 'passport, at the counter' --ttl 2h",
    ],
    load: async () => (await import('./invite.ts')).invite,
  },
  {
    name: 'issue',
    summary: 'give a party a certificate for a request that was made elsewhere',
    details: [
      'For what makes its own key and a PKCS#10 request: an appliance, a database, openssl. The certificate and',
      'its issuer are written to standard output. What can run countersign enroll renews itself: invite that.',
      ...ADMIN_DETAILS,
    ],
    positionals: [{ name: 'PARTY', summary: 'whose the key is, as in printer or ops/backup' }],
    options: {
      request: { type: 'string', value: 'FILE', summary: 'the request, PEM or DER' },
      san: {
        type: 'string',
        multiple: true,
        value: 'NAME',
        summary:
          'a name that the certificate shall have: a DNS name, an IP address, an e-mail address; may be given again',
      },
      profile: {
        type: 'string',
        value: 'NAME',
        summary: 'client (the default), server, service, device, person, short-lived or admin',
      },
      ...ADMIN,
    },
    examples: [
      'countersign issue printer --request printer.csr --profile server --san printer.acme.example > printer.pem',
    ],
    load: async () => (await import('./issue.ts')).issue,
  },
  {
    name: 'enroll',
    summary: 'become a party with a token: make a key here and get its certificate',
    details: [
      'Verifies the authority against the fingerprint in the token before it sends anything.',
      'Writes identity.key, identity.pem, trust.pem and status/ into a new directory. An',
      'enrollment that was interrupted goes on with the same TOKEN and the same directory.',
      'With --keep and without TOKEN it keeps the identity in --out, which is there already.',
    ],
    positionals: [
      { name: 'TOKEN', summary: 'what countersign invite printed; - reads it from standard input', optional: true },
    ],
    options: {
      out: { type: 'string', value: 'DIR', summary: "the directory of the identity (./PARTY, the token's party)" },
      keep: { type: 'boolean', summary: 'stay, renew before the certificate ends, and fetch revocation lists' },
    },
    examples: ['countersign enroll cs1_… --out alice', 'countersign enroll --keep --out alice'],
    load: async () => (await import('./enroll.ts')).enroll,
  },
  {
    name: 'meet',
    summary: 'meet a door: both proofs, step by step, or why it was refused',
    details: [
      'Verifies the door before it learns who asks, then asks the door for its own view of',
      'the same meeting. With only --trust it meets as nobody.',
    ],
    positionals: [{ name: 'ADDRESS', summary: 'host, host:port or an https URL' }],
    options: {
      identity: { type: 'string', value: 'DIR', summary: 'who meets: a directory that countersign enroll wrote' },
      name: { type: 'string', value: 'NAME', summary: 'the name that the door must prove (the host of ADDRESS)' },
      trust: { type: 'string', value: 'FILE', summary: 'whom to believe: PEM file of root certificates' },
      path: { type: 'boolean', summary: 'print the certificates that were presented, too' },
    },
    examples: ['countersign meet hello.localhost:8443 --identity alice'],
    load: async () => (await import('./meet.ts')).meet,
  },
  {
    name: 'doctor',
    summary: 'what is wrong between here and a door, and the one command that mends it',
    details: [
      'Looks at our own side, the name, the way there, TLS, both clocks, what the server shows, whom',
      'each side believes, and meets the door. Exit 1, 3 or 4 by the trouble on which the others rest.',
      'With --config or --data the house on this machine is looked at too, or alone: whether each',
      'door at which people sign in has its secret, whether the sshd of this host is told of each door',
      'for SSH, may run its programs and has what it reads (as root), and what this machine lacks for',
      'each door for VPN (as the user who starts the house).',
    ],
    positionals: [{ name: 'ADDRESS', summary: 'host, host:port, an https or an openvpn URL', optional: true }],
    options: {
      identity: { type: 'string', value: 'DIR', summary: 'who meets: a directory that countersign enroll wrote' },
      name: { type: 'string', value: 'NAME', summary: 'the name that the door must prove (the host of ADDRESS)' },
      trust: { type: 'string', value: 'FILE', summary: 'whom to believe: PEM file of root certificates' },
      config: { type: 'string', value: 'FILE', summary: 'the configuration of the house here (countersign.yaml)' },
      data: { type: 'string', value: 'DIR', summary: 'data directory of the house here (./countersign-data)' },
    },
    examples: [
      'countersign doctor hello.localhost:8443 --identity alice',
      'countersign doctor --config countersign.yaml',
    ],
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'verify',
    summary: 'judge certificates in files: the path, or every reason against it',
    details: [
      'The first certificate is judged, the others are a bag in which its path is looked for.',
      'FILE holds PEM, DER, PKCS#7 or PKCS#12, and lists of revoked certificates too. With --crl or --ocsp,',
      'a current list of its issuer or an answer of its responder must say of each certificate of the',
      'path that it is not revoked.',
    ],
    positionals: [{ name: 'FILE', summary: 'certificates: the one to judge, then others', multiple: true }],
    options: {
      anchor: { type: 'string', multiple: true, value: 'FILE', summary: 'whom to believe: root certificates' },
      crl: {
        type: 'string',
        multiple: true,
        value: 'FILE',
        summary: 'revocation lists; then each status must be known',
      },
      ocsp: {
        type: 'string',
        multiple: true,
        value: 'FILE',
        summary: 'answers of OCSP responders; then each status must be known',
      },
      'password-file': {
        type: 'string',
        value: 'FILE',
        summary: 'its first line opens PKCS#12; - reads it from standard input',
      },
      at: { type: 'string', value: 'TIME', summary: 'the time to judge by, as in 2026-11-26T12:00:00Z (now)' },
      name: { type: 'string', value: 'NAME', summary: 'the name to prove: DNS name, IP address, URI or mail address' },
      purpose: { type: 'string', value: 'PURPOSE', summary: 'serverAuth (the default), clientAuth or emailProtection' },
      profile: {
        type: 'string',
        value: 'NAME',
        summary:
          'private (RFC 5280 as it stands, the default), meeting (what our doors ask) or webpki (the public web)',
      },
    },
    examples: ['countersign verify alice/identity.pem --anchor alice/trust.pem --purpose clientAuth --profile meeting'],
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'revoke',
    summary: 'end a certificate or a party now, open connections too, and print the receipt',
    details: [
      'With a party, all of its certificates, whatever its accounts are proved by, and its invitations, to accounts too, that are not used yet; and every session that it has open.',
      'With a certificate, that one; for keyCompromise also all others of its key, and what was given by them, as certificates of SSH and for mail.',
      ...ADMIN_DETAILS,
    ],
    positionals: [{ name: 'SUBJECT', summary: 'a party, or the serial number or SHA-256 of a certificate' }],
    options: {
      reason: {
        type: 'string',
        value: 'REASON',
        summary: 'as in keyCompromise, superseded, cessationOfOperation (unspecified)',
      },
      'dry-run': { type: 'boolean', summary: 'only say what would be revoked and cut' },
      ...ADMIN,
    },
    examples: ['countersign revoke alice --reason keyCompromise'],
    load: async () => (await import('./revoke.ts')).revoke,
  },
  {
    name: 'lock',
    summary: 'stop a party at every door now, open connections too, and keep its certificates',
    details: [
      'No door lets it in, whatever the rules say, and it can neither enroll nor renew, until',
      'it is unlocked or the lock ends.',
      ...ADMIN_DETAILS,
    ],
    positionals: [{ name: 'PARTY', summary: 'as in device/laptop-7' }],
    options: {
      reason: { type: 'string', value: 'TEXT', summary: 'why; kept with each meeting that it refuses' },
      until: { type: 'string', value: 'TIME', summary: 'when it ends by itself, as in 2026-12-01T08:00:00Z' },
      ...ADMIN,
    },
    examples: ["countersign lock device/laptop-7 --reason 'lost on the train'"],
    load: async () => (await import('./lock.ts')).lock,
  },
  {
    name: 'unlock',
    summary: 'let a locked party in again, as the rules say',
    details: ADMIN_DETAILS,
    positionals: [{ name: 'PARTY', summary: 'as in device/laptop-7' }],
    options: ADMIN,
    examples: ['countersign unlock device/laptop-7'],
    load: async () => (await import('./lock.ts')).unlock,
  },
  {
    name: 'party list',
    summary: 'list the parties that the authority knows, all or those that were asked for',
    details: ['Of several options, each must fit.', ...ADMIN_DETAILS],
    positionals: [],
    options: {
      kind: { type: 'string', value: 'KIND', summary: 'only persons, services, devices or hosts (person, …)' },
      owner: { type: 'string', value: 'NAME', summary: 'only those that NAME answers for' },
      role: { type: 'string', value: 'NAME', summary: 'only administrators with this role' },
      label: { type: 'string', value: 'LABEL', summary: 'only those with this label, as in group:ops' },
      locked: { type: 'boolean', summary: 'only those that are locked' },
      ...ADMIN,
    },
    examples: ['countersign party list --label group:ops'],
    load: async () => (await import('./party.ts')).partyList,
  },
  {
    name: 'party add',
    summary: 'make a party known before it has anything',
    details: ['An invitation does so by itself. Its role is for officers to give.', ...ADMIN_DETAILS],
    positionals: [{ name: 'PARTY', summary: 'as in alice or device/laptop-7' }],
    options: { ...OF_PARTY, ...ADMIN },
    examples: ['countersign party add device/laptop-7 --kind device --owner alice --label site:berlin'],
    load: async () => (await import('./party.ts')).partyAdd,
  },
  {
    name: 'party set',
    summary: 'say what a party is: kind, owner, labels, and the role of an administrator',
    details: ['What is not named stays as it is. Its role is for officers to give.', ...ADMIN_DETAILS],
    positionals: [{ name: 'PARTY', summary: 'as in alice or device/laptop-7' }],
    options: {
      ...OF_PARTY,
      no: { type: 'string', multiple: true, value: 'WHAT', summary: 'take away its kind, owner or labels' },
      ...ADMIN,
    },
    examples: [
      'countersign party set alice --label group:ops --label site:berlin',
      'countersign party set alice --no owner',
    ],
    load: async () => (await import('./party.ts')).partySet,
  },
  {
    name: 'account list',
    summary: 'list the accounts of people with their devices, and when each was last seen',
    details: ADMIN_DETAILS,
    positionals: [],
    options: { door: { type: 'string', value: 'DOOR', summary: 'only those of one door' }, ...ADMIN },
    examples: ['countersign account list --door bank'],
    load: async () => (await import('./account.ts')).accountList,
  },
  {
    name: 'account remove-device',
    summary: 'end a device of an account, and every session that is bound to it',
    details: [
      'Its owner signs in by another device, by a passkey, or recovers the account by a recovery code.',
      ...ADMIN_DETAILS,
    ],
    positionals: [
      { name: 'DOOR', summary: 'where its owner signs in' },
      { name: 'ACCOUNT', summary: 'as countersign account list names it' },
      { name: 'DEVICE', summary: 'its id, as countersign account list has it' },
    ],
    options: ADMIN,
    examples: ['countersign account remove-device bank carol 0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I'],
    load: async () => (await import('./account.ts')).accountRemoveDevice,
  },
  {
    name: 'list',
    summary: 'list the certificates that were issued, all or those that were asked for',
    details: ['Of several options, each must fit.', ...ADMIN_DETAILS],
    positionals: [],
    options: {
      party: { type: 'string', value: 'PARTY', summary: 'only those of one party' },
      state: { type: 'string', value: 'STATE', summary: 'only valid, revoked or expired ones' },
      name: { type: 'string', value: 'NAME', summary: 'only those with this name, whole' },
      'name-prefix': { type: 'string', value: 'TEXT', summary: 'only those with a name that begins so, in its order' },
      key: { type: 'string', value: 'SHA-256', summary: 'only those with this key: of its subjectPublicKeyInfo' },
      profile: { type: 'string', value: 'NAME', summary: 'only those of one profile' },
      issuer: { type: 'string', value: 'SUBJECT', summary: 'only those that this certificate issued' },
      serial: { type: 'string', value: 'HEX', summary: 'only those with this serial number' },
      'expires-before': {
        type: 'string',
        value: 'TIME',
        summary: 'only those that end before, as in 30d or 2026-12-01T00:00:00Z, and are not revoked',
      },
      door: { type: 'string', value: 'NAME', summary: 'only those that were last seen at this door' },
      'seen-since': {
        type: 'string',
        value: 'TIME',
        summary: 'only those in force (valid, not renewed) that were seen since, as in 1h or a time',
      },
      'not-seen-since': {
        type: 'string',
        value: 'TIME',
        summary: 'only those in force that were seen, and not since then, as in 30d',
      },
      'never-seen': { type: 'boolean', summary: 'only those in force that were never seen at any door' },
      ...ADMIN,
    },
    examples: [
      'countersign list --state valid',
      'countersign list --name-prefix db. --expires-before 30d',
      'countersign list --never-seen',
      'countersign list --not-seen-since 7d',
    ],
    load: async () => (await import('./list.ts')).list,
  },
  {
    name: 'expiring',
    summary: 'list what should have been renewed by now, by who answers for it',
    details: [
      'Whoever renews does so before three quarters of a life are over: what nobody has renewed then',
      'is overdue. Exit 1 where anything is, so that a timer can ask. What its holder has another',
      'certificate for, and has not used since it has that, is not counted.',
      ...ADMIN_DETAILS,
    ],
    positionals: [],
    options: {
      within: { type: 'string', value: 'SPAN', summary: 'what ends so soon, as in 12h or 90d (30d)' },
      all: { type: 'boolean', summary: 'also what need not have been renewed yet, and what was replaced' },
      ...ADMIN,
    },
    examples: ['countersign expiring', 'countersign expiring --within 7d --all'],
    load: async () => (await import('./expiring.ts')).expiring,
  },
  {
    name: 'outage-budget',
    summary: 'how long the authority may be away before the first who relies on it fails, and of what',
    details: [
      'A revocation list that runs out fails every door with revocation: require (the default), and',
      'applications, which require it unless they say otherwise. A certificate fails its holder, who',
      'cannot renew it. What is overdue, and ends either way, is not counted: countersign expiring.',
      'Exit 1 where somebody fails already.',
      ...ADMIN_DETAILS,
    ],
    positionals: [],
    options: ADMIN,
    examples: ['countersign outage-budget', 'countersign outage-budget --json'],
    load: async () => (await import('./outage-budget.ts')).outageBudget,
  },
  {
    name: 'unissued',
    summary: 'list the certificates that met a door and were not issued here',
    details: [
      'own: a door found its path to a root of ours. Somebody else signs with our key, or the store',
      'has lost what it had. other: of another authority that doors believe. claimed: refused, and',
      'its issuer has the name of one of ours.',
      ...ADMIN_DETAILS,
    ],
    positionals: [],
    options: {
      vouched: { type: 'string', value: 'WHO', summary: 'only own, other or claimed' },
      ...ADMIN,
    },
    examples: ['countersign unissued', 'countersign unissued --vouched own --json'],
    load: async () => (await import('./unissued.ts')).unissued,
  },
  {
    name: 'show',
    summary: 'show one certificate, or all of one party, the keys that it has had, and its accounts',
    details: ADMIN_DETAILS,
    positionals: [{ name: 'SUBJECT', summary: 'a party, or the serial number or SHA-256 of a certificate' }],
    options: ADMIN,
    examples: ['countersign show alice'],
    load: async () => (await import('./show.ts')).show,
  },
  {
    name: 'sessions',
    summary: 'list the open sessions on every door',
    details: ADMIN_DETAILS,
    positionals: [],
    options: {
      door: { type: 'string', value: 'NAME', summary: 'only those at one door' },
      party: { type: 'string', value: 'PARTY', summary: 'only those of one party' },
      ...ADMIN,
    },
    examples: ['countersign sessions', 'countersign sessions --door hello --party alice'],
    load: async () => (await import('./sessions.ts')).sessions,
  },
  {
    name: 'events',
    summary: 'list what happened at the authority, and with --follow what happens',
    details: [
      'Certificates, revocations, locks, roles, rules, and certificates that are about to end; each once,',
      'in one order. What follows goes on from where it was when the authority is back.',
      ...ADMIN_DETAILS,
    ],
    positionals: [],
    options: {
      after: { type: 'string', value: 'NUMBER', summary: 'only what came after it (0; with --follow, from now on)' },
      follow: { type: 'boolean', summary: 'stay, until SIGINT or SIGTERM' },
      ...ADMIN,
    },
    examples: ['countersign events --json', 'countersign events --follow --after 1007'],
    load: async () => (await import('./events.ts')).events,
  },
  {
    name: 'why',
    summary: 'explain a meeting by its reference, or whether the rules let a party meet a service',
    details: [
      'With a reference: what the doors recorded, with cause, clause and next step.',
      'With WHO and WHAT: what the rules say of a party that shows its certificate now, and each',
      'single change that would admit; of mail to an ADDRESS, whether it must be encrypted, and, where WHO is an',
      'address, verified. Reads the files of the configuration; where an authority answers, tells too whether the',
      'party is locked, or has no certificate in force.',
      'With --identity alone a party asks for its own meetings, as itself.',
      ...ADMIN_DETAILS,
    ],
    positionals: [
      { name: 'REFERENCE', summary: 'as in M-7F3K-92QD; or WHO, a party as in alice' },
      { name: 'WHAT', summary: 'a service, as in service:db, a door by its name, or mailto:ADDRESS', optional: true },
    ],
    options: { config: CONFIG, ...ADMIN },
    examples: [
      'countersign why M-7F3K-92QD',
      'countersign why alice service:db',
      'countersign why alice mailto:bob@partner.example',
    ],
    load: async () => (await import('./why.ts')).why,
  },
  {
    name: 'who-can',
    summary: 'list every party that the rules let meet a service',
    details: [
      'Reads the configuration and the policy that it names; asks no running house. A door with a list',
      'goes by that: `*` is every party of this authority.',
    ],
    positionals: [{ name: 'WHAT', summary: 'a service, as in service:db, or a door by its name' }],
    options: { config: CONFIG },
    examples: ['countersign who-can service:db'],
    load: async () => (await import('./who-can.ts')).whoCan,
  },
  {
    name: 'what-if',
    summary: 'say who gains and who loses by another policy',
    details: [
      'Compares over all parties, services, proofs and hours. Exit code 1 where anybody gains, or mail must be less.',
    ],
    positionals: [{ name: 'FILE', summary: 'the other policy' }],
    options: { config: CONFIG },
    examples: ['countersign what-if policy.new.yaml'],
    load: async () => (await import('./what-if.ts')).whatIf,
  },
  {
    name: 'config check',
    summary: 'check the configuration and the policy, and run the tests beside it',
    details: ['Tells every fault with its place, rules that change nothing, and expectations that do not hold.'],
    positionals: [],
    options: { config: CONFIG },
    examples: ['countersign config check --config countersign.yaml'],
    load: async () => (await import('./config-check.ts')).configCheck,
  },
  {
    name: 'export',
    summary: 'write an identity as one file for a browser or a telephone',
    details: [
      'PKCS#12, as Chromium, Firefox, Windows, macOS, curl and OpenSSL read it: the private key,',
      'the certificate and its issuers. The password is asked for on a terminal; without an answer',
      'one is made, and shown once. The file is mode 0600.',
    ],
    positionals: [],
    options: {
      pkcs12: { type: 'boolean', summary: 'the form; there is no other yet' },
      identity: { type: 'string', value: 'DIR', summary: 'a directory that countersign enroll wrote (this one)' },
      out: { type: 'string', value: 'FILE', summary: 'where to write it, as in alice.p12' },
      'password-file': {
        type: 'string',
        value: 'FILE',
        summary: 'its first line is the password; - reads it from standard input',
      },
      force: { type: 'boolean', summary: 'write over a file that is there' },
    },
    examples: ['countersign export --pkcs12 --identity alice --out alice.p12'],
    load: async () => (await import('./export.ts')).exportIdentity,
  },
  {
    name: 'trust install',
    summary: "put the authority into the system's and browsers' stores",
    details: [
      "Without a store named: Chromium's and each Firefox profile's of this user, and the system's.",
      'Shows the fingerprint and every store, and asks before it changes one. Where it cannot, it says',
      'what to do by hand.',
    ],
    positionals: [],
    options: {
      ...STORES,
      client: { type: 'boolean', summary: "the identity's certificate and key too, so that a browser can present it" },
    },
    examples: [
      'countersign trust install --identity alice --client',
      'sudo countersign trust install --system --trust root.pem',
    ],
    load: async () => (await import('./trust.ts')).trustInstall,
  },
  {
    name: 'trust remove',
    summary: 'take out of the stores what trust install put there',
    details: ['The authority, and of browsers also the certificates and keys of its clients.'],
    positionals: [],
    options: STORES,
    examples: ['countersign trust remove --identity alice'],
    load: async () => (await import('./trust.ts')).trustRemove,
  },
  {
    name: 'authority root',
    summary: "take the root's private key out of the data directory",
    details: ['Everything but making a new issuing certificate goes on without it. Keep the file offline.'],
    positionals: [],
    options: {
      export: { type: 'string', value: 'FILE', summary: 'where to write the private key (PKCS#8 PEM, mode 0600)' },
      remove: { type: 'boolean', summary: 'remove it from the data directory after it was written' },
      passphrase: {
        type: 'string',
        value: 'FILE',
        summary: 'file of its passphrase, or fd:N, where it is encrypted; it stays so',
      },
      data: { type: 'string', value: 'DIR', summary: 'data directory of the authority (./countersign-data)' },
    },
    examples: ['countersign authority root --export /media/safe/root.key --remove'],
    load: async () => (await import('./authority-root.ts')).authorityRoot,
  },
  {
    name: 'authority issuers',
    summary: 'list who signs here: roots, those below them, those for SSH; what each signs, and its state',
    details: ADMIN_DETAILS,
    positionals: [],
    options: {
      state: { type: 'string', value: 'STATE', summary: 'waiting, next, active, retiring or retired' },
      ...ADMIN,
    },
    examples: ['countersign authority issuers', 'countersign authority issuers --state active --json'],
    load: async () => (await import('./authority-issuers.ts')).authorityIssuers,
  },
  {
    name: 'authority new',
    summary: 'make a new issuer: a key, and its certificate by the root whose key is here',
    details: [
      'It begins as next: everybody is told of it, and it signs revocation lists alone. A new root and the',
      'root of now sign each other, where the key of that one is here.',
      ...ADMIN_DETAILS,
    ],
    positionals: [{ name: 'NAME', summary: 'what it is called here, as in issuing-2' }],
    options: {
      root: { type: 'boolean', summary: 'a root, signed by itself' },
      ssh: { type: 'boolean', summary: 'one for SSH, which has no certificate' },
      ...NEW_ISSUER,
      ...ADMIN,
    },
    examples: ['countersign authority new issuing-2', 'countersign authority new root-2 --root --algorithm p384'],
    load: async () => (await import('./authority-issuers.ts')).authorityNew,
  },
  {
    name: 'authority csr',
    summary: 'write the request of an issuer that shall be signed elsewhere (PKCS #10)',
    details: [
      'Makes the key here where there is no issuer NAME yet; it then waits for its certificate. Of an issuer',
      'that is there, the request is for a further certificate of its key, by another root.',
      ...ADMIN_DETAILS,
    ],
    positionals: [{ name: 'NAME', summary: 'what it is called here, as in issuing-2' }],
    options: {
      out: { type: 'string', value: 'FILE', summary: 'where to write it (PEM); default: standard output' },
      ...NEW_ISSUER,
      ...ADMIN,
    },
    examples: ['countersign authority csr issuing-2 --out issuing-2.csr'],
    load: async () => (await import('./authority-issuers.ts')).authorityCsr,
  },
  {
    name: 'authority import',
    summary: 'take certificates and revocation lists that were signed elsewhere',
    details: [
      'FILE holds PEM: the certificate that a request was signed into, roots, lists of roots whose key is not',
      'here. A new root is believed only where its fingerprint is given.',
      ...ADMIN_DETAILS,
    ],
    positionals: [{ name: 'FILE', summary: 'PEM; several blocks are taken roots first, lists last' }],
    options: {
      root: { type: 'string', value: 'sha256:HEX', summary: 'the fingerprint of a new root that shall be believed' },
      name: { type: 'string', value: 'NAME', summary: 'what that root shall be called here' },
      ...ADMIN,
    },
    examples: [
      'countersign authority import issuing-2.pem',
      'countersign authority import root.pem --root sha256:5f3c… --name corporate',
    ],
    load: async () => (await import('./authority-issuers.ts')).authorityImport,
  },
  {
    name: 'authority cross',
    summary: 'have the key of an issuer certified by another root, too',
    details: ['The key of that root must be here; for one elsewhere: countersign authority csr.', ...ADMIN_DETAILS],
    positionals: [{ name: 'NAME', summary: 'the issuer or root that is signed' }],
    options: { by: { type: 'string', value: 'ROOT', summary: 'the root that signs it' }, ...ADMIN },
    examples: ['countersign authority cross issuing --by root-2'],
    load: async () => (await import('./authority-issuers.ts')).authorityCross,
  },
  {
    name: 'authority state',
    summary: 'let an issuer sign, in place of who signed before; or retire it',
    details: [
      'active: it signs its profiles, and who signed them retires: it signs lists alone, and is believed. retired:',
      'it signs nothing any more. With --force, what it has signed and is not over is given up: its own',
      'certificate is revoked, and sessions of what it signed end.',
      ...ADMIN_DETAILS,
    ],
    positionals: [
      { name: 'NAME', summary: 'the issuer' },
      { name: 'STATE', summary: 'active or retired' },
    ],
    options: {
      profile: { type: 'string', multiple: true, value: 'NAME', summary: 'what it signs; may be given again' },
      force: { type: 'boolean', summary: 'with retired: give up what it has signed' },
      reason: { type: 'string', value: 'REASON', summary: 'with --force: why, as in keyCompromise' },
      ...ADMIN,
    },
    examples: [
      'countersign authority state issuing-2 active',
      'countersign authority state issuing retired --force --reason keyCompromise',
    ],
    load: async () => (await import('./authority-issuers.ts')).authorityState,
  },
  {
    name: 'authority openpgp',
    summary: 'list the OpenPGP keys by which the authority certifies those of people, or write them out',
    details: [
      'active: it certifies. retiring: what it has certified counts. revoked: nothing of it counts. With --export, those',
      'of one version that have not ended, in armor, with what they say of each other: as gpg --import takes version 4.',
      ...ADMIN_DETAILS,
    ],
    positionals: [],
    options: {
      export: { type: 'string', value: 'VERSION', summary: '4 (GnuPG 2.2) or 6, on standard output' },
      ...ADMIN,
    },
    examples: ['countersign authority openpgp', 'countersign authority openpgp --export 4 | gpg --import'],
    load: async () => (await import('./authority-openpgp.ts')).authorityOpenPgp,
  },
  {
    name: 'authority openpgp new',
    summary: 'make the next OpenPGP key of the authority, one of each version; it certifies from then on',
    details: [
      'It and those before it sign each other: who believes one believes the other, as far. What they have certified',
      'counts until it ends, and is certified by the new one when somebody next asks for it.',
      ...ADMIN_DETAILS,
    ],
    positionals: [],
    options: {
      force: { type: 'boolean', summary: 'though the one before is lost, and cannot sign it' },
      ...ADMIN,
    },
    examples: ['countersign authority openpgp new'],
    load: async () => (await import('./authority-openpgp.ts')).authorityOpenPgpNew,
  },
  {
    name: 'authority openpgp revoke',
    summary: 'give up a stolen OpenPGP key of the authority: what it has certified counts no more',
    details: [
      'It must be here, since it revokes itself, and another one must certify: countersign authority openpgp new. Keys of',
      'people are certified by that one when somebody next asks for them.',
      ...ADMIN_DETAILS,
    ],
    positionals: [{ name: 'FINGERPRINT', summary: 'as countersign authority openpgp shows it' }],
    options: ADMIN,
    examples: ['countersign authority openpgp revoke 6c0a…'],
    load: async () => (await import('./authority-openpgp.ts')).authorityOpenPgpRevoke,
  },
  {
    name: 'authority store',
    summary: 'move the store of an authority that is stopped from its file into PostgreSQL',
    details: [
      'All of it in one transaction: each table is read back from PostgreSQL, and its SHA-256 must be',
      "the file's. Then the file gets another name. Cut short, it can be run again.",
    ],
    positionals: [],
    options: {
      'move-to': { type: 'string', value: 'URL', summary: 'an empty database, as psql would name it' },
      data: { type: 'string', value: 'DIR', summary: 'data directory of the authority (./countersign-data)' },
    },
    examples: ['countersign authority store --move-to postgres://countersign@db.acme.example/countersign'],
    load: async () => (await import('./authority-store.ts')).authorityStore,
  },
  {
    name: 'ledger verify',
    summary: 'check that nothing in a ledger was edited, removed or moved',
    details: [
      'Works offline, on a copy of the files: every entry against its tile, every tile against the one above,',
      'and the top against the checkpoint, which KEY must have signed. With a checkpoint that was kept',
      'from before it also finds entries that were cut off since, and a history that was written anew.',
    ],
    positionals: [{ name: 'DIR', summary: 'the ledger: a directory with the file checkpoint and the folder tile' }],
    options: {
      key: {
        type: 'string',
        value: 'KEY',
        summary: 'the verifier key of the ledger, or a file with it in its first line',
      },
      checkpoint: { type: 'string', value: 'FILE', summary: 'a checkpoint of this ledger that was kept from before' },
    },
    examples: ['countersign ledger verify ledger --key ledger.key --checkpoint kept-in-january'],
    load: async () => (await import('./ledger-verify.ts')).ledgerVerify,
  },
  {
    name: 'ledger check',
    summary: 'check a receipt: that what it says is in the ledger',
    details: [
      'Works offline: by the proofs in the receipt, and the key of the ledger alone. RECEIPT is what revoke,',
      'lock, unlock or show print with --json; - reads it from standard input, one line.',
    ],
    positionals: [{ name: 'RECEIPT', summary: 'a file of JSON' }],
    options: {
      key: {
        type: 'string',
        value: 'KEY',
        summary: 'the verifier key of the ledger, or a file with it in its first line',
      },
    },
    examples: ['countersign revoke alice --json | countersign ledger check - --key ledger.vkey'],
    load: async () => (await import('./ledger-check.ts')).ledgerCheck,
  },
  ...MAIL_COMMANDS,
  ...SSH_COMMANDS,
  ...VPN_COMMANDS,
  {
    name: 'backup',
    summary: 'copy what an authority must not lose, while it runs',
    details: [
      'The store as it is at one moment, the ledger and the certificates, with the SHA-256 of each',
      'file. Keys, and the secrets of doors at which people sign in, only with --keys, and only',
      'encrypted: from a backup without them nobody signs in. The configuration and the policy',
      'are files of yours. A store in PostgreSQL is not in it: pg_dump has its own ways.',
    ],
    positionals: [{ name: 'TARGET', summary: 'a directory that is not there yet' }],
    options: {
      keys: {
        type: 'boolean',
        summary: 'with the keys of the root and the issuer, and the secrets of doors, encrypted',
      },
      passphrase: {
        type: 'string',
        value: 'FILE',
        summary: 'with --keys: encrypts what is not; without it, secrets are encrypted as keys are (a file, or fd:N)',
      },
      data: { type: 'string', value: 'DIR', summary: 'data directory of the authority (./countersign-data)' },
    },
    examples: ['countersign backup /mnt/backup/2026-11-27'],
    load: async () => (await import('./backup.ts')).backup,
  },
  {
    name: 'restore',
    summary: 'make a data directory from a backup',
    details: [
      'Each file must be as it was written. Numbers of revocation lists and events go on far behind',
      'those that were given out since; serial numbers are random, and come never again.',
    ],
    positionals: [{ name: 'BACKUP', summary: 'what countersign backup has made' }],
    options: {
      data: { type: 'string', value: 'DIR', summary: 'made; it must not be there, or be empty (./countersign-data)' },
      passphrase: {
        type: 'string',
        value: 'FILE',
        summary: 'opens the secrets of doors in it (a file, or fd:N); keys stay encrypted',
      },
      secrets: {
        type: 'boolean',
        summary: 'the secrets of doors alone, into the data directory that has lost them; never over another one',
      },
    },
    examples: [
      'countersign restore /mnt/backup/2026-11-27 --data /var/lib/countersign',
      'countersign restore /mnt/backup/2026-11-27 --secrets --passphrase FILE --data /var/lib/countersign',
    ],
    load: async () => (await import('./restore.ts')).restore,
  },
]

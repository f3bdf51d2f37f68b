// The page of profiles, from their rows.
import {
  INVITED_PROFILES,
  PROFILE_NAMES,
  PROFILES,
  type Profile,
  type ProfileName,
  type SshProfile,
  type X509Profile,
} from '@countersign/authority'

/** `docs/profiles.md`. */
export function profilesPage(): string {
  const rows = PROFILE_NAMES.map((name) => [name, PROFILES[name]] as const)
  const x509 = rows.filter((row): row is [ProfileName, X509Profile] => row[1].kind === 'x509')
  const ssh = rows.filter((row): row is [ProfileName, SshProfile] => row[1].kind === 'ssh')
  return `<!-- Made from packages/authority/src/issuance/profiles.ts by npm run docs. -->
# Profiles: what the authority signs

A profile is a row. What a certificate says comes from its row and from what was granted to its party; what a request asks for is input. Names that were not granted are refused, and so is whoever asks to be an authority. What else was asked for and is not in the row (another key usage or purpose, an extension, an attribute of the subject) is left out, and named: as \`denied\` in the answer, in the record of the certificate and in \`countersign show\`.

One key has one party, for good, and a key that was revoked is certified nowhere again, whichever profile or format asks. Everything is judged once more as the exact octets that are to be signed ([lints](../CONTRIBUTING.md#how-to-add-a-profile-or-a-lint)); only what passes can be signed.

## Which one

${table(
  ['Profile', 'For', 'Lasts', 'By invitation'],
  rows.map(([name, row]) => [
    `\`${name}\``,
    row.summary,
    spanOf(row),
    INVITED_PROFILES.includes(name) ? `\`countersign invite PARTY --profile ${name}\`` : `no: ${row.instead}`,
  ]),
)}

Each is valid from ${PROFILES.client.backdate.minutes} minutes before it was signed, since clocks differ, and ends with its issuer at the latest.

## X.509

The subject is \`CN=PARTY\` (of authorities, organization and role). Where there is a SPIFFE ID, it stands first among the names.

${table(
  ['Profile', 'SPIFFE ID', 'Names', 'Extended key usage', 'Status'],
  x509.map(([name, row]) => [
    `\`${name}\``,
    row.spiffeId ? 'yes' : 'no',
    namesOf(row),
    row.extendedKeyUsage.join(', ') || '–',
    { served: 'in the lists', noRevAvail: 'need not be asked for (RFC 9608)', ocspNoCheck: 'not asked for (RFC 6960)' }[
      row.status
    ],
  ]),
)}

${table(
  ['Profile', 'Keys, and what each may be used for', 'Extensions (**critical**)', 'Policies'],
  x509.map(([name, row]) => [`\`${name}\``, usagesOf(row), extensionsOf(row), row.policies.join(', ') || '–']),
)}

Keys of RSA have ${PROFILES.client.rsaBits.join(' to ')} bits and an exponent of 65537 or more. An \`intermediate\` may sign leaves, and no further authority (path length ${pathLengthOf()}); its names are the spaces of names that it may certify, as nameConstraints.

A \`short-lived\` certificate that is revoked all the same is told to every door, ends open sessions, and stands in the list of its issuer: RFC 9608 §2 says that such a list "will never include an entry" for it. We keep to the safe side: a door that was away learns of it.

A server without a DNS name or an address is signed, and the log has \`issue.warning\` (RFC 9525 §4.1): who does not know its SPIFFE ID cannot verify it.

## SSH

Signed by an issuer for SSH, which has a key of its own: Ed25519 from the first start on, P-256, P-384 or RSA where another one was made so. The identifier for logs is the party. The principals are the granted names, and there is at least one: without, a certificate would be everybody's. They are issued within the authority for now; no protocol asks for them yet.

${table(
  ['Profile', 'Principals', 'Keys', 'Critical options', 'Extensions'],
  ssh.map(([name, row]) => [
    `\`${name}\``,
    namesOf(row),
    row.keys.join(', '),
    row.criticalOptions.map((option) => option.name).join(', ') || '–',
    row.extensions.join(', ') || '–',
  ]),
)}
`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const [first, ...others] = [head, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [first, `|${head.map(() => '---').join('|')}|`, ...others].join('\n')
}

function spanOf({ lasts: { hours } }: Profile): string {
  const years = hours / (365 * 24)
  if (Number.isInteger(years)) return years === 1 ? '365 days' : `${years} years of 365 days`
  return hours % 24 === 0 && hours > 24 ? `${hours / 24} days` : `${hours} hours`
}

const KINDS = {
  dNSName: 'DNS names',
  iPAddress: 'IP addresses',
  rfc822Name: 'e-mail addresses',
  uniformResourceIdentifier: 'URIs',
  sshPrincipal: 'login names',
} as const

function namesOf({ names }: Profile): string {
  const kinds = Object.entries(KINDS).filter(([kind]) => Object.hasOwn(names, kind))
  const words = kinds.map(([kind, word]) => {
    const isNeeded = Object.entries(names).some(([one, how]) => one === kind && how === 'must')
    return isNeeded ? `${word} (one at least)` : word
  })
  return words.join(', ') || '–'
}

/** Keys of one usage together. */
function usagesOf({ keys }: X509Profile): string {
  const byUsage = Map.groupBy(Object.entries(keys), ([, usage]) => usage.join(', '))
  return [...byUsage].map(([usage, kinds]) => `${kinds.map(([kind]) => kind).join(', ')}: ${usage}`).join('; ')
}

function extensionsOf({ extensions }: X509Profile): string {
  return Object.entries(extensions)
    .map(([name, how]) => (how === 'critical' ? `**${name}**` : name))
    .join(', ')
}

function pathLengthOf(): number | undefined {
  const row = PROFILES.intermediate
  return row.kind === 'x509' ? row.authority?.pathLength : undefined
}

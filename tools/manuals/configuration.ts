// docs/configuration.md, from the schema of countersign.yaml.
import { CONFIG_KEYS, STANDARD_CONFIG } from 'countersign'

/** An example that the schema accepts; a test reads it out of the page. */
const EXAMPLE = `authority:
  name: authority.acme.example
  domain: acme.example
  organization: Acme
  listen: 0.0.0.0:7443
doors:
  - name: orders
    kind: web
    host: [orders.acme.example]
    listen: 0.0.0.0:8443
    upstream: {url: "http://127.0.0.1:3000"}
    allow: [spiffe://acme.example/alice, spiffe://acme.example/shop]
`

/** The text of docs/configuration.md. */
export function configurationManual(): string {
  const [door, bank] = STANDARD_CONFIG.doors
  if (door?.kind !== 'web' || bank?.kind !== 'web') throw new TypeError('the standard house has two web doors')
  return `${[
    '# The configuration file',
    '',
    '<!-- Written by tools/write-manuals.ts from packages/countersign/src/config/schema.ts: change it there. -->',
    '',
    '`countersign up --config countersign.yaml` starts what the file names; an unknown or missing key, or a value that does',
    'not fit, stops the start with its line, its path and the nearest name. SIGHUP reads it again: see [operations](operations.md).',
    '',
    '```yaml',
    `${EXAMPLE}\`\`\``,
    '',
    ...Object.entries(CONFIG_KEYS).flatMap(([path, keys]) => [
      `## ${headingOf(path)}`,
      '',
      '| Key | Means | Default |',
      '|---|---|---|',
      ...Object.entries(keys).map(
        ([key, schema]) => `| \`${key}\` | ${schema.description ?? ''} | ${defaultOf(schema)} |`,
      ),
      '',
    ]),
    'A port 0 lets the system choose one at the first start; it is kept in the data directory, so that addresses stay.',
    '',
    'Who enrolls looks for the authority at its `name` and the port of `listen`, so the name must lead there, by DNS or a',
    'hosts file. Names that end in `.localhost` lead to the machine itself for browsers and for Countersign; other programs may',
    'need a line in the hosts file for them, or the address.',
    '',
    '## Without a file',
    '',
    `\`countersign up\` starts an authority at ${STANDARD_CONFIG.authority.listen.host}:${STANDARD_CONFIG.authority.listen.port} and the web`,
    `door \`${door.name}\` (${door.host.join(', ')}) at ${door.listen.host}:${door.listen.port} before a demo service. Every party of the authority`,
    `may pass. At the web door \`${bank.name}\` (${bank.host.join(', ')}), at ${bank.listen.host}:${bank.listen.port} before a small bank, people sign in,`,
    `whom \`countersign invite NAME --account ${bank.name}\` has invited. A port that is taken at the first start gives way to a free one, which then stays.`,
  ].join('\n')}\n`
}

function headingOf(path: string): string {
  if (path === '') return 'At the top'
  const kind = /:([a-z]+)/.exec(path)?.[1]
  const place = `\`${path.replace(/:[a-z]+/, '').replaceAll('*', '…')}\``
  return kind === undefined ? place : `${place} of kind \`${kind}\``
}

function defaultOf(schema: (typeof CONFIG_KEYS)[string][string]): string {
  const absent = schema.safeParse(undefined)
  // A key that may be left out may still not be empty.
  if (!absent.success) return schema._zod.optin === 'optional' ? 'may be left out' : 'none: must be given'
  return absent.data === undefined ? 'may be left out' : `\`${JSON.stringify(absent.data)}\``
}

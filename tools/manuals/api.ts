// docs/api.md, from the description of the API.
import { describeApi } from '@countersign/authority'

interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
}

interface Operation {
  readonly summary: string
  readonly description: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>
  >
}

/** The text of docs/api.md. */
export function apiManual(): string {
  const { paths } = describeApi() as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
  return `${[
    '# The administration API',
    '',
    '<!-- Written by tools/write-manuals.ts from packages/authority/src/api/operations.ts: change it there. -->',
    '',
    'Over the socket `admin.sock` in the data directory, whose user is an officer, and over mutual TLS. `GET /v1/openapi.json` has',
    'all of this in OpenAPI 3.1. Every refusal is `application/problem+json` (RFC 9457) with one of the codes in',
    '[refusals](refusals.md). Of several pages, `next` goes into `after`. A name with `?` may be absent.',
    '',
    'What `countersign` asks is held against this by the compiler: its paths and bodies are types made from the same table',
    '(`packages/countersign/src/admin/api-types.ts`).',
    '',
    'An administrator’s POST, PUT, PATCH or DELETE may have a header `Idempotency-Key`: 16 to 255 characters in quotes, drawn at',
    'random for this one act, as in `"8e03978e-40d5-43e8-bc93-6894a57f9324"`. Whoever does not know whether the act was done asks',
    'again with the same key, here or at another authority on the same store: the act is done once, and the first answer comes',
    'again, with `Idempotency-Replayed: true`. It is kept for at least 24 hours, of one caller the newest 10,000, encrypted under the key,',
    'which is not kept. Another request with the key is `ERR_ADMIN_KEY_REUSED` (422); while the first is still being done, it is',
    '`ERR_ADMIN_KEY_RUNNING` (409, `Retry-After`). What was refused is not kept. `interrupted: true` in an answer: the authority',
    'ended after the act and before it knew the rest, as which sessions were cut; doors follow when they are back.',
    'Acts upon issuers and backups keep their answer just after they are done: where the authority ends between the two, asking',
    'again is refused, as what was asked for is there already (`countersign authority issuers` shows it).',
    'An enrollment needs no key: the same request gets the same certificate while its token lasts.',
    '',
    ...Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, operation]) => section(`${method.toUpperCase()} ${path}`, operation)),
    ),
  ]
    .join('\n')
    .trimEnd()}\n`
}

function section(
  title: string,
  { summary, description, parameters = [], requestBody, responses }: Operation,
): string[] {
  const query = parameters.filter((one) => one.in === 'query')
  const body = requestBody?.content['application/json']?.schema
  const [status = '', answer] = Object.entries(responses)[0] ?? []
  const [media = '', form] = Object.entries(answer?.content ?? {})[0] ?? []
  return [
    `## \`${title}\``,
    '',
    `${summary[0]?.toUpperCase()}${summary.slice(1)}. For ${description}.`,
    '',
    ...(query.length > 0
      ? ['Query:', '', ...query.map(({ name, schema }) => `- \`${name}\`: ${formOf(schema)}`), '']
      : []),
    ...(body ? [`Body: \`${formOf(body)}\``, ''] : []),
    `Answer: ${status}, ${form?.schema ? `\`${formOf(form.schema)}\`` : `\`${media}\``}`,
    '',
  ]
}

/** As in `{ party: string, san?: [string] }`. */
function formOf({ type, properties, required = [], items, anyOf, enum: words, const: constant }: Schema): string {
  if (anyOf) return anyOf.map(formOf).join(' or ')
  if (words) return words.length > 20 ? 'a code' : words.map(String).join(' or ')
  if (constant !== undefined) return String(constant)
  if (items) return `[${formOf(items)}]`
  if (!properties) return [type ?? 'any'].flat().join(' or ')
  const fields = Object.entries(properties).map(
    ([name, one]) => `${name}${required.includes(name) ? '' : '?'}: ${formOf(one)}`,
  )
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

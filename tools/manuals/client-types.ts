// packages/countersign/src/admin/api-types.ts, from the description of the API.
import { describeApi } from '@countersign/authority'

interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly const?: unknown
}

interface Operation {
  readonly parameters?: readonly { readonly in: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

const TYPES: Readonly<Record<string, string>> = {
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  null: 'null',
}

/** Stands in a template literal type for any text. */
const ANY = ['$', '{string}'].join('')

/** The text of the file, as Biome formats it. */
export function clientTypes(): string {
  const { paths } = describeApi() as { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
  const asked = Object.entries(paths).flatMap(([path, item]) => {
    const query = item['get']?.parameters?.some((one) => one.in === 'query') ? [`${path}?{query}`] : []
    return item['get'] === undefined ? [] : [path, ...query]
  })
  const ended = Object.entries(paths).flatMap(([path, item]) => (item['delete'] === undefined ? [] : [path]))
  return [
    '// Made by `npm run docs` from packages/authority/src/api/operations.ts: change it there. What is asked of the API; what it',
    '// answers is read field by field, as anybody may have sent it.',
    '',
    '/** What can be asked for. */',
    ...unionOf('GetPath', asked),
    '',
    ...bodiesOf(paths, 'post', 'PostBodies', 'What each act takes, by its path.'),
    '',
    ...bodiesOf(paths, 'patch', 'PatchBodies', 'What each change takes, by its path.'),
    '',
    '/** What can be ended. */',
    ...unionOf('DeletePath', ended),
    '',
  ].join('\n')
}

function unionOf(name: string, paths: readonly string[]): readonly string[] {
  const [only, ...more] = paths.map(keyOf)
  if (more.length === 0) return [`export type ${name} = ${only}`]
  return [`export type ${name} =`, ...[only, ...more].map((key) => `  | ${key}`)]
}

function bodiesOf(
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>,
  method: string,
  name: string,
  summary: string,
): readonly string[] {
  const fields = Object.entries(paths).flatMap(([path, item]) => {
    if (item[method] === undefined) return []
    const schema = item[method].requestBody?.content['application/json']?.schema ?? { type: 'object' }
    const key = keyOf(path)
    return [`  ${key.startsWith('`') ? `[path: ${key}]` : key}: ${typeOf(schema, '  ')}`]
  })
  return [`/** ${summary} */`, `export interface ${name} {`, ...fields, '}']
}

/** As a type: what stands in braces may be any text. */
function keyOf(path: string): string {
  return path.includes('{') ? `\`${path.replaceAll(/\{\w+\}/g, ANY)}\`` : `'${path}'`
}

/** Which words there are, the authority says: a newer one knows more of them. */
function typeOf({ type, properties, required = [], items, anyOf, const: constant }: Schema, indent: string): string {
  if (anyOf) return anyOf.map((one) => typeOf(one, indent)).join(' | ')
  if (constant !== undefined) return JSON.stringify(constant).replaceAll('"', "'")
  if (items) return `readonly ${typeOf(items, indent)}[]`
  if (type === 'object' && properties !== undefined && Object.keys(properties).length > 0) {
    const fields = Object.entries(properties).map(
      ([name, one]) =>
        `${indent}  readonly ${name}${required.includes(name) ? '' : '?'}: ${typeOf(one, `${indent}  `)}`,
    )
    return `{\n${fields.join('\n')}\n${indent}}`
  }
  if (type === 'object') return 'object'
  return [type ?? 'string']
    .flat()
    .map((one) => TYPES[one] ?? 'string')
    .join(' | ')
}

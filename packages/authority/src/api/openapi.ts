// The API in OpenAPI 3.1, from the one table of operations and the schemas by which requests are read.
import { z } from 'zod'
import { problem } from './answers.ts'
import { OPERATIONS, type Operation } from './operations.ts'
import { PROBLEM_TYPE } from './problem.ts'
import { ACTIONS, type Action, isAction } from './roles.ts'
import { idempotencyKey, lastEventId } from './schemas.ts'

/** Of the paths below `/v1`. */
const API_VERSION = '1'

/** JSON that is made here and not changed. */
export type Document = Readonly<Record<string, unknown>>

/** Describes every operation. @see https://spec.openapis.org/oas/v3.1.1.html */
export function describeApi(): Document {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const [key, operation] of Object.entries(OPERATIONS)) {
    const [method = '', path = ''] = key.split(' ')
    // §4.8.8.2 of it: a parameter stands in braces.
    const template = path.replaceAll(/:(\w+)/g, '{$1}')
    paths[template] = { ...paths[template], [method.toLowerCase()]: describe(method, path, operation) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'The authority of Countersign',
      version: API_VERSION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { Problem: schemaOf(problem, 'output') },
      responses: {
        Refused: {
          description: 'refused, with its code and the next step (RFC 9457)',
          content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: {
        certificate: { type: 'mutualTLS', description: 'a certificate of this authority' },
      },
    },
  }
}

function describe(method: string, path: string, { summary, who, query, body, status, answer }: Operation): Document {
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(query === undefined ? [] : parametersOf(query)),
    ...headersOf(method, path, who),
  ]
  const isJson = typeof answer !== 'string'
  const content = isJson ? { 'application/json': { schema: schemaOf(answer, 'output') } } : { [answer]: {} }
  return {
    operationId: `${method.toLowerCase()}${path.replaceAll(/[^A-Za-z0-9]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    description: whoText(who),
    ...(who !== 'anyone' && { security: [{ certificate: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } },
    }),
    responses: { [status]: { description: 'done', content }, default: { $ref: '#/components/responses/Refused' } },
  }
}

/** What may stand in the head of a request. */
function headersOf(method: string, path: string, who: Operation['who']): readonly Document[] {
  const header = (name: string, schema: z.ZodType) => ({ name, in: 'header', schema: schemaOf(schema, 'input') })
  if (path === '/v1/events') return [header('Last-Event-ID', lastEventId)]
  return method !== 'GET' && isAction(who) ? [header('Idempotency-Key', idempotencyKey)] : []
}

/** For people: who may. */
export function whoText(who: Operation['who']): string {
  if (who === 'anyone') return 'anyone'
  return who === 'party'
    ? 'whoever holds a certificate of this authority'
    : `administrators: ${rolesOf(who).join(', ')}`
}

function rolesOf(action: Action): readonly string[] {
  return ACTIONS[action]
}

function parametersOf(query: z.ZodType): readonly Document[] {
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    readonly properties?: Readonly<Record<string, object>>
    readonly required?: readonly string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

/** As JSON Schema; what a transformation makes of a text is no matter of the wire. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Document {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}

// Rules of OpenAPI 3.1.1 and JSON Schema 2020-12 that a description must keep, each with its section; written from the text
// of https://spec.openapis.org/oas/v3.1.1.html.

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Fields = { readonly [key: string]: Json }

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer']

/** What is wrong with it: each with its place. */
export function faultsOf(document: Json): readonly string[] {
  const faults: string[] = []
  const fault = (where: string, what: string) => void faults.push(`${where}: ${what}`)
  const fieldsAt = (value: Json | undefined, where: string): Fields => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
    fault(where, 'not an object')
    return {}
  }
  const textAt = (value: Json | undefined, where: string) => {
    if (typeof value !== 'string' || value === '') fault(where, 'not a text')
  }
  const root = fieldsAt(document, '')

  const resolve = (reference: string, where: string): void => {
    let at: Json | undefined = document
    for (const part of reference.replace(/^#\//, '').split('/'))
      at = typeof at === 'object' && at !== null ? (at as Fields)[part.replaceAll('~1', '/')] : undefined
    if (!reference.startsWith('#/') || at === undefined) fault(where, `${reference} leads nowhere`)
  }

  /** JSON Schema Validation 2020-12, the keywords that are used here. */
  const schema = (value: Json | undefined, where: string): void => {
    if (typeof value === 'boolean') return
    const fields = fieldsAt(value, where)
    if (typeof fields['$ref'] === 'string') resolve(fields['$ref'], where)
    for (const type of [fields['type'] ?? []].flat())
      if (!TYPES.includes(String(type))) fault(where, `${type} is no type`)
    for (const [name, one] of Object.entries(fields)) {
      const place = `${where}.${name}`
      if (name === 'properties')
        for (const [key, each] of Object.entries(fieldsAt(one, place))) schema(each, `${place}.${key}`)
      else if (name === 'items' || name === 'additionalProperties' || name === 'propertyNames') schema(one, place)
      else if (name === 'anyOf' || name === 'oneOf' || name === 'allOf') {
        if (!Array.isArray(one) || one.length === 0) fault(place, 'not a list with items')
        else for (const each of one) schema(each, place)
      } else if (name === 'required') {
        const named = Array.isArray(one) ? one.map(String) : []
        if (!Array.isArray(one) || new Set(named).size !== named.length) fault(place, 'not a list of different names')
        for (const each of named)
          if (!(each in fieldsAt(fields['properties'] ?? {}, place))) fault(place, `${each} is no property`)
      } else if (name === 'enum' && (!Array.isArray(one) || one.length === 0)) fault(place, 'not a list with items')
      else if (name === 'pattern') {
        try {
          new RegExp(String(one), 'u')
        } catch {
          fault(place, 'not a regular expression')
        }
      } else if (/^(min|max)(Length|Items|Properties)$/.test(name)) {
        if (!(Number.isInteger(one) && Number(one) >= 0)) fault(place, 'not a count')
      } else if (!KNOWN.has(name)) fault(place, 'no keyword')
    }
  }

  const content = (value: Json | undefined, where: string): void => {
    const types = Object.entries(fieldsAt(value, where))
    if (types.length === 0) fault(where, 'no media type')
    for (const [type, media] of types) {
      if (!/^[a-z]+\/[a-z0-9.+-]+$/.test(type)) fault(where, `${type} is no media type`)
      const { schema: one } = fieldsAt(media, `${where}.${type}`)
      if (one !== undefined) schema(one, `${where}.${type}.schema`)
    }
  }

  /** §4.8.17. */
  const response = (value: Json | undefined, where: string): void => {
    const fields = fieldsAt(value, where)
    if (typeof fields['$ref'] === 'string') {
      resolve(fields['$ref'], where)
      return
    }
    textAt(fields['description'], `${where}.description`)
    if (fields['content'] !== undefined) content(fields['content'], `${where}.content`)
  }

  const ids = new Set<Json | undefined>()
  /** §4.8.10. */
  const operation = (value: Json | undefined, path: string, where: string): void => {
    const fields = fieldsAt(value, where)
    textAt(fields['operationId'], `${where}.operationId`)
    if (ids.has(fields['operationId'])) fault(where, 'its operationId is another’s')
    ids.add(fields['operationId'])
    const parameters = Array.isArray(fields['parameters']) ? fields['parameters'] : []
    const names = new Set<string>()
    for (const each of parameters) {
      const parameter = fieldsAt(each, `${where}.parameters`)
      const { name, in: place, required } = parameter
      textAt(name, `${where}.parameters.name`)
      // §4.8.12.1: "A unique parameter is defined by a combination of a name and location."
      if (names.has(`${place} ${name}`)) fault(where, `${name} stands twice`)
      names.add(`${place} ${name}`)
      if (!['query', 'header', 'path', 'cookie'].includes(String(place))) fault(where, `${name} is nowhere`)
      // "If the parameter location is "path", this field is REQUIRED and its value MUST be true."
      if (place === 'path' && required !== true) fault(where, `${name} is of the path, and not required`)
      if (place === 'path' && !path.includes(`{${name}}`)) fault(where, `${name} is not in the path`)
      schema(parameter['schema'], `${where}.parameters.${name}`)
    }
    // §4.8.8.2: "Each template expression in the path MUST correspond to a path parameter."
    for (const [, name] of path.matchAll(/\{(\w+)\}/g))
      if (!names.has(`path ${name}`)) fault(where, `${name} is no parameter`)
    if (fields['requestBody'] !== undefined)
      content(fieldsAt(fields['requestBody'], where)['content'], `${where}.requestBody.content`)
    // §4.8.16: "at least one response code", "SHOULD be the response for a successful operation call".
    const responses = Object.entries(fieldsAt(fields['responses'], `${where}.responses`))
    if (!responses.some(([status]) => /^2\d\d$/.test(status))) fault(where, 'no answer of success')
    for (const [status, each] of responses) {
      if (!/^(?:default|[1-5](?:\d\d|XX))$/.test(status)) fault(where, `${status} is no status`)
      response(each, `${where}.responses.${status}`)
    }
    // §4.8.30: "Each name MUST correspond to a security scheme".
    for (const each of Array.isArray(fields['security']) ? fields['security'] : [])
      for (const name of Object.keys(fieldsAt(each, `${where}.security`)))
        resolve(`#/components/securitySchemes/${name}`, `${where}.security`)
  }

  if (!/^3\.1\.\d+$/.test(String(root['openapi']))) fault('openapi', 'not of 3.1')
  const info = fieldsAt(root['info'], 'info')
  textAt(info['title'], 'info.title')
  textAt(info['version'], 'info.version')
  const paths = Object.entries(fieldsAt(root['paths'], 'paths'))
  if (paths.length === 0) fault('paths', 'none')
  for (const [path, item] of paths) {
    if (!path.startsWith('/')) fault(path, 'it does not begin with a slash')
    for (const [method, one] of Object.entries(fieldsAt(item, path)))
      if (METHODS.includes(method)) operation(one, path, `${method} ${path}`)
      else fault(path, `${method} is no method`)
  }
  const components = fieldsAt(root['components'] ?? {}, 'components')
  for (const [name, one] of Object.entries(fieldsAt(components['schemas'] ?? {}, 'schemas'))) schema(one, name)
  for (const [name, one] of Object.entries(fieldsAt(components['responses'] ?? {}, 'responses'))) response(one, name)
  return faults
}

const KNOWN = new Set([
  '$ref',
  'type',
  'enum',
  'const',
  'default',
  'format',
  'minimum',
  'maximum',
  'contentEncoding',
  'description',
  'title',
])

// Lists that the authority answers page by page.
import { type Field, fieldOf } from '@countersign/protocol'
import type { Admin } from './model.ts'

const PAGE = 500

/** Each item of the list `name` at `path`, as a field to be read and as the JSON that it was. @throws {ShapeError} */
export async function* pagesOf(
  admin: Admin,
  path: string,
  name: string,
  asked: URLSearchParams,
): AsyncGenerator<{ readonly item: Field; readonly value: unknown }> {
  const query = new URLSearchParams(asked)
  query.set('limit', String(PAGE))
  for (;;) {
    const answer = await admin.get(`${path}?${query}`)
    const field = fieldOf(answer)
    const items = field.get(name).list(PAGE)
    // It has been read as an object with this list.
    const values = (answer as Readonly<Record<string, readonly unknown[]>>)[name] ?? []
    for (const [index, item] of items.entries()) yield { item, value: values[index] }
    const next = field.get('next').optional((each) => each.text())
    if (next === undefined) return
    query.set('after', next)
  }
}

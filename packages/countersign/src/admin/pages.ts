// Lists that the authority answers page by page.
import { type Field, fieldOf } from '@countersign/protocol'
import type { Admin, PagedPath } from './model.ts'

const PAGE = 500

/** Each page at `path`, as a field to be read and as the JSON that it was. @throws {ShapeError} */
export async function* answersOf(
  admin: Admin,
  path: PagedPath,
  asked: URLSearchParams,
): AsyncGenerator<{ readonly answer: unknown; readonly field: Field }> {
  const query = new URLSearchParams(asked)
  query.set('limit', String(PAGE))
  for (;;) {
    const answer = await admin.get(`${path}?${query}`)
    const field = fieldOf(answer)
    yield { answer, field }
    const next = field.get('next').optional((each) => each.text())
    if (next === undefined) return
    query.set('after', next)
  }
}

/** Each item of the list `name`, of all pages. @throws {ShapeError} */
export async function* itemsOf(
  admin: Admin,
  path: PagedPath,
  name: string,
  asked: URLSearchParams,
): AsyncGenerator<{ readonly item: Field; readonly value: unknown }> {
  for await (const { answer, field } of answersOf(admin, path, asked)) {
    const items = field.get(name).list(PAGE)
    // It has been read as an object with this list.
    const values = (answer as Readonly<Record<string, readonly unknown[]>>)[name] ?? []
    for (const [index, item] of items.entries()) yield { item, value: values[index] }
  }
}

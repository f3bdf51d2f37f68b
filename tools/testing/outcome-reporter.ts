/** A reporter for `node --test`: yields one JSON `Outcome` when the run has ended. */
import type { TestEvent } from 'node:test/reporters'
import type { NotRun, Outcome } from './outcome.ts'

export default async function* outcomeReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const skipped: NotRun[] = []
  const todo: NotRun[] = []
  const filesWithTests = new Set<string>()
  let tests = 0
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { data } = event
    // Node reports each file as a test as well; only what was declared inside one has an entry file.
    const file = (data as { entryFile?: string }).entryFile
    if (file === undefined) continue
    filesWithTests.add(file)
    const notRun = (reason: string | boolean): NotRun => ({
      file,
      name: data.name,
      reason: typeof reason === 'string' ? reason : '',
    })
    if (data.skip !== undefined && data.skip !== false) skipped.push(notRun(data.skip))
    if (data.todo !== undefined && data.todo !== false) todo.push(notRun(data.todo))
    // A suite is counted only when it was skipped: then its tests were never declared.
    if (data.details.type !== 'suite' || data.skip) tests += 1
  }
  yield JSON.stringify({ tests, skipped, todo, filesWithTests: [...filesWithTests] } satisfies Outcome)
}

// The samples of RFC 9788, Appendix C: what their composer protected is found, and what we compose of the same message is the same.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Entity, protectHeader, readProtectedHeader, sourceOf } from '@countersign/mail'
import { ABSENT_SET } from '../../../../tools/testing/outcome.ts'
import { octetsOfLines, scan } from '../mime/messages.ts'

interface Sample {
  readonly clause: string
  readonly title: string
  /** The header outside, and the payload, as in the RFC. */
  readonly outer: Uint8Array
  readonly payload: Uint8Array
}

/** Each clause whose payload has `hp`, with the header of the message that it was in. */
function samplesOf(rfc: string): Sample[] {
  const clauses = [
    ...rfc.matchAll(/^(C\.[0-9.]+)\. {2}(.+(?:\n {5,}.+)*)\n([\s\S]*?)(?=^[A-Z]\.[0-9.]*\. {2}|^Acknowledgements)/gm),
  ].map(([, clause = '', title = '', text = '']) => ({
    clause,
    title: title.replace(/\s+/g, ' '),
    text: text.replace(/^ {3}/gm, ''),
  }))
  return clauses.flatMap(({ clause, title, text }) => {
    const payload = /unwraps to(?: this[^:]*)?:\n\n([\s\S]*)/.exec(text)?.[1]
    const message = clauses.find((other) => other.clause === clause.split('.').slice(0, 3).join('.'))
    const outer = /Its contents are:\n\n([\s\S]*?\n)\n/.exec(message?.text ?? '')?.[1]
    if (payload === undefined || outer === undefined || !/hp="(?:clear|cipher)"/.test(payload)) return []
    return [{ clause, title, outer: octetsOfLines(outer), payload: octetsOfLines(payload) }]
  })
}

const isOfMime = (name: string) => /^(?:content-|mime-version$)/i.test(name)
const linesOf = (entity: Entity) =>
  entity.fields.filter(({ name }) => !isOfMime(name)).map(({ name, value }) => `${name}: ${value}`)

const beside = fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const file = join(process.env['COUNTERSIGN_VECTORS'] ?? beside, '../specs/rfc9788.txt')

suite('the samples of RFC 9788', { skip: !existsSync(file) && `specs/rfc9788.txt ${ABSENT_SET}` }, () => {
  const samples = existsSync(file) ? samplesOf(readFileSync(file, 'utf8')) : []

  test('are all found: those of one layer, and of two', () => {
    assert.ok(samples.length >= 18, `${samples.length}`)
    assert.ok(samples.some(({ clause }) => clause.startsWith('C.2.')))
    assert.ok(samples.some(({ clause }) => clause.startsWith('C.3.')))
  })

  for (const { clause, title, outer, payload } of samples) {
    const isEncrypted = clause.startsWith('C.3.')
    test(`${clause} is read: ${title}`, async () => {
      const read =
        readProtectedHeader(await scan(payload), await scan(outer), isEncrypted) ?? assert.fail('not protected')
      assert.equal(read.protection, isEncrypted ? 'cipher' : 'clear')
      assert.deepEqual([read.altered, read.unprotected, read.fromDiffers], [[], [], false])
      const confidential = read.confidential.map(({ name }) => name)
      // RFC 9788 §3.2: the baseline hides the subject, and the shy policy names and time zones too.
      const hidden = title.includes('hcp_shy') ? ['Subject', 'From', 'To', 'Cc', 'Date'] : ['Subject']
      assert.ok(
        confidential.every((name) => hidden.includes(name)),
        confidential.join(),
      )
      assert.equal(confidential.includes('Subject'), isEncrypted)
    })

    if (!title.includes('hcp_shy'))
      test(`${clause} is composed: ${title}`, async () => {
        const plain = Buffer.from(
          Buffer.from(payload)
            .toString('utf8')
            .replace(/^HP-Outer:.*\r\n(?:[ \t].*\r\n)*/gm, '')
            .replace(/;\s*hp="(?:clear|cipher)"/, ''),
        )
        const { payload: pieces, outer: lines } = await protectHeader(
          await scan(plain),
          sourceOf(plain),
          isEncrypted ? 'cipher' : 'clear',
        )
        const composed = await scan(Buffer.concat(await Array.fromAsync(pieces)))
        const sample = await scan(payload)
        assert.deepEqual(linesOf(composed).toSorted(), linesOf(sample).toSorted())
        assert.deepEqual(composed.contentType, sample.contentType)
        assert.equal(composed.end - composed.bodyStart, sample.end - sample.bodyStart)
        const written = await scan(
          octetsOfLines(`${lines.map((line) => `${line.replaceAll('\r\n', '\n')}\n`).join('')}\n`),
        )
        assert.deepEqual(linesOf(written), linesOf(await scan(outer)))
      })
  }
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { OID, readSmtpUTF8Mailbox, smtpUTF8MailboxName } from '@countersign/x509'
import { casesOf } from '../vectors.ts'

interface Vector {
  readonly id: string
  readonly hex: string
  readonly value?: string
  readonly code?: string
}

suite('SmtpUTF8Mailbox', () => {
  for (const { id, hex, value, code } of casesOf<Vector>('x509/smtp-utf8-mailbox.json'))
    test(id, () => {
      const name = { kind: 'otherName', typeId: OID.SmtpUTF8Mailbox, value: Uint8Array.fromHex(hex) } as const
      if (value === undefined) return assert.throws(() => readSmtpUTF8Mailbox(name), { code })
      assert.equal(readSmtpUTF8Mailbox(name), value)
      return assert.deepEqual(smtpUTF8MailboxName(value), name)
    })

  test('a name of another type is none', () => {
    assert.equal(readSmtpUTF8Mailbox({ kind: 'otherName', typeId: '1.2.3', value: Uint8Array.of(5, 0) }), undefined)
    assert.equal(readSmtpUTF8Mailbox({ kind: 'rfc822Name', value: 'doctor@example.com' }), undefined)
  })

  test('what no reader would take is not written', () => {
    for (const text of ['doctor@example.com', '医生@大学.example.com', '', '医生'])
      assert.throws(() => smtpUTF8MailboxName(text), RangeError)
  })
})

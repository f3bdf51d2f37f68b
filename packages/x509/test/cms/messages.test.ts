// Messages of CMS: whole suites beside this file, and that every refusal of ours has its case in one of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CMS_ERRORS, readTimeStampReq } from '@countersign/x509'
import { casesOf } from '../vectors.ts'

import './signatures.ts'
import './envelopes.ts'
import './x25519.ts'
import { refused, seen } from './world.ts'

test('a request for a time-stamp has version 1', () => {
  refused(() => readTimeStampReq(Uint8Array.fromHex('3003020102')), 'ERR_CMS_TIME_STAMP')
})

test('every code of CMS_ERRORS has a case', () => {
  for (const { code } of casesOf<{ code?: string }>('cms/structure.json')) if (code) seen.add(code)
  assert.deepEqual(
    Object.keys(CMS_ERRORS).filter((code) => !seen.has(code)),
    [],
  )
})

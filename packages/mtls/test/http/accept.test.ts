import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { prefersHtml } from '../../src/http/accept.ts'

// RFC 9110 §12.5.1, §12.4.2
suite('prefersHtml', () => {
  for (const accept of [
    'text/html',
    'TEXT/HTML',
    'text/html;q=0.001',
    'text/html ; charset=utf-8 ; q=0.5',
    'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
    'application/xhtml+xml',
    'application/json;q=0.5, text/html;q=0.6',
    'application/json, text/html',
    'text/html;q=nonsense',
  ])
    test(`yes: ${accept}`, () => assert.equal(prefersHtml(accept), true))
  for (const accept of [
    undefined,
    '',
    '*/*',
    'text/*',
    'application/json',
    'application/problem+json',
    'text/html;q=0',
    'text/html;q=0.000',
    'text/html;q=0.5, application/problem+json',
    'text/html;q=0.5, application/json;q=0.6',
    'text/plain, */*;q=0.1',
    'text/htmlx',
    'xtext/html',
    ',;=,',
  ])
    test(`no: ${accept}`, () => assert.equal(prefersHtml(accept), false))
})

// The program in the README does what the README says.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { anchorOf, checkSignatureOver, indexCrl, verifyPathAsync } from '@countersign/verify'
import { readCertificate, readCertificateList } from '@countersign/x509'
import { crl, hours, intermediate, leaf, root, sans } from '../../../interop/chains/house.ts'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
const program = /```ts\n(.*?)```/s.exec(readme)?.[1]?.replaceAll(/^import .*$/gm, '')

const AsyncFunction = (async () => undefined).constructor as FunctionConstructor

async function run(values: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  assert.ok(program)
  const lines: string[] = []
  const console = { log: (...words: unknown[]) => lines.push(words.join(' ')) }
  const ours = { anchorOf, checkSignatureOver, indexCrl, verifyPathAsync, readCertificate, readCertificateList }
  const given = { ...ours, console, ...values }
  await new AsyncFunction(...Object.keys(given), program)(...Object.values(given))
  return lines
}

test('the README’s program accepts a chain until its first end, and refuses it with the finding', async () => {
  // It reads the clock, so its certificates are valid for twenty years.
  const long = { notBefore: hours(-24 * 365 * 30), notAfter: hours(24 * 365 * 20) }
  const anchor = root(long)
  const issuing = intermediate(anchor, long)
  const door = sans({ kind: 'dNSName', value: 'door.example' })
  const party = leaf(issuing, { ...long, extensions: { subjectAltName: door } })
  const lists = { thisUpdate: hours(-24 * 365 * 30), nextUpdate: hours(24 * 365 * 19) }
  const values = {
    rootDer: anchor.certificate.der,
    issuingDer: issuing.certificate.der,
    leafDer: party.certificate.der,
    rootCrlDer: crl(anchor, lists).crl.der,
    issuingCrlDer: crl(issuing, lists).crl.der,
  }
  assert.deepEqual(await run(values), [`believed until ${hours(24 * 365 * 19)}`])
  const stranger = root({ ...long, subject: issuing.certificate.subject })
  const issuingCrlDer = crl(stranger, { ...lists, extensions: { authorityKeyIdentifier: null } }).crl.der
  assert.deepEqual(await run({ ...values, issuingCrlDer }), [
    'ERR_VERIFY_STATUS_UNKNOWN RFC 5280 §6.3.3 0 the crl of its issuer is not used: its signature does not verify under the key of the issuer',
  ])
})

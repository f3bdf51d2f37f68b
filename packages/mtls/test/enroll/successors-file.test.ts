// The file of anchors, to which a root that follows is added: whatever else was written there meanwhile stays.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Certificate, readPem, writePem } from '@countersign/x509'
import { withSuccessors } from '../../src/enroll/home.ts'
import { replaceFiles } from '../../src/identity/durable.ts'
import { pathsOf } from '../../src/identity/files.ts'
import { createRoot } from '../support/pki.ts'

const [old, byHand, next] = [createRoot('Root 1'), createRoot('By Hand'), createRoot('Root 2')]
const pem = ({ der }: Certificate) => writePem('CERTIFICATE', der)

async function directoryWith(t: TestContext, ...anchors: readonly Certificate[]) {
  const paths = pathsOf(await mkdtemp(join(tmpdir(), 'countersign-successors-')))
  t.after(() => rm(paths.directory, { recursive: true }))
  await writeFile(paths.trust, anchors.map(pem).join(''))
  return paths
}
const rootsIn = async (path: string) => readPem(await readFile(path, 'utf8')).map(({ der }) => der)

test('beside what stands there now, and once', async (t) => {
  const paths = await directoryWith(t, old.certificate, byHand.certificate)
  await replaceFiles(await withSuccessors(paths, [next.certificate]))
  const all = [old, byHand, next].map(({ certificate }) => certificate.der)
  assert.deepEqual(await rootsIn(paths.trust), all)
  assert.deepEqual(await withSuccessors(paths, [next.certificate, old.certificate]), [])
})

test('what was taken out by hand does not come back with it', async (t) => {
  const paths = await directoryWith(t, byHand.certificate)
  await replaceFiles(await withSuccessors(paths, [next.certificate]))
  assert.deepEqual(await rootsIn(paths.trust), [byHand.certificate.der, next.certificate.der])
})

test('nothing is written where none follows, nor where the file cannot be read', async (t) => {
  const paths = await directoryWith(t, old.certificate)
  assert.deepEqual(await withSuccessors(paths, []), [])
  await writeFile(paths.trust, 'no certificates')
  await assert.rejects(withSuccessors(paths, [next.certificate]), { name: 'TrustFileError' })
  assert.equal(await readFile(paths.trust, 'utf8'), 'no certificates')
})

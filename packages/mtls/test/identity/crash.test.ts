import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { writePem } from '@countersign/x509'
import { openIdentity } from '../../src/identity/open.ts'
import { writeIdentity } from '../../src/identity/write.ts'
import { issueCrl } from '../support/crls.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { createRoot, issueLeaf, pemOf } from '../support/pki.ts'

// The writer replaces the identity by the one and the other in turn, as fast as it can, until it is killed.
const writer = `
  import { createPrivateKey } from 'node:crypto'
  import { readFile } from 'node:fs/promises'
  import { readCertificate, readPem } from '@countersign/x509'
  import { writeIdentity } from ${JSON.stringify(new URL('../../src/identity/write.ts', import.meta.url).href)}
  const [directory, ...files] = process.argv.slice(1)
  const parts = await Promise.all(files.map(async (file) => {
    const pem = await readFile(file, 'utf8')
    const block = readPem(pem).find(({ label }) => label === 'CERTIFICATE')
    return { privateKey: createPrivateKey(pem), certificates: [readCertificate(block.der)] }
  }))
  console.log('writing')
  for (let i = 0; ; i++) await writeIdentity(directory, parts[i % 2])
`

test('killed at any instant, one whole identity is there and the next write goes on', async (t) => {
  const root = createRoot('root')
  const leaves = [issueLeaf(root, 'one'), issueLeaf(root, 'two')]
  const known = leaves.map(({ certificates }) => certificates[0].der.toHex())
  await using house = await temporaryDirectory()
  const directory = join(house.path, 'alice')
  const files = await Promise.all(
    leaves.map(async ({ privateKey, certificates }, index) => {
      const file = join(house.path, `${index}.pem`)
      await writeFile(file, `${privateKey.export({ format: 'pem', type: 'pkcs8' })}${pemOf(certificates)}`)
      return file
    }),
  )
  const [first] = leaves
  assert.ok(first)
  await writeIdentity(directory, { ...first, anchors: [root.certificate], crls: [issueCrl(root)] })

  const found = new Set<string>()
  for (let i = 0; i < 12; i++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer, directory, ...files])
    await once(child.stdout, 'data')
    await pause(Math.random() * 30)
    child.kill('SIGKILL')
    await once(child, 'close')
    const identity = await openIdentity(directory, { renew: false })
    identity.close()
    const { certificates, privateKey } = identity.current()
    const hex = certificates[0].der.toHex()
    assert.ok(known.includes(hex))
    assert.ok(leaves[known.indexOf(hex)]?.privateKey.equals(privateKey))
    // Programs that read the two files alone find them fitting, too.
    assert.equal(await readFile(join(directory, 'identity.pem'), 'utf8'), writePem('CERTIFICATE', certificates[0].der))
    found.add(hex)
  }
  t.diagnostic(`found ${found.size} of the two identities`)
})

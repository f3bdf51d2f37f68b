import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { chainOf, createIssuer, issueLeaf } from '../../../tools/testing/pki.ts'
import { freePort } from '../../../tools/testing/ports.ts'
import { writeIdentity } from '../src/identity/write.ts'
import { issueCrl } from './support/crls.ts'
import { temporaryDirectory } from './support/directory.ts'
import { dns, uri } from './support/pki.ts'

test('the program with a socket of the README runs, and prints what it says', async () => {
  await using directory = await temporaryDirectory()
  const root = createIssuer('Acme Root')
  const thisUpdate = Temporal.Now.instant().round('second').subtract({ hours: 1 })
  for (const [name, purpose] of [
    ['shop', 'serverAuth'],
    ['alice', 'clientAuth'],
  ] as const) {
    const names = [uri(`spiffe://acme.example/${name}`), dns(`${name}.localhost`)]
    const holder = issueLeaf(root, name, { names, purpose })
    await writeIdentity(join(directory.path, name), {
      privateKey: holder.privateKey,
      certificates: chainOf(holder),
      anchors: [root.certificate],
      crls: [issueCrl(root, { thisUpdate })],
      authority: { address: '127.0.0.1:7443', name: 'authority.localhost' },
    })
  }
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const [, program = ''] = /```ts socket\n(.*?)```/s.exec(readme) ?? []
  const said = [...program.matchAll(/\/\/ (.*)$/gm)].map((match) => match[1])
  const here = program
    .replaceAll(/'\.\/(\w+)'/g, (_, name: string) => JSON.stringify(join(directory.path, name)))
    .replaceAll('9000', String(await freePort()))
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', here], {
    cwd: import.meta.dirname,
  })
  assert.deepEqual(stdout.trimEnd().split('\n'), said)
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { readConfig } from 'countersign'
import { apiManual } from '../manuals/api.ts'
import { cliManual } from '../manuals/cli.ts'
import { clientTypes } from '../manuals/client-types.ts'
import { configurationManual } from '../manuals/configuration.ts'
import { profilesPage } from '../manuals/profiles.ts'

const page = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

test('docs/cli.md is what the table of commands says', async () => {
  assert.equal(await page('cli.md'), cliManual(), 'run node tools/write-manuals.ts')
})

test('docs/api.md is what the table of operations says', async () => {
  assert.equal(await page('api.md'), apiManual(), 'run node tools/write-manuals.ts')
})

test('the types of what the command line asks are what the table of operations says', async () => {
  const file = new URL('../../packages/countersign/src/admin/api-types.ts', import.meta.url)
  assert.equal(await readFile(file, 'utf8'), clientTypes(), 'run node tools/write-manuals.ts')
})

test('docs/configuration.md is what the schema says', async () => {
  assert.equal(await page('configuration.md'), configurationManual(), 'run node tools/write-manuals.ts')
})

test('docs/profiles.md is what the rows say', async () => {
  assert.equal(await page('profiles.md'), profilesPage(), 'run node tools/write-manuals.ts')
})

test('the example in docs/configuration.md is a configuration', async () => {
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(await page('configuration.md')) ?? []
  const config = readConfig(new TextEncoder().encode(example), 'example')
  const { doors } = config
  assert.equal('authority' in config && config.authority.domain, 'acme.example')
  assert.deepEqual(doors[0]?.kind === 'web' && doors[0].host, ['orders.acme.example'])
})

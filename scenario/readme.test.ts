// What the README says to paste works as pasted, and what it draws is what is printed.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { AS_STARTED } from '../tools/testing/as-started.ts'
import { BIN, type Ran, runCommand, runShell } from './support/run-command.ts'
import { startTextHouse } from './support/text-house.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
const blocks = [...readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, kind, text = '']) => ({ kind, text }))
const [first = '', refused = '', , pasted = '', , browser = ''] = blocks
  .filter(({ kind }) => kind === '')
  .map(({ text }) => text)
const configurations = blocks.filter(({ kind }) => kind === 'yaml').map(({ text }) => text)

/** As the README has it: another reference, and another time that has gone by. */
function asInReadme(picture: string, drawn: string): string {
  const [reference = ''] = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(drawn) ?? []
  return picture
    .replace(/M-[0-9A-Z]{4}-[0-9A-Z]{4}/, reference)
    .replace(/known \d+ \w+ ago/, 'known 5 minutes ago')
    .replace(/revoked (just now|\d+ s ago)/, 'revoked 3 minutes ago')
}

suite('README.md', () => {
  test('the lines for a second terminal, from enroll to list, the two pictures, and the lines for a browser', async () => {
    await using house = await startTextHouse()
    // A user is in the folder where npm ci was; this house has a folder of its own, beside other tests.
    await symlink(join(ROOT, 'node_modules'), join(house.directory, 'node_modules'), 'junction')
    const [, port = ''] = /^door +https:\/\/hello\.localhost:(\d+)/m.exec(house.stdout()) ?? []
    let reference = ''
    const paste = async (line: string): Promise<Ran> => {
      const ran = await runShell(line.replace(':8443', `:${port}`).replace('M-7F3K-92QD', reference), {
        cwd: house.directory,
      })
      reference = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(ran.stdout)?.[0] ?? reference
      return ran
    }
    const [enroll = '', meet = '', revoke = '', meetAgain = '', why = '', list = '', more] = pasted
      .trimEnd()
      .split('\n')
    assert.equal(more, undefined)

    const enrolled = await paste(enroll)
    assert.equal(enrolled.code, 0, enrolled.stderr)
    const met = await paste(meet)
    assert.equal(met.code, 0, met.stderr)
    assert.equal(asInReadme(met.stdout, first), first)
    const revoked = await paste(revoke)
    assert.equal(revoked.code, 0, revoked.stderr)
    assert.match(revoked.stdout, /doors that confirmed: .*hello/)
    const again = await paste(meetAgain)
    assert.equal(again.code, 1, again.stderr)
    assert.ok(asInReadme(again.stdout, refused).startsWith(refused), again.stdout)
    const told = await paste(why)
    assert.equal(told.code, 0, told.stderr)
    assert.ok(told.stdout.includes(reference), told.stdout)
    assert.match(told.stdout, /5 verify +✘ refused: alice was revoked .* \(key compromise\)$/m)
    const listed = await paste(list)
    assert.equal(listed.code, 0, listed.stderr)
    assert.match(listed.stdout, /^alice +revoked /m)

    // Nobody sits at this test's terminal: what would be installed is shown, or what to do by hand, and nothing is.
    const [anew = '', install = '', exported = '', doctor = ''] = browser.trimEnd().split('\n')
    assert.equal((await paste(anew)).code, 0)
    const asked = await paste(install)
    assert.ok(asked.code === 2 || asked.code === 3, asked.stderr)
    assert.match(asked.stderr, asked.code === 2 ? /sha256:[0-9a-f]{64}[\s\S]*nothing was changed/ : /do it by hand/)
    assert.equal((await paste(exported)).code, 0)
    const examined = await paste(doctor)
    assert.equal(examined.code, 0, examined.stderr)
    assert.match(examined.stdout, /✔ door +it lets us in, by “allow \*”[\s\S]*nothing is wrong/)
  })

  test('the configurations are such', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-readme-'))
    try {
      assert.equal(configurations.length, 2)
      for (const [index, doors] of [/2 doors/, /1 door\b/].entries()) {
        await writeFile(join(directory, 'countersign.yaml'), configurations[index] ?? '')
        const { code, stdout, stderr } = await runCommand(['config', 'check'], { cwd: directory })
        assert.equal(code, 0, stderr)
        assert.match(stdout, doors)
      }
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  test('the two commands for a fresh machine are scripts that exist', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
    assert.match(readme, /^npm ci && npm start {5}#/m)
    assert.match(readme, /^npm ci && npm test {6}#/m)
    assert.equal(scripts.start, `node ${AS_STARTED.join(' ')} packages/countersign/bin.js up`)
    const [first] = (await readFile(BIN, 'utf8')).split('\n', 1)
    assert.equal(first, `#!/usr/bin/env -S node ${AS_STARTED.join(' ')}`)
    assert.equal(scripts.test, 'node tools/test.ts')
  })
})

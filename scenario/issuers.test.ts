// Another issuer while a door runs; a stolen one; a lost root: the very commands of docs/issuers.md.
import assert from 'node:assert/strict'
import { readFile, rename } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type RunningHouse, startHouse } from './support/house.ts'
import { runShell, startCommand } from './support/run-command.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The lines of a block of the page, as somebody would paste them. */
async function linesOf(what: string): Promise<readonly string[]> {
  const page = await readFile(join(root, 'docs/issuers.md'), 'utf8')
  const [, block] = page.split(`<!-- runs: ${what} -->\n\`\`\`sh\n`)
  const lines = block?.split('\n```')[0]?.split('\n') ?? []
  assert.ok(lines.length > 0, what)
  return lines
}

async function paste(house: RunningHouse, what: string): Promise<string> {
  const path = [join(root, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH']].join(delimiter)
  let said = ''
  for (const line of await linesOf(what)) {
    const { code, stdout, stderr } = await runShell(line, { cwd: house.directory, env: { PATH: path } })
    assert.equal(code, 0, `${line}: ${stderr}`)
    said = stdout
  }
  return said
}

test('an issuer is followed by another, stolen, and its root lost, while a door runs', {
  timeout: 120_000,
}, async (t) => {
  await using house = await startHouse()
  const url = house.ready.doors[0]?.url ?? ''
  const enroll = async (party: string) => {
    const { stdout } = await house.run(['invite', party])
    const { code, stderr } = await house.run(['enroll', stdout.trim()])
    assert.equal(code, 0, stderr)
  }
  const meet = async (party: string) => {
    const { code, stdout, stderr } = await house.run(['meet', url, '--identity', party])
    return { code, said: `${stdout}${stderr}` }
  }
  const meets = async (party: string) => {
    const { code, said } = await meet(party)
    assert.equal(code, 0, `${party}: ${said}`)
  }
  const isRefused = async (party: string) => {
    const { code, said } = await meet(party)
    assert.equal(code, 1, `${party}: ${said}`)
    assert.match(said, /ERR_CALLER_REVOKED/)
  }

  for (const party of ['old', 'old-2']) await enroll(party)
  // Lists of a new issuer come to who keeps its identity, as programs do.
  const keeper = startCommand(['enroll', '--keep', '--out', 'old'], { cwd: house.directory })
  t.after(() => keeper.kill('SIGKILL'))
  assert.match(await paste(house, 'a new issuer'), /issuing\s+intermediate\s+retiring/)
  for (const party of ['new', 'new-2']) await enroll(party)
  for (const party of ['old', 'old-2', 'new', 'new-2']) await meets(party)
  for (const party of ['old-2', 'new-2']) assert.equal((await house.run(['revoke', party])).code, 0)
  for (const party of ['old-2', 'new-2']) await isRefused(party)
  for (const party of ['old', 'new']) await meets(party)

  await paste(house, 'stolen issuer key')
  await isRefused('new')
  await enroll('again')
  for (const party of ['old', 'again']) await meets(party)

  await rename(join(house.data, 'authority/root.key'), join(house.directory, 'lost'))
  const refused = await house.run(['authority', 'new', 'issuing-4'])
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /ERR_ISSUER_KEY_ELSEWHERE/)
  await paste(house, 'lost root')
  await enroll('newcomer')
  for (const party of ['old', 'again', 'newcomer']) await meets(party)
})

// `countersign ledger verify`: a ledger that holds, one that was tampered with, and what is no ledger.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { formatVerifierKey, verifierKey } from '@countersign/authority'
import { needs, programPath } from '../interop/peer.ts'
import { newSigning, openLedgerIn } from '../tools/testing/ledger.ts'
import { startHouse } from './support/house.ts'
import { enrolled } from './support/peers.ts'
import { BIN, runCommand } from './support/run-command.ts'

const READER = fileURLToPath(new URL('../interop/ledger/reader.py', import.meta.url))
const signing = newSigning()
const { key } = signing
const entries = (start: number, end: number, what = 'issued') =>
  Array.from({ length: end - start }, (_, i) => new TextEncoder().encode(`${what} ${start + i}`))

suite('countersign ledger verify', () => {
  const house = mkdtempSync(join(tmpdir(), 'countersign-ledger-cli-'))
  const [whole, anew, kept, keyFile] = ['whole', 'anew', 'kept', 'ledger.key'].map((name) => join(house, name)) as [
    string,
    string,
    string,
    string,
  ]
  const vkey = formatVerifierKey(key)

  async function write(directory: string, what: string): Promise<void> {
    const ledger = await openLedgerIn(directory, signing)
    await ledger.append(0, entries(0, 300, what))
    if (what === 'issued') cpSync(join(directory, 'checkpoint'), kept)
    await ledger.append(300, entries(300, 600))
  }

  before(async () => {
    await write(whole, 'issued')
    await write(anew, 'forged')
    writeFileSync(keyFile, `${vkey}\n`)
  })
  after(() => rmSync(house, { recursive: true }))

  const verify = (directory: string, ...more: readonly string[]) =>
    runCommand(['ledger', 'verify', directory, '--key', vkey, ...more], { cwd: house })

  /** A copy that is tampered with. */
  function copy(name: string, act: (directory: string) => void): string {
    const directory = join(house, name)
    cpSync(whole, directory, { recursive: true })
    act(directory)
    return directory
  }

  test('holds: exit 0, with what it is', async () => {
    const { code, stdout, stderr } = await verify('whole')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^holds\n {2}ledger\.acme\.example: 600 entries, root [A-Za-z0-9+/]{43}=\n.*--checkpoint\)\n$/)
    assert.equal(stderr, '')
  })

  test('holds, by a key in a file and with a kept checkpoint; --json says the same', async () => {
    const args = ['ledger', 'verify', whole, '--key', keyFile, '--checkpoint', 'kept']
    const { code, stdout } = await runCommand(args, { cwd: house })
    assert.equal(code, 0)
    assert.match(stdout, /it begins with what kept has signed\n$/)
    const json = JSON.parse((await runCommand([...args, '--json'], { cwd: house })).stdout)
    const [origin, size, root] = readFileSync(join(whole, 'checkpoint'), 'utf8').split('\n')
    assert.deepEqual(json, { holds: true, origin, size: Number(size), root })
  })

  test('an entry that was edited: exit 1, with the entry', async () => {
    const edited = copy('edited', (directory) => {
      const path = join(directory, 'tile/entries/001')
      writeFileSync(path, readFileSync(path, 'latin1').replace('issued 300', 'Issued 300'), 'latin1')
    })
    const { code, stdout, stderr } = await verify(edited)
    assert.equal(code, 1)
    assert.match(stdout, /^does not hold\n.*600 entries by its checkpoint\n {2}✘ an entry is not the one/)
    assert.match(stdout, /\[ERR_LEDGER_ENTRY_CHANGED\]\n {4}tile\/entries\/001: entry 300\n {2}next: /)
    assert.equal(stderr, '')
    const json = JSON.parse((await verify(edited, '--json')).stdout)
    assert.equal(json.holds, false)
    assert.deepEqual(
      json.findings.map(({ code, path, entries }: Record<string, unknown>) => ({ code, path, entries })),
      [{ code: 'ERR_LEDGER_ENTRY_CHANGED', path: 'tile/entries/001', entries: { start: 300, end: 301 } }],
    )
  })

  test('written anew by who has the key: only the kept checkpoint finds it', async () => {
    assert.equal((await verify(anew)).code, 0)
    const { code, stdout } = await verify(anew, '--checkpoint', kept)
    assert.equal(code, 1)
    assert.match(stdout, /\[ERR_LEDGER_FORKED\]\n {4}checkpoint: the first 300 entries are not those that were kept\n/)
  })

  test('cut off: only the kept checkpoint finds it', async () => {
    const cut = join(house, 'cut')
    const ledger = await openLedgerIn(cut, signing)
    await ledger.append(0, entries(0, 299))
    assert.equal((await verify(cut)).code, 0)
    const { code, stdout } = await verify(cut, '--checkpoint', kept)
    assert.equal(code, 1)
    assert.match(stdout, /\[ERR_LEDGER_TRUNCATED\]\n {4}checkpoint: 299 entries where there were 300/)
  })

  test('very much is wrong: twenty are shown, the others counted', async () => {
    const wrong = copy('wrong', (directory) => writeFileSync(join(directory, 'tile/entries/000'), new Uint8Array(512)))
    const { code, stdout } = await verify(wrong)
    assert.equal(code, 1)
    assert.equal(stdout.match(/✘/g)?.length, 20)
    assert.match(stdout, / {2}and 236 more; --json has them\n/)
  })

  test('another key of this name: exit 1', async () => {
    const other = formatVerifierKey(newSigning().key)
    const { code, stdout } = await runCommand(['ledger', 'verify', whole, '--key', other], { cwd: house })
    assert.equal(code, 1)
    assert.match(stdout, /\[ERR_LEDGER_CHECKPOINT\]/)
  })

  test('bad input is exit 3, with what it is', async () => {
    mkdirSync(join(house, 'empty'))
    const nothing = join(house, 'nothing')
    writeFileSync(nothing, 'no checkpoint\n')
    const strange = formatVerifierKey(verifierKey('other.example', key.publicKey))
    const run = (...args: readonly string[]) => runCommand(['ledger', 'verify', ...args], { cwd: house })
    for (const [args, message] of [
      [
        ['empty', '--key', vkey],
        /empty: there is no checkpoint: this is no ledger .*\[ERR_LEDGER_ABSENT\]\n {2}name a d/,
      ],
      [['nowhere', '--key', vkey], /\[ERR_LEDGER_ABSENT\]/],
      [['whole', '--key', 'nowhere'], /nowhere is not there/],
      [['whole', '--key', 'nothing'], /nothing: this is no verifier key .*\[ERR_LEDGER_KEY_FORM\]/],
      [['whole', '--key', vkey.replace('+', '+0')], /\[ERR_LEDGER_KEY_FORM\]/],
      [['whole', '--key', strange.replace('other', 'ledger')], /\[ERR_LEDGER_KEY_ID\]/],
      [['whole', '--key', vkey, '--checkpoint', 'nowhere'], /nowhere is not there/],
      [['whole', '--key', vkey, '--checkpoint', 'nothing'], /nothing: a signed note is not .*\[ERR_LEDGER_NOTE_FORM\]/],
      [['whole', '--key', strange, '--checkpoint', 'kept'], /kept: .*\[ERR_LEDGER_UNSIGNED\]/],
    ] as const) {
      const { code, stderr, stdout } = await run(...args)
      assert.equal(code, 3, stdout + stderr)
      assert.match(stderr, message)
    }
    const missing = await run('whole')
    assert.equal(missing.code, 2)
    assert.match(missing.stderr, /--key KEY/)
  })

  test('shows how far it is on a terminal, and nothing of it in a pipe', needs('script', 'bsdutils'), async () => {
    const line = `${process.execPath} ${BIN} ledger verify ${whole} --key ${keyFile}`
    const { stdout } = await promisify(execFile)(programPath('script'), ['-qec', line, '/dev/null'], {
      env: { ...process.env, TERM: 'xterm' },
    })
    const shown = stdout.replaceAll('\u001b[K', '|').split('|')
    assert.deepEqual(shown.slice(0, 4), [
      '\r42 % of 600 entries',
      '\r85 % of 600 entries',
      '\r100 % of 600 entries',
      '\r',
    ])
    assert.match(shown[4] ?? '', /holds/)
  })
})

suite('the ledger of a house', () => {
  test(
    'has what was done within a second or so, by our verifier and by one that is not ours',
    needs('python3', 'python3'),
    async () => {
      await using house = await startHouse()
      await enrolled(house, 'alice')
      assert.equal((await house.run(['revoke', 'alice'])).code, 0)
      const [ledger, key] = [join(house.data, 'ledger'), join(house.data, 'ledger.vkey')]
      // The root, the issuing certificate, those of the listener, the door and its first visitor, alice, and her end.
      const verify = async () =>
        JSON.parse((await house.run(['ledger', 'verify', ledger, '--key', key, '--json'])).stdout)
      let verdict = await verify()
      for (const end = performance.now() + 20_000; verdict.size < 7 && performance.now() < end; )
        verdict = await verify()
      assert.deepEqual([verdict.holds, verdict.origin], [true, 'house.localhost/ledger'])
      assert.ok(verdict.size >= 7, `${verdict.size} entries`)
      const vkey = readFileSync(key, 'utf8').trimEnd()
      const { stdout } = await promisify(execFile)(programPath('python3'), [READER, ledger, vkey])
      const read = JSON.parse(stdout)
      assert.deepEqual(read.problems, [])
      assert.equal(Uint8Array.fromHex(read.root).toBase64(), verdict.root)
    },
  )
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { INVITED_PROFILES } from '@countersign/authority'
import { COMMANDS } from '../src/commands/table.ts'
import { main } from '../src/main.ts'
import { fakeAround } from './support/around.ts'

suite('the command line', () => {
  for (const word of ['--help', '-h', 'help'])
    test(`${word} lists every command and exits 0`, async () => {
      const around = fakeAround({ columns: 120 })
      assert.equal(await main([word], around), 0)
      const text = around.stdout.join('\n')
      for (const { name, summary } of COMMANDS)
        assert.match(text, new RegExp(`^ {2}${name} +${RegExp.escape(summary)}$`, 'm'))
      assert.deepEqual(around.stderr, [])
    })

  for (const word of ['version', '--version', '-V', '-v'])
    test(`${word} prints the version alone`, async () => {
      const around = fakeAround()
      assert.equal(await main([word], around), 0)
      assert.equal(around.stdout.length, 1)
      assert.match(around.stdout[0] ?? '', /^\d+\.\d+\.\d+$/)
    })

  test('without a command the help goes to standard error, exit 2', async () => {
    const around = fakeAround()
    assert.equal(await main([], around), 2)
    assert.deepEqual(around.stdout, [])
    assert.match(around.stderr.join('\n'), /usage: countersign COMMAND/)
  })

  for (const command of COMMANDS) {
    test(`${command.name} --help needs no other argument and names each option`, async () => {
      const around = fakeAround()
      assert.equal(await main([...command.name.split(' '), '--help'], around), 0)
      const text = around.stdout.join('\n')
      for (const name of [...Object.keys(command.options), 'json', 'help']) assert.ok(text.includes(`--${name}`), name)
      const examples = around.stdout.indexOf('examples:')
      for (const line of around.stdout.slice(0, examples)) assert.ok(line.length <= 80, line)
    })

    test(`help, --help and -h before or after ${command.name} say the same`, async () => {
      const words = command.name.split(' ')
      const said = []
      for (const line of [
        [...words, '--help'],
        [...words, '-h'],
        ['help', ...words],
        ['--help', ...words],
      ]) {
        const around = fakeAround()
        assert.equal(await main(line, around), 0)
        said.push(around.stdout.join('\n'))
      }
      assert.equal(new Set(said).size, 1)
    })
  }

  const refused: readonly (readonly [string, RegExp])[] = [
    ['invit alice', /there is no command invit; did you mean invite\? \[ERR_CLI_COMMAND\]/],
    ['xyzzy', /there is no command xyzzy \[ERR_CLI_COMMAND\]/],
    ['hlep', /there is no command hlep; did you mean help\?/],
    ['help invit', /there is no command invit; did you mean invite\?/],
    ['authority', /there is no command authority; did you mean authority root or authority .*\?/],
    ['authority --help', /there is no command authority; did you mean authority root or authority .*\?/],
    ['authority rot', /there is no command authority rot; did you mean authority root\?/],
    ['--json list', /a command comes first, and --json after it \[ERR_CLI_COMMAND\]/],
    ['meet ftp://x --identity y', /is not HOST, HOST:PORT or an https URL/],
    ['invite', /PARTY is missing \[ERR_CLI_USAGE\]/],
    ['invite alice bob', /there is one argument too many: bob/],
    ['invite alice --tll 10m', /there is no option --tll; did you mean --ttl\?/],
    ['invite alice -x', /there is no option -x/],
    ['invite alice --ttl', /--ttl needs a value \(SPAN\)/],
    ['invite alice --ttl --json', /--ttl needs a value \(SPAN\)/],
    ['invite alice --ttl 1m --ttl 2m', /--ttl is given twice/],
    ['invite alice --constructor x', /there is no option --constructor/],
    ['invite alice --ttl soon', /--ttl must be a span/],
  ]
  for (const [line, text] of refused) {
    test(`countersign ${line}: exit 2`, async () => {
      const around = fakeAround()
      assert.equal(await main(line.split(' '), around), 2)
      assert.match(around.stderr[0] ?? '', text)
    })
  }

  test('the first failure is one JSON object with --json', async () => {
    const around = fakeAround()
    assert.equal(await main(['invite', '--json'], around), 2)
    assert.deepEqual(JSON.parse(around.stdout.join('\n')).error.code, 'ERR_CLI_USAGE')
    assert.equal(around.stdout.length, 1)
  })

  test('the help of invite names every profile that one can be invited for', () => {
    const { summary } = COMMANDS.find(({ name }) => name === 'invite')?.options['profile'] ?? assert.fail('no option')
    assert.deepEqual(summary.match(/\b(?!the\b|default\b|or\b)[a-z]+(?:-[a-z]+)*\b/g), [...INVITED_PROFILES])
  })

  test('control characters of an argument do not reach the terminal', async () => {
    const around = fakeAround()
    assert.equal(await main(['\u001B[2J\u202E'], around), 2)
    assert.equal(around.stderr[0], 'countersign: there is no command \\u{1b}[2J\\u{202e} [ERR_CLI_COMMAND]')
  })

  test('nobody at the socket: exit 4, and how to start', async () => {
    const around = fakeAround({ cwd: '/nonexistent' })
    assert.equal(await main(['list'], around), 4)
    assert.match(around.stderr.join('\n'), /no authority runs with the data directory \/nonexistent\/countersign-data/)
    assert.match(around.stderr.join('\n'), /countersign up --data/)
  })
})

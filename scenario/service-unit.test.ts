// The unit for systemd: systemd reads it, and the command that it names runs as it says: as nobody in particular, with no
// power but that of low ports, where it can write to its directory and not to the program, /etc, /usr or /var.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { suite, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { needs } from '../interop/peer.ts'
import { NEEDS_MOUNT, OWN_MOUNTS } from '../tools/testing/small-disk.ts'

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
const UNIT = readFileSync(join(REPOSITORY, 'deploy/countersign.service'), 'utf8').replaceAll(
  '/opt/countersign',
  REPOSITORY,
)
const run = promisify(execFile)
const NOBODY = 65_534

/** What the unit says of `key`. */
const said = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(UNIT)?.[1] ?? assert.fail(key)

/** A directory that nobody may enter, wherever this test keeps its own. */
async function stateDirectory(t: TestContext): Promise<string> {
  const directory = await mkdtemp('/tmp/countersign-unit-')
  t.after(() => rm(directory, { recursive: true }))
  await chmod(directory, 0o755)
  const state = join(directory, 'state')
  await mkdir(state, { mode: 0o700 })
  await chown(state, NOBODY, NOBODY)
  return state
}

/** Starts what ExecStart names, as the unit would. */
function start(state: string, config: string): ChildProcess {
  const command = said('ExecStart').replace('/etc/countersign/countersign.yaml', config)
  const powers = ['--bounding-set', '-all,+net_bind_service', '--inh-caps', '+net_bind_service']
  const as = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--no-new-privs', ...powers]
  const inside = [
    // Within a chroot the root itself is no mount that could be changed.
    `for each in /etc /usr /var '${REPOSITORY}'; do mount --rbind "$each" "$each"; mount -o remount,bind,ro "$each"; done`,
    'cd "$1"; umask 077; shift',
    `exec setpriv ${as.join(' ')} --ambient-caps +net_bind_service "$@"`,
  ].join('; ')
  const args = [...OWN_MOUNTS, 'sh', '-ec', inside, 'sh', state, ...command.split(' '), '--json']
  return spawn('unshare', args, { env: { PATH: process.env['PATH'], HOME: state }, stdio: ['ignore', 'pipe', 'pipe'] })
}

suite('the unit for systemd', {
  ...NEEDS_MOUNT,
  ...needs('unshare', 'util-linux'),
  ...needs('setpriv', 'util-linux'),
  ...needs('systemd-analyze', 'systemd'),
}, () => {
  test('systemd takes it, and has little left to close', async (t) => {
    const directory = await mkdtemp('/tmp/countersign-unit-')
    t.after(() => rm(directory, { recursive: true }))
    const file = join(directory, 'countersign.service')
    await writeFile(file, UNIT)
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', file])
    assert.equal(`${stdout}${stderr}`, '')
    // 0 is closed, 10 open; systemd calls up to 2.0 "OK" and a service that says nothing, 9.6, "unsafe".
    await run('systemd-analyze', ['security', '--offline=yes', '--threshold=20', file])
    await writeFile(
      file,
      UNIT.replace(/^(Protect|Private|Restrict|System|Capability|Ambient|NoNew|Lock|Remove).*\n/gm, ''),
    )
    await assert.rejects(run('systemd-analyze', ['security', '--offline=yes', '--threshold=20', file]))
  })

  test('its command runs as it says, reads its file again, and ends', async (t) => {
    const state = await stateDirectory(t)
    const config = join(state, '..', 'countersign.yaml')
    await writeFile(config, JSON.stringify({ authority: { listen: '127.0.0.1:0' } }), { mode: 0o644 })
    const house = start(state, config)
    t.after(() => house.kill('SIGKILL'))
    const ended = once(house, 'exit')
    const events: { event: string; pid?: number }[] = []
    const lines = createInterface({ input: house.stdout! })
    lines.on('line', (line) => void events.push(JSON.parse(line)))
    const until = async (event: string) => {
      while (!events.some((each) => each.event === event))
        await once(lines, 'line', { signal: AbortSignal.timeout(20_000) })
      return events.find((each) => each.event === event) ?? assert.fail()
    }
    const { pid } = await until('ready')
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1]
    assert.equal(field('Uid'), String(NOBODY))
    // linux/capability.h: CAP_NET_BIND_SERVICE is 10.
    for (const set of ['CapEff', 'CapBnd', 'CapAmb']) assert.equal(Number.parseInt(field(set) ?? '', 16), 1 << 10, set)
    assert.equal(field('NoNewPrivs'), '1')
    const [program = '', ...words] = said('ExecReload').split(' ')
    await run(
      program,
      words.map((word) => word.replace('$MAINPID', String(pid))),
    )
    await until('config.reloaded')
    process.kill(pid ?? assert.fail(), 'SIGTERM')
    assert.deepEqual(await ended, [0, null])
  })

  test('what is wrong in its file ends with a code for which it is not started again', async (t) => {
    const state = await stateDirectory(t)
    const config = join(state, '..', 'countersign.yaml')
    await writeFile(config, JSON.stringify({ authority: { lissen: '127.0.0.1:0' } }), { mode: 0o644 })
    const [code] = await once(start(state, config), 'exit')
    assert.ok(said('RestartPreventExitStatus').split(' ').includes(String(code)), `${code}`)
  })
})

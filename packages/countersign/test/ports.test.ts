// Ports that were chosen stay, and only a taken one is given up.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Listen } from '../src/config/model.ts'
import { readPorts } from '../src/house/ports.ts'

const WISH = { host: '127.0.0.1', port: 8443, mayMove: true }

/** Opens nothing: answers the port that it is asked for, or 50123 for any, and fails as it is told. */
function opener(...failures: readonly (Error | undefined)[]) {
  const asked: number[] = []
  const open = async ({ port }: Listen) => {
    asked.push(port)
    const failure = failures[asked.length - 1]
    if (failure) throw failure
    return { url: `https://127.0.0.1:${port === 0 ? 50_123 : port}`, close: async () => undefined }
  }
  return { asked, open }
}
const quiet = () => undefined
const failed = (code: string) => Object.assign(new Error(code), { code })

async function directory() {
  const path = await mkdtemp(join(tmpdir(), 'countersign-ports-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

suite('ports', () => {
  test('a wish that is taken moves once, and stays there from then on', async () => {
    await using data = await directory()
    const first = opener(failed('EADDRINUSE'))
    await (await readPorts(data.path, quiet)).open('door/hello', WISH, first.open)
    assert.deepEqual(first.asked, [8443, 0])
    const second = opener()
    await (await readPorts(data.path, quiet)).open('door/hello', WISH, second.open)
    assert.deepEqual(second.asked, [50_123])
    const third = opener(failed('EADDRINUSE'))
    await assert.rejects((await readPorts(data.path, quiet)).open('door/hello', WISH, third.open), /50123/)
    assert.deepEqual(third.asked, [50_123])
  })

  test('any other fault is told as it is, and nothing is tried elsewhere', async () => {
    await using data = await directory()
    const { asked, open } = opener(failed('EACCES'))
    await assert.rejects((await readPorts(data.path, quiet)).open('door/hello', WISH, open), { code: 'EACCES' })
    assert.deepEqual(asked, [8443])
  })

  test('a port of the configuration does not move, and is not remembered', async () => {
    await using data = await directory()
    const { asked, open } = opener(failed('EADDRINUSE'))
    await assert.rejects((await readPorts(data.path, quiet)).open('door/hello', { ...WISH, mayMove: false }, open), {
      code: 'EADDRINUSE',
    })
    assert.deepEqual(asked, [8443])
  })

  test('another port in the configuration than the one that was handed out is told', async () => {
    await using data = await directory()
    await (await readPorts(data.path, quiet)).open('authority', WISH, opener().open)
    const told: unknown[] = []
    const ports = await readPorts(data.path, (event, fields) => told.push([event, fields]))
    const { asked, open } = opener()
    await ports.open('authority', { ...WISH, port: 8440, mayMove: false }, open)
    assert.deepEqual(asked, [8440])
    assert.deepEqual(told, [['port.moved', { listener: 'authority', before: 8443, now: 8440 }]])
    await ports.open('authority', { ...WISH, mayMove: false }, open)
    assert.equal(told.length, 1)
  })
})

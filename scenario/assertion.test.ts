// What a door states of its callers, checked by a library that is not ours, with the keys that the door publishes.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { hash, X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { startHouse } from './support/house.ts'
import { curl, enrolled, runProgram } from './support/peers.ts'

const PEERS = { ...needs('curl', 'curl'), ...needs('python3', 'python3-jwt') }
// Debian's own, which has Debian's modules.
const PYTHON = '/usr/bin/python3'
const CHECK = `
import sys, json, jwt
token, keys, audience = json.load(sys.stdin)
by_id = {key.key_id: key for key in jwt.PyJWKSet.from_dict(keys).keys}
try:
    key = by_id[jwt.get_unverified_header(token)["kid"]]
    print(json.dumps(jwt.decode(token, key.key, algorithms=["ES256"], audience=audience, options={"require": ["exp", "iat", "iss", "sub"]})))
except jwt.PyJWTError as error:
    print(json.dumps({"refused": type(error).__name__}))
`

function check(token: string, keys: unknown, audience: string): Record<string, unknown> {
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', CHECK], {
    input: JSON.stringify([token, keys, audience]),
    encoding: 'utf8',
  })
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

suite('the statement of a door about its caller', PEERS, () => {
  test('PyJWT believes it for its audience alone; what the caller wrote in its place does not come through', async () => {
    await using house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        metrics: '127.0.0.1:0',
        doors: [
          {
            name: 'orders',
            kind: 'web',
            host: 'orders.localhost',
            listen: '127.0.0.1:0',
            upstream: 'demo',
            assertion: 'https://orders.internal',
            allow: ['alice'],
          },
        ],
      },
    })
    const alice = await enrolled(house, 'alice')
    const bob = await enrolled(house, 'bob')
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    const ask = (who: typeof alice, path: string, ...more: string[]) =>
      curl(who, ['--resolve', `orders.localhost:${port}:127.0.0.1`, ...more], {
        url: `https://orders.localhost:${port}${path}`,
      })
    const tokensOf = (body: string) =>
      [...body.matchAll(/countersign[-_]assertion["']?\s*[:,]\s*["']?([\w.-]+)/gi)].map(([, token]) => token ?? '')

    const keys = JSON.parse((await ask(alice, '/.well-known/countersign/keys')).body)
    const tokens = tokensOf(
      (
        await ask(
          alice,
          '/headers',
          '--header',
          'Countersign-Assertion: forged',
          '--header',
          'countersign_assertion: forged',
        )
      ).body,
    )
    assert.equal(tokens.length, 1)
    const [token = ''] = tokens
    const claims = check(token, keys, 'https://orders.internal')
    const { raw } = new X509Certificate(await readFile(alice.certificate))
    assert.equal(claims['sub'], 'alice')
    assert.equal(claims['iss'], 'https://orders.localhost')
    assert.deepEqual(claims['cnf'], { 'x5t#S256': hash('sha256', raw, 'base64url') })
    await house.event((event) => event['event'] === 'meeting' && event['reference'] === claims['reference'])

    assert.deepEqual(check(token, keys, 'https://elsewhere.internal'), { refused: 'InvalidAudienceError' })
    const [head, body, signature = ''] = token.split('.')
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'root' })).toString('base64url')
    assert.deepEqual(check(`${head}.${changed}.${signature}`, keys, 'https://orders.internal'), {
      refused: 'InvalidSignatureError',
    })
    assert.ok(body !== changed)

    // A service on this machine has the same keys without a credential of its own.
    const local = new URL('/.well-known/countersign/keys', String(Reflect.get(house.ready, 'metrics'))).href
    assert.deepEqual(JSON.parse((await runProgram('curl', ['--silent', local])).stdout), keys)
    assert.equal((await ask(bob, '/.well-known/countersign/keys')).status, 403)
  })

  test('a service that keeps the key set believes the door after a restart, also one by kill -9', async () => {
    const home = await mkdtemp(join(tmpdir(), 'countersign-assertion-'))
    try {
      const config = {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            name: 'orders',
            kind: 'web',
            host: 'orders.localhost',
            listen: '127.0.0.1:0',
            upstream: 'demo',
            assertion: 'https://orders.internal',
            allow: ['alice'],
          },
        ],
      }
      let alice: Awaited<ReturnType<typeof enrolled>> | undefined
      let kept: unknown
      for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
        await using house = await startHouse({ config, directory: home })
        alice ??= await enrolled(house, 'alice')
        const who = alice
        const { port } = new URL(house.ready.doors[0]?.url ?? '')
        const ask = async (path: string) =>
          (
            await curl(who, ['--resolve', `orders.localhost:${port}:127.0.0.1`], {
              url: `https://orders.localhost:${port}${path}`,
            })
          ).body
        // Once, at the first start.
        kept ??= JSON.parse(await ask('/.well-known/countersign/keys'))
        const [, token = ''] = /countersign-assertion["']?\s*[:,]\s*["']?([\w.-]+)/i.exec(await ask('/headers')) ?? []
        assert.equal(check(token, kept, 'https://orders.internal')['sub'], 'alice')
        const path = join(house.data, 'doors', 'orders', 'assertion-keys.json')
        assert.equal((await stat(path)).mode & 0o777, 0o600)
        await house.stop(signal)
        // Who may read the key could speak for the door.
        if (signal === 'SIGTERM') {
          await chmod(path, 0o644)
          await assert.rejects(startHouse({ config, directory: home }), /assertion-keys\.json: others may read it/)
          await chmod(path, 0o600)
        }
      }
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  })
})

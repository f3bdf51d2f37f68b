// HTTP/2 by programs that are not ours: nghttp, h2load and curl, let in and refused.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import { type RunningHouse, startHouse } from './support/house.ts'
import { curl, enrolled, type PartyFiles, runProgram } from './support/peers.ts'

suite('a web door and peers of HTTP/2', () => {
  let house: RunningHouse
  let alice: PartyFiles
  let url: string

  before(async () => {
    house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            name: 'hello',
            kind: 'web',
            host: ['hello.localhost', 'open.localhost', '127.0.0.1'],
            callers: { 'open.localhost': 'none' },
            listen: '127.0.0.1:0',
            upstream: 'demo',
            allow: ['*', 'nobody'],
          },
        ],
      },
    })
    alice = await enrolled(house, 'alice')
    url = `https://127.0.0.1:${new URL(house.ready.doors[0]?.url ?? '').port}/`
  })
  after(async () => {
    await house?.[Symbol.asyncDispose]()
  })

  const nghttp = (args: readonly string[]) => runProgram('nghttp', ['--timeout=10', '--no-verify-peer', ...args])
  const asAlice = () => ['--cert', alice.certificate, '--key', alice.key]

  test('nghttp comes in with a certificate, and reads the upstream', needs('nghttp', 'nghttp2-client'), async () => {
    const seen = await nghttp([...asAlice(), url])
    assert.match(seen.stdout, /Hello alice/, seen.stderr)
  })

  test('nghttp sees three answers on one connection, and no error', needs('nghttp', 'nghttp2-client'), async () => {
    const seen = await nghttp([...asAlice(), '--verbose', '--null-out', `${url}a`, `${url}b`, `${url}headers`])
    assert.equal(seen.stdout.match(/:status: /g)?.length, 3, seen.stdout)
    assert.doesNotMatch(seen.stdout, /recv (?:\(.*\) )?RST_STREAM|error_code=(?!NO_ERROR)/)
  })

  test('nghttp without a certificate is told why', needs('nghttp', 'nghttp2-client'), async () => {
    const seen = await nghttp([url])
    assert.match(seen.stdout, /"code": "ERR_CALLER_NO_CERTIFICATE"/, seen.stderr)
  })

  test('curl: an upload of a megabyte, and its answer', needs('curl', 'curl'), async () => {
    const body = 'x'.repeat(1_000_000)
    const seen = await curl(
      alice,
      ['--http2', '--header', 'Content-Type: text/plain', '--data-binary', body.slice(0, 100_000)],
      {
        url: `${url}echo`,
      },
    )
    assert.equal(seen.status, 200, seen.stderr)
    assert.ok(seen.body.includes('x'.repeat(1_000)))
  })

  for (const [option, version] of [
    ['--http2', '2'],
    ['--http1.1', '1.1'],
  ] as const)
    test(
      `curl ${option}: the version is as asked, and what the caller says of itself does not arrive`,
      needs('curl', 'curl'),
      async () => {
        const forged = ['--header', 'client-cert: :Zm9yZ2Vk:', '--header', 'x_forwarded_for: 10.9.8.7']
        const seen = await curl(alice, [option, ...forged, '--write-out', '\n%{http_version} x'], {
          url: `${url}headers`,
        })
        assert.match(seen.stdout, new RegExp(`\n${version.replace('.', '\\.')} x`))
        assert.doesNotMatch(seen.body, /Zm9yZ2Vk|10\.9\.8\.7/)
      },
    )

  test(
    'curl --http2 without a certificate is refused under the reference of the log',
    needs('curl', 'curl'),
    async () => {
      const seen = await curl({ trust: alice.trust }, ['--http2'], { url })
      assert.equal(seen.status, 403)
      const { code, reference } = JSON.parse(seen.body) as Record<string, string>
      assert.equal(code, 'ERR_CALLER_NO_CERTIFICATE')
      const event = await house.event((one) => one['event'] === 'meeting' && one['reference'] === reference)
      assert.equal(event['code'], code)
    },
  )

  // h2load has no client certificate to show: it visits the name that takes none.
  test('h2load is answered two thousand times on four connections', needs('h2load', 'nghttp2-client'), async () => {
    const { host } = new URL(url)
    const args = ['--requests=2000', '--clients=4', '--max-concurrent-streams=10', `--connect-to=${host}`]
    const seen = await runProgram('h2load', [...args, `https://open.localhost:${new URL(url).port}/`])
    assert.match(seen.stdout, /2000 succeeded, 0 failed, 0 errored, 0 timeout/, seen.stdout + seen.stderr)
  })

  test(
    'h2load finds no other name on its connections: 421, every time',
    needs('h2load', 'nghttp2-client'),
    async () => {
      const { host } = new URL(url)
      const args = ['--requests=20', '--clients=1', `--connect-to=${host}`, '--header=:authority: hello.localhost']
      const seen = await runProgram('h2load', [...args, `https://open.localhost:${new URL(url).port}/`])
      assert.match(seen.stdout, /0 succeeded, 20 failed/, seen.stdout + seen.stderr)
      assert.match(seen.stdout, /0 2xx, 0 3xx, 20 4xx/)
    },
  )
})

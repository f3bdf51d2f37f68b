// Passwords with one-time codes at a door for VPN, and both with a certificate: stock clients, asked as graphical ones are,
// with the profile that the command writes, and an app for codes that is not ours.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { needs } from '../interop/peer.ts'
import type { PartyFiles } from './support/peers.ts'
import { BANK_DOOR } from './support/people.ts'
import {
  type Account,
  accountOf,
  codeNow,
  enrolledAll,
  keepsSending,
  nextCode,
  OFFICE,
  reaches,
  startAsking,
  startClient,
  startVpnHouse,
  type VpnHouse,
  withVpn,
} from './support/vpn.ts'

const POLICY = `
meet:
  - {rule: people come in, who: kind:person, what: service:office, proof: [certificate, password, totp]}
  - {rule: people sign in, who: kind:person | nobody, what: service:bank, proof: none}
  - {rule: passwords will do, who: kind:person, what: service:phones, proof: [password, totp]}
`
const PARTIES = Object.fromEntries(['alice', 'bob'].map((name) => [name, { kind: 'person' }]))
const { allow: _, ...BANK } = BANK_DOOR

suite('passwords and codes at the door for VPN', { ...withVpn, ...needs('oathtool', 'oathtool') }, () => {
  let vpn: VpnHouse
  let of: (name: string) => PartyFiles
  let alice: Account
  let bob: Account

  before(async () => {
    vpn = await startVpnHouse({
      ...{ policy: POLICY, parties: PARTIES, door: { proof: 'both', people: 'bank' } },
      doors: [
        BANK,
        {
          ...{ name: 'phones', kind: 'vpn', host: ['vpn.acme.example', '10.99.0.1'], listen: '10.99.0.1:0' },
          ...{ network: '10.9.0.0/24', routes: [{ network: '10.1.0.0/16', who: true }] },
          ...{ proof: 'password', people: 'bank' },
        },
      ],
    })
    const [files, ...accounts] = await Promise.all([
      enrolledAll(vpn, ['alice', 'bob']),
      accountOf(vpn, 'alice'),
      accountOf(vpn, 'bob'),
    ])
    of = files
    ;[alice, bob] = accounts
  })
  after(() => vpn?.[Symbol.asyncDispose]())

  /** As the command writes it, with what makes a test quick. */
  const profile = async (party: string, door: string, more: readonly string[] = []) => {
    const out = join(vpn.scratch, `${party}-${door}.ovpn`)
    const identity = door === 'office' ? ['--identity', of(party).directory] : []
    const args = ['vpn', 'profile', party, '--door', door, '--host', '10.99.0.1', '--out', out, '--force', ...identity]
    const ran = await vpn.house.run([...args, '--config', 'countersign.yaml'])
    assert.equal(ran.code, 0, ran.stderr)
    return [await readFile(out, 'utf8'), 'disable-dco', 'connect-retry 1 1', ...more]
  }

  test('both: in with certificate, password and code; keys are renewed without a second code', async () => {
    const at = await vpn.client()
    await using client = await startAsking(vpn, at, await profile('alice', 'office', ['reneg-sec 4']))
    await client.answers({ ...alice, code: codeNow(alice) })
    await client.says(/Initialization Sequence Completed/)
    assert.equal(await reaches(at, OFFICE), true)
    const met = await vpn.house.event(({ event, door }) => event === 'meeting' && door === 'office')
    assert.equal(met['ok'], true)
    const { stdout: open } = await vpn.house.run(['sessions', '--json'])
    const [session] = (JSON.parse(open) as { sessions: { door: string; proofs: unknown }[] }).sessions.filter(
      ({ door }) => door === 'office',
    )
    assert.deepEqual(session?.proofs, { caller: ['certificate', 'password', 'totp'], callee: ['certificate'] })
    const why = await vpn.house.run(['why', String(met['reference'])])
    assert.match(why.stdout, /alice, issued by .* · password · one-time password/)
    await client.says(/TLS: soft reset[\s\S]*Control Channel: TLSv1\.3/)
    await client.says(/TLS: soft reset[\s\S]*TLS: soft reset[\s\S]*Control Channel: TLSv1\.3/)
    assert.equal(await reaches(at, OFFICE), true)
    assert.doesNotMatch(client.said(), /AUTH_FAILED/)
    assert.equal(client.told().split(">PASSWORD:Need 'Auth'").length, 2)

    // Her token is good for the keys of her session, and for nothing else: not with the certificate of somebody else.
    const [, token = ''] = />PASSWORD:Auth-Token:(\S+)/.exec(client.told()) ?? []
    assert.notEqual(token, '')
    for (const [account, code] of [
      ['alice', 'ERR_VPN_PROOF'],
      ['bob', 'ERR_VPN_PROOF'],
    ] as const) {
      await using thief = await startAsking(vpn, await vpn.client(), await profile('bob', 'office'))
      await thief.answers({ account, password: token })
      await thief.says(new RegExp(`AUTH_FAILED,.*${code}`))
    }
  })

  test('both: a name that is not of the certificate is refused before its password is looked at', async () => {
    await using client = await startAsking(vpn, await vpn.client(), await profile('bob', 'office'))
    await client.answers({ ...alice, code: codeNow(alice) })
    const [line] = await client.says(/AUTH_FAILED,.*ERR_VPN_NAME.*/)
    const why = await vpn.house.run(['why', /M-\w{4}-\w{4}/.exec(line)?.[0] ?? ''])
    assert.match(why.stdout, /the user name is not the one of your certificate/)
    assert.match(why.stdout, /bob, issued by/)
  })

  test('a name that is longer than any is refused before it is looked up', async () => {
    const file = join(vpn.scratch, 'long')
    await writeFile(file, `${'a'.repeat(1_200)}\npassword\n`)
    const lines = (await profile('bob', 'phones'))
      .flatMap((text) => text.split('\n'))
      .filter((one) => !one.startsWith('static-challenge'))
      .map((one) => (one === 'auth-user-pass' ? `auth-user-pass ${file}` : one))
    await using client = await startClient(await vpn.client(), lines)
    await client.says(/AUTH_FAILED,.*ERR_VPN_CLIENT, M-/)
  })

  test('a wrong password, a wrong code, a name that nobody has and a code of before: one and the same no', async () => {
    const at = await vpn.client()
    const code = codeNow(bob)
    await using first = await startAsking(vpn, at, await profile('bob', 'phones'))
    await first.answers({ ...bob, password: 'not this one', code })
    await first.says(/AUTH_FAILED,.*/)
    // It asks again, as its profile says.
    await first.answers({ ...bob, code: '000000' })
    await first.says(/AUTH_FAILED[\s\S]*AUTH_FAILED,.*/)
    await first.answers({ account: 'nobody-here', password: bob.password, code })
    await first.says(/(AUTH_FAILED[\s\S]*){2}AUTH_FAILED,.*/)
    await first.answers({ ...bob, code })
    await first.says(/Initialization Sequence Completed/)
    assert.equal(await reaches(at, OFFICE), true)
    await using again = await startAsking(vpn, await vpn.client(), await profile('bob', 'phones'))
    await again.answers({ ...bob, code })
    await again.says(/AUTH_FAILED,.*/)
    const words = [...`${first.said()}${again.said()}`.matchAll(/Received control message: (AUTH_FAILED,.*)/g)].map(
      ([, line = '']) => line.replace(/M-\w{4}-\w{4}/, 'M'),
    )
    assert.equal(words.length, 4)
    assert.deepEqual([...new Set(words)].length, 1, words.join('\n'))
    assert.match(words[0] ?? '', /ERR_PERSON_CREDENTIALS/)
  })

  test('ten guesses are heard in an hour; then the right ones are refused too, with when to come again', async () => {
    await using client = await startAsking(vpn, await vpn.client(), await profile('alice', 'phones'))
    for (let guess = 1; guess <= 10; guess++) {
      await client.answers({ ...alice, password: `guess ${guess}`, code: '000000' })
      await client.says(new RegExp(`(AUTH_FAILED,[\\s\\S]*?){${guess}}`))
    }
    assert.doesNotMatch(client.said(), /ERR_PERSON_RESTING/)
    await client.answers({ ...alice, code: nextCode(alice) })
    const [line] = await client.says(/AUTH_FAILED,.*ERR_PERSON_RESTING.*/)
    const why = await vpn.house.run(['why', /M-\w{4}-\w{4}/.exec(line)?.[0] ?? ''])
    assert.match(why.stdout, /ERR_PERSON_RESTING/)
    assert.doesNotMatch(client.said(), /Initialization Sequence Completed/)
  })

  test('keys without the token of the session, with the password again: refused within it, and in its record', async () => {
    const at = await vpn.client()
    const lines = await profile('bob', 'office', ['reneg-sec 7', 'pull-filter ignore "auth-token"'])
    await using client = await startAsking(vpn, at, lines)
    await client.answers({ ...bob, code: nextCode(bob) })
    await client.says(/Initialization Sequence Completed/)
    // OpenVPN sends its refusal with the next packet of the client; one that renews again before that does not hear it.
    const traffic = keepsSending(at, OFFICE)
    const [line] = await client.says(/AUTH_FAILED,.*ERR_VPN_KEYS.*/).finally(() => traffic.kill())
    const reference = /M-\w{4}-\w{4}/.exec(line)?.[0] ?? assert.fail(line)
    await vpn.house.event((event) => event['event'] === 'vpn.refused' && event['reference'] === reference)
    const why = await vpn.house.run(['why', reference])
    assert.match(why.stdout, /whoever renews the keys of this session is not who opened it/)
  })
})

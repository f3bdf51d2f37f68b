// Callers of an engine that ends and begins again, of rules that the kernel does not take, and who renew their keys.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { createSessionIndex, createTrust } from '@countersign/mtls'
import type { Meeting } from '@countersign/protocol'
import { chainOf, issueLeaf } from '../../../../tools/testing/pki.ts'
import { issuing, root } from '../../../../tools/testing/web-house.ts'
import { createVpnCallers, type VpnCallers } from '../../src/vpn/callers.ts'
import { openFirewall } from '../../src/vpn/firewall.ts'
import { createAddressPool, readNetwork } from '../../src/vpn/network.ts'
import type { Variables } from '../../src/vpn/notifications.ts'
import { openPeers } from '../../src/vpn/peers.ts'
import type { Checked } from '../../src/vpn/people.ts'
import { accessFor } from '../mqtt/support.ts'

const server = issueLeaf(issuing, 'office', { names: [{ kind: 'dNSName', value: 'office' }], purpose: 'both' })
const RIGHT: Checked = {
  ok: true,
  proofs: [
    { kind: 'password', subject: { kind: 'account', value: 'alice' }, at: Temporal.Now.instant(), binding: 'none' },
  ],
}
const WRONG: Checked = { ok: false, code: 'ERR_PERSON_CREDENTIALS' }

interface Opened {
  readonly callers: VpnCallers
  readonly records: readonly Meeting[]
  readonly sessions: ReturnType<typeof createSessionIndex>
  /** Checks of passwords under way, in the order in which they began. */
  readonly checks: PromiseWithResolvers<Checked>[]
  asks(cid: number, account: string): void
  /** The keys of `cid` are renewed: what is shown then. */
  renews(cid: number, account: string, password: string): void
  /** Waits for a command, and answers all until then. */
  says(pattern: RegExp): Promise<readonly string[]>
}

/** `nft` is a program that does nothing, and ends as a file says. */
async function open(t: TestContext): Promise<Opened & { readonly failing: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-callers-'))
  const failing = join(directory, 'failing')
  const program = join(directory, 'nft')
  await writeFile(program, `#!/bin/sh\ncat >/dev/null\n[ ! -e ${failing} ]\n`)
  await chmod(program, 0o700)
  const network = readNetwork('10.8.0.0/24')
  assert.ok(network)
  const onFault = () => undefined
  const firewall = await openFirewall({ ...{ program, device: 'vpn-x', network, onFault }, onMended: () => undefined })
  const peers = await openPeers(directory, onFault)
  t.after(async () => {
    await rm(failing, { force: true })
    await firewall.close()
    await peers.close()
    await rm(directory, { recursive: true, force: true })
  })
  const sessions = createSessionIndex('office')
  const records: Meeting[] = []
  const said: string[] = []
  const looks = new Set<() => void>()
  const checks: PromiseWithResolvers<Checked>[] = []
  const callers = createVpnCallers({
    ...{ name: 'office', network, pool: createAddressPool(network), firewall, peers, proof: 'password' },
    routes: () => [{ network: '10.1.0.0/16', who: true }],
    checkPerson: () => {
      const check = Promise.withResolvers<Checked>()
      checks.push(check)
      return check.promise
    },
    say(command) {
      said.push(command)
      for (const look of [...looks]) look()
    },
    house: {
      identity: {
        current: () => ({ certificates: chainOf(server), privateKey: server.privateKey }),
        onChange: () => () => undefined,
      },
      trust: createTrust({ anchors: [root.certificate], revocation: 'prefer', asOf: Temporal.Now.instant() }),
      access: accessFor({ alice: '*', bob: '*' }),
      sessions,
      clock: () => Temporal.Now.instant(),
      record: (meeting) => records.push(meeting),
      amend: () => undefined,
      log: () => undefined,
    },
  })
  return {
    ...{ callers, records, sessions, checks, failing },
    asks: (cid, account) =>
      callers.said({ kind: 'connect', cid, kid: 1, variables: shown(account, 'SCRV1:c2VjcmV0:MTIzNDU2') }),
    renews: (cid, account, password) =>
      callers.said({ kind: 'reauth', cid, kid: 2, variables: shown(account, password) }),
    says(pattern) {
      const { promise, resolve } = Promise.withResolvers<readonly string[]>()
      const look = () => {
        if (said.some((command) => pattern.test(command))) resolve(said)
      }
      looks.add(look)
      look()
      return promise.finally(() => looks.delete(look))
    },
  }
}

function shown(username: string, password: string): Variables {
  const from = { untrusted_ip: '192.0.2.7', untrusted_port: '51234' }
  return { ok: true, values: new Map(Object.entries({ ...from, username, password })) }
}

/** Waits until so many passwords are looked at. */
async function checking({ checks }: Opened, count: number): Promise<void> {
  while (checks.length < count) await new Promise((next) => setImmediate(next))
}

suite('callers of a door for VPN', () => {
  test('who was asked about in one run of the engine is not whoever has that number in the next', async (t) => {
    const opened = await open(t)
    const { callers, checks, records, sessions } = opened
    opened.asks(0, 'alice')
    await checking(opened, 1)
    await callers.ended()
    opened.asks(0, 'mallory')
    await checking(opened, 2)
    checks[0]?.resolve(RIGHT)
    await new Promise((next) => setImmediate(next))
    checks[1]?.resolve(WRONG)
    const said = await opened.says(/^client-(?:deny|auth) 0 1/m)
    assert.equal(said.length, 1)
    assert.match(said[0] ?? '', /^client-deny 0 1 .*ERR_PERSON_CREDENTIALS/)
    assert.deepEqual(sessions.list(), [])
    assert.deepEqual(
      records.map(({ caller }) => caller.name),
      ['mallory'],
    )
  })

  test('whom the rules cannot block, the engine ends, and the cut is not confirmed', async (t) => {
    const opened = await open(t)
    opened.asks(0, 'alice')
    await checking(opened, 1)
    opened.checks[0]?.resolve(RIGHT)
    await opened.says(/^client-auth 0 1/m)
    await writeFile(opened.failing, '')
    const [session] = opened.sessions.list()
    await assert.rejects(async () => session?.cut('ERR_CALLER_REVOKED'), { code: 'ERR_ENGINE_FAILED' })
    await opened.says(/^client-kill 0 "HALT,/)
    // The engine has let go of it: its session is over, whatever the rules are.
    opened.callers.said({ kind: 'disconnect', cid: 0, variables: { ok: true, values: new Map() } })
    while (opened.sessions.list().length > 0) await new Promise((next) => setImmediate(next))
  })

  test('whom the rules do not let in hears that it is refused', async (t) => {
    const opened = await open(t)
    await writeFile(opened.failing, '')
    opened.asks(0, 'alice')
    await checking(opened, 1)
    opened.checks[0]?.resolve(RIGHT)
    const said = await opened.says(/^client-(?:deny|auth) 0 1/m)
    assert.match(said[0] ?? '', /^client-deny 0 1 .*ERR_GATE_FAULT/)
  })

  test('keys are renewed by the token of that session alone; whoever shows another is told, and asked for nothing', async (t) => {
    const opened = await open(t)
    const tokens: string[] = []
    for (const [cid, account] of ['alice', 'bob'].entries()) {
      opened.asks(cid, account)
      await checking(opened, cid + 1)
      opened.checks[cid]?.resolve(RIGHT)
      const said = await opened.says(new RegExp(`^client-auth ${cid} 1`, 'm'))
      tokens.push(/push "auth-token (\S+)"/.exec(said.at(-1) ?? '')?.[1] ?? assert.fail(said.join('')))
    }
    const [alices = '', bobs = ''] = tokens
    assert.notEqual(alices, bobs)
    for (const [cid, account, password, answer] of [
      [0, 'alice', alices, /^client-auth-nt 0 2$/m],
      [0, 'alice', bobs, /^client-deny 0 2 .*ERR_VPN_KEYS, M-/m],
      [1, 'alice', alices, /^client-deny 1 2 .*ERR_VPN_KEYS, M-/m],
      [1, 'bob', alices, /^client-deny 1 2 .*ERR_VPN_KEYS, M-/m],
      [1, 'bob', `${bobs}x`, /^client-deny 1 2 .*ERR_VPN_KEYS, M-/m],
      [1, 'bob', 'SCRV1:c2VjcmV0:MTIzNDU2', /^client-deny 1 2 .*ERR_VPN_KEYS, M-/m],
      [2, 'bob', bobs, /^client-deny 2 2 .*connect again/m],
    ] as const) {
      const said = await opened.says(/./)
      const before = said.length
      opened.renews(cid, account, password)
      while (said.length === before) await new Promise((next) => setImmediate(next))
      assert.match(said.at(-1) ?? '', answer)
    }
    assert.equal(opened.checks.length, 2)
    assert.equal(opened.sessions.list().length, 2)
  })
})

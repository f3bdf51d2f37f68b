// A mail door whose disk is full: what cannot be kept is refused for now, nothing of it stays, and what waits is neither lost nor
// sent twice. A whole house before a real postfix.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { operateQueue } from '@countersign/mail/door'
import { writePem } from '@countersign/x509'
import { needs } from '../interop/peer.ts'
import { createIssuer, issueLeaf, pemOf } from '../tools/testing/pki.ts'
import { makeSmallDisk, NEEDS_MOUNT } from '../tools/testing/small-disk.ts'
import { startHouse } from './support/house.ts'
import { enrolled, runProgram } from './support/peers.ts'
import { NEEDS_POSTFIX, startPostfix } from './support/postfix.ts'

const BOB = 'bob@partner.example'
/** The next server takes a moment to say that it has the message. */
const SLOW = 'slow@partner.example'
const SLOWLY = `check_recipient_access inline:{ {${SLOW} = sleep 2} }`

test('a full disk: refused for now, nothing half kept, and all of it once when there is room', {
  ...needs('swaks', 'swaks'),
  ...NEEDS_POSTFIX,
  ...NEEDS_MOUNT,
}, async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-mail-disk-'))
  try {
    using disk = makeSmallDisk(8192)
    const root = createIssuer('Relay Root')
    const anchors = join(scratch, 'relay-root.pem')
    await writeFile(anchors, writePem('CERTIFICATE', root.certificate.der))
    const names = [{ kind: 'dNSName', value: 'relay.acme.example' }] as const
    const certificate = pemOf(issueLeaf(root, 'relay.acme.example', { names, purpose: 'serverAuth' }))
    await using relay = await startPostfix({
      addresses: [BOB, SLOW],
      certificate,
      settings: { smtpd_end_of_data_restrictions: SLOWLY },
    })
    const next = { address: `127.0.0.1:${relay.port}`, name: 'relay.acme.example', anchors }
    const door = { name: 'mail', kind: 'mail', host: 'mail.localhost', listen: '127.0.0.1:0', allow: ['alice'], next }
    await using house = await startHouse({
      directory: disk.directory,
      config: { authority: { listen: '127.0.0.1:0' }, doors: [door] },
    })
    const alice = await enrolled(house, 'alice', ['--profile', 'person', '--san', 'email:alice@acme.example'])
    const { port } = new URL(house.ready.doors[0]?.url ?? '')
    /** What the door answered to a letter of so many octets. */
    const handIn = async (subject: string, octets = 10, to = BOB) => {
      const file = join(scratch, subject)
      const text = 'All of it, or nothing.\n'.repeat(Math.ceil(octets / 23))
      await writeFile(file, `From: alice@acme.example\nTo: ${to}\nSubject: ${subject}\n\n${text}`)
      // biome-ignore format: options beside their values
      const { stdout } = await runProgram('swaks', ['--server', '127.0.0.1', '--port', port, '--tls-on-connect', '--tls-verify', '--tls-ca-path', alice.trust,
        '--tls-sni', 'mail.localhost', '--helo', 'client.example', '--tls-cert', alice.certificate, '--tls-key', alice.key,
        '--from', 'alice@acme.example', '--to', to, '--data', `@${file}`])
      return [...stdout.matchAll(/^<[~*-]+\s+([245]\d\d .*)$/gm)].map(([, line = '']) => line)
    }
    const isRefused = (lines: readonly string[]) =>
      lines.some((line) => /^45[12] 4\.3\.[01] .*\(ERR_MAIL_QUEUE(?:_FULL)?, M-/.test(line))
    const contents = () => readdir(join(house.data, 'doors', 'mail', 'queue', 'content'))

    await handIn('before')
    await relay.mailbox(BOB, 1)
    await house.event(({ event }) => event === 'mail.sent')
    assert.deepEqual(await contents(), [])

    disk.fill(400)
    const large = await handIn('large', 1_000_000)
    assert.ok(isRefused(large), large.join('\n'))
    assert.deepEqual(await contents(), [], 'nothing of what was refused stays')
    disk.empty()

    disk.fill(0)
    const small = await handIn('small')
    assert.ok(isRefused(small), small.join('\n'))
    await house.event(({ event, code }) => event === 'request.refused' && code === 'ERR_MAIL_QUEUE_FULL')
    assert.deepEqual(await contents(), [])
    assert.equal((await relay.mailbox(BOB, 1)).length, 1)
    disk.empty()

    // Who was refused hands it in again, and each comes once.
    for (const [subject, octets] of [
      ['large', 1_000_000],
      ['small', 10],
    ] as const)
      assert.ok((await handIn(subject, octets)).some((line) => line.startsWith('250 ')))
    const got = await relay.mailbox(BOB, 3)
    assert.deepEqual(got.map((text) => /^Subject: (\w+)/m.exec(text)?.[1]).toSorted(), ['before', 'large', 'small'])
    for (const text of got) assert.doesNotMatch(text, /Countersign-Possible-Duplicate/)

    // It fills up while a message leaves: that it has left cannot be kept, and is not forgotten.
    using queue = operateQueue(join(house.data, 'doors', 'mail', 'queue')) ?? assert.fail()
    const handed = handIn('slow', 10, SLOW)
    while (queue.list()[0]?.recipients[0]?.state !== 'trying') await setTimeout(10)
    disk.fill(0)
    assert.ok((await handed).some((line) => line.startsWith('250 ')))
    await house.event(({ event }) => event === 'mail.queue-failed')
    assert.equal(queue.list()[0]?.recipients[0]?.state, 'trying')
    disk.empty()
    await house.event(({ event }) => event === 'mail.queue-works')
    assert.deepEqual(queue.list(), [])
    assert.deepEqual(await contents(), [])
    const [slow = '', ...others] = await relay.mailbox(SLOW, 1)
    assert.doesNotMatch(slow, /Countersign-Possible-Duplicate/)
    assert.deepEqual(others, [])
    assert.deepEqual(await house.stop(), { code: 0, signal: null })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
})

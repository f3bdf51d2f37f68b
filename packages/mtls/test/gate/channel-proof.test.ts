// A proof over one channel: it holds there, for that key and purpose, once; and a relay between two channels gains nothing.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, hash, type KeyObject, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { needs } from '../../../../interop/peer.ts'
import { type ChannelKey, proveAsCallee, proveAsCaller } from '../../src/gate/channel-proof.ts'
import { startCallee } from '../support/callee.ts'
import { temporaryDirectory } from '../support/directory.ts'
import { openDoor, shop, visit } from '../support/door.ts'

const LOGIN = 'a test login'
const shared = randomBytes(32)

interface Channel extends AsyncDisposable {
  readonly caller: TLSSocket
  readonly callee: TLSSocket
}

/** Both ends of a TLS channel; who they are is nobody's concern here. */
async function openChannel(): Promise<Channel> {
  const met = Promise.withResolvers<TLSSocket>()
  const door = await openDoor({
    callersOf: () => 'ask',
    onAccepted: (socket) => {
      socket.on('error', () => undefined)
      met.resolve(socket)
    },
  })
  const { socket: caller } = await visit(door.port)
  const callee = await met.promise
  return {
    caller,
    callee,
    async [Symbol.asyncDispose]() {
      caller.destroy()
      await door[Symbol.asyncDispose]()
    },
  }
}

function pair(kind: 'ec' | 'ed25519' | 'ml-dsa-44', namedCurve = 'P-256') {
  return kind === 'ec' ? generateKeyPairSync('ec', { namedCurve }) : generateKeyPairSync(kind as 'ed25519')
}

/** Keys of each kind: what the caller and the callee hold. */
const [hers, its, stranger] = [pair('ec'), pair('ed25519'), pair('ec')]
const KEYS: Readonly<Record<string, readonly [caller: ChannelKey, callee: ChannelKey]>> = {
  'a shared key': [{ shared }, { shared }],
  'ECDSA and Ed25519': cross(hers, its),
  'P-384 and ML-DSA': cross(pair('ec', 'P-384'), pair('ml-dsa-44')),
  'one key on both sides': cross(hers, hers),
}

function cross(
  caller: { privateKey: KeyObject; publicKey: KeyObject },
  callee: { privateKey: KeyObject; publicKey: KeyObject },
): readonly [ChannelKey, ChannelKey] {
  return [
    { ours: caller.privateKey, theirs: callee.publicKey },
    { ours: callee.privateKey, theirs: caller.publicKey },
  ]
}

interface Setting {
  readonly keys?: readonly [caller: ChannelKey, callee: ChannelKey]
  readonly purposes?: readonly [caller: string, callee: string]
  /** What becomes of the answer, and of the caller's proof, on their way. */
  readonly onAnswer?: (answer: Uint8Array, hello: Uint8Array) => Uint8Array
  readonly onProof?: (proof: Uint8Array, answer: Uint8Array) => Uint8Array
}

/** Who believed whom: the caller first. */
function run(
  callerEnd: TLSSocket,
  calleeEnd: TLSSocket,
  { keys = [{ shared }, { shared }], purposes = [LOGIN, LOGIN], onAnswer, onProof }: Setting = {},
): readonly [boolean, boolean] {
  const caller = proveAsCaller(callerEnd, purposes[0], keys[0])
  const callee = proveAsCallee(calleeEnd, purposes[1], keys[1], caller.hello)
  assert.ok(callee)
  const proof = caller.finish(onAnswer?.(callee.answer, caller.hello) ?? callee.answer)
  if (proof === undefined) return [false, false]
  return [true, callee.check(onProof?.(proof, callee.answer) ?? proof)]
}

suite('over one channel', () => {
  for (const [name, keys] of Object.entries(KEYS))
    test(`both sides prove ${name}, as often as they are asked`, async () => {
      await using channel = await openChannel()
      for (let i = 0; i < 2; i++) assert.deepEqual(run(channel.caller, channel.callee, { keys }), [true, true])
    })

  test('the caller says nothing to a callee that does not hold the key, and is not believed without it', async () => {
    await using channel = await openChannel()
    const cases: readonly (readonly [Setting['keys'], readonly [boolean, boolean]])[] = [
      [
        [{ shared }, { shared: randomBytes(32) }],
        [false, false],
      ],
      [
        [cross(hers, its)[0], { ours: stranger.privateKey, theirs: hers.publicKey }],
        [false, false],
      ],
      [
        [{ ours: stranger.privateKey, theirs: its.publicKey }, cross(hers, its)[1]],
        [false, false],
      ],
      [
        [{ shared }, cross(hers, its)[1]],
        [false, false],
      ],
    ]
    for (const [keys, believed] of cases)
      assert.deepEqual(run(channel.caller, channel.callee, { keys: keys! }), believed)
  })

  test('nothing that was proved for one purpose counts for another', async () => {
    await using channel = await openChannel()
    assert.deepEqual(run(channel.caller, channel.callee, { purposes: [LOGIN, 'another'] }), [false, false])
  })

  test('every octet of each message counts', async () => {
    await using channel = await openChannel()
    const flip = (message: Uint8Array, at: number) => message.with(at, (message[at] ?? 0) ^ 1)
    for (const at of [0, 1, 32, 33, 64])
      assert.deepEqual(run(channel.caller, channel.callee, { onAnswer: (one) => flip(one, at) }), [false, false])
    for (const at of [0, 1, 32])
      assert.deepEqual(run(channel.caller, channel.callee, { onProof: (one) => flip(one, at) }), [true, false])
    for (const cut of [0, 1, 33, 64])
      assert.deepEqual(run(channel.caller, channel.callee, { onAnswer: (one) => one.slice(0, cut) }), [false, false])
    assert.deepEqual(run(channel.caller, channel.callee, { onProof: (one) => one.slice(0, -1) }), [true, false])
    const longer = (one: Uint8Array) => Uint8Array.of(...one, 0)
    assert.deepEqual(run(channel.caller, channel.callee, { onAnswer: longer }), [false, false])
    for (const hello of [new Uint8Array(), new Uint8Array(32).fill(1), new Uint8Array(34).fill(1), new Uint8Array(33)])
      assert.equal(proveAsCallee(channel.callee, LOGIN, { shared }, hello), undefined)
  })

  for (const [name, keys] of Object.entries(KEYS))
    test(`what is sent back to where it came from proves nothing: ${name}`, async () => {
      await using channel = await openChannel()
      // The callee's own proof, as the caller's.
      const onProof = (_: Uint8Array, answer: Uint8Array) => Uint8Array.of(3, ...answer.slice(33))
      assert.deepEqual(run(channel.caller, channel.callee, { keys, onProof }), [true, false])
      // The caller's own nonce, as the callee's.
      const caller = proveAsCaller(channel.caller, LOGIN, keys[0])
      assert.equal(caller.finish(Uint8Array.of(2, ...caller.hello.slice(1), ...new Uint8Array(32))), undefined)
      // And nobody answers its own question.
      assert.throws(() => proveAsCallee(channel.caller, LOGIN, keys[0], caller.hello), RangeError)
      assert.throws(() => proveAsCaller(channel.callee, LOGIN, keys[1]), RangeError)
    })

  test('a message of an earlier run, or a second one of this, is not taken', async () => {
    await using channel = await openChannel()
    const old: { answer?: Uint8Array; proof?: Uint8Array } = {}
    run(channel.caller, channel.callee, {
      onAnswer: (answer) => (old.answer = answer),
      onProof: (proof) => (old.proof = proof),
    })
    assert.deepEqual(run(channel.caller, channel.callee, { onAnswer: () => old.answer! }), [false, false])
    assert.deepEqual(run(channel.caller, channel.callee, { onProof: () => old.proof! }), [true, false])

    const caller = proveAsCaller(channel.caller, LOGIN, { shared })
    const callee = proveAsCallee(channel.callee, LOGIN, { shared }, caller.hello)!
    const proof = caller.finish(callee.answer)!
    assert.equal(caller.finish(callee.answer), undefined)
    assert.equal(callee.check(old.proof!), false)
    // One guess, and no other.
    assert.equal(callee.check(proof), false)
  })
})

suite('between two channels', () => {
  test('a channel that resumes another is another', async () => {
    const ends: TLSSocket[] = []
    await using door = await openDoor({ callersOf: () => 'ask', onAccepted: (end) => void ends.push(end) })
    const one = await visit(door.port)
    const [session] = await once(one.socket, 'session')
    const two = await visit(door.port, undefined, { session })
    await door.record(1)
    assert.deepEqual(
      [one, two].map(({ socket }) => socket.isSessionReused()),
      [false, true],
    )
    assert.deepEqual(run(two.socket, ends[1]!), [true, true])
    assert.deepEqual(run(one.socket, ends[1]!), [false, false])
    for (const { socket } of [one, two]) socket.destroy()
  })

  for (const [name, keys] of Object.entries(KEYS))
    test(`who relays every message as it is, is believed by neither side: ${name}`, async () => {
      await using near = await openChannel()
      await using far = await openChannel()
      assert.deepEqual(run(near.caller, far.callee, { keys }), [false, false])
      // The callee does not believe it either, whatever the caller made of the answer.
      const caller = proveAsCaller(near.caller, LOGIN, keys[0])
      const there = proveAsCallee(far.callee, LOGIN, keys[1], caller.hello)!
      const here = proveAsCallee(near.callee, LOGIN, keys[1], caller.hello)!
      const proof = caller.finish(here.answer)
      assert.ok(proof)
      assert.equal(there.check(proof), false)
    })
})

suite('what is refused before a word is said', () => {
  test('a secret that can be guessed, a key that cannot sign here, a purpose without an end', async () => {
    await using channel = await openChannel()
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const begin =
      (key: ChannelKey, purpose = LOGIN) =>
      () =>
        proveAsCaller(channel.caller, purpose, key)
    assert.throws(begin({ shared: randomBytes(31) }), RangeError)
    assert.throws(begin({ ours: privateKey, theirs: publicKey }), TypeError)
    assert.throws(begin({ ours: hers.privateKey, theirs: pair('ec', 'secp256k1').publicKey }), TypeError)
    assert.throws(begin({ shared }, 'é'.repeat(128)), RangeError)
  })

  test('a channel of TLS 1.2', async () => {
    await using server = await startCallee(shop, { maxVersion: 'TLSv1.2', requestCert: false })
    const { socket } = await visit(server.port)
    assert.equal(socket.getProtocol(), 'TLSv1.2')
    assert.throws(() => proveAsCaller(socket, LOGIN, { shared }), RangeError)
    socket.destroy()
    await once(socket, 'close')
  })
})

test('OpenSSL makes the same of it, octet by octet', needs('openssl', 'openssl'), async () => {
  await using channel = await openChannel()
  const exporter = channel.caller
    .exportKeyingMaterial(32, 'EXPERIMENTAL countersign channel proof v1', Buffer.from(LOGIN))
    .toString('hex')
  const domain = Buffer.from('countersign channel proof v1\0').toString('hex')
  const caller = proveAsCaller(channel.caller, LOGIN, { shared })
  const callee = proveAsCallee(channel.callee, LOGIN, { shared }, caller.hello)!
  const proof = caller.finish(callee.answer)!
  const nonces = caller.hello.slice(1).toHex() + callee.answer.slice(1, 33).toHex()
  for (const [role, said] of [
    ['01', proof.slice(1)],
    ['02', callee.answer.slice(33)],
  ] as const) {
    const input = Buffer.from(`${domain}01${role}${exporter}${nonces}`, 'hex')
    const mac = execFileSync('openssl', ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${shared.toHex()}`], {
      input,
    })
    assert.equal(mac.toString().trim().split(' ').at(-1), said.toHex())
  }

  const [mine, yours] = cross(hers, hers)
  const signing = proveAsCaller(channel.caller, LOGIN, mine)
  const answer = proveAsCallee(channel.callee, LOGIN, yours, signing.hello)!
  const signature = signing.finish(answer.answer)!.slice(1)
  const name = hash('sha256', hers.publicKey.export({ type: 'spki', format: 'der' }), 'hex')
  const seen = signing.hello.slice(1).toHex() + answer.answer.slice(1, 33).toHex()
  await using scratch = await temporaryDirectory()
  await writeFile(`${scratch.path}/key.pem`, hers.publicKey.export({ type: 'spki', format: 'pem' }))
  await writeFile(`${scratch.path}/signature`, signature)
  const input = Buffer.from(`${domain}0201${exporter}${seen}${name}${name}`, 'hex')
  const verify = ['dgst', '-sha256', '-verify', `${scratch.path}/key.pem`, '-signature', `${scratch.path}/signature`]
  assert.match(execFileSync('openssl', verify, { input }).toString(), /Verified OK/)
})

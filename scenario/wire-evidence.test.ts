// The record of a meeting says what the wire says: every piece of evidence is computed again from a capture and curl's key log.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Meeting, readMeeting } from '@countersign/protocol'
import { needs } from '../interop/peer.ts'
import { exporterOf, readHandshakes, startCapture } from './support/capture.ts'
import { startHouse } from './support/house.ts'
import { curl, enrolled } from './support/peers.ts'

const CIPHER_SUITES: Readonly<Record<string, readonly [name: string, hash: 'sha256' | 'sha384']>> = {
  '0x1301': ['TLS_AES_128_GCM_SHA256', 'sha256'],
  '0x1302': ['TLS_AES_256_GCM_SHA384', 'sha384'],
  '0x1303': ['TLS_CHACHA20_POLY1305_SHA256', 'sha256'],
}
const FINISHED = 20
const CERTIFICATE_VERIFY = 15

test('the evidence of an accepted meeting is what was on the wire', needs('tshark', 'tshark'), async () => {
  await using house = await startHouse()
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-wire-'))
  try {
    const alice = await enrolled(house, 'alice')
    const door = new URL(house.ready.doors[0]?.url ?? '')
    const capture = await startCapture(Number(door.port), join(scratch, 'wire.pcapng'))
    const keyLog = join(scratch, 'keys')
    const answer = await curl(alice, ['--resolve', `hello.localhost:${door.port}:127.0.0.1`], {
      url: `https://hello.localhost:${door.port}/.well-known/countersign/meeting`,
      env: { SSLKEYLOGFILE: keyLog },
    })
    await capture.stop()
    const meeting = readMeeting(JSON.parse(answer.body))
    const handshakes = await readHandshakes(join(scratch, 'wire.pcapng'), keyLog, Number(door.port))
    assert.equal(handshakes.length, 1)
    const [wire] = handshakes
    assert.ok(wire)
    const [cipher, hash] = CIPHER_SUITES[wire.cipherSuite] ?? assert.fail(wire.cipherSuite)

    // Step 1: the ClientHello, and the reference that is made of it (its first 40 bits in Crockford's Base32).
    const randomSha256 = sha256(Buffer.from(wire.random, 'hex'))
    assert.deepEqual(evidence(meeting, 1), { kind: 'clientHello', randomSha256, serverName: wire.serverName })
    assert.equal(meeting.reference, crockford(randomSha256))
    // Steps 2 and 4: the very certificates, each with proof of its key.
    assert.equal(certificateSha256(meeting, 2), sha256(wire.serverCertificates[0]))
    assert.ok(wire.serverMessages.includes(CERTIFICATE_VERIFY))
    assert.equal(certificateSha256(meeting, 4), sha256(wire.clientCertificates[0]))
    assert.ok(wire.clientMessages.includes(CERTIFICATE_VERIFY))
    // Step 3: the caller went on after it had seen our certificate.
    assert.deepEqual(evidence(meeting, 3), { kind: 'finished' })
    assert.ok(wire.clientMessages.includes(FINISHED))
    // Step 5: our anchor is the root whose fingerprint we printed.
    assert.equal(evidence(meeting, 5)?.kind, 'verdict')
    // Step 6: keys that only both ends have.
    const exporterSha256 = sha256(await exporterOf(keyLog, wire.random, hash))
    assert.deepEqual(evidence(meeting, 6), { kind: 'channel', protocol: 'TLSv1.3', cipher, exporterSha256 })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
})

function evidence(meeting: Meeting, step: number) {
  const taken = meeting.steps[step - 1]
  assert.equal(taken?.outcome, 'proved', `step ${step}`)
  return taken?.evidence
}

function certificateSha256(meeting: Meeting, step: number): string {
  const shown = evidence(meeting, step)
  return shown?.kind === 'certificate' ? shown.certificate.sha256 : assert.fail(`step ${step} has no certificate`)
}

function sha256(octets: Uint8Array | undefined): string {
  assert.ok(octets, 'the wire has it')
  return createHash('sha256').update(octets).digest('hex')
}

/** Written without our code. */
function crockford(hex: string): string {
  const bits = BigInt(`0x${hex.slice(0, 10)}`)
    .toString(2)
    .padStart(40, '0')
  const text = bits.replaceAll(/.{5}/g, (group) => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[Number.parseInt(group, 2)] ?? '')
  return `M-${text.slice(0, 4)}-${text.slice(4)}`
}

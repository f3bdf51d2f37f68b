// Mutates what each reader reads: nothing but SshError may come out, in bounded time, and what is still read is written
// the same. `npm run -s fuzz` runs this for as long as is asked.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as ssh from '@countersign/ssh'
import { SshError } from '@countersign/ssh'
import { type Survivor, survive } from '../../../tools/testing/mutations.ts'
import * as wire from '../src/wire/read.ts'
import {
  certificateOf,
  certificates,
  ed25519,
  joined,
  keyOf,
  krlOf,
  options,
  p256,
  point,
  rsa,
  section,
  skEd25519,
  str,
  tbsOf,
  u32,
  u64,
} from './frames.ts'
import { soundMessage } from './refusals/messages.ts'
import { casesOf } from './vectors.ts'

const isDeclared = (error: unknown) => error instanceof SshError
const utf8 = new TextEncoder()
const textOf = (octets: Uint8Array) => new TextDecoder().decode(octets)

const certificateSeeds = [
  ...casesOf<{ readonly hex: string }>('certificate.json').map(({ hex }) => Uint8Array.fromHex(hex)),
  certificateOf({ role: u32(2), principals: str(str('a.example'), str('b.example')) }),
  certificateOf({
    criticalOptions: options(['force-command', str('ls')], ['source-address', str('192.0.2.0/24,::1')]),
    extensions: options(['permit-X11-forwarding'], ['permit-pty']),
  }),
  certificateOf({
    type: str('sk-ssh-ed25519-cert-v01@openssh.com'),
    key: skEd25519.subarray(30),
    criticalOptions: options(['verify-required']),
  }),
]

/** What may be signed is written again from its values; the rest, and types by the draft's names, are not. */
function tbsAgain(tbs: ssh.ReadSshTbsCertificate): Uint8Array | undefined {
  if (tbs.reserved.length > 0 || !tbs.type.endsWith('@openssh.com')) return undefined
  try {
    ssh.checkToSign(tbs)
  } catch (error) {
    if (!isDeclared(error)) throw error
    return undefined
  }
  return ssh.writeSshTbsCertificate(tbs)
}

/** A line is read in several forms, and written in one. */
const lines = ['', 'restrict,command="a \\"b\\", c" ', 'from="192.0.2.0/24" '].map((before) =>
  utf8.encode(`${before}ssh-ed25519 ${ed25519.toBase64()} alice\u00fc b`),
)

const list = krlOf(
  joined(
    certificates(
      ed25519,
      section(0x20, u64(3n), u64(1n)),
      section(0x21, u64(5n), u64(9n)),
      section(0x22, u64(20n), str(Uint8Array.of(0x55))),
    ),
    certificates(undefined, section(0x23, str('alice'), str('bob')), section(0x39, str('a'), Uint8Array.of(0), str())),
    section(2, str(p256), str(ed25519)),
    section(5, str(new Uint8Array(32)), str(new Uint8Array(32).fill(1))),
    section(3, str(new Uint8Array(20))),
    section(255, str('a'), Uint8Array.of(0), str('b')),
  ),
)

const armor = (octets: Uint8Array) =>
  utf8.encode(`-----BEGIN SSH SIGNATURE-----\n${octets.toBase64()}\n-----END SSH SIGNATURE-----\n`)

const READERS: Readonly<Record<string, Survivor>> = {
  readSshCertificate: {
    seeds: certificateSeeds,
    again: (octets) => {
      const certificate = ssh.readSshCertificate(octets)
      const tbs = tbsAgain(certificate)
      return tbs && [octets, ssh.writeSshCertificate(tbs, certificate.signature)]
    },
    isDeclared,
  },
  readSshTbsCertificate: {
    seeds: [tbsOf(), ...certificateSeeds.map((blob) => ssh.readSshCertificate(blob).tbs)],
    again: (octets) => {
      const tbs = tbsAgain(ssh.readSshTbsCertificate(octets))
      return tbs && [octets, tbs]
    },
    isDeclared,
  },
  readSshPublicKey: {
    seeds: [ed25519, p256, rsa(2048), skEd25519, keyOf('ecdsa-sha2-nistp521', str('nistp521'), str(point(133)))],
    again: (octets) => [octets, ssh.writeSshPublicKey(ssh.readSshPublicKey(octets))],
    isDeclared,
  },
  readSshSignature: {
    seeds: [
      joined(str('ssh-ed25519'), str(new Uint8Array(64))),
      joined(str('rsa-sha2-256'), str(new Uint8Array(256))),
      joined(str('ecdsa-sha2-nistp256'), str(str(new Uint8Array(32).fill(1)), str(Uint8Array.of(0, 0xff)))),
    ],
    again: (octets) => [octets, ssh.writeSshSignature(ssh.readSshSignature(octets))],
    isDeclared,
  },
  readKeyRevocationList: {
    seeds: [list],
    again: (octets) => {
      const once = ssh.writeKeyRevocationList(ssh.readKeyRevocationList(octets))
      return [once, ssh.writeKeyRevocationList(ssh.readKeyRevocationList(once))]
    },
    isDeclared,
  },
  parseAuthorizedKey: {
    seeds: lines,
    again: (octets) => {
      const once = ssh.formatAuthorizedKey(ssh.parseAuthorizedKey(textOf(octets)))
      return [utf8.encode(once), utf8.encode(ssh.formatAuthorizedKey(ssh.parseAuthorizedKey(once)))]
    },
    isDeclared,
  },
  parseKeyLine: {
    seeds: [...lines, utf8.encode(`ssh-ed25519-cert-v01@openssh.com ${certificateOf().toBase64()} a`)],
    again: (octets) => {
      const once = ssh.formatKeyLine(ssh.parseKeyLine(textOf(octets)))
      return [utf8.encode(once), utf8.encode(ssh.formatKeyLine(ssh.parseKeyLine(once)))]
    },
    isDeclared,
  },
  readSshMessageSignature: {
    seeds: [soundMessage],
    again: (octets) => [octets, ssh.writeSshMessageSignature(ssh.readSshMessageSignature(octets))],
    isDeclared,
  },
  parseSshMessageSignature: {
    seeds: [armor(soundMessage)],
    again: (octets) => {
      const once = ssh.writeSshMessageSignature(ssh.parseSshMessageSignature(textOf(octets)))
      return [once, ssh.writeSshMessageSignature(ssh.parseSshMessageSignature(textOf(armor(once))))]
    },
    isDeclared,
  },
  parseFingerprint: {
    seeds: [utf8.encode(`SHA256:${'A'.repeat(43)}`), utf8.encode(`SHA256:${'/'.repeat(42)}8`)],
    again: (octets) => [octets, utf8.encode(ssh.formatFingerprint(ssh.parseFingerprint(textOf(octets))))],
    isDeclared,
    mutations: 1,
  },
}

suite('mutations', () => {
  for (const [name, reader] of Object.entries(READERS)) test(name, () => survive(reader))

  test('every reader is among them', () => {
    // These read at a cursor, whose octets another has opened: all the others stand on them.
    const ofValues = new Set(Object.keys(wire))
    const readers = Object.keys(ssh).filter((name) => /^(read|parse)/.test(name) && !ofValues.has(name))
    assert.deepEqual(Object.keys(READERS).toSorted(), readers.toSorted())
  })
})

test('octets that nobody made end with an error, soon', () => {
  const start = performance.now()
  for (const read of [ssh.readSshCertificate, ssh.readSshPublicKey, ssh.readSshSignature, ssh.readKeyRevocationList])
    for (const fill of [0x00, 0x01, 0x41, 0x7f, 0x80, 0xff])
      for (const length of [0, 1, 4, 44, 4096, 60_000])
        assert.throws(() => read(new Uint8Array(length).fill(fill)), SshError, `${read.name}, ${length} of ${fill}`)
  assert.ok(performance.now() - start < 5_000)
})

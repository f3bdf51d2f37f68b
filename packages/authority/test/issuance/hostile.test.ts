// Hostile requests, each with the code that it must be refused with: written by hand, and none is signed.
import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import type { Identity } from '@countersign/protocol'
import { writeSshPublicKey } from '@countersign/ssh'
import {
  basicConstraintsExtension,
  type Extension,
  type GeneralName,
  keyUsageExtension,
  nameOf,
  smtpUTF8MailboxName,
  subjectAltNameExtension,
} from '@countersign/x509'
import { newSshKey } from '../../../../tools/testing/ssh-keys.ts'
import type { ProfileName, SshProfileName, X509ProfileName } from '../../src/issuance/profiles.ts'
import { openCore } from '../support/core.ts'
import { attemptWith, newKey, type RequestOptions, requestFor } from '../support/keys.ts'

const CHANNEL = new Uint8Array(32).fill(7)
const long = (octets: number) => 'a'.repeat(octets)
const dns = (value: string): Identity => ({ kind: 'dNSName', value })
const ip = (value: string): Identity => ({ kind: 'iPAddress', value })
const mail = (value: string): Identity => ({ kind: 'rfc822Name', value })
const uri = (value: string): Identity => ({ kind: 'uniformResourceIdentifier', value })
const login = (value: string): Identity => ({ kind: 'sshPrincipal', value })
const spkiOf = ({ publicKey }: { publicKey: KeyObject }) =>
  Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }))
const weakRsa = (modulusLength: number, publicExponent = 65_537) =>
  spkiOf(generateKeyPairSync('rsa', { modulusLength, publicExponent }))
const curve = (namedCurve: string) => spkiOf(generateKeyPairSync('ec', { namedCurve }))

/** What an administrator, or who passes for one, may not invite. All are ERR_ADMIN_REQUEST, with the field at fault. */
const INVITATIONS: readonly (readonly [
  what: string,
  request: { party?: string; san?: readonly string[]; profile?: ProfileName; ttlSeconds?: number },
  field: 'party' | 'san' | 'profile' | 'ttlSeconds',
])[] = [
  ['no party', { party: '' }, 'party'],
  ['the authority itself', { party: 'authority' }, 'party'],
  ['something of the authority', { party: 'authority/issuing' }, 'party'],
  ['a way upwards', { party: '../authority' }, 'party'],
  ['a way upwards inside', { party: 'a/../../b' }, 'party'],
  ['an absolute path', { party: '/alice' }, 'party'],
  ['an empty segment', { party: 'ops//alice' }, 'party'],
  ['a NUL in a party', { party: 'alice\0' }, 'party'],
  ['a line break in a party', { party: 'alice\nbob' }, 'party'],
  ['a party in another script', { party: 'аlice' }, 'party'],
  ['a huge party', { party: long(65) }, 'party'],
  ['an attribute of a name in a party', { party: 'alice,O=Acme' }, 'party'],
  ['a wildcard', { san: ['dns:*.acme.example'] }, 'san'],
  ['a wildcard of everything', { san: ['dns:*'] }, 'san'],
  ['a wildcard inside', { san: ['dns:shop.*.example'] }, 'san'],
  ['a part of a wildcard', { san: ['dns:sh*p.acme.example'] }, 'san'],
  ['a NUL in a DNS name', { san: ['dns:acme.example\0.evil.example'] }, 'san'],
  ['a DNS name that ends with a dot', { san: ['dns:acme.example.'] }, 'san'],
  ['an empty DNS name', { san: ['dns:'] }, 'san'],
  ['an address as a DNS name', { san: ['dns:10.0.0.7'] }, 'san'],
  ['a label of 64 characters', { san: [`dns:${long(64)}.example`] }, 'san'],
  ['a DNS name of 254 characters', { san: [`dns:${Array(64).fill('abc').join('.').slice(0, 254)}`] }, 'san'],
  ['an underscore', { san: ['dns:_acme.example'] }, 'san'],
  ['a U-label', { san: ['dns:bücher.example'] }, 'san'],
  ['a URL', { san: ['dns:https://acme.example'] }, 'san'],
  ['a port', { san: ['dns:acme.example:443'] }, 'san'],
  ['the name of the authority', { san: ['dns:authority.localhost'] }, 'san'],
  ['the name of the authority in other case', { san: ['dns:AUTHORITY.localhost'] }, 'san'],
  ['a network', { san: ['ip:10.0.0.0/8'] }, 'san'],
  ['half an address', { san: ['ip:10.0.0'] }, 'san'],
  ['an address with a zone', { san: ['ip:fe80::1%eth0'] }, 'san'],
  ['an octal address', { san: ['ip:010.0.0.7'] }, 'san'],
  ['another SPIFFE ID', { san: ['uri:spiffe://acme.example/bob'] }, 'san'],
  ['a SPIFFE ID of another domain', { san: ['uri:spiffe://other.example/alice'] }, 'san'],
  ['a URI', { san: ['uri:https://acme.example/'] }, 'san'],
  ['an e-mail address without a local part', { san: ['email:@acme.example'] }, 'san'],
  ['two e-mail addresses in one', { san: ['email:alice@acme.example,bob@acme.example'] }, 'san'],
  ['an e-mail address with a NUL', { san: ['email:alice\0@acme.example'] }, 'san'],
  ['an e-mail address of U-labels', { san: ['email:jörg@bücher.example'] }, 'san'],
  ['an e-mail address that turns its line around', { san: ['email:jö\u202erg@acme.example'] }, 'san'],
  ['an unknown kind of name', { san: ['rid:1.2.3'] }, 'san'],
  ['a login name for X.509', { san: ['login:root'] }, 'san'],
  ['an e-mail address for a server', { profile: 'server', san: ['email:alice@acme.example'] }, 'san'],
  ['an address for a person', { profile: 'person', san: ['email:alice@acme.example', 'ip:10.0.0.7'] }, 'san'],
  ['a host for a person', { profile: 'person', san: ['email:alice@acme.example', 'dns:acme.example'] }, 'san'],
  ['a person without an e-mail address', { profile: 'person' }, 'san'],
  ['an e-mail address for a device', { profile: 'device', san: ['email:alice@acme.example'] }, 'san'],
  ['to be an authority', { profile: 'intermediate' }, 'profile'],
  ['to be the root', { profile: 'root' }, 'profile'],
  ['to answer about status', { profile: 'ocsp-responder' }, 'profile'],
  ['to say the time', { profile: 'time-stamping' }, 'profile'],
  ['to log in by SSH', { profile: 'ssh-user', san: ['login:root'] }, 'profile'],
  ['to be an SSH host', { profile: 'ssh-host', san: ['dns:db.acme.example'] }, 'profile'],
  ['a key for encryption by token', { profile: 'person-encryption', san: ['email:alice@acme.example'] }, 'profile'],
  ['no time', { ttlSeconds: 0 }, 'ttlSeconds'],
  ['time without end', { ttlSeconds: Number.POSITIVE_INFINITY }, 'ttlSeconds'],
  ['a time that is none', { ttlSeconds: Number.NaN }, 'ttlSeconds'],
  ['two days', { ttlSeconds: 172_800 }, 'ttlSeconds'],
]

const name = (value: string): GeneralName => ({ kind: 'dNSName', value })
const asks = (...names: readonly GeneralName[]): RequestOptions => ({ names })
const extended = (...extensions: readonly Extension[]): RequestOptions => ({ extensions })

/** What a newcomer with a good token for `alice` and `alice.localhost` may not ask for. */
const REQUESTS: readonly (readonly [what: string, options: RequestOptions, code: string])[] = [
  ['another common name', { commonName: 'bob' }, 'ERR_ENROLL_NAME'],
  ['the administrator', { commonName: 'admin' }, 'ERR_ENROLL_NAME'],
  ['a NUL in its common name', { commonName: 'alice\0.evil' }, 'ERR_ENROLL_NAME'],
  ['a wildcard as common name', { commonName: '*.localhost' }, 'ERR_ENROLL_NAME'],
  ['a wildcard', asks(name('*.localhost')), 'ERR_ENROLL_NAME'],
  ['another host', asks(name('bob.localhost')), 'ERR_ENROLL_NAME'],
  ['a host below its own', asks(name('x.alice.localhost')), 'ERR_ENROLL_NAME'],
  ['its own host and another', asks(name('alice.localhost'), name('bank.example')), 'ERR_ENROLL_NAME'],
  ['a host with a NUL', asks(name('alice.localhost\0.evil')), 'ERR_ENROLL_NAME'],
  ['the host of the authority', asks(name('authority.localhost')), 'ERR_ENROLL_NAME'],
  [
    'an address outside of what was granted',
    asks({ kind: 'iPAddress', octets: Uint8Array.of(127, 0, 0, 1) }),
    'ERR_ENROLL_NAME',
  ],
  ['every address', asks({ kind: 'iPAddress', octets: new Uint8Array(16) }), 'ERR_ENROLL_NAME'],
  ['an e-mail address', asks({ kind: 'rfc822Name', value: 'root@acme.example' }), 'ERR_ENROLL_NAME'],
  ['an e-mail address beyond ASCII', asks(smtpUTF8MailboxName('rööt@acme.example')), 'ERR_ENROLL_NAME'],
  [
    "another party's SPIFFE ID",
    asks({ kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/bob' }),
    'ERR_ENROLL_NAME',
  ],
  ['a URI', asks({ kind: 'uniformResourceIdentifier', value: 'https://alice.localhost/' }), 'ERR_ENROLL_NAME'],
  ['a name of a directory', asks({ kind: 'directoryName', value: nameOf([['commonName', 'bob']]) }), 'ERR_ENROLL_NAME'],
  ['a registered ID', asks({ kind: 'registeredID', value: '1.2.3' }), 'ERR_ENROLL_NAME'],
  [
    'a name of another kind',
    asks({ kind: 'otherName', typeId: '1.3.6.1.4.1.311.20.2.3', value: Uint8Array.of(12, 1, 97) }),
    'ERR_ENROLL_NAME',
  ],
  ['a thousand hosts', asks(...Array.from({ length: 1_000 }, (_, i) => name(`h${i}.localhost`))), 'ERR_ENROLL_NAME'],
  ['to be an authority', extended(basicConstraintsExtension({ cA: true })), 'ERR_ENROLL_AUTHORITY'],
  [
    'to be one below which none is',
    extended(basicConstraintsExtension({ cA: true, pathLenConstraint: 0 })),
    'ERR_ENROLL_AUTHORITY',
  ],
  ['to sign certificates', extended(keyUsageExtension(['digitalSignature', 'keyCertSign'])), 'ERR_ENROLL_AUTHORITY'],
  ['to sign lists', extended(keyUsageExtension(['digitalSignature', 'cRLSign'])), 'ERR_ENROLL_AUTHORITY'],
  [
    'the same extension twice',
    extended(keyUsageExtension(['digitalSignature']), keyUsageExtension(['keyAgreement'])),
    'ERR_ENROLL_REQUEST',
  ],
  [
    'names twice',
    {
      names: [name('alice.localhost')],
      extensions: [subjectAltNameExtension([name('bob.localhost')], { critical: false })],
    },
    'ERR_ENROLL_REQUEST',
  ],
  ['a key that it does not have', { signedBy: newKey() }, 'ERR_ENROLL_REQUEST_SIGNATURE'],
  ['a key that it does not have, of another kind', { signedBy: newKey('Ed25519') }, 'ERR_ENROLL_REQUEST_SIGNATURE'],
]

/** What no protocol of ours may be talked into handing to the one way. */
const X509: readonly (readonly [
  what: string,
  request: { profile?: X509ProfileName; names?: readonly Identity[]; publicKey?: Uint8Array },
  code: string,
])[] = [
  ['a wildcard', { profile: 'server', names: [dns('*.acme.example')] }, 'ERR_ENROLL_PROFILE'],
  ['a NUL', { profile: 'server', names: [dns('a\0.acme.example')] }, 'ERR_ENROLL_PROFILE'],
  ['a name in capitals', { profile: 'server', names: [dns('ACME.example')] }, 'ERR_ENROLL_PROFILE'],
  ['a name that is none', { profile: 'server', names: [dns('')] }, 'ERR_ENROLL_PROFILE'],
  ['an address that is none', { profile: 'server', names: [ip('10.0.0.256')] }, 'ERR_ENROLL_PROFILE'],
  ['an address in another writing', { profile: 'server', names: [ip('0:0:0:0:0:0:0:1')] }, 'ERR_ENROLL_PROFILE'],
  ['an e-mail address for a server', { profile: 'server', names: [mail('a@acme.example')] }, 'ERR_ENROLL_PROFILE'],
  [
    'an address for a person',
    { profile: 'person', names: [mail('a@acme.example'), ip('10.0.0.7')] },
    'ERR_ENROLL_PROFILE',
  ],
  ['an e-mail address of U-labels', { profile: 'person', names: [mail('jörg@bücher.example')] }, 'ERR_ENROLL_PROFILE'],
  ['an e-mail address in capitals', { profile: 'person', names: [mail('jörg@ACME.example')] }, 'ERR_ENROLL_PROFILE'],
  ['a person without e-mail', { profile: 'person' }, 'ERR_ENROLL_NAME_MISSING'],
  ['encryption without e-mail', { profile: 'person-encryption' }, 'ERR_ENROLL_NAME_MISSING'],
  ['a login name', { names: [login('root')] }, 'ERR_ENROLL_PROFILE'],
  ["another party's SPIFFE ID", { names: [uri('spiffe://acme.example/bob')] }, 'ERR_ENROLL_PROFILE'],
  [
    'a SPIFFE ID for encryption',
    { profile: 'person-encryption', names: [mail('a@acme.example'), uri('spiffe://acme.example/alice')] },
    'ERR_ENROLL_PROFILE',
  ],
  ['a name for a responder', { profile: 'ocsp-responder', names: [dns('acme.example')] }, 'ERR_ENROLL_PROFILE'],
  ['a name for who says the time', { profile: 'time-stamping', names: [dns('acme.example')] }, 'ERR_ENROLL_PROFILE'],
  ['an authority', { profile: 'intermediate' }, 'ERR_ENROLL_PROFILE'],
  ['a root', { profile: 'root' }, 'ERR_ENROLL_PROFILE'],
  ['no key', { publicKey: new Uint8Array() }, 'ERR_ENROLL_KEY'],
  ['RSA of 1,024 bits', { publicKey: weakRsa(1024) }, 'ERR_ENROLL_KEY'],
  ['RSA with the exponent 3', { publicKey: weakRsa(2048, 3) }, 'ERR_ENROLL_KEY'],
  ['P-521', { publicKey: curve('P-521') }, 'ERR_ENROLL_KEY'],
  ['secp256k1', { publicKey: curve('secp256k1') }, 'ERR_ENROLL_KEY'],
  ['P-224', { publicKey: curve('P-224') }, 'ERR_ENROLL_KEY'],
  ['Ed448', { publicKey: spkiOf(generateKeyPairSync('ed448')) }, 'ERR_ENROLL_KEY'],
  ['a key that cannot sign', { publicKey: spkiOf(generateKeyPairSync('x25519')) }, 'ERR_ENROLL_KEY'],
  [
    'encryption to a key that only signs',
    { profile: 'person-encryption', names: [mail('a@acme.example')], publicKey: newKey('Ed25519').spki },
    'ERR_ENROLL_KEY',
  ],
]

const SSH: readonly (readonly [what: string, profile: SshProfileName, names: readonly Identity[], code: string])[] = [
  ['a user without principals', 'ssh-user', [], 'ERR_ENROLL_NAME_MISSING'],
  ['a host without principals', 'ssh-host', [], 'ERR_ENROLL_NAME_MISSING'],
  ['an empty principal', 'ssh-user', [login('')], 'ERR_ENROLL_PROFILE'],
  ['every principal', 'ssh-user', [login('*')], 'ERR_ENROLL_PROFILE'],
  ['two principals in one', 'ssh-user', [login('alice,root')], 'ERR_ENROLL_PROFILE'],
  ['a principal with a line break', 'ssh-user', [login('alice\nroot')], 'ERR_ENROLL_PROFILE'],
  ['a huge principal', 'ssh-user', [login(long(33))], 'ERR_ENROLL_PROFILE'],
  ['an e-mail address as principal', 'ssh-user', [mail('root@acme.example')], 'ERR_ENROLL_PROFILE'],
  ['every host', 'ssh-host', [dns('*')], 'ERR_ENROLL_PROFILE'],
  ['a login name of a host', 'ssh-host', [login('root')], 'ERR_ENROLL_PROFILE'],
]

test('hostile requests', async (t) => {
  // One authority for all of them: none leaves a trace that another could stumble over.
  const core = await openCore(t)

  for (const [what, request, field] of INVITATIONS)
    await t.test(`an invitation: ${what}`, async () => {
      const invited = await core.invite({ party: 'alice', ...request })
      assert.ok(!invited.ok)
      assert.equal(invited.refusal.code, 'ERR_ADMIN_REQUEST')
      assert.match(invited.refusal.note ?? '', new RegExp(`^${field}: `))
    })

  for (const [what, options, code] of REQUESTS)
    await t.test(`a newcomer asks for ${what}`, async () => {
      const invited = await core.invite({ party: 'alice', san: ['dns:alice.localhost'] })
      assert.ok(invited.ok)
      const enrolled = await core.enroll(attemptWith(invited.token, requestFor(newKey(), options), CHANNEL))
      assert.equal(enrolled.ok ? 'ok' : enrolled.refusal.code, code)
    })

  await t.test('a newcomer sends 65,537 octets', async () => {
    const invited = await core.invite({ party: 'alice' })
    assert.ok(invited.ok)
    const enrolled = await core.enroll(attemptWith(invited.token, new Uint8Array(65_537).fill(0x30), CHANNEL))
    assert.equal(enrolled.ok ? 'ok' : enrolled.refusal.code, 'ERR_ENROLL_REQUEST')
  })

  for (const [what, { profile = 'client', names = [], publicKey = newKey().spki }, code] of X509)
    await t.test(`to be signed as X.509: ${what}`, async () => {
      const proof = { method: 'local', party: 'alice', evidence: 'test' } as const
      const issued = await core.issue({ kind: 'x509', publicKey, names, profile }, proof)
      assert.equal(issued.ok ? 'ok' : issued.refusal.code, code)
    })

  for (const [what, profile, names, code] of SSH)
    await t.test(`to be signed for SSH: ${what}`, async () => {
      const proof = { method: 'local', party: 'alice', evidence: 'test' } as const
      const publicKey = writeSshPublicKey(newSshKey('Ed25519').key)
      const issued = await core.issue({ kind: 'ssh', publicKey, names, profile }, proof)
      assert.equal(issued.ok ? 'ok' : issued.refusal.code, code)
    })

  await t.test("another party's key, and its own one that was revoked", async () => {
    const { spki } = newKey()
    const { recordId } = await core.certify('bob', { publicKey: spki })
    const ask = async (party: string) => {
      const request = { kind: 'x509', publicKey: spki, names: [], profile: 'client' } as const
      const issued = await core.issue(request, { method: 'local', party, evidence: 'test' })
      return issued.ok ? 'ok' : issued.refusal.code
    }
    assert.equal(await ask('alice'), 'ERR_ENROLL_KEY_TAKEN')
    await core.revoke(recordId)
    assert.equal(await ask('bob'), 'ERR_ENROLL_KEY_TAKEN')
  })

  await t.test('a hundred of them at least, and none was signed', async () => {
    assert.ok(INVITATIONS.length + REQUESTS.length + X509.length + SSH.length >= 100)
    assert.deepEqual(await core.store.certificates.byParty('alice', 10), [])
  })
})

// One certificate of every profile, judged by programs that are not ours, and field by field by what docs/profiles.md says.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { createCheckSignature } from '@countersign/mtls'
import type { Identity } from '@countersign/protocol'
import { writeSshPublicKey } from '@countersign/ssh'
import { anchorOf, type Purpose, verifyPath } from '@countersign/verify'
import { type Certificate, OID, readCertificate, writeCertificate, writePem } from '@countersign/x509'
import { file, openssl, refusedByOpenssl, withOpenssl } from '../../../../interop/openssl.ts'
import { needs } from '../../../../interop/peer.ts'
import { file as sshFile, sshKeygen, withSshKeygen } from '../../../../interop/ssh.ts'
import { newSshKey } from '../../../../tools/testing/ssh-keys.ts'
import { authorityName, makeSerial, partyName } from '../../src/issuance/build.ts'
import { buildAndLint } from '../../src/issuance/lint.ts'
import { PROFILE_NAMES, type X509ProfileName } from '../../src/issuance/profiles.ts'
import { readKeyFile } from '../../src/keys/hierarchy.ts'
import { keySigner, type Signer } from '../../src/keys/signer.ts'
import { type Core, openCore, testClock } from '../support/core.ts'
import { type Key, newKey } from '../support/keys.ts'

const MAIL: Identity = { kind: 'rfc822Name', value: 'alice@acme.example' }
const NAMES: readonly Identity[] = [
  { kind: 'dNSName', value: 'shop.acme.example' },
  { kind: 'iPAddress', value: '10.0.0.7' },
]

/** By hand: what each leaf must be. Purposes are those of `openssl verify`. */
const EXPECTED: readonly {
  readonly profile: X509ProfileName
  readonly names?: readonly Identity[]
  readonly key?: Parameters<typeof newKey>[0]
  readonly hours: number
  readonly spiffe?: false
  readonly usage?: readonly string[]
  readonly purposes: readonly (Purpose | 'emailProtection' | 'OCSPSigning')[]
  readonly openssl: readonly string[]
  /** Extensions beside keyUsage. */
  readonly critical?: readonly string[]
  readonly more?: readonly string[]
}[] = [
  { profile: 'client', names: [...NAMES, MAIL], hours: 720, purposes: ['clientAuth'], openssl: ['sslclient'] },
  { profile: 'server', names: NAMES, hours: 720, purposes: ['serverAuth'], openssl: ['sslserver'] },
  {
    profile: 'service',
    names: NAMES,
    hours: 720,
    purposes: ['serverAuth', 'clientAuth'],
    openssl: ['sslclient', 'sslserver'],
  },
  { profile: 'device', key: 'Ed25519', hours: 2160, purposes: ['clientAuth'], openssl: ['sslclient'] },
  {
    profile: 'person',
    names: [MAIL],
    key: 'P-384',
    hours: 720,
    purposes: ['clientAuth', 'emailProtection'],
    openssl: ['sslclient', 'smimesign'],
  },
  {
    profile: 'person-encryption',
    names: [MAIL],
    key: 'RSA-2048',
    hours: 8760,
    spiffe: false,
    usage: ['keyEncipherment'],
    purposes: ['emailProtection'],
    openssl: ['smimeencrypt'],
  },
  {
    profile: 'person-encryption',
    names: [MAIL],
    hours: 8760,
    spiffe: false,
    usage: ['keyAgreement'],
    purposes: ['emailProtection'],
    openssl: [],
  },
  {
    profile: 'short-lived',
    names: NAMES,
    hours: 24,
    purposes: ['serverAuth', 'clientAuth'],
    openssl: ['sslclient', 'sslserver'],
    more: [OID.noRevAvail],
  },
  { profile: 'admin', names: [MAIL], hours: 720, purposes: ['clientAuth'], openssl: ['sslclient'] },
  {
    profile: 'ocsp-responder',
    hours: 168,
    spiffe: false,
    purposes: ['OCSPSigning'],
    openssl: [],
    more: [OID.ocspNoCheck],
  },
  {
    profile: 'time-stamping',
    hours: 5 * 365 * 24,
    spiffe: false,
    purposes: ['timeStamping'],
    openssl: ['timestampsign'],
    critical: [OID.extendedKeyUsage],
  },
]

const pem = ({ der }: Certificate) => writePem('CERTIFICATE', der)

function certtool(args: readonly string[], input?: string): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync('certtool', args, { encoding: 'utf8', input })
  return { status, said: `${stdout}${stderr}` }
}

async function open(t: TestContext): Promise<{ core: Core; root: string; chain: string }> {
  const core = await openCore(t, { clock: testClock(Temporal.Now.instant()) })
  const { root, issuing } = core.hierarchy
  return { core, root: file('root.pem', pem(root)), chain: file('issuing.pem', pem(issuing)) }
}

suite('one certificate of every profile', { ...withOpenssl, ...needs('certtool', 'gnutls-bin') }, () => {
  for (const row of EXPECTED) {
    const { profile, names = [], key = 'P-256', hours, spiffe, usage = ['digitalSignature'], purposes } = row
    const { more = [], critical = [] } = row
    test(`${profile}, ${key}: OpenSSL, GnuTLS and we accept it, and each field is as it is said`, async (t) => {
      const { core, root, chain } = await open(t)
      const { credential } = await core.certify('alice', { profile, names, publicKey: newKey(key).spki })
      const [leaf, issuing, anchor] = credential
      const path = file(`${profile}.pem`, pem(leaf))
      const strictly = ['verify', '-x509_strict', '-CAfile', root, '-untrusted', chain]
      openssl(...strictly, path)
      for (const purpose of ['sslclient', 'sslserver', 'smimesign', 'smimeencrypt', 'timestampsign'])
        if (row.openssl.includes(purpose)) openssl(...strictly, '-purpose', purpose, path)
        else refusedByOpenssl(...strictly, '-purpose', purpose, path)

      const whole = file(`${profile}-chain.pem`, pem(leaf) + pem(issuing))
      const verified = certtool(['--verify', '--load-ca-certificate', root, '--infile', whole])
      assert.equal(verified.status, 0, verified.said)
      assert.match(verified.said, /Chain verification output: Verified\. The certificate is trusted\./)

      for (const purpose of ['serverAuth', 'clientAuth', 'timeStamping'] as const) {
        const verdict = verifyPath([leaf.der, issuing.der], {
          anchors: [anchorOf(anchor)],
          issuers: [],
          status: { mode: 'prefer', crls: [] },
          now: core.clock(),
          purpose,
          checkSignature: createCheckSignature(),
        })
        assert.equal(
          verdict.ok,
          purposes.includes(purpose),
          `${purpose}: ${JSON.stringify(verdict.ok || verdict.findings)}`,
        )
      }

      const { notBefore, notAfter } = leaf.validity
      assert.equal(notAfter.since(notBefore).total('minutes'), hours * 60 + 5)
      assert.deepEqual([...(leaf.keyUsage ?? [])], usage)
      assert.deepEqual(
        leaf.extendedKeyUsage,
        purposes.map((purpose) => OID[purpose]),
      )
      const kinds = [...(spiffe === false ? [] : ['uniformResourceIdentifier']), ...names.map(({ kind }) => kind)]
      assert.deepEqual(leaf.subjectAltName?.map(({ kind }) => kind) ?? [], kinds)
      const known: string[] = [OID.subjectKeyIdentifier, OID.authorityKeyIdentifier, OID.keyUsage, OID.extendedKeyUsage]
      assert.deepEqual(
        leaf.extensions.map(({ extnID }) => extnID).sort(),
        [...known, ...(kinds.length > 0 ? [OID.subjectAltName] : []), ...more].sort(),
      )
      assert.deepEqual(
        leaf.extensions.filter((one) => one.critical).map(({ extnID }) => extnID),
        [OID.keyUsage, ...critical],
      )
    })
  }

  test('intermediate: what is outside its names, nobody accepts below it', async (t) => {
    const { core, root } = await open(t)
    const rootSigner = keySigner(readKeyFile(join(core.directory, 'authority', 'root.key'), undefined))
    const [key, now] = [newKey(), core.clock()]
    const spaces: readonly Identity[] = [{ kind: 'dNSName', value: 'acme.example' }]
    const below = await signedBy(rootSigner, 'intermediate', key, spaces, core.hierarchy.root, now)
    assert.deepEqual([...(below.keyUsage ?? [])], ['keyCertSign', 'cRLSign'])
    assert.deepEqual(below.basicConstraints, { cA: true, pathLenConstraint: 0 })
    assert.deepEqual(below.certificatePolicies, [{ policyIdentifier: '2.5.29.32.0' }])
    const critical = below.extensions.filter((one) => one.critical).map(({ extnID }) => extnID)
    assert.deepEqual(critical.sort(), [OID.keyUsage, OID.basicConstraints, OID.nameConstraints].sort())
    const chain = file('below.pem', pem(below))
    for (const [value, accepted] of [
      ['shop.acme.example', true],
      ['shop.other.example', false],
    ] as const) {
      const leaf = await signedBy(
        keySigner(key.privateKey),
        'server',
        newKey(),
        [{ kind: 'dNSName', value }],
        below,
        now,
      )
      const path = file('below-leaf.pem', pem(leaf))
      const judged = accepted ? openssl : refusedByOpenssl
      judged('verify', '-x509_strict', '-CAfile', root, '-untrusted', chain, path)
      const whole = file('below-chain.pem', pem(leaf) + pem(below))
      const { said } = certtool(['--verify', '--load-ca-certificate', root, '--infile', whole])
      assert.equal(/Chain verification output: Verified\./.test(said), accepted, said)
    }
  })

  test('cross-root: who believes one root believes what another has below it, and nothing where it is not shown', async (t) => {
    const { core, root } = await open(t)
    const rootSigner = keySigner(readKeyFile(join(core.directory, 'authority', 'root.key'), undefined))
    const [other, key, now] = [newKey(), newKey(), core.clock()]
    const cross = await signedBy(rootSigner, 'cross-root', other, [], core.hierarchy.root, now)
    assert.deepEqual([...(cross.keyUsage ?? [])], ['keyCertSign', 'cRLSign'])
    assert.deepEqual(cross.basicConstraints, { cA: true })
    assert.deepEqual(cross.certificatePolicies, [{ policyIdentifier: '2.5.29.32.0' }])
    assert.deepEqual(
      cross.extensions.filter(({ critical }) => critical).map(({ extnID }) => extnID),
      [OID.basicConstraints, OID.keyUsage],
    )
    const below = await signedBy(keySigner(other.privateKey), 'intermediate', key, [], cross, now)
    const names: readonly Identity[] = [{ kind: 'dNSName', value: 'shop.acme.example' }]
    const leaf = file(
      'crossed-leaf.pem',
      pem(await signedBy(keySigner(key.privateKey), 'server', newKey(), names, below, now)),
    )
    const shown = file('crossed-shown.pem', pem(below) + pem(cross))
    openssl('verify', '-x509_strict', '-CAfile', root, '-untrusted', shown, leaf)
    refusedByOpenssl(
      'verify',
      '-x509_strict',
      '-CAfile',
      root,
      '-untrusted',
      file('crossed-below.pem', pem(below)),
      leaf,
    )
    for (const [chain, accepted] of [
      [pem(below) + pem(cross), true],
      [pem(below), false],
    ] as const) {
      const whole = file('crossed-chain.pem', readFileSync(leaf, 'utf8') + chain)
      const { said } = certtool(['--verify', '--load-ca-certificate', root, '--infile', whole])
      assert.equal(/Chain verification output: Verified\./.test(said), accepted, said)
    }
  })

  test('no profile is left out', () => {
    const seen = [
      ...EXPECTED.map(({ profile }) => profile),
      'intermediate',
      'cross-root',
      'root',
      'ssh-user',
      'ssh-host',
    ]
    assert.deepEqual(
      PROFILE_NAMES.filter((name) => !seen.includes(name)),
      [],
    )
  })
})

/** As an authority would that has this issuer. */
async function signedBy(
  signer: Signer,
  profile: X509ProfileName,
  key: Key,
  names: readonly Identity[],
  issuer: Certificate,
  now: Temporal.Instant,
): Promise<Certificate> {
  const spiffe: Identity = { kind: 'uniformResourceIdentifier', value: 'spiffe://acme.example/shop' }
  const isAuthority = profile === 'intermediate' || profile === 'cross-root'
  const identities = isAuthority ? names : [spiffe, ...names]
  const content = {
    profile,
    subject: profile === 'cross-root' ? authorityName('Acme', 'Root 2') : partyName('shop'),
    publicKey: key.spki,
    identities,
    issuer,
    serial: makeSerial(),
    now,
  }
  const linted = buildAndLint(content)
  assert.ok(linted.ok, JSON.stringify(linted))
  return readCertificate(writeCertificate(linted.tbs, signer.algorithm, await signer.sign(linted.tbs)))
}

suite('one SSH certificate of each profile, by ssh-keygen', withSshKeygen, () => {
  for (const [profile, names, shown] of [
    [
      'ssh-user',
      [{ kind: 'sshPrincipal', value: 'deploy' }],
      [
        /user certificate/,
        /Key ID: "alice"/,
        /Principals: \n\s+deploy\n\s+Critical/,
        /Critical Options: \(none\)/,
        /Extensions: \n\s+permit-port-forwarding\n\s+permit-pty\n*$/,
      ],
    ],
    [
      'ssh-host',
      NAMES,
      [
        /host certificate/,
        /Key ID: "alice"/,
        /Principals: \n\s+shop\.acme\.example\n\s+10\.0\.0\.7\n/,
        /Critical Options: \(none\)/,
        /Extensions: \(none\)/,
      ],
    ],
  ] as const)
    test(`${profile} is shown as the profile says`, async (t) => {
      const { issue, directory } = await openCore(t)
      const issued = await issue(
        { kind: 'ssh', publicKey: writeSshPublicKey(newSshKey('Ed25519').key), names, profile },
        { method: 'local', party: 'alice', evidence: 'test' },
      )
      assert.ok(issued.ok)
      const { credential } = issued
      const line = `${credential.type} ${credential.blob.toBase64()} alice\n`
      const text = sshKeygen('-L', '-f', sshFile(`${profile}-cert.pub`, line))
      for (const pattern of shown) assert.match(text, pattern)
      assert.match(
        text,
        profile === 'ssh-user' ? /Valid: from 2026-11-24T08:55:00 to 2026-11-25T01:00:00/ : /to 2026-12-24T09:00:00/,
      )
      // The key that signed is that of the issuer for SSH, as OpenSSL reads its file; RFC 8709 §4.
      const pem = openssl('pkey', '-in', join(directory, 'authority/ssh.key'), '-pubout')
      const der = Buffer.from(pem.replace(/-----.*-----/g, ''), 'base64')
      const blob = Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1'), der.subarray(-32)])
      const fingerprint = hash('sha256', blob, 'base64').replace(/=+$/, '')
      assert.ok(text.includes(`Signing CA: ED25519 SHA256:${fingerprint} (using ssh-ed25519)`), text)
    })
})

import { generateKeyPairSync } from 'node:crypto'
import { ALGORITHM, basicConstraintsExtension, nameConstraintsExtension, OID, writePem } from '@countersign/x509'
import {
  type Different,
  type Holder,
  intermediate,
  keysOf,
  name,
  p256,
  purposes,
  root,
  sans,
  usage,
} from '../../interop/chains/house.ts'
import { openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Attackers, Case, Control } from '../model.ts'
import { around, caller, uri } from '../support/craft.ts'
import { meet, presented } from '../support/tls-client.ts'

// RFC 5758 §3.2: "ecdsa-with-SHA1" is 1.2.840.10045.4.1.
const SHA_1 = {
  ...ALGORITHM.ecdsaWithSHA256,
  algorithm: '1.2.840.10045.4.1' as typeof ALGORITHM.ecdsaWithSHA256.algorithm,
}

/** RFC 5280 §6.1, §4.2.1; SPIFFE X.509-SVID §2, §5.2. */
export const crafted: Attack = {
  name: 'crafted certificates',
  goal: 'passes for alice with a certificate that does not say so by the rules',
  cases: [
    way('for servers alone', ({ issuing }) => alike(issuing, { extendedKeyUsage: purposes(OID.serverAuth) })),
    way('for signing code', ({ issuing }) => alike(issuing, { extendedKeyUsage: purposes(OID.codeSigning) })),
    way('a NUL in the name', ({ issuing }) => named(issuing, uri('spiffe://house.localhost/alice\0.example'))),
    way('only a common name', ({ issuing }) => alike(issuing, { subjectAltName: null })),
    way('a wildcard as SPIFFE ID', ({ issuing }) => named(issuing, uri('spiffe://house.localhost/*'))),
    way('two SPIFFE IDs', ({ issuing }) =>
      named(issuing, uri('spiffe://house.localhost/mallory'), uri('spiffe://house.localhost/alice')),
    ),
    way('a look-alike name', ({ issuing }) => named(issuing, uri('spiffe://house.localhost/al%69ce'))),
    way('another trust domain', ({ issuing }) => named(issuing, uri('spiffe://house.localhost.example/alice'))),
    way('alice in upper case', ({ issuing }) => named(issuing, uri('spiffe://house.localhost/ALICE'))),
    way('expired', ({ issuing }) => caller(issuing, 'alice', ended())),
    way('not valid yet', ({ issuing }) => caller(issuing, 'alice', early())),
    { ...way('from a root of its own', () => caller(root(around()), 'alice')), anywhere: true },
    { ...way('signed by itself', () => self()), anywhere: true },
    {
      ...way('signed by another key in the name of the authority', ({ issuing }) =>
        caller(issuing, 'alice', { signer: p256() }),
      ),
      control: {
        impossible:
          'OpenSSL leaves the signature that does not fit in its queue of errors, and Node ends the connection for it, whatever its options',
      },
    },
    way(
      'from a party that signs as an authority',
      ({ bob }) => caller(bob, 'alice'),
      ({ bob, issuing }) => [bob, issuing],
    ),
    below('from an authority below one that may have none', ({ issuing }) => intermediate(issuing, around())),
    below('from an authority that may not name alice', ({ root: top }) =>
      intermediate(top, {
        ...around(),
        more: [nameConstraintsExtension({ permittedSubtrees: [{ base: uri('other.example'), minimum: 0 }] })],
      }),
    ),
    way('an authority as a party', ({ issuing }) =>
      alike(issuing, {
        basicConstraints: basicConstraintsExtension({ cA: true }),
        keyUsage: usage('digitalSignature', 'keyCertSign'),
      }),
    ),
    way('an RSA key of 1024 bits', ({ issuing }) => caller(issuing, 'alice', { keys: weakKeys() })),
    way('signed with SHA-1', ({ issuing }) =>
      caller(issuing, 'alice', { signer: { ...issuing.keys, algorithm: SHA_1, hash: 'sha1' } }),
    ),
    { ...way('no certificate', () => undefined), anywhere: true },
    way('not on the list', ({ bob }) => bob),
  ],
}

const alike = (issuing: Holder, extensions: NonNullable<Different['extensions']>) =>
  caller(issuing, 'alice', { extensions })
const named = (issuing: Holder, ...names: Parameters<typeof sans>) => alike(issuing, { subjectAltName: sans(...names) })

const ended = (): Different => ({
  notBefore: Temporal.Now.instant().round('second').subtract({ hours: 3 }),
  notAfter: Temporal.Now.instant().round('second').subtract({ hours: 2 }),
})
const early = (): Different => ({
  notBefore: Temporal.Now.instant().round('second').add({ hours: 1 }),
  notAfter: Temporal.Now.instant().round('second').add({ hours: 2 }),
})

function self(): Holder {
  return root({
    ...around(),
    subject: name('alice'),
    extensions: {
      basicConstraints: null,
      keyUsage: usage('digitalSignature'),
      extendedKeyUsage: purposes(OID.clientAuth),
      subjectAltName: sans(uri('spiffe://house.localhost/alice')),
    },
  })
}

function weakKeys() {
  return keysOf(generateKeyPairSync('rsa', { modulusLength: 1024 }), ALGORITHM.sha256WithRSAEncryption, 'sha256')
}

function way(
  what: string,
  make: (attackers: Attackers) => Holder | undefined,
  above: (attackers: Attackers) => readonly Holder[] = ({ issuing }) => [issuing],
): Case {
  return {
    name: what,
    control: believesTheName,
    async run(target) {
      const holder = make(target.attackers)
      // OpenSSL on the attacker's side shall send whatever it is given.
      return meet(target, holder && { ...presented(holder, ...above(target.attackers)), ciphers: 'DEFAULT@SECLEVEL=0' })
    },
  }
}

function below(what: string, make: (attackers: Attackers) => Holder): Case {
  let authority: Holder | undefined
  return way(
    what,
    (attackers) => {
      authority = make(attackers)
      return caller(authority, 'alice')
    },
    ({ issuing }) => (authority ? [authority, issuing] : []),
  )
}

/** Asks for a certificate and never asks who signed it: `rejectUnauthorized: false` and no gate. */
function believesTheName(attackers: Attackers): ReturnType<Control> {
  return openPlainDoor(attackers, {
    rejectUnauthorized: false,
    ca: writePem('CERTIFICATE', root(around()).certificate.der),
  })
}

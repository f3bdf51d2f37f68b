// The most that we know to make a verifier do with 64 kB of certificates: by a stranger, who has no certificate of ours, and by
// an insider, who has an authority below an anchor.
import { generateKeyPairSync } from 'node:crypto'
import type { FindingCode } from '@countersign/verify'
import {
  ALGORITHM,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  type GeneralName,
  type Name,
  nameConstraintsExtension,
  nameOf,
  type Oid,
  policyConstraintsExtension,
  policyMappingsExtension,
  readSubjectPublicKeyInfo,
  writeInteger,
  writeOctetBitString,
  writeSequence,
} from '@countersign/x509'
import { type Attack, attack } from './attack.ts'
import { constrained } from './constraint-attack-cases.ts'
import {
  akiOf,
  anchorOf,
  contextOf,
  type Different,
  type Holder,
  intermediate,
  type Keys,
  keysOf,
  leaf,
  name,
  p256,
  root,
  sans,
} from './house.ts'

export const MAX_ATTACK_OCTETS = 65_536
/** `DEFAULT_BUDGET.maxCertificates`, beside the leaf. */
const SENT = 31

/** Makes them all; some seconds. */
export function makeAttacks(): readonly Attack[] {
  const keys = p256()
  const house = root({ keys })
  return [
    ...strangers(house),
    ...cliques(house),
    ...insiders(house),
    ...names(house),
    ...constrained(house),
    ...octets(house),
  ]
}

function strangers(house: Holder): readonly Attack[] {
  const slow = (namedCurve: string, algorithm: typeof ALGORITHM.ecdsaWithSHA384, hash: string) =>
    root({ subject: name('Root'), keys: keysOf(generateKeyPairSync('ec', { namedCurve }), algorithm, hash) })
  /** All claim the anchor as issuer, and each other. */
  const claims = (anchor: Holder) => {
    const own = Array.from({ length: SENT }, p256)
    const forged = own.map((each) =>
      intermediate(anchor, { subject: name('Root'), keys: each, signer: own[0] as Keys }),
    )
    const party = leaf(anchor, {
      signer: own[0] as Keys,
      extensions: { authorityKeyIdentifier: akiOf({ keys: p256() }) },
    })
    return attack('stranger', [party, ...forged], [anchor], 'ERR_VERIFY_KEY_IDENTIFIER')
  }
  const alien = root({ subject: name('Alien') })
  const crowd = Array.from({ length: SENT }, p256).map((each, i) =>
    intermediate(alien, {
      subject: name('Alien'),
      keys: each,
      notAfter: alien.certificate.validity.notAfter.subtract({ seconds: i }),
    }),
  )
  return [
    { what: 'thirty that claim to be signed by a P-256 anchor', ...claims(house) },
    {
      what: 'thirty that claim to be signed by a P-384 anchor',
      ...claims(slow('P-384', ALGORITHM.ecdsaWithSHA384, 'sha384')),
      code: 'ERR_VERIFY_BUDGET',
    },
    {
      what: 'thirty that claim to be signed by a P-521 anchor',
      ...claims(slow('P-521', ALGORITHM.ecdsaWithSHA512, 'sha512')),
      code: 'ERR_VERIFY_BUDGET',
    },
    {
      what: 'thirty that could each be above each other, below no anchor',
      ...attack(
        'stranger',
        [leaf(alien, { extensions: { authorityKeyIdentifier: akiOf({ keys: p256() }) } }), ...crowd],
        [house],
        'ERR_VERIFY_ISSUER_NOT_FOUND',
      ),
    },
  ]
}

/** Authorities that really signed each other, all below the anchor, so that each of very many paths is signed. */
function cliques(house: Holder): readonly Attack[] {
  const clique = (count: number, sameName: boolean, top: Different) => {
    const gate = intermediate(house, { subject: name('Gate'), ...top })
    const members = Array.from({ length: count }, (_, i) => ({
      subject: name(sameName ? 'Member' : `Member ${i}`),
      keys: p256(),
    }))
    const heads = members.map((member) => root(member))
    const bag = heads.flatMap((head, i) => [
      intermediate(gate, members[i]),
      ...members.flatMap((member, j) => (i === j ? [] : [intermediate(head, member)])),
    ])
    return [leaf(heads[0] as Holder), gate, ...bag.slice(0, SENT - 1)]
  }
  const explicit = { more: [policyConstraintsExtension({ requireExplicitPolicy: 0 })] }
  return [
    {
      what: 'six that signed each other, where every path lacks a policy',
      ...attack('insider', clique(6, false, explicit), [house], 'ERR_VERIFY_BUDGET'),
    },
    {
      what: 'six of one name that signed each other, where every path lacks a policy',
      ...attack('insider', clique(6, true, explicit), [house], 'ERR_VERIFY_BUDGET'),
    },
    {
      what: 'six that signed each other, below an authority that allows none below it',
      ...attack(
        'insider',
        clique(6, false, {
          extensions: { basicConstraints: basicConstraintsExtension({ cA: true, pathLenConstraint: 0 }) },
        }),
        [house],
        'ERR_VERIFY_PATH_LENGTH',
      ),
    },
    {
      what: 'layers of five twins each, where every path lacks a policy',
      ...attack('insider', layers(house, explicit), [house], 'ERR_VERIFY_BUDGET'),
    },
  ]
}

/** In each layer, five certificates for one name and key. */
function layers(house: Holder, top: Different): readonly Holder[] {
  const sent: Holder[] = []
  let above = intermediate(house, { subject: name('Gate'), ...top })
  const gate = above
  for (let depth = 0; depth < 5; depth++) {
    const own = { subject: name(`Layer ${depth}`), keys: p256() }
    const twins = Array.from({ length: 5 }, () => intermediate(above, own))
    sent.push(...twins)
    above = twins[0] as Holder
  }
  return [leaf(above), ...sent, gate]
}

function insiders(house: Holder): readonly Attack[] {
  const p521 = () => keysOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }), ALGORITHM.ecdsaWithSHA512, 'sha512')
  /** Thirty that the authority with this key has not signed, and the leaf neither. */
  const wrongTurns = (keys: Keys, code: FindingCode) => {
    const slow = intermediate(house, { subject: name('Slow'), keys })
    const signer = { ...p256(), algorithm: keys.algorithm }
    const forged = Array.from({ length: SENT - 1 }, () =>
      intermediate(slow, { subject: name('Slow'), keys: p256(), signer }),
    )
    const party = leaf(slow, { signer: p256(), extensions: { authorityKeyIdentifier: akiOf({ keys: p256() }) } })
    return attack('insider', [party, slow, ...forged], [house], code)
  }
  return [
    { what: 'a key of RSA-16384', ...wrongTurns(rsaOf(16_384, '010001'), 'ERR_VERIFY_KEY_IDENTIFIER') },
    { what: 'thirty below a key of RSA-8192', ...wrongTurns(rsaOf(8192, '010001'), 'ERR_VERIFY_KEY_IDENTIFIER') },
    {
      what: 'thirty below a key of RSA-3072 with an exponent of 256 bits',
      ...wrongTurns(rsaOf(3072, `7${'f'.repeat(63)}`), 'ERR_VERIFY_BUDGET'),
    },
    { what: 'thirty below a key of P-521', ...wrongTurns(p521(), 'ERR_VERIFY_BUDGET') },
  ]
}

/** A public key of that size. Nobody has its private one: what it is said to have signed is of someone else. */
function rsaOf(bits: number, exponent: string): Keys {
  const modulus = BigInt(`0x${'f'.repeat(bits / 4)}`)
  const key = writeSequence(writeInteger(modulus), writeInteger(BigInt(`0x${exponent}`)))
  const der = writeSequence(Uint8Array.fromHex('300d06092a864886f70d0101010500'), writeOctetBitString(key))
  return {
    ...p256(),
    subjectPublicKeyInfo: readSubjectPublicKeyInfo(der),
    algorithm: ALGORITHM.sha256WithRSAEncryption,
  }
}

function names(house: Holder): readonly Attack[] {
  const dns = (count: number, of: string): GeneralName[] =>
    Array.from({ length: count }, (_, i) => ({ kind: 'dNSName', value: `${of}${i}.example` }))
  const subtrees = (count: number, of: string) => dns(count, of).map((base) => ({ base, minimum: 0 }))
  const constrained = (count: number) =>
    intermediate(house, {
      more: [
        nameConstraintsExtension({ permittedSubtrees: subtrees(count, 'a'), excludedSubtrees: subtrees(count, 'b') }),
      ],
    })
  const many = constrained(800)
  const policies = (count: number) => Array.from({ length: count }, (_, i): Oid => `1.3.6.1.4.1.55555.${i}`)
  const mapped: Holder[] = []
  for (let i = 0; i < 6; i++)
    mapped.unshift(
      intermediate(mapped[0] ?? house, {
        subject: name(`Mapper ${i}`),
        more: [
          certificatePoliciesExtension(policies(200).map((policyIdentifier) => ({ policyIdentifier }))),
          policyMappingsExtension(
            policies(200).map((issuerDomainPolicy, j) => ({
              issuerDomainPolicy,
              subjectDomainPolicy: policies(200)[(j * 7 + 1) % 200] as Oid,
            })),
          ),
        ],
      }),
    )
  const long = (of: string): Name => nameOf([['commonName', `${'Å'.repeat(900)}${of}`]])
  const longHouse = root({ subject: long('house') })
  const longNames = Array.from({ length: 14 }, (_, i) =>
    intermediate(longHouse, { subject: long(String(i)), signer: p256() }),
  )
  return [
    {
      what: 'names and constraints by the thousand',
      ...attack(
        'insider',
        [leaf(many, { extensions: { subjectAltName: sans(...dns(900, 'a')) } }), many],
        [house],
        'ERR_VERIFY_NAME_CONSTRAINTS',
      ),
    },
    {
      what: 'six in a row that map hundreds of policies',
      ...attack('insider', [leaf(mapped[0] as Holder), ...mapped], [house], undefined),
    },
    {
      what: 'names of a thousand letters that must be prepared',
      ...attack(
        'stranger',
        [leaf(longHouse, { issuer: long('HOUSE'), signer: p256() }), ...longNames],
        [house, longHouse],
        'ERR_VERIFY_BAD_SIGNATURE',
      ),
    },
  ]
}

function octets(house: Holder): readonly Attack[] {
  const unknown = Array.from({ length: 240 }, (_, i) => ({
    extnID: `1.3.6.1.4.1.55555.${i}`,
    critical: true,
    extnValue: new Uint8Array(),
  }))
  const twins = (keys: Keys) => Array.from({ length: 12 }, () => intermediate(house, { keys, more: unknown }))
  const crowded = twins(p256())
  return [
    {
      what: 'thousands of critical extensions that nobody knows',
      ...attack('insider', [leaf(crowded[0] as Holder), ...crowded], [house], 'ERR_VERIFY_CRITICAL_EXTENSION'),
    },
    {
      what: 'octets nested ten thousand deep',
      by: 'stranger',
      peer: [Uint8Array.from(nest(16_000))],
      context: contextOf([anchorOf(house)]),
      code: 'ERR_VERIFY_MALFORMED',
    },
  ]
}

/** Sequences within sequences, as DER. */
function nest(depth: number): readonly number[] {
  const headers: number[][] = []
  let length = 0
  for (let i = 0; i < depth; i++) {
    const header =
      length < 0x80 ? [0x30, length] : length < 0x100 ? [0x30, 0x81, length] : [0x30, 0x82, length >> 8, length & 0xff]
    length += header.length
    if (length > MAX_ATTACK_OCTETS - 8) break
    headers.push(header)
  }
  return headers.reverse().flat()
}

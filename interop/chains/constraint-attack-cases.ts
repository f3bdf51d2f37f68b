// Names by the thousand, each under constraints or beside others: what must not cost the square of what was sent.
import { webpkiProfile } from '@countersign/verify'
import { type GeneralName, type Name, nameConstraintsExtension, nameOf } from '@countersign/x509'
import { type Attack, attack } from './attack.ts'
import { type Different, type Holder, intermediate, leaf, name, p256, root, sans } from './house.ts'

/** Each name costs little by itself, and much if it is held anew against each base, or each beginning of it is written out. */
export function constrained(house: Holder): readonly Attack[] {
  const alien = root({ subject: name('Alien') })
  const keys = p256()
  const subtrees = (bases: readonly GeneralName[]) => bases.map((base) => ({ base, minimum: 0 }))
  const under = (
    count: number,
    permitted: readonly GeneralName[],
    excluded: readonly GeneralName[],
    party: Different,
  ) => {
    const more = [
      nameConstraintsExtension({ permittedSubtrees: subtrees(permitted), excludedSubtrees: subtrees(excluded) }),
    ]
    const twins = Array.from({ length: count }, () => intermediate(alien, { subject: name('Twin'), keys, more }))
    return attack('stranger', [leaf(twins[0] as Holder, party), ...twins], [house], 'ERR_VERIFY_ISSUER_NOT_FOUND')
  }
  const directory = (value: Name): GeneralName => ({ kind: 'directoryName', value })
  const range = (length: number, first: number): GeneralName => {
    const mask = Array.from({ length: 16 }, (_, i) => (0xff00 >> Math.min(Math.max(length - 8 * i, 0), 8)) & 0xff)
    return { kind: 'iPAddress', octets: Uint8Array.from([first, ...Array.from({ length: 15 }, () => 0), ...mask]) }
  }
  const ranges = Array.from({ length: 120 }, (_, i) => range(i + 8, 0x80))
  const address = (i: number): GeneralName => ({
    kind: 'iPAddress',
    octets: Uint8Array.from({ length: 16 }, (_, at) => (at < 14 ? 0 : (i >> (8 * (15 - at))) & 0xff)),
  })
  const label = (i: number): GeneralName => ({ kind: 'dNSName', value: `n${i}.${'a.'.repeat(120)}x` })
  return [
    {
      what: 'a name of thousands of steps under sixteen that constrain it',
      ...under(16, [directory(nameOf([]))], [directory(name('Other'))], {
        subject: nameOf(Array.from({ length: 3900 }, () => ['commonName', 'a'] as const)),
      }),
    },
    {
      what: 'a thousand addresses under ranges of every length',
      ...under(2, [range(0, 0), ...ranges], ranges, {
        extensions: { subjectAltName: sans(...Array.from({ length: 1000 }, (_, i) => address(i))) },
      }),
    },
    {
      what: 'names of a hundred labels under sixteen that constrain them',
      ...under(16, [{ kind: 'dNSName', value: 'x' }], [{ kind: 'dNSName', value: 'y' }], {
        extensions: { subjectAltName: sans(...Array.from({ length: 200 }, (_, i) => label(i))) },
      }),
    },
    commonNames(house),
  ]
}

/** For the profile that looks for each in the subjectAltName. */
function commonNames(house: Holder): Attack {
  const addresses = Array.from(
    { length: 5000 },
    (_, i): GeneralName => ({ kind: 'iPAddress', octets: Uint8Array.of(10, 0, i >> 8, i & 0xff) }),
  )
  const party = leaf(house, {
    subject: nameOf(Array.from({ length: 1900 }, (_, i) => ['commonName', String(i)] as const)),
    extensions: { subjectAltName: sans(...addresses) },
    signer: p256(),
  })
  const { context, ...asked } = attack('stranger', [party], [house], 'ERR_VERIFY_COMMON_NAME')
  return {
    what: 'common names by the thousand beside addresses by the thousand',
    ...asked,
    context: { ...context, profile: webpkiProfile(() => false) },
  }
}

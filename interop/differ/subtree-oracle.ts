// Name constraints name by name and subtree by subtree, RFC 5280 §4.2.1.10: what our prepared bases must come to.
import type { GeneralName, Name } from '@countersign/x509'

/** One list of subtrees of one certificate; a kind that neither list has is not constrained. */
export interface Subtrees {
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

/** Tells whether every name is within what each of `above` allows. */
export function allowedBySubtrees(names: readonly GeneralName[], above: readonly Subtrees[]): boolean {
  return names.every((name) => above.every((subtrees) => isAllowed(name, subtrees)))
}

function isAllowed(name: GeneralName, { permitted, excluded }: Subtrees): boolean {
  const [permittedOfKind, excludedOfKind] = [permitted, excluded].map((bases) =>
    bases.filter(({ kind }) => kind === name.kind),
  ) as [GeneralName[], GeneralName[]]
  if (permittedOfKind.length + excludedOfKind.length === 0) return true
  // "If a constraint is applied to the uniformResourceIdentifier name form and a subsequent certificate includes a
  // subjectAltName extension with a uniformResourceIdentifier that does not include an authority component with a host name
  // specified as a fully qualified domain name […] then the application MUST reject the certificate."
  if (name.kind === 'uniformResourceIdentifier' && hostOf(name.value) === undefined) return false
  const instances = instancesOf(name, [...permittedOfKind, ...excludedOfKind])
  const isBelowOneOf = (bases: readonly GeneralName[]) => (instance: GeneralName) =>
    bases.some((base) => isBelow(instance, base))
  if (instances.some(isBelowOneOf(excludedOfKind))) return false
  return permittedOfKind.length === 0 || instances.every(isBelowOneOf(permittedOfKind))
}

/** A wildcard is every name that it stands for: with the first labels of the bases, and with one that none has. */
function instancesOf(name: GeneralName, bases: readonly GeneralName[]): readonly GeneralName[] {
  if (name.kind !== 'dNSName' || !name.value.startsWith('*.')) return [name]
  const labels = bases.flatMap((base) => (base.kind === 'dNSName' ? base.value.split('.').slice(0, 1) : []))
  return [...labels.filter((label) => label !== ''), 'no-base-has-this'].map((label) => ({
    kind: 'dNSName',
    value: `${label}${name.value.slice(1)}`,
  }))
}

function isBelow(name: GeneralName, base: GeneralName): boolean {
  switch (base.kind) {
    case 'dNSName':
      return name.kind === base.kind && isDomainBelow(name.value.toLowerCase(), base.value.toLowerCase())
    case 'rfc822Name':
      return name.kind === base.kind && isMailboxBelow(name.value, base.value)
    case 'uniformResourceIdentifier':
      return name.kind === base.kind && isHostBelow(hostOf(name.value) ?? '', base.value.toLowerCase())
    case 'iPAddress': {
      if (name.kind !== base.kind || base.octets.length !== 2 * name.octets.length) return false
      const { octets } = name
      const mask = base.octets.subarray(octets.length)
      return octets.every((octet, i) => ((octet ^ (base.octets[i] ?? 0)) & (mask[i] ?? 0)) === 0)
    }
    case 'directoryName':
      return name.kind === base.kind && isNameBelow(name.value, base.value)
    default:
      throw new RangeError(`no subtree of ${base.kind} is made here`)
  }
}

/** "constructed by simply adding zero or more labels to the left-hand side of the name" */
function isDomainBelow(domain: string, base: string): boolean {
  return base === '' || domain === base || domain.endsWith(`.${base}`)
}

/** "When the constraint begins with a period, it MAY be expanded with one or more labels. […] When [not], it specifies a host." */
function isHostBelow(host: string, base: string): boolean {
  if (base === '') return true
  return base.startsWith('.') ? host.endsWith(base) && host.length > base.length : host === base
}

function isMailboxBelow(mailbox: string, base: string): boolean {
  const [local = '', host = ''] = mailbox.split('@')
  const [baseLocal = '', baseHost = ''] = base.split('@')
  if (base.includes('@')) return local === baseLocal && host.toLowerCase() === baseHost.toLowerCase()
  return isHostBelow(host.toLowerCase(), base.toLowerCase())
}

/** Of the URIs that are made here: `scheme://[user@]host[:port]/…`, where the host may be an address, or no authority at all. */
function hostOf(uri: string): string | undefined {
  if (!URL.canParse(uri)) return undefined
  // Of a scheme that is special to it, WHATWG's parser brings the host to lower case; addresses are told by their form.
  const host = new URL(uri).hostname.toLowerCase()
  return host === '' || host.startsWith('[') || /^[0-9.]+$/.test(host) ? undefined : host
}

/** The parts of the base are the first of the name's. Of the names made here, §7.1 is: without case, each run of spaces as one. */
function isNameBelow(name: Name, base: Name): boolean {
  const parts = (value: Name) =>
    value.rdnSequence.map((rdn) =>
      rdn
        .map(({ type, text = '' }) => `${type}=${text.trim().replace(/ +/g, ' ').toLowerCase()}`)
        .sort()
        .join('+'),
    )
  const ofName = parts(name)
  return parts(base).every((part, i) => part === ofName[i])
}

// Name constraints, RFC 5280 §4.2.1.10: what an issuer permits or excludes, and the names below it.
import { verifyPath } from '@countersign/verify'
import {
  type GeneralName,
  type GeneralSubtree,
  type NameConstraints,
  nameConstraintsExtension,
  nameOf,
  smtpUTF8MailboxName,
} from '@countersign/x509'
import type { Case } from './chain.ts'
import { issuingKeys } from './chain.ts'
import { akiOf, marked, name, sans } from './house.ts'
import { BELOW, directory, dns, ip, mail, org, other, registered, uri, wrongMailbox } from './subtrees.ts'

const subtrees = (bases: readonly GeneralName[]): readonly GeneralSubtree[] =>
  bases.map((base) => ({ base, minimum: 0 }))

const constraints = (permitted: readonly GeneralName[], excluded: readonly GeneralName[] = []) => {
  const values: NameConstraints = {
    ...(permitted.length > 0 && { permittedSubtrees: subtrees(permitted) }),
    ...(excluded.length > 0 && { excludedSubtrees: subtrees(excluded) }),
  }
  return nameConstraintsExtension(values)
}

const party = (...names: readonly GeneralName[]) => ({ extensions: { subjectAltName: sans(...names) } })
const NO = ['ERR_VERIFY_NAME_CONSTRAINTS'] as const
const UNSUPPORTED = ['ERR_VERIFY_UNSUPPORTED'] as const

const show = (one: GeneralName) =>
  one.kind === 'otherName'
    ? `SmtpUTF8Mailbox ${new TextDecoder().decode(one.value.subarray(2))}`
    : one.kind === 'directoryName'
      ? `directory name of ${one.value.rdnSequence.length} parts`
      : JSON.stringify(one)

export const CONSTRAINT_CASES: readonly Case[] = [
  ...BELOW.flatMap(([base, one, below], i): Case[] => {
    // The subject is a directory name too: it stands below the base, or beside it, as the name itself does.
    const subject = one.kind === 'directoryName' && below ? { subject: one.value } : {}
    const others = one.kind === 'directoryName' && !below ? { subject: name('beside') } : {}
    const what = `${i}: ${show(one)} ${below ? 'below' : 'not below'} ${show(base)}`
    return [
      {
        what: `permitted ${what}`,
        codes: below ? [] : NO,
        issuing: { more: [constraints([base])] },
        party: { ...party(one), ...subject },
      },
      {
        what: `excluded ${what}`,
        codes: below ? NO : [],
        issuing: { more: [constraints([], [base])] },
        party: { ...party(one), ...others },
      },
    ]
  }),

  { what: 'constraints of the anchor', codes: NO, root: { more: [constraints([dns('b.example')])] } },
  {
    what: 'an anchor and an issuer that permit different things',
    codes: [...NO, ...NO],
    root: { more: [constraints([dns('a.example')])] },
    issuing: { more: [constraints([dns('b.example')])] },
  },
  {
    what: 'an issuer that permits more than its anchor',
    codes: NO,
    root: { more: [constraints([dns('a.example')])] },
    issuing: { more: [constraints([dns('party.example'), dns('a.example')])] },
  },
  {
    what: 'a name that is permitted and excluded',
    codes: NO,
    issuing: { more: [constraints([dns('example')], [dns('party.example')])] },
  },
  {
    what: 'a name that is permitted beside another one that is excluded',
    codes: [],
    issuing: { more: [constraints([dns('example')], [dns('a.party.example')])] },
  },
  {
    what: 'a wildcard that could stand for what is excluded',
    codes: NO,
    issuing: { more: [constraints([], [dns('a.b.example')])] },
    party: party(dns('*.b.example')),
  },
  {
    what: 'a wildcard that is wider than what is permitted',
    codes: NO,
    issuing: { more: [constraints([dns('a.b.example')])] },
    party: party(dns('*.b.example')),
  },
  {
    what: 'one name of many outside',
    codes: NO,
    issuing: { more: [constraints([dns('a.example')])] },
    party: party(dns('a.example'), dns('b.example'), dns('c.example')),
  },
  {
    what: 'constraints on a kind that the party does not have',
    codes: [],
    issuing: { more: [constraints([mail('a.example'), ip('c0000200ffffff00'), uri('a.example'), other, registered])] },
  },
  {
    what: 'the subject as a directory name outside',
    codes: NO,
    issuing: { more: [constraints([directory(org('a'))])] },
  },
  {
    what: 'the subject as a directory name below',
    codes: [],
    issuing: { more: [constraints([directory(org('a'))])] },
    party: { subject: org('a', 'b') },
  },
  {
    what: 'a mail address in the subject of a party without other names',
    codes: NO,
    issuing: { more: [constraints([mail('a.example')])] },
    party: { subject: nameOf([['emailAddress', 'carol@b.example']]), extensions: { subjectAltName: null } },
  },
  {
    what: 'a mail address in the subject of a party without other names, below',
    codes: [],
    issuing: { more: [constraints([mail('b.example')])] },
    party: { subject: nameOf([['emailAddress', 'carol@b.example']]), extensions: { subjectAltName: null } },
  },
  {
    what: 'a subordinate whose own name is outside',
    codes: NO,
    root: { more: [constraints([directory(org('a'))])] },
    party: { subject: org('a') },
  },
  {
    what: 'a self-issued subordinate whose own names are outside',
    codes: [],
    root: { more: [constraints([dns('party.example')])] },
    issuing: { subject: name('Root'), more: [sans(dns('other.example'))] },
    party: { extensions: { authorityKeyIdentifier: akiOf({ keys: issuingKeys }) } },
  },
  {
    what: 'a common name outside',
    codes: [],
    issuing: { more: [constraints([dns('party.example')])] },
    party: { subject: name('b.example') },
  },

  {
    what: 'an other name of a constrained kind',
    codes: UNSUPPORTED,
    issuing: { more: [constraints([], [other])] },
    party: party(other),
  },
  {
    what: 'a registered id of a constrained kind',
    codes: UNSUPPORTED,
    issuing: { more: [constraints([registered])] },
    party: party(registered),
  },
  ...[
    ['minimum', { minimum: 1 }],
    ['maximum', { minimum: 0, maximum: 1 }],
  ].map(
    ([what, distance]): Case => ({
      what: `constraints with a ${what}`,
      codes: UNSUPPORTED,
      issuing: {
        more: [
          nameConstraintsExtension({
            permittedSubtrees: [{ base: dns('example'), ...(distance as { minimum: number; maximum?: number }) }],
          }),
        ],
      },
    }),
  ),
  ...[
    dns('*.example'),
    dns('.example'),
    dns('a..example'),
    dns('a.example.'),
    mail('a.example.'),
    uri('a.example.'),
    mail('a@b@c.example'),
    mail('*.example'),
    uri('a b'),
    uri('.'),
  ].map(
    (base): Case => ({
      what: `the base ${show(base)}`,
      codes: NO,
      issuing: { more: [constraints([base])] },
      party: party(registered),
    }),
  ),
  ...[
    [dns('example'), dns('.example')],
    [dns('example'), dns('a b.example')],
    [dns('example'), dns('a.example.')],
    [dns('example'), dns('')],
    [dns('example'), dns('*')],
    [dns('example'), dns('a.*.example')],
    [mail('example'), mail('carol@a.example.')],
    [mail('example'), wrongMailbox('carol@example')],
    [mail('example'), wrongMailbox('\u5b66\u751f@EXAMPLE')],
    [mail('example'), wrongMailbox('\u5b66\u751f@\u5b66.example')],
    // A line separator, which the dot of a regular expression does not match.
    [mail('example'), smtpUTF8MailboxName('\u5b66\u2028@example')],
    [uri('example'), uri('https://example./')],
    [mail('example'), mail('a@b@example')],
    [uri('example'), uri('urn:example:a')],
    [uri('example'), uri('https://192.0.2.1/')],
    [uri('example'), uri('https://[2001:db8::1]/')],
  ].map(
    ([base, one]): Case => ({
      what: `${show(one as GeneralName)}, which cannot be compared`,
      codes: NO,
      issuing: { more: [constraints([], [base as GeneralName])] },
      party: party(one as GeneralName),
    }),
  ),
  {
    what: 'an SmtpUTF8Mailbox where other names are constrained',
    codes: UNSUPPORTED,
    issuing: { more: [constraints([mail('school.example')], [other])] },
    party: party(smtpUTF8MailboxName('\u5b66\u751f@school.example')),
  },
  {
    what: 'an SmtpUTF8Mailbox that its clause forbids, under no constraint on it',
    codes: [],
    issuing: { more: [constraints([dns('example')])] },
    party: party(dns('party.example'), wrongMailbox('carol@EXAMPLE')),
  },
  {
    what: 'a self-issued party whose names are outside, as the last certificate is always held to them',
    codes: NO,
    issuing: { subject: name('Issuing'), more: [constraints([], [dns('party.example')])] },
    party: { subject: name('Issuing') },
  },
  {
    what: 'an empty subject below a directory name',
    codes: [],
    issuing: { more: [constraints([directory(org('a'))])] },
    party: { subject: nameOf([]), extensions: { subjectAltName: marked(true, sans(dns('party.example'))) } },
  },
  {
    what: 'a range of addresses whose mask has a hole, in an issuer that cannot be read for it',
    codes: ['ERR_VERIFY_ISSUER_NOT_FOUND', 'ERR_VERIFY_MALFORMED'],
    issuing: { more: [constraints([ip('c0000200ffffff00')])] },
    ask: ({ party: { certificate }, issuing }, context) => {
      const holed = issuing.certificate.der.toHex().replace('c0000200ffffff00', 'c0000200ff00ff00')
      return verifyPath([certificate.der, Uint8Array.fromHex(holed)], context)
    },
  },
  {
    what: 'name constraints in a leaf',
    codes: NO,
    party: { more: [constraints([dns('party.example')])] },
  },
]

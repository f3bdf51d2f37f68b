import { resolve } from 'node:path'
import { makeMailKey, type OwnMailKey, readOwnMailKeys, readPin, signerOf } from '@countersign/mail'
import {
  createCheckSignature,
  type FoundMailKeys,
  type FoundOpenPgpKeys,
  findMailKeys,
  judge,
  openIdentity,
  parseAddress,
  summaryOf,
} from '@countersign/mtls'
import { formatValidity, formatWhen, REFUSALS, type RefusalCode, writeJson } from '@countersign/protocol'
import type { Certificate } from '@countersign/x509'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { believeAuthorities, makeOwnKey, type OwnKey, readOpenPgpTrust, readOwnKeys } from '../mail/own-openpgp.ts'
import { mailAddress } from '../meeting/address.ts'
import { openPgpIfThere, openPgpOrFail } from '../openpgp.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

/** `countersign mail key`: a key for mail is made here, and the authority certifies it for the addresses of its person. */
export const mailKey: Run = async (given, around) => {
  if (given.flag('openpgp')) return openPgpKey(given, around)
  const key = await makeMailKey(directoryOf(given, around), { clock: around.clock })
  const [leaf] = key.certificates
  const { notBefore, notAfter } = leaf.validity
  if (given.flag('json')) around.out(JSON.stringify(writeJson({ made: jsonOf(leaf) })))
  else
    around.out(
      `mail to ${signerOf(leaf).addresses.map(plainText).join(', ')} can be encrypted (${formatValidity(notBefore, notAfter, around.clock())})`,
    )
  return EXIT.ok
}

/** With `--openpgp`: one of OpenPGP, which signs too. */
const openPgpKey: Run = async (given, around) => {
  const made = await makeOwnKey(directoryOf(given, around), given.flag('legacy') ? 'legacy' : 'modern', around)
  const { fingerprint, version, addresses } = made
  if (given.flag('json')) around.out(JSON.stringify(writeJson({ made: { fingerprint, version, addresses } })))
  else
    around.out(
      `mail to ${addresses.map(plainText).join(', ')} can be encrypted and signed with OpenPGP (version ${version}, ${fingerprint})`,
    )
  return EXIT.ok
}

/** `countersign mail keys`: one's own, or, as the authority knows them, those of an address. */
export const mailKeys: Run = async (given, around) => {
  const address = given.text('ADDRESS')
  return address === undefined ? listOwn(given, around) : listOf(mailAddress(address), given, around)
}

async function listOwn(given: Arguments, around: Around) {
  const directory = directoryOf(given, around)
  const keys = await readOwnMailKeys(directory)
  const openPgp = await openPgpIfThere()
  const ofOpenPgp = openPgp ? await readOwnKeys(directory, openPgp) : []
  if (given.flag('json'))
    around.out(
      JSON.stringify(
        writeJson({
          keys: keys.map(({ certificates: [leaf] }) => jsonOf(leaf)),
          openPgp: ofOpenPgp.map(({ fingerprint, version, addresses }) => ({ fingerprint, version, addresses })),
        }),
      ),
    )
  else if (keys.length + ofOpenPgp.length === 0)
    around.out('there is no key for mail here yet; countersign mail key makes one')
  else for (const line of ownLines(keys, ofOpenPgp, around)) around.out(line)
  return EXIT.ok
}

const CURRENT = 'mail is encrypted to it'
const OLD = 'old mail is read with it'

function ownLines(keys: readonly OwnMailKey[], ofOpenPgp: readonly OwnKey[], around: Around): readonly string[] {
  const now = around.clock()
  const rows = keys.map(({ certificates: [leaf] }, index) => [
    summaryOf(leaf).serialNumber,
    signerOf(leaf).addresses.map(plainText).join(', '),
    index === 0 ? CURRENT : OLD,
    formatValidity(leaf.validity.notBefore, leaf.validity.notAfter, now),
  ])
  const openPgpRows = ofOpenPgp.map(({ fingerprint, version, addresses, createdAt }, index) => [
    fingerprint,
    addresses.map(plainText).join(', '),
    ofOpenPgp.findIndex((each) => each.version === version) === index ? CURRENT : OLD,
    `OpenPGP ${version}, made ${formatWhen(createdAt, now)}`,
  ])
  return tableLines(
    [{ head: 'KEY', shrinks: true }, { head: 'ADDRESS', shrinks: true }, { head: 'FOR' }, { head: 'VALID' }],
    [...rows, ...openPgpRows],
    around.columns,
  )
}

/** A key of somebody, judged: `code` says why mail is not encrypted to it. */
interface Judged {
  readonly name: string
  readonly words: string
  readonly code: RefusalCode | undefined
  readonly json: object
}

/** Each is judged before it is shown as good for anything. */
async function listOf(address: string, given: Arguments, around: Around) {
  const directory = directoryOf(given, around)
  const found = await findMailKeys(directory, address, { clock: around.clock })
  const ofSmime = await judgeCertificates(address, found, directory, around)
  const ofOpenPgp = found.openPgp ? await judgeOpenPgp(address, found.openPgp, directory, around) : []
  if (ofSmime.length + ofOpenPgp.length === 0) await lookUp(address, directory, given, around)
  const judged = [...ofSmime, ...ofOpenPgp, ...(await acceptedOf(address, directory, around))]
  if (given.flag('json')) {
    const jsons = (of: readonly Judged[]) =>
      of.map(({ json, code }) => ({ ...json, ok: code === undefined, ...(code && { code }) }))
    around.out(
      JSON.stringify(
        writeJson({ address, keys: jsons(ofSmime), openPgp: jsons(judged.filter((one) => !ofSmime.includes(one))) }),
      ),
    )
  } else if (judged.length === 0) around.out(`the authority knows no key for mail to ${plainText(address)}`)
  for (const { name, words, code } of given.flag('json') ? [] : judged) {
    const why = code === undefined ? words : `${REFUSALS[code].cause} [${code}]`
    around.out(`${code === undefined ? '+' : '!'} ${name}  ${why.replace('{name}', () => plainText(address))}`)
  }
  return judged.some(({ code }) => code === undefined) ? EXIT.ok : EXIT.refused
}

/** Whom the authority does not know is looked for where their domain has keys, on wish. */
async function lookUp(address: string, directory: string, given: Arguments, around: Around): Promise<void> {
  const at = given.text('wkd-at')
  if (!given.flag('wkd') && at === undefined) return
  const target = at === undefined ? undefined : parseAddress(at)
  if (at !== undefined && target === undefined)
    throw new Failure(EXIT.usage, `${plainText(at)} is no host:port`, {
      code: 'ERR_CLI_USAGE',
      next: 'as in --wkd-at keys.partner.example:443',
    })
  const { lookUpKey } = await import('../mail/look-up.ts')
  const found = await lookUpKey(directory, address, target, around)
  if (!found.ok) around.err(`countersign: the domain of ${plainText(address)} has no key of it: ${found.note}`)
}

/** The one that was accepted, or found where its domain has it. */
async function acceptedOf(address: string, directory: string, { clock }: Around): Promise<readonly Judged[]> {
  const pin = await readPin(directory, address)
  if (pin === undefined || pin.how === 'seen') return []
  const openPgp = await openPgpOrFail()
  const trust = await readOpenPgpTrust(directory, openPgp)
  const { trust: said } = await openPgp.judgeOctets(pin.key, { side: 'callee', trust, now: clock(), address })
  const how = pin.how === 'accepted' ? 'accepted by you' : 'found where its domain has it'
  return [
    {
      name: pin.fingerprint,
      words: `${how} ${formatWhen(pin.since, clock())}`,
      code: said.ok ? undefined : said.refusal.code,
      json: { fingerprint: pin.fingerprint, how: pin.how, since: pin.since },
    },
  ]
}

async function judgeCertificates(
  address: string,
  { certificates, issuers }: FoundMailKeys,
  directory: string,
  { clock }: Around,
): Promise<readonly Judged[]> {
  const now = clock()
  const identity = await openIdentity(directory, { clock, renew: false })
  const { trust } = identity
  identity.close()
  const checkSignature = createCheckSignature()
  return certificates.map((leaf) => {
    const judgement = judge({
      presenter: 'callee',
      purpose: 'emailProtection',
      certificates: [leaf],
      issuers,
      trust,
      now,
      address,
      checkSignature,
    })
    const isFor = signerOf(leaf).addresses.includes(address)
    const { notBefore, notAfter } = leaf.validity
    return {
      name: summaryOf(leaf).serialNumber,
      words: formatValidity(notBefore, notAfter, now),
      code: judgement.ok ? (isFor ? undefined : 'ERR_CALLEE_WRONG_NAME') : judgement.refusal.code,
      json: jsonOf(leaf),
    }
  })
}

/** Those to which mail is encrypted; nothing where the package for them is not installed here. */
async function judgeOpenPgp(
  address: string,
  found: FoundOpenPgpKeys,
  directory: string,
  { clock, err }: Around,
): Promise<readonly Judged[]> {
  const openPgp = await openPgpIfThere()
  if (openPgp === undefined) {
    if (found.keys.length > 0) err(`countersign: keys of OpenPGP are left out: npm install @countersign/openpgp`)
    return []
  }
  const { describeKey, judgeOctets } = openPgp
  const trust = await believeAuthorities(directory, found.authorities, openPgp)
  const judged: Judged[] = []
  for (const { key, isCurrent } of found.keys) {
    if (!isCurrent) continue
    const { fingerprint, version, addresses } = await describeKey(key)
    const { trust: said } = await judgeOctets(key, { side: 'callee', trust, now: clock(), address })
    judged.push({
      name: fingerprint,
      words: `OpenPGP ${version}`,
      code: said.ok ? undefined : said.refusal.code,
      json: { fingerprint, version, addresses },
    })
  }
  return judged
}

function directoryOf(given: Arguments, around: Around): string {
  return resolve(around.cwd, given.text('identity') ?? '.')
}

function jsonOf(certificate: Certificate) {
  const { sha256, serialNumber, notBefore, notAfter } = summaryOf(certificate)
  return { serialNumber, addresses: signerOf(certificate).addresses, notBefore, notAfter, sha256 }
}

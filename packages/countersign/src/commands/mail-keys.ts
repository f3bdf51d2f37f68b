import { resolve } from 'node:path'
import { makeMailKey, type OwnMailKey, readOwnMailKeys, signerOf } from '@countersign/mail'
import { createCheckSignature, findMailKeys, judge, openIdentity, summaryOf } from '@countersign/mtls'
import { formatValidity, REFUSALS, writeJson } from '@countersign/protocol'
import type { Certificate } from '@countersign/x509'
import { type Arguments, type Around, EXIT, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

/** `countersign mail key`: a key for mail is made here, and the authority certifies it for the addresses of its person. */
export const mailKey: Run = async (given, around) => {
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

/** `countersign mail keys`: one's own, or, as the authority knows them, those of an address. */
export const mailKeys: Run = async (given, around) => {
  const address = given.text('ADDRESS')
  return address === undefined ? listOwn(given, around) : listOf(address, given, around)
}

async function listOwn(given: Arguments, around: Around) {
  const keys = await readOwnMailKeys(directoryOf(given, around))
  if (given.flag('json'))
    around.out(JSON.stringify(writeJson({ keys: keys.map(({ certificates: [leaf] }) => jsonOf(leaf)) })))
  else if (keys.length === 0) around.out('there is no key for mail here yet; countersign mail key makes one')
  else for (const line of ownLines(keys, around)) around.out(line)
  return EXIT.ok
}

function ownLines(keys: readonly OwnMailKey[], around: Around): readonly string[] {
  const now = around.clock()
  const rows = keys.map(({ certificates: [leaf] }, index) => [
    summaryOf(leaf).serialNumber,
    signerOf(leaf).addresses.map(plainText).join(', '),
    index === 0 ? 'mail is encrypted to it' : 'old mail is read with it',
    formatValidity(leaf.validity.notBefore, leaf.validity.notAfter, now),
  ])
  return tableLines(
    [{ head: 'SERIAL' }, { head: 'ADDRESS', shrinks: true }, { head: 'FOR' }, { head: 'VALID' }],
    rows,
    around.columns,
  )
}

/** Each is judged before it is shown as good for anything. */
async function listOf(address: string, given: Arguments, around: Around) {
  const directory = directoryOf(given, around)
  const now = around.clock()
  const { certificates, issuers } = await findMailKeys(directory, address, { clock: around.clock })
  const identity = await openIdentity(directory, { clock: around.clock, renew: false })
  const { trust } = identity
  identity.close()
  const checkSignature = createCheckSignature()
  const judged = certificates.map((leaf) => {
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
    const code = judgement.ok ? (isFor ? undefined : 'ERR_CALLEE_WRONG_NAME') : judgement.refusal.code
    return { leaf, code }
  })
  const isAny = judged.some(({ code }) => code === undefined)
  if (given.flag('json'))
    around.out(
      JSON.stringify(
        writeJson({
          address,
          keys: judged.map(({ leaf, code }) => ({ ...jsonOf(leaf), ok: code === undefined, ...(code && { code }) })),
        }),
      ),
    )
  else if (judged.length === 0) around.out(`the authority knows no key for mail to ${plainText(address)}`)
  for (const { leaf, code } of given.flag('json') ? [] : judged) {
    const { notBefore, notAfter } = leaf.validity
    const words = code === undefined ? formatValidity(notBefore, notAfter, now) : `${REFUSALS[code].cause} [${code}]`
    around.out(
      `${code === undefined ? '+' : '!'} ${summaryOf(leaf).serialNumber}  ${words.replace('{name}', () => plainText(address))}`,
    )
  }
  return isAny ? EXIT.ok : EXIT.refused
}

function directoryOf(given: Arguments, around: Around): string {
  return resolve(around.cwd, given.text('identity') ?? '.')
}

function jsonOf(certificate: Certificate) {
  const { sha256, serialNumber, notBefore, notAfter } = summaryOf(certificate)
  return { serialNumber, addresses: signerOf(certificate).addresses, notBefore, notAfter, sha256 }
}

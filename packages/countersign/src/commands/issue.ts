import { resolve } from 'node:path'
import { fieldOf } from '@countersign/protocol'
import { type Certificate, PemError, readCertificate, readPem, writePem } from '@countersign/x509'
import { openAdmin } from '../admin/client.ts'
import { kindOfName } from '../admin/kind-of-name.ts'
import { type Around, EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'

const MAX_CERTIFICATES = 16
const MAX_OCTETS = 65_536
const MAX_DENIED = 64
const PEM_BEGIN = 0x2d

/** `countersign issue`: a certificate for a request that was made elsewhere; the chain alone on standard output. */
export const issue: Run = async (given, around) => {
  const san = given.texts('san').map(kindOfName)
  const profile = given.text('profile')
  const der = await requestAt(given.text('request'), around)
  const admin = await openAdmin(given, around)
  const answer = await admin.post('/v1/certificates', {
    party: given.text('PARTY') ?? '',
    request: der.toBase64(),
    ...(san.length > 0 && { san }),
    ...(profile !== undefined && { profile }),
  })
  if (given.flag('json')) {
    around.out(JSON.stringify(answer))
    return EXIT.ok
  }
  const field = fieldOf(answer)
  const [leaf, ...issuers] = field
    .get('certificates')
    .list(MAX_CERTIFICATES)
    .map((each) => each.octets(MAX_OCTETS))
  // Roots are for those who verify, and come to them by another way.
  const chain = leaf === undefined ? [] : [leaf, ...issuers.filter((one) => !isRoot(readCertificate(one)))]
  const denied = field.get('denied').optional((words) => words.list(MAX_DENIED).map((each) => plainText(each.text())))
  around.err(
    `${plainText(field.get('party').text(256))} has certificate ${plainText(field.get('serialNumber').text(64))}`,
  )
  for (const words of denied ?? []) around.err(`not granted: ${words}`)
  around.out(
    chain
      .map((each) => writePem('CERTIFICATE', each))
      .join('')
      .trimEnd(),
  )
  return EXIT.ok
}

/** RFC 5280 §6.1: self-issued, by the octets of both names. */
function isRoot({ subject, issuer }: Certificate): boolean {
  return Buffer.compare(subject.der, issuer.der) === 0
}

/** The DER of the request in a file, which holds it so or in PEM. */
async function requestAt(file: string | undefined, around: Around): Promise<Uint8Array> {
  if (file === undefined)
    throw new Failure(EXIT.usage, '--request FILE is missing', {
      code: 'ERR_CLI_USAGE',
      next: 'make one with openssl req -new; or let the party make its key itself: countersign invite',
    })
  const octets = await around.readFile(file)
  if (octets[0] !== PEM_BEGIN) return octets
  try {
    const [block, another] = readPem(new TextDecoder().decode(octets))
    if (another === undefined && block !== undefined && /^(NEW )?CERTIFICATE REQUEST$/.test(block.label))
      return block.der
  } catch (error) {
    if (!(error instanceof PemError)) throw error
  }
  throw new Failure(EXIT.input, `${resolve(around.cwd, file)} does not hold one certification request`, {
    code: 'ERR_CLI_FILE',
    next: 'name a file that openssl req -new has made',
  })
}

import { resolve } from 'node:path'
import {
  createSmimeSealer,
  openFileSource,
  type Recipient,
  readOwnMailKeys,
  sealMessage,
  signerOf,
} from '@countersign/mail'
import { createCheckSignature, findMailKeys, openIdentity } from '@countersign/mtls'
import { writeJson } from '@countersign/protocol'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { refreshStatusForMail } from '../meeting/fresh-status.ts'
import { plainText } from '../output/plain-text.ts'
import { writeSecretFile } from '../output/secret-file.ts'

/** `countersign mail seal`: signed by who writes, encrypted to all whom the message names. */
export const mailSeal: Run = async (given, around) => {
  const out = resolve(around.cwd, given.text('out') ?? fail())
  const directory = resolve(around.cwd, given.text('identity') ?? '.')
  const { clock } = around
  const identity = await openIdentity(directory, { clock, renew: false })
  await refreshStatusForMail(identity, around)
  identity.close()
  const { certificates, privateKey } = identity.current()
  const own = (await readOwnMailKeys(directory))[0]
  const sealer = createSmimeSealer({
    signer: { certificates, key: privateKey, ...(own && { encryption: own.certificates }) },
    trust: identity.trust,
    checkSignature: createCheckSignature(),
  })
  const { addresses: signerAddresses } = signerOf(certificates[0])
  const keyOf = async (address: string): Promise<Recipient | undefined> => {
    const { certificates: found, issuers } = await findMailKeys(directory, address, { clock })
    return found[0] && { address, format: 'smime', key: found[0].der, issuers: issuers.map(({ der }) => der) }
  }
  const [ownAddress] = signerAddresses
  await using source = await openFileSource(resolve(around.cwd, given.text('FILE') ?? ''))
  const copies = await sealMessage(source, {
    sealer,
    signerAddresses,
    keyOf,
    ...(own &&
      ownAddress !== undefined && {
        ownKey: {
          address: ownAddress,
          format: 'smime',
          key: own.certificates[0].der,
          issuers: own.certificates.slice(1).map(({ der }) => der),
        },
      }),
    profile: given.flag('legacy') ? 'legacy' : 'modern',
    signOnly: given.flag('sign-only'),
    now: clock(),
  })
  const written: { readonly file: string; readonly recipients: readonly string[]; readonly bcc: boolean }[] = []
  for (const [index, { recipients, isBlind, message }] of copies.entries()) {
    const file = index === 0 ? out : `${out}.${index}`
    await writeSecretFile(file, message)
    written.push({ file, recipients, bcc: isBlind })
  }
  say(written, given, around)
  return EXIT.ok
}

function say(
  written: readonly { readonly file: string; readonly recipients: readonly string[]; readonly bcc: boolean }[],
  given: Arguments,
  around: Around,
): void {
  const done = given.flag('sign-only') ? 'signed, and readable by anybody' : 'signed and encrypted'
  if (given.flag('json')) {
    around.out(JSON.stringify(writeJson({ sealed: written.map((each) => ({ ...each })) })))
    return
  }
  for (const { file, recipients, bcc } of written)
    around.out(
      `${file}: ${done}, for ${recipients.map(plainText).join(', ')}${bcc ? ' (Bcc: send it to nobody else)' : ''}`,
    )
}

function fail(): never {
  throw new Failure(EXIT.usage, 'say where the sealed message goes: --out FILE', {
    code: 'ERR_CLI_USAGE',
    next: 'as in countersign mail seal letter.eml --identity alice --out sealed.eml',
  })
}

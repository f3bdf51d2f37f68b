import { resolve } from 'node:path'
import { type MailFormat, openFileSource, type SealProfile, sealMessage } from '@countersign/mail'
import { openIdentity } from '@countersign/mtls'
import { writeJson } from '@countersign/protocol'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { openSealing } from '../mail/sealing.ts'
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
  const profile = given.flag('legacy') ? 'legacy' : 'modern'
  const format = given.flag('openpgp') ? 'openpgp' : 'smime'
  const sealing = await openSealing(identity, { profile, format }, around)
  await using source = await openFileSource(resolve(around.cwd, given.text('FILE') ?? ''))
  const copies = await sealMessage(source, {
    ...sealing,
    profile,
    ...(given.flag('sign-only') && { signOnly: format }),
    now: clock(),
  })
  const written: Written[] = []
  for (const [index, { recipients, isBlind, message, ...kind }] of copies.entries()) {
    const file = index === 0 ? out : `${out}.${index}`
    await writeSecretFile(file, message)
    written.push({ file, recipients, bcc: isBlind, ...kind })
  }
  say(written, given, around)
  return EXIT.ok
}

interface Written {
  readonly file: string
  readonly recipients: readonly string[]
  readonly bcc: boolean
  readonly format: MailFormat
  readonly profile: SealProfile
}

/** As people read it: what encrypts. */
const HOW: Readonly<Record<MailFormat, Readonly<Record<SealProfile, string>>>> = {
  smime: { modern: 'S/MIME', legacy: 'S/MIME as older programs read it' },
  openpgp: { modern: 'OpenPGP with AEAD', legacy: 'OpenPGP as GnuPG 2.2 reads it' },
}

function say(written: readonly Written[], given: Arguments, around: Around): void {
  const isSignedOnly = given.flag('sign-only')
  if (given.flag('json')) {
    around.out(JSON.stringify(writeJson({ sealed: written.map((each) => ({ ...each })) })))
    return
  }
  for (const { file, recipients, bcc, format, profile } of written) {
    const done = isSignedOnly ? 'signed, and readable by anybody' : `signed and encrypted (${HOW[format][profile]})`
    around.out(
      `${file}: ${done}, for ${recipients.map(plainText).join(', ')}${bcc ? ' (Bcc: send it to nobody else)' : ''}`,
    )
  }
}

function fail(): never {
  throw new Failure(EXIT.usage, 'say where the sealed message goes: --out FILE', {
    code: 'ERR_CLI_USAGE',
    next: 'as in countersign mail seal letter.eml --identity alice --out sealed.eml',
  })
}

import { resolve } from 'node:path'
import { openIdentity } from '@countersign/mtls'
import { formatValidity, writeJson } from '@countersign/protocol'
import { friendlyNameOf, makePassword, pkcs12Of } from '../browser/pkcs12.ts'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { firstLine } from '../first-line.ts'
import { plainText } from '../output/plain-text.ts'
import { writeSecretFile } from '../output/secret-file.ts'

/** `countersign export --pkcs12`: an identity as one file for a browser or a telephone. */
export const exportIdentity: Run = async (given, around) => {
  const out = given.text('out')
  if (!given.flag('pkcs12') || out === undefined)
    throw new Failure(EXIT.usage, 'say in which form and where to: --pkcs12 --out FILE', {
      code: 'ERR_CLI_USAGE',
      next: 'as in countersign export --pkcs12 --identity alice --out alice.p12',
    })
  const identity = await openIdentity(resolve(around.cwd, given.text('identity') ?? '.'), {
    clock: around.clock,
    renew: false,
  })
  identity.close()
  const credential = identity.current()
  const { password, made } = await passwordOf(given, around)
  const file = resolve(around.cwd, out)
  const party = friendlyNameOf(credential)
  await writeSecretFile(file, pkcs12Of(credential, party, password), given.flag('force'))

  const { notBefore, notAfter } = credential.certificates[0].validity
  if (given.flag('json')) {
    around.out(JSON.stringify(writeJson({ exported: file, party, notAfter, ...(made && { password }) })))
    return EXIT.ok
  }
  around.out(`${file} holds the private key and the certificate of ${plainText(party)}`)
  around.out(`  (${formatValidity(notBefore, notAfter, around.clock())}; a renewed one must be exported again)`)
  around.out(`  whoever has the file and its password is ${plainText(party)}: delete it once it is imported`)
  if (made) around.out(`password, shown this once: ${password}`)
  return EXIT.ok
}

interface Password {
  /** Secret. */
  readonly password: string
  /** Whether it was made here, and must be told. */
  readonly made: boolean
}

/** From the file, else from who sits at the terminal, else a fresh one. @throws {Failure} */
async function passwordOf(given: Arguments, around: Around): Promise<Password> {
  const path = given.text('password-file')
  if (path !== undefined) {
    const password = await firstLine(path, around)
    if (password !== '') return { password, made: false }
    throw new Failure(EXIT.input, `${path}: the first line, which is the password, is empty`, {
      code: 'ERR_CLI_PASSWORD',
      next: 'write a password there, or leave --password-file out: one is then made',
    })
  }
  const asked = given.flag('json') ? undefined : await around.ask('a password for the file (none: one is made): ', true)
  if (asked === undefined || asked === '') return { password: makePassword(), made: true }
  if ((await around.ask('the same again: ', true)) === asked) return { password: asked, made: false }
  throw new Failure(EXIT.input, 'the two passwords are not the same', { code: 'ERR_CLI_PASSWORD', next: 'try again' })
}

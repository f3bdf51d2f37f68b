import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { dataDirectory, openLocalAdmin } from '../admin/client.ts'
import { EXIT, Failure, type Run } from '../command.ts'
import { secretAt } from '../config/secret-at.ts'

/** `countersign backup`: the running authority copies what it must not lose. */
export const backup: Run = async (given, around) => {
  const target = resolve(around.cwd, given.text('TARGET') ?? '')
  const keys = given.flag('keys')
  const secret = given.text('passphrase')
  if (secret !== undefined && !keys)
    throw new Failure(EXIT.usage, '--passphrase is for --keys', {
      code: 'ERR_CLI_USAGE',
      next: 'give both, or neither',
    })
  if (!existsSync(dirname(target)))
    throw new Failure(EXIT.input, `${dirname(target)} is not there`, {
      code: 'ERR_CLI_FILE',
      next: 'make it first, or name another place',
    })
  const { readSecret } = await import('@countersign/authority')
  const passphrase = secret === undefined ? undefined : readSecret(secretAt(around.cwd, secret))
  const admin = openLocalAdmin(given, around)
  await admin.post('/v1/backups', { target, keys, ...(passphrase !== undefined && { passphrase }) })
  if (given.flag('json')) around.out(JSON.stringify({ backup: target, keys }))
  else {
    around.out(`the backup is in ${target}`)
    around.out(
      keys
        ? 'its keys are encrypted: keep the passphrase elsewhere'
        : `it has no keys: keep ${dataDirectory(given, around)}/authority/*.key elsewhere, or use --keys`,
    )
  }
  return EXIT.ok
}

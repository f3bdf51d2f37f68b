import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fieldOf } from '@countersign/protocol'
import { dataDirectory, openLocalAdmin } from '../admin/client.ts'
import { EXIT, Failure, type Run } from '../command.ts'
import { secretAt } from '../config/secret-at.ts'

const MAX_SECRETS = 1_000
const MAX_NAME = 512

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
  const made = await admin.post('/v1/backups', { target, keys, ...(passphrase !== undefined && { passphrase }) })
  const secrets = fieldOf(made)
    .get('secrets')
    .list(MAX_SECRETS)
    .map((each) => each.text(MAX_NAME))
  if (given.flag('json')) around.out(JSON.stringify({ backup: target, keys, secrets: keys ? secrets : [] }))
  else {
    around.out(`the backup is in ${target}`)
    around.out(
      keys
        ? 'its keys are encrypted: keep the passphrase elsewhere'
        : `it has no keys: keep ${dataDirectory(given, around)}/authority/*.key elsewhere, or use --keys`,
    )
    // Whoever reads one line of this reads it before the disk is lost.
    if (!keys)
      for (const secret of secrets)
        around.out(
          `nobody signs in from it at the door of ${secret}: without that secret its accounts are lost; use --keys, or keep a copy apart`,
        )
  }
  return EXIT.ok
}

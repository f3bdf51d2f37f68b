import { resolve } from 'node:path'
import { readSecret, restoreBackup, restoreSecrets } from '@countersign/authority'
import { LOGIN_PART } from '@countersign/login/store'
import { formatWhen } from '@countersign/protocol'
import { dataDirectory } from '../admin/client.ts'
import { type Arguments, type Around, EXIT, type ExitCode, type Run } from '../command.ts'
import { secretAt } from '../config/secret-at.ts'

/** `countersign restore`: a data directory from a backup, which is judged whole before anything is written. */
export const restore: Run = async (given, around) => {
  const source = given.text('passphrase')
  const passphrase = source === undefined ? undefined : readSecret(secretAt(around.cwd, source))
  const backup = resolve(around.cwd, given.text('BACKUP') ?? '')
  return given.flag('secrets')
    ? secretsAlone(backup, passphrase, given, around)
    : wholeDirectory(backup, passphrase, given, around)
}

async function wholeDirectory(
  backup: string,
  passphrase: string | undefined,
  given: Arguments,
  around: Around,
): Promise<ExitCode> {
  const data = dataDirectory(given, around)
  const { at, rootSha256, files, secrets, missingKeys, missingSecrets } = await restoreBackup(backup, data, {
    passphrase,
    parts: [LOGIN_PART],
  })
  if (given.flag('json')) {
    const told = { data, at: at.toString(), root: `sha256:${rootSha256}`, missingKeys, missingSecrets }
    around.out(JSON.stringify(told))
    return EXIT.ok
  }
  around.out(
    `${data} is as it was ${formatWhen(at, around.clock())} (${Object.keys(files).length} files, each as it was written)`,
  )
  around.out(`root       sha256:${rootSha256}`)
  around.out('what was issued or revoked since is not known here: revoke again what was revoked since')
  around.out(
    'people sign in anew, and who was invited is invited again; an account is as it was: remove devices again that were removed since',
  )
  for (const path of missingSecrets)
    around.out(`nobody signs in at the door of ${path} without that secret, and it is not in this backup`)
  if (secrets.length > missingSecrets.length)
    around.out(
      'secrets of doors are put among the files of each: where people: { secret } names another file, move it there',
    )
  for (const path of missingSecrets)
    around.out(`next: put the copy of the secret at ${path} (mode 600), or where people: { secret } says`)
  for (const path of missingKeys)
    around.out(`next: put the key at ${path} (mode 600), then countersign up --data ${data}`)
  if (missingKeys.length === 0) around.out(`next: countersign up --data ${data}`)
  return EXIT.ok
}

async function secretsAlone(
  backup: string,
  passphrase: string | undefined,
  given: Arguments,
  around: Around,
): Promise<ExitCode> {
  const restored = await restoreSecrets(backup, dataDirectory(given, around), { passphrase })
  if (given.flag('json')) around.out(JSON.stringify({ secrets: restored }))
  else
    for (const { path, wasThere } of restored)
      around.out(wasThere ? `${path} is there already, the same` : `${path} is back (mode 600)`)
  return EXIT.ok
}

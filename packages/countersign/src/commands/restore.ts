import { resolve } from 'node:path'
import { restoreBackup } from '@countersign/authority'
import { formatWhen } from '@countersign/protocol'
import { dataDirectory } from '../admin/client.ts'
import { EXIT, type Run } from '../command.ts'

/** `countersign restore`: a data directory from a backup, which is judged whole before anything is written. */
export const restore: Run = async (given, around) => {
  const data = dataDirectory(given, around)
  const { at, rootSha256, files, missingKeys } = await restoreBackup(
    resolve(around.cwd, given.text('BACKUP') ?? ''),
    data,
  )
  if (given.flag('json'))
    around.out(JSON.stringify({ data, at: at.toString(), root: `sha256:${rootSha256}`, missingKeys }))
  else {
    around.out(
      `${data} is as it was ${formatWhen(at, around.clock())} (${Object.keys(files).length} files, each as it was written)`,
    )
    around.out(`root       sha256:${rootSha256}`)
    around.out('what was issued or revoked since is not known here: revoke again what was revoked since')
    for (const path of missingKeys)
      around.out(`next: put the key at ${path} (mode 600), then countersign up --data ${data}`)
    if (missingKeys.length === 0) around.out(`next: countersign up --data ${data}`)
  }
  return EXIT.ok
}

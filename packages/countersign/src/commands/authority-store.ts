import { moveStore, type TableCopy } from '@countersign/authority'
import { LOGIN_PART } from '@countersign/login/store'
import { dataDirectory } from '../admin/client.ts'
import { EXIT, Failure, type Run } from '../command.ts'
import { openPgpParts } from '../openpgp.ts'

/** `countersign authority store`: moves the store of an authority that is stopped into PostgreSQL. */
export const authorityStore: Run = async (given, around) => {
  const url = given.text('move-to')
  if (url === undefined)
    throw new Failure(EXIT.usage, '--move-to URL is missing', {
      code: 'ERR_CLI_USAGE',
      next: 'name an empty database, as in --move-to postgres://countersign@localhost/countersign',
    })
  const json = given.flag('json')
  const data = dataDirectory(given, around)
  const onTable = ({ table, rows, sha256 }: TableCopy): void => {
    around.progress(undefined)
    if (!json) around.out(`${table.padEnd(18)}${rows.toLocaleString('en').padStart(12)} rows   sha256:${sha256}`)
  }
  const { tables, kept } = await moveStore(data, url, {
    parts: [LOGIN_PART, ...(await openPgpParts())],
    onTable,
    onRows: (table, rows) => around.progress(`${table}: ${rows.toLocaleString('en')} rows`),
    log: (event, fields) => around.err(`${event} ${JSON.stringify(fields)}`),
  })
  if (json) around.out(JSON.stringify({ moved: url, tables, kept }))
  else {
    around.out(`each table was read back from PostgreSQL, and is equal; the file is now ${kept}`)
    around.out(`next: authority.store: ${url} in countersign.yaml, then countersign up`)
  }
  return EXIT.ok
}

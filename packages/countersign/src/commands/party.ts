import { type Field, fieldOf } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { withEntries } from '../admin/entries.ts'
import { answersOf } from '../admin/pages.ts'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { plainText } from '../output/plain-text.ts'
import { tableLines } from '../output/table.ts'

const FILTERS = ['kind', 'owner', 'role', 'label'] as const
const MAX_PAGE = 1_000

/** `countersign party list`: page by page. */
export const partyList: Run = async (given, around) => {
  const admin = await openAdmin(given, around)
  const query = new URLSearchParams()
  for (const name of FILTERS) {
    const value = given.text(name)
    if (value !== undefined) query.set(name, value)
  }
  if (given.flag('locked')) query.set('locked', 'true')
  let isFirst = true
  for await (const { answer, field } of answersOf(admin, '/v1/parties', query)) {
    const parties = field.get('parties').list(MAX_PAGE)
    if (given.flag('json'))
      // It has been read as an object with this list.
      for (const each of (answer as { readonly parties: readonly unknown[] }).parties) around.out(JSON.stringify(each))
    else if (parties.length > 0) for (const line of partyLines(parties).slice(isFirst ? 0 : 1)) around.out(line)
    else if (isFirst) around.err('no party fits')
    isFirst = false
  }
  return EXIT.ok
}

function partyLines(parties: readonly Field[]): readonly string[] {
  const heads = ['party', 'kind', 'owner', 'role', '', 'labels'].map((head) => ({ head }))
  const rows = parties.map((party) => {
    const text = (name: string) => party.get(name).optional((each) => each.text(256)) ?? ''
    const labels = party.get('labels').list(64)
    const lock = party.get('lock').present ? 'locked' : ''
    const told = [text('name'), text('kind'), text('owner'), text('role'), lock]
    return [...told, labels.map((each) => each.text(64)).join(' ')].map(plainText)
  })
  return tableLines(heads, rows)
}

/** `countersign party add`: a party that is not known yet. */
export const partyAdd: Run = async (given, around) => change(given, around, { create: true })

/** `countersign party set`: what is not named stays as it is. */
export const partySet: Run = async (given, around) => {
  const none = given.texts('no')
  const wrong = none.find((word) => !['kind', 'owner', 'labels'].includes(word))
  if (wrong !== undefined)
    throw new Failure(EXIT.usage, `--no takes kind, owner or labels, and not ${plainText(wrong)}`, {
      code: 'ERR_CLI_USAGE',
    })
  return change(given, around, {
    ...(none.includes('kind') && { kind: null }),
    ...(none.includes('owner') && { owner: null }),
    ...(none.includes('labels') && { labels: [] }),
  })
}

async function change(given: Arguments, around: Around, more: Readonly<Record<string, unknown>>) {
  const [kind, owner, role, labels] = [
    given.text('kind'),
    given.text('owner'),
    given.text('role'),
    given.texts('label'),
  ]
  const body = {
    ...more,
    ...(kind !== undefined && { kind }),
    ...(owner !== undefined && { owner }),
    ...(role !== undefined && { role }),
    ...(labels.length > 0 && { labels }),
  }
  if (Object.keys(body).length === 0)
    throw new Failure(EXIT.usage, 'say what shall be another: --kind, --owner, --label, --role or --no', {
      code: 'ERR_CLI_USAGE',
    })
  const admin = await openAdmin(given, around)
  const answer = await admin.patch(`/v1/parties/${encodeURIComponent(given.text('PARTY') ?? '')}`, body)
  if (given.flag('json')) around.out(JSON.stringify(await withEntries(answer, admin)))
  else {
    const party = fieldOf(answer)
    const told = ['kind', 'owner', 'role'].flatMap((name) => {
      const value = party.get(name).optional((each) => each.text(256))
      return value === undefined ? [] : [`${name} ${value}`]
    })
    const named = party.get('labels').list(64)
    if (named.length > 0) told.push(`labels ${named.map((each) => each.text(64)).join(' ')}`)
    around.out(plainText(`${party.get('name').text(256)}: ${told.join(', ') || 'nothing is said of it'}`))
  }
  return EXIT.ok
}

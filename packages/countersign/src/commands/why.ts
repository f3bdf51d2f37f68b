import { resolve } from 'node:path'
import { openIdentity, ownMeetings } from '@countersign/mtls'
import { fieldOf, formatWhen, parseReference, type Reference, readMeeting, writeMeeting } from '@countersign/protocol'
import { openAdmin } from '../admin/client.ts'
import { explainMail, MAIL_TO } from '../asking/why-mail.ts'
import { explainRules } from '../asking/why-not.ts'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { pictureLines } from '../meeting/picture.ts'
import { refusalLines, troubleLines } from '../meeting/refusal-lines.ts'
import { plainText } from '../output/plain-text.ts'

/** `countersign why WHO WHAT` asks the rules; with one word, what the doors recorded under a reference, drawn, with cause, clause, party at fault and next step. */
export const why: Run = async (given, around) => {
  const word = given.text('REFERENCE') ?? ''
  const what = given.text('WHAT')
  if (what?.startsWith(MAIL_TO)) return explainMail(given, around, [word, what])
  if (what !== undefined) return explainRules(given, around, [word, what])
  const reference = parseReference(word)
  if (reference === undefined)
    throw new Failure(EXIT.usage, `${word} is not a reference`, {
      code: 'ERR_CLI_USAGE',
      next: 'a reference looks like M-7F3K-92QD',
    })
  const answer = await askWhy(given, around, reference)
  const meetings = fieldOf(answer).get('meetings')
  if (given.flag('json')) {
    around.out(JSON.stringify(answer))
    return EXIT.ok
  }
  // Two meetings share 40 bits of a digest once in a million or so: then both are told.
  for (const value of listOf(answer)) {
    const meeting = readMeeting(value)
    for (const line of pictureLines(meeting, around)) around.out(line)
    const when = `${formatWhen(meeting.at, around.clock())} (${meeting.at.toString({ smallestUnit: 'second' })})`
    around.out(`  at ${plainText(meeting.door)}, ${when}, as the ${meeting.seenBy} saw it`)
    for (const line of refusalLines(meeting, around.clock())) around.out(line)
    for (const line of troubleLines(meeting, around.clock())) around.out(line)
  }
  return meetings.list(1000).length > 0 ? EXIT.ok : EXIT.refused
}

/** A party asks for its own meetings as itself; an administrator for all. */
async function askWhy(given: Arguments, around: Around, reference: Reference): Promise<unknown> {
  const directory = given.text('identity')
  if (directory === undefined || given.text('authority') !== undefined)
    return (await openAdmin(given, around)).get(`/v1/meetings/${reference}`)
  const identity = await openIdentity(resolve(around.cwd, directory), { clock: around.clock, renew: false })
  try {
    return { meetings: (await ownMeetings(identity, reference, { clock: around.clock })).map(writeMeeting) }
  } finally {
    identity.close()
  }
}

function listOf(answer: unknown): readonly unknown[] {
  // Read as an object with this list above.
  return (answer as { readonly meetings: readonly unknown[] }).meetings
}

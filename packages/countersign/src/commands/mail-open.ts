import { join, resolve } from 'node:path'
import {
  createSmimeOpener,
  type MailRemark,
  meetingOfMail,
  type OpenedMessage,
  openFileSource,
  openMessage,
  readOwnMailKeys,
  readText,
  signerOf,
} from '@countersign/mail'
import { openIdentity } from '@countersign/mtls'
import { drawMeeting, explainMeeting, formatWhen, writeJson, writeMeeting } from '@countersign/protocol'
import { type Arguments, type Around, EXIT, type Run } from '../command.ts'
import { openPgpOpenerFor } from '../mail/opening.ts'
import { refreshStatusForMail } from '../meeting/fresh-status.ts'
import { plainText } from '../output/plain-text.ts'
import { writeSecretFile } from '../output/secret-file.ts'

/** `countersign mail open`: who wrote to whom, as the one picture; the content only where nothing keeps it closed. Exit 1: not verified. */
export const mailOpen: Run = async (given, around) => {
  const directory = resolve(around.cwd, given.text('identity') ?? '.')
  const { clock } = around
  const identity = await openIdentity(directory, { clock, renew: false })
  await refreshStatusForMail(identity, around)
  identity.close()
  const keys = await readOwnMailKeys(directory)
  const [leaf] = identity.current().certificates
  const opener = createSmimeOpener({
    keys: keys.map(({ certificates, privateKey }) => ({ certificate: certificates[0], privateKey })),
    trust: identity.trust,
  })
  const ofOpenPgp = openPgpOpenerFor(directory, around)
  await using source = await openFileSource(resolve(around.cwd, given.text('FILE') ?? ''))
  await using opened = await openMessage(source, {
    openers: [opener, ofOpenPgp],
    now: clock(),
    // Nobody else's already, and nothing of it has a name.
    spoolDirectory: join(directory, 'mail'),
    self: signerOf(leaf),
  })
  await ofOpenPgp.remember(opened.verdict)
  const out = given.text('out')
  // The message as its sender wrote it: the fields that count, and the body.
  const { payload } = opened
  if (out !== undefined && payload)
    await writeSecretFile(resolve(around.cwd, out), payload.source.read(payload.entity.start, payload.entity.end))
  say(opened, given, around)
  return opened.verdict.state === 'verified' ? EXIT.ok : EXIT.refused
}

function say({ facts, verdict, bodySha256, payload }: OpenedMessage, given: Arguments, around: Around): void {
  const now = around.clock()
  const meeting = meetingOfMail({ facts, verdict, door: 'mail', at: now, bodySha256 })
  const { state, refusal, since, from, remarks, encryption } = verdict
  const subject = payload?.fields.find(({ name }) => /^subject$/i.test(name))?.value
  if (given.flag('json')) {
    around.out(
      JSON.stringify(
        writeJson({
          state,
          ...(from && { from: from.address }),
          ...(refusal && { code: refusal.code }),
          ...(since && { since }),
          encrypted: encryption?.outcome.ok === true,
          ...(encryption?.cipher !== undefined && { cipher: encryption.cipher }),
          remarks: remarks.map(({ kind }) => kind),
          ...(payload && { parts: payload.contents.parts.map((part) => ({ ...part })) }),
          meeting: writeMeeting(meeting),
        }),
      ),
    )
    return
  }
  around.out(drawMeeting(explainMeeting(meeting, now), { width: around.columns, color: around.color.out }))
  around.out('')
  around.out(
    `${state}: from ${plainText(from?.address ?? 'nobody in particular')}${since ? `, not believed since ${formatWhen(since, now)}` : ''}`,
  )
  if (state !== 'not opened') {
    around.out(encryption ? 'nobody on the way could read it' : 'not encrypted: whoever carried it could read it')
    if (subject !== undefined) around.out(`Subject: ${plainText(readText(subject))}`)
  }
  for (const remark of remarks) around.out(`note: ${REMARKS[remark.kind](remark)}`)
}

const REMARKS: Readonly<Record<MailRemark['kind'], (remark: MailRemark) => string>> = {
  'display-name': (remark) =>
    `the name before the address, ${plainText('text' in remark ? remark.text : '')}, is another address; go by the address`,
  'not-addressed': () => 'you are not among those to whom the sender wrote: in Bcc, or somebody passed it on',
  'attached-messages': () => 'messages are attached; what is in them was not looked into',
  'header-altered': (remark) =>
    `outside it says something else than its sender wrote (${plainText('text' in remark ? remark.text : '')}); what stands here is what they wrote`,
  'header-not-protected': () => 'subject and recipients are as they were carried: the sender has not signed them',
  'time-stamp': (remark) =>
    `a time stamp came with it and does not count (${plainText('text' in remark ? remark.text : '')})`,
  'older-than-revocation': (remark) =>
    `${'evidence' in remark ? plainText(remark.evidence.by) : ''} saw it before the key of its signer was revoked`,
}

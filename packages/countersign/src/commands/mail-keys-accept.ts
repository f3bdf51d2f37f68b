import { resolve } from 'node:path'
import { readPin, removePin, writePin } from '@countersign/mail'
import { writeJson } from '@countersign/protocol'
import { EXIT, Failure, type Run } from '../command.ts'
import { mailAddress } from '../meeting/address.ts'
import { openPgpOrFail } from '../openpgp.ts'
import { plainText } from '../output/plain-text.ts'

/** `countersign mail keys accept`: a key that was got by another way is believed for an address, once its fingerprint was compared. */
export const mailKeysAccept: Run = async (given, around) => {
  const directory = resolve(around.cwd, given.text('identity') ?? '.')
  const address = given.text('ADDRESS') ?? ''
  const { comparedAddress, describeKey, judgeOctets, publicPart, readTrust } = await openPgpOrFail()
  const compared = comparedAddress(address)
  if (compared === undefined)
    throw new Failure(EXIT.usage, `${plainText(address)} is no address`, {
      code: 'ERR_CLI_USAGE',
      next: 'as in bob@partner.example',
    })
  const key = await publicPart(await around.readFile(given.text('FILE') ?? ''))
  const { fingerprint } = await describeKey(key)
  const said = given.text('fingerprint')?.toLowerCase().replaceAll(/[\s:]/g, '')
  if (said !== fingerprint)
    throw new Failure(
      EXIT.refused,
      said === undefined
        ? `its fingerprint is ${fingerprint}`
        : `its fingerprint is ${fingerprint}, and not ${plainText(said)}`,
      {
        code: 'ERR_MAIL_RECIPIENT_KEY',
        next: `compare it with what the owner says by another way; if it is the same: --fingerprint ${fingerprint}`,
      },
    )
  // As who writes to it and who hears from it judges it: weak, ended and revoked keys are accepted by nobody.
  const trust = await readTrust([], new Map([[compared, fingerprint]]))
  const judged = await judgeOctets(key, { side: 'callee', trust, now: around.clock(), address: compared })
  if (!judged.trust.ok) {
    const { code, note = 'the key is not good' } = judged.trust.refusal
    throw new Failure(EXIT.refused, `${note}, for ${plainText(compared)}`, {
      code,
      next: 'ask the owner for another key, which names this address',
    })
  }
  const before = await readPin(directory, compared)
  await writePin(directory, { address: compared, fingerprint, key, since: around.clock(), how: 'accepted' })
  const changed = before !== undefined && before.fingerprint !== fingerprint
  if (given.flag('json'))
    around.out(
      JSON.stringify(
        writeJson({ accepted: { address: compared, fingerprint, ...(changed && { before: before.fingerprint }) } }),
      ),
    )
  else
    around.out(
      `${fingerprint} is believed for ${plainText(compared)}${changed ? `, in place of ${before.fingerprint}` : ''}`,
    )
  return EXIT.ok
}

/** `countersign mail keys forget`: nothing is remembered of an address any more. */
export const mailKeysForget: Run = async (given, around) => {
  const address = mailAddress(given.text('ADDRESS') ?? '')
  const isForgotten = await removePin(resolve(around.cwd, given.text('identity') ?? '.'), address)
  if (given.flag('json')) around.out(JSON.stringify(writeJson({ forgotten: isForgotten })))
  else
    around.out(
      isForgotten ? `the key of ${plainText(address)} is forgotten` : `no key of ${plainText(address)} is remembered`,
    )
  return isForgotten ? EXIT.ok : EXIT.refused
}

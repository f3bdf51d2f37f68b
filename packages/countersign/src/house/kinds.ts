// The kinds of doors, whichever program they are of.
import { fixedKeys, isCaller, type OpenDoor, openDoor, openListener } from '@countersign/gateway'
import type { MailDoorConfig, MailHouse } from '@countersign/mail/door'
import type { Door } from '@countersign/mtls'
import type { HouseDoorConfig } from '../config/model.ts'

/** What the door of mail does not change while it stands. Here: who only compares configurations needs no mail. */
const MAIL_FIXED: readonly (keyof MailDoorConfig | 'kind')[] = [
  'name',
  'kind',
  'host',
  'listen',
  'next',
  'arrives',
  'keys',
  'partnerKeys',
  'maxMessageOctets',
]

/** Whether a door must prove who it is to others, as a caller. */
export function callsOthers(config: HouseDoorConfig): boolean {
  return config.kind !== 'mail' && isCaller(config)
}

/** The keys of a door that can only change with a new start. */
export function fixedOf(config: HouseDoorConfig): readonly string[] {
  return config.kind === 'mail' ? MAIL_FIXED : fixedKeys(config)
}

type DoorHouse = Parameters<typeof openDoor>[1]

/** Opens a door of any kind. `mail`: what a door of that kind needs beside. @throws as the `open` of its kind. */
export async function openKind(
  config: HouseDoorConfig,
  house: DoorHouse,
  mail: Pick<MailHouse, 'directory' | 'mustEncrypt' | 'mustBeVerified' | 'mailKeys'>,
): Promise<OpenDoor<HouseDoorConfig>> {
  if (config.kind !== 'mail') return ofItsKind(await openDoor(config, house))
  const [{ openMailDoor }, { openPgpOpenerOfDoor }, { openPgpSealingOfDoor }] = await Promise.all([
    import('@countersign/mail/door'),
    import('../mail/door-opener.ts'),
    import('../mail/door-sealing.ts'),
  ])
  const openers = [openPgpOpenerOfDoor(mail.mailKeys)]
  const sealOpenPgp = () => openPgpSealingOfDoor(config.partnerKeys, house)
  return ofItsKind(await openMailDoor(config, { ...house, ...mail, openers, sealOpenPgp, listen: openListener }))
}

/** A door is only ever given the next configuration of its own kind; TypeScript does not relate the two. */
function ofItsKind(door: Door): OpenDoor<HouseDoorConfig> {
  return door as OpenDoor<HouseDoorConfig>
}

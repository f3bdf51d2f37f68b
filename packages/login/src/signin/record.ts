// The end of a sign-in, as its record has it: by what each of the six steps was proved, or where it was refused.
import type { RefusalCode, StepEvidence } from '@countersign/protocol'
import type { Asked } from '../asked.ts'
import type { LoginTransaction } from '../model.ts'
import { PersonRefusal } from '../refusal.ts'
import { type ShownProof, sideOfAccount } from '../session/row.ts'
import type { SignInGround, SignInRow } from './model.ts'
import { keepNewDevice } from './new-device.ts'

/** Refusals that end a sign-in, or make it begin anew: each has a record, and so a reference that both sides see. */
const RECORDED: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'ERR_PERSON_CREDENTIALS',
  'ERR_PERSON_RESTING',
  'ERR_PERSON_DEVICE',
  'ERR_PERSON_DENIED',
])

/** What each of the first five steps was proved by, as far as the sign-in has come. */
export function evidenceOf(
  { device, state }: Pick<SignInRow, 'device' | 'state'>,
  shown: readonly ShownProof[],
  host?: string,
): readonly (StepEvidence | undefined)[] {
  // A browser lets a passkey sign for the name alone that it has found a certificate of: to that it was shown.
  const isByPasskey = shown.some(({ kind }) => kind === 'passkey')
  const site: StepEvidence | undefined = isByPasskey && host !== undefined ? { kind: 'site', name: host } : undefined
  const proofs: StepEvidence | undefined =
    shown.length === 0 ? undefined : { kind: 'proofs', proofs: shown.map(({ kind, binding }) => ({ kind, binding })) }
  return [
    device === null ? undefined : { kind: 'device', keySha256: device, known: state.isKnown },
    state.isKnown ? { kind: 'picture', sealedTo: 'device' } : site,
    // KE3 comes only from a page that has found KE2 right. Who waits for a yes is not told here either whether it was.
    state.passwordAt === undefined || isUnanswered(state) ? site : { kind: 'opaque' },
    // What the caller presents, and what this side has checked.
    proofs,
    proofs,
  ]
}

/** A device that is not known, and that nobody has said yes or no to. */
function isUnanswered({ step, isKnown }: SignInRow['state']): boolean {
  return step === 'confirm' && !isKnown
}

/** Runs a step of a sign-in; what it refuses is recorded, and told with the reference of the record. */
export async function recordRefused<Result>(
  { people, record }: Pick<SignInGround, 'people' | 'record'>,
  row: Pick<SignInRow, 'device' | 'state'>,
  { address }: Pick<Asked, 'address'>,
  step: () => Promise<Result>,
): Promise<Result> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof PersonRefusal) || !RECORDED.has(error.code)) throw error
    const { code, circumstances } = error
    const { note, meeting: recorded } = circumstances
    if (recorded !== undefined) throw error
    const meeting = people.refuse({
      caller: sideOfAccount(row.state.account ?? ''),
      proofs: [],
      evidence: evidenceOf(row, []),
      address,
      code,
      ...(note !== undefined && { note }),
    })
    record(meeting)
    throw new PersonRefusal(code, { ...circumstances, meeting })
  }
}

/**
 * Opens the session of a sign-in in which all is proved; with it, and not before, its device is one that the account knows.
 * @param shown What was shown beside the password.
 * @param last The step that leads here, where that is taken with the session or not at all: a process that is killed must not end
 * what somebody has waited for and open nothing.
 */
export async function openSignedIn(
  ground: Pick<SignInGround, 'openSession' | 'host' | 'door' | 'people' | 'record'>,
  row: SignInRow,
  asked: Asked,
  shown: readonly ShownProof[],
  last: (tx: LoginTransaction) => Promise<void> = async () => undefined,
): Promise<void> {
  const { account, passwordAt, by } = row.state
  if (account === undefined || row.device === null) throw new PersonRefusal('ERR_PERSON_STEP')
  // OPAQUE's KE3 came from a device that has proved its key beside it.
  const password: readonly ShownProof[] =
    passwordAt === undefined ? [] : [{ kind: 'password', at: Temporal.Instant.from(passwordAt), binding: 'device' }]
  const all = [...password, ...shown]
  const { address, now } = asked
  const { device, id: signIn } = row
  const evidence = evidenceOf(row, all, ground.host)
  const within = async (tx: LoginTransaction) => {
    await last(tx)
    if (by !== undefined) await keepNewDevice(ground, tx, row, { account, by }, now)
  }
  await recordRefused(ground, row, asked, () =>
    ground.openSession({ signIn, account, device, shown: all, evidence, address, within }, asked),
  )
}

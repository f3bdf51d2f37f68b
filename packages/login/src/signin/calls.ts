// The calls of a sign-in: each reads its row, asks what the message is worth, and moves the row on.
import type { Calls } from '../asked.ts'
import type { Ground } from '../ground.ts'
import type { LoginTransaction } from '../model.ts'
import { makeNumber, showOnTelephone, spendTelephoneCode } from '../otp/telephone.ts'
import { spendTotp } from '../otp/totp.ts'
import { waysToRestore } from '../recovery/ways.ts'
import { badRequest, PersonRefusal } from '../refusal.ts'
import { thumbprint } from '../session/dpop.ts'
import type { ShownProof } from '../session/row.ts'
import { spendSmsCode } from '../sms/code.ts'
import { offeredNumber } from '../sms/offer.ts'
import { ofPasswordOf } from '../store/of-password.ts'
import { beginSignIn } from './core.ts'
import type { SignInGround } from './model.ts'
import { openSignedIn, recordRefused } from './record.ts'
import { addSignIn, moveSignIn, ownSignIn } from './rows.ts'

/** The calls. */
export function signInCalls(ground: SignInGround): Pick<Calls, 'begin' | 'password' | 'finish' | 'code' | 'code/send'> {
  const { store, opaque, secret, door, log } = ground
  const server = { server: opaque.identity }
  // Each call reads what it needs: a copy of picture and phrase is long, and time would tell that there is one.
  const openAccount = (account: string) =>
    store.db
      .selectFrom('login_account')
      .where('account', '=', account)
      .where('door', '=', door)
      .where('opened_at', 'is not', null)

  return {
    async begin({ device: keys }, asked) {
      ground.allowance.spend(asked.address)
      const device = asked.device?.device ?? null
      const known = device === null ? undefined : await knownDevice(ground, device)
      const isNew = known === undefined && device !== null
      if (isNew && (keys === undefined || thumbprint(keys.signing) !== device))
        throw badRequest('the proof is not by the keys of this device')
      const state = known
        ? beginSignIn(true, known.account)
        : beginSignIn(false, undefined, isNew && keys ? { name: keys.name } : undefined)
      const { now } = asked
      const signIn = await asked.commit((tx) => addSignIn(ground, tx, { state, device, now }))
      if (known === undefined) return { signIn, known: false, opaque: server }
      const { account, of_device: ofDevice } = known
      return { signIn, known: true, account, ...(ofDevice !== null && { ofDevice }), opaque: server }
    },

    async password({ signIn, account, start }, asked) {
      const row = await ownSignIn(ground, signIn, asked)
      if (row.state.isKnown && row.state.account !== account) throw elsewhere
      const { record } = (await openAccount(account).select('record').executeTakeFirst()) ?? {}
      const answer = opaque.start(account, record ?? undefined, start)
      await recordRefused(ground, { ...row, state: { ...row.state, account } }, asked, () =>
        asked.commit((tx) =>
          moveSignIn(
            ground,
            tx,
            row,
            { type: 'started', account, opaque: answer.state, address: asked.address },
            asked,
          ),
        ),
      )
      return { response: answer.response }
    },

    async finish({ signIn, finish }, asked) {
      const row = await ownSignIn(ground, signIn, asked)
      const { account, opaque: state, isKnown } = row.state
      if (account === undefined || state === undefined) throw new PersonRefusal('ERR_PERSON_STEP')
      const number = makeNumber()
      const isProved = opaque.finish(account, state, finish)
      const event = isProved
        ? ({ type: 'proved', at: asked.now.toString(), number } as const)
        : ({ type: 'unproved', number } as const)
      await asked.commit((tx) => moveSignIn(ground, tx, row, event, asked))
      if (isProved && !isKnown)
        log('login.attempt', { door, account, address: asked.address, device: row.state.device?.name })
      // Whatever the password was: who is not known is told nothing, and has to wait for a device that is.
      if (!isKnown) return { next: 'confirm', number }
      return recordRefused(ground, row, asked, async () => {
        if (!isProved) throw new PersonRefusal('ERR_PERSON_CREDENTIALS', { note: 'the password is wrong' })
        const sms = await offeredNumber(ground, { account, passwordAt: asked.now, now: asked.now })
        return { next: 'code', ...(await ofPasswordOf(store, account)), ...(sms !== undefined && { sms }) }
      })
    },

    async code({ signIn, code }, asked) {
      const row = await ownSignIn(ground, signIn, asked)
      const { account, isKnown, step } = row.state
      if ((step !== 'code' && step !== 'restore') || account === undefined) throw new PersonRefusal('ERR_PERSON_STEP')
      if (step === 'restore' && !waysToRestore(ground, row, asked).includes('totp'))
        throw new PersonRefusal('ERR_PERSON_STEP', { note: 'a code is not what the rules ask for' })
      const { totp_secret: sealed } = (await openAccount(account).select('totp_secret').executeTakeFirst()) ?? {}
      const totp = sealed == null ? undefined : secret.open('totp secret', account, sealed)
      const { now } = asked
      const sent = { account, use: 'sign-in', of: signIn } as const
      const rightBy = async (tx: LoginTransaction): Promise<ShownProof | undefined> => {
        if (
          (totp !== undefined && (await spendTotp(tx, account, { secret: totp, code, now }))) ||
          (await spendTelephoneCode(ground, tx, { account, kind: 'code', of: signIn, typed: code, now }))
        )
          return { kind: 'totp', at: now, binding: 'device' }
        if (ground.sms && isKnown && (await spendSmsCode(ground, tx, sent, { typed: code, now })))
          return { kind: 'sms', at: now, binding: 'none' }
        return undefined
      }

      if (step === 'restore') {
        const tried = await recordRefused(ground, row, asked, () =>
          asked.commit((tx) => moveSignIn(ground, tx, row, { type: 'tried' }, asked)),
        )
        await openSignedIn(ground, tried, asked, [{ kind: 'totp', at: now, binding: 'device' }], async (tx) => {
          if (totp === undefined || !(await spendTotp(tx, account, { secret: totp, code, now }))) throw wrongCode()
          await moveSignIn(ground, tx, tried, { type: 'coded' }, asked)
        })
        return { next: 'done', ...(await ofPasswordOf(store, account)) }
      }
      const moved = await recordRefused(ground, row, asked, async () => {
        const done = await asked.commit(async (tx) => {
          // It counts first: whoever may not guess any more is not told that he has guessed right.
          const tried = await moveSignIn(ground, tx, row, { type: 'tried' }, asked)
          const by = await rightBy(tx)
          return by && { row: await moveSignIn(ground, tx, tried, { type: 'coded' }, asked), by }
        })
        if (done === undefined) throw wrongCode()
        return done
      })
      await openSignedIn(ground, moved.row, asked, [moved.by])
      return { next: 'done', ...(isKnown ? {} : await ofPasswordOf(store, account)) }
    },

    async 'code/send'({ signIn }, asked) {
      const row = await ownSignIn(ground, signIn, asked)
      const { account, step } = row.state
      if (step !== 'code' || account === undefined) throw new PersonRefusal('ERR_PERSON_STEP')
      const lines = [
        ['Sign-in at', opaque.identity],
        ['On', row.state.device?.name ?? 'a device that you have used before'],
        ['Network address', asked.address],
      ] as const
      const { now } = asked
      return {
        number: await store.commit((tx) =>
          showOnTelephone(ground, tx, { account, kind: 'code', of: signIn, lines, now }),
        ),
      }
    },
  }
}

const elsewhere = new PersonRefusal('ERR_PERSON_STEP', {
  note: 'this device is of another account: begin again with keys of its own',
  isTold: true,
})

const wrongCode = () => new PersonRefusal('ERR_PERSON_CREDENTIALS', { note: 'the code is wrong' })

/** What an account knows of a device; undefined where none knows it. */
async function knownDevice({ store, door }: Ground, device: string) {
  return store.db
    .selectFrom('login_device')
    .innerJoin('login_account', 'login_account.account', 'login_device.account')
    .select(['login_device.account', 'login_device.of_device'])
    .where('login_device.device', '=', device)
    .where('login_device.removed_at', 'is', null)
    .where('login_account.door', '=', door)
    .where('login_account.opened_at', 'is not', null)
    .executeTakeFirst()
}

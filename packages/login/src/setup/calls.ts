// The calls of a set-up: from an invitation to an open account. What is told is kept in the set-up's row alone; the account,
// its device and its codes come to be in one transaction, at the end.
import type { Calls } from '../asked.ts'
import { makeRecoveryCodes, recoveryCodeHash } from '../otp/recovery-codes.ts'
import { makeTotpSecret, spendTotp, totpForApp } from '../otp/totp.ts'
import { badRequest, PersonRefusal } from '../refusal.ts'
import { isSealedToDevice, isSealedToPassword } from '../sealed.ts'
import { thumbprint } from '../session/dpop.ts'
import type { SessionGround } from '../session/ground.ts'
import { findInvitation } from './invitations.ts'
import { checkFree, openAccount } from './open-account.ts'
import { addSetUp, keepSetUp, ownSetUp } from './rows.ts'

type SetUpCalls = Pick<Calls, `set-up/${'begin' | 'password' | 'record' | 'code' | 'done'}`>

/** The calls. */
export function setUpCalls(ground: SessionGround): SetUpCalls {
  const { store, opaque, secret, opened } = ground

  return {
    async 'set-up/begin'({ invitation: token, device: keys }, { device, now }) {
      const own = device?.device ?? ''
      if (thumbprint(keys.signing) !== own) throw badRequest('the proof is not by the keys of this device')
      return store.commit(async (tx) => {
        const invitation = await findInvitation(ground, tx, token, now)
        await checkFree(tx, own)
        const { account, email, isAgain } = invitation
        const state = { step: 'begun', account, email, isAgain, device: { name: keys.name } } as const
        const setUp = await addSetUp(ground, tx, invitation, { device: own, state, now })
        return { setUp, account, ...(email !== null && { email }), opaque: { server: opaque.identity } }
      })
    },

    async 'set-up/password'({ setUp, request }, asked) {
      const { row, next } = await ownSetUp(ground, setUp, 'password', asked)
      const { account, email, isAgain, device } = row.state
      const response = opaque.register(account, request)
      if (next !== 'open')
        await store.commit((tx) => keepSetUp(ground, tx, row, { step: next, account, email, isAgain, device }))
      return { response }
    },

    async 'set-up/record'({ setUp, ...chosen }, asked) {
      const { row, next } = await ownSetUp(ground, setUp, 'record', asked)
      const { account } = row.state
      if (!opaque.isRecord(chosen.record)) throw badRequest('this is no record of a registration')
      if (!isSealedToPassword(chosen.ofPassword))
        throw badRequest('the copy of the password is not sealed as it should be')
      if (!isSealedToDevice(chosen.ofDevice, account, row.device))
        throw badRequest('the copy of the device is not sealed as it should be')
      const totp = makeTotpSecret()
      const kept = { chosen, totp: Buffer.from(totp).toString('base64url') }
      if (next !== 'open') await store.commit((tx) => keepSetUp(ground, tx, row, { ...row.state, step: next, ...kept }))
      return { totp: totpForApp(totp, { issuer: opaque.identity, account }) }
    },

    async 'set-up/code'({ setUp, code }, asked) {
      const { row, next } = await ownSetUp(ground, setUp, 'code', asked)
      const { account, totp = '' } = row.state
      const { now } = asked
      const recovery = makeRecoveryCodes()
      const hashes = recovery.map((one) =>
        Buffer.from(recoveryCodeHash(secret, account, one) ?? []).toString('base64url'),
      )
      await store.commit(async (tx) => {
        // Nobody else has this secret yet: who guesses here guesses against himself. But the code counts once, from now on.
        const isRight = await spendTotp(tx, account, { secret: octetsOf(totp), code, now })
        if (!isRight) throw new PersonRefusal('ERR_PERSON_CREDENTIALS', { note: 'the code is not the one of the app' })
        if (next !== 'open') await keepSetUp(ground, tx, row, { ...row.state, step: next, recovery: hashes })
      })
      return { recovery: [...recovery] }
    },

    async 'set-up/done'({ setUp }, asked) {
      const { row } = await ownSetUp(ground, setUp, 'done', asked)
      const ended = await store.commit((tx) => openAccount(ground, tx, row, asked.now))
      opened.dropped(ended, 'ERR_PERSON_DEVICE_REMOVED')
      return {}
    },
  }
}

function octetsOf(text: string): Uint8Array {
  return Uint8Array.fromBase64(text, { alphabet: 'base64url' })
}

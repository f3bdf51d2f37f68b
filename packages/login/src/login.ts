// Login at one door, without a server of its own: its calls and pages for whoever serves them, and whose a request is.
import { basename, dirname } from 'node:path'
import { type FoundPerson, type PersonRequest, type PrivateFiles, privateFiles } from '@countersign/mtls'
import type { Proof } from '@countersign/protocol'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { accountCalls } from './account/calls.ts'
import { appCalls } from './account/change-app.ts'
import { pictureCalls } from './account/change-picture.ts'
import { createAccountAllowance, createAddressAllowance, createCallAllowance } from './address-allowance.ts'
import type { Calls } from './asked.ts'
import { createCallsUnderWay } from './calls-under-way.ts'
import { type ClearCredentials, checkPasswordAndCode } from './clear/check.ts'
import { createStretcher } from './clear/stretcher.ts'
import { confirmCalls } from './confirm/calls.ts'
import { deviceCalls } from './device/calls.ts'
import type { Ground } from './ground.ts'
import { keepTidy } from './housekeeping.ts'
import type { LoginHouse } from './model.ts'
import { writeNotice } from './notify/notices.ts'
import type { MailOptions } from './notify/transport.ts'
import { createOpaqueServer } from './opaque/server.ts'
import { type AccountsOfDoor, accountsOf } from './operate.ts'
import { registerPages } from './pages/register.ts'
import { passkeyCalls } from './passkey/calls.ts'
import { passkeyRemoval } from './passkey/remove.ts'
import { passwordCalls } from './password/calls.ts'
import { type RecoveryGround, recoveryCalls } from './recovery/calls.ts'
import { restoreCalls } from './recovery/restore-calls.ts'
import { apiRoutes } from './routes.ts'
import { openSecret, SECRET_FILE } from './secret.ts'
import { sessionCalls } from './session/calls.ts'
import { createFind, type TellOfTheft } from './session/find.ts'
import type { SessionGround } from './session/ground.ts'
import { makeNonce } from './session/nonce.ts'
import { openSessions } from './session/sessions.ts'
import { stepUpCalls } from './session/step-up.ts'
import { setUpCalls } from './setup/calls.ts'
import { signInCalls } from './signin/calls.ts'
import { type SmsCall, smsCalls } from './sms/calls.ts'
import { openSmsGateway, type SmsOptions } from './sms/gateway.ts'
import { waitingCalls } from './waiting/calls.ts'

/** How people sign in at a door. */
export interface LoginConfig {
  /** The name that browsers have of the door; passkeys are for it alone. Of several, people sign in at the first. */
  readonly host: string | readonly [string, ...string[]]
  /** What customers know it by. Default: the host. */
  readonly bank?: string
  /** How long a recovery waits. Default 24. */
  readonly recoveryHours?: number
  /** The file of the door's secret. Default: `login.secret` among the door's files. */
  readonly secret?: string
  /** By whom customers are told what happens to their accounts. Absent: nobody tells them by mail. */
  readonly mail?: MailOptions
  /** The gateway for codes by SMS, which are restricted (NIST SP 800-63B §5.2.10). Absent: there are none. */
  readonly sms?: SmsOptions
}

/** How requests reach whoever serves them. */
export interface Way {
  /** Of the network. */
  readonly addressOf: (request: FastifyRequest) => string
  /** SHA-256, hexadecimal, of the certificate by which the connection's caller was met, where it was. */
  readonly certificateOf: (request: FastifyRequest) => string | undefined
}

/** Login at one door, in one process. */
export interface Login {
  find(request: PersonRequest): Promise<FoundPerson>
  /**
   * Checks a password with a one-time code that came in clear, as at a VPN; answers what they prove of the account.
   * @throws {PersonRefusal} (rejects) with one no for whatever is wrong.
   */
  checkPasswordAndCode(given: ClearCredentials): Promise<readonly Proof[]>
  /** Adds calls and pages below `/login`. */
  register(app: FastifyInstance, way: Way): void
  /** What operators do with accounts. */
  readonly accounts: AccountsOfDoor
  /** The door's secret as its file has it, for a backup: secret, and undefined where the file is gone. */
  readonly secretFile: { readonly name: string; readonly path: string; read(): Promise<string | undefined> }
  /** Forgets whom it has met; nobody is signed out by it. */
  close(): Promise<void>
}

const RECOVERY_HOURS = 24

/** @throws {LoginSecretError} (rejects) where the door's secret cannot be read. @throws {TypeError} where there is no place for it. */
export async function createLogin(config: LoginConfig, house: LoginHouse): Promise<Login> {
  const { recoveryHours = RECOVERY_HOURS } = config
  const host = typeof config.host === 'string' ? config.host : config.host[0]
  const files = filesOf(config, house)
  const ground = await groundOf(config, files, host, house)
  const opened = openSessions(ground)
  const signing: RecoveryGround = {
    ...ground,
    recoveryHours,
    openSession: (opening, asked) => opened.open(opening, asked),
    people: opened.people,
    allowance: createAddressAllowance(),
  }
  const accountAllowance = createAccountAllowance()
  const { find, sessionOf } = createFind(ground, opened, tellOfTheft(ground), accountAllowance)
  const { sms } = ground
  const calls: Omit<Calls, SmsCall> & Partial<Pick<Calls, SmsCall>> = {
    ...setUpCalls({ ...ground, opened }),
    ...signInCalls(signing),
    ...callsWithin({ ...ground, opened }),
    ...passkeyCalls(signing),
    ...waitingCalls(signing),
    ...recoveryCalls(signing),
    ...(sms && smsCalls({ ...ground, opened, sms })),
    ...restoreCalls(signing),
  }
  const { secret, clock } = ground
  const sender = config.mail && (await senderOf(ground, config.mail))
  const tidying = keepTidy(signing)
  const stretcher = createStretcher()
  const nonceKey = secret.key('proof nonce')
  const callsUnderWay = createCallsUnderWay()
  return {
    find,
    checkPasswordAndCode: (given) => checkPasswordAndCode({ ...signing, stretcher }, given),
    accounts: accountsOf({ ...ground, opened }),
    secretFile: { name: SECRET_FILE, path: files.pathOf(SECRET_FILE), read: () => files.read(SECRET_FILE) },
    register(app, way) {
      const allowance = createCallAllowance()
      app.register((scope) =>
        apiRoutes(scope, { ...ground, ...way, calls, callsUnderWay, nonceKey, sessionOf, allowance, accountAllowance }),
      )
      const nonce = () => makeNonce(nonceKey, clock())
      const [hasSms, hasMail] = [sms !== undefined, config.mail !== undefined]
      const bank = config.bank ?? host
      app.register((scope) => registerPages(scope, { bank, recoveryHours, hasSms, hasMail, nonce }))
    },
    async close() {
      await stretcher.close()
      await tidying.close()
      await sender?.close()
      // What waits for the gateway waits no longer, and is done before the store is closed.
      await sms?.close()
      await callsUnderWay.done()
      await opened.close()
    },
  }
}

/** What speaks SMTP is loaded where there is somebody to speak to. */
async function senderOf(ground: Ground, mail: MailOptions) {
  const { openNoticeSender } = await import('./notify/sender.ts')
  return openNoticeSender(ground, mail)
}

/** The calls of who has signed in. */
function callsWithin(ground: SessionGround) {
  return {
    ...sessionCalls(ground),
    ...stepUpCalls(ground),
    ...confirmCalls(ground),
    ...deviceCalls(ground),
    ...passwordCalls(ground),
    ...accountCalls(ground),
    ...appCalls(ground),
    ...pictureCalls(ground),
    ...passkeyRemoval(ground),
  }
}

/** Where the secret is. */
function filesOf({ secret: path }: LoginConfig, house: LoginHouse): PrivateFiles {
  const files = path === undefined ? house.files : oneFile(path)
  if (files === undefined) throw new TypeError('people cannot sign in at a door that keeps no files: its secret is one')
  return files
}

async function groundOf(
  { bank, sms }: LoginConfig,
  files: PrivateFiles,
  host: string,
  house: LoginHouse,
): Promise<Ground> {
  const { door, store } = house
  const secret = await openSecret(files, async () => {
    const accounts = store.db.selectFrom('login_account').select(['account', 'totp_secret']).where('door', '=', door)
    return accounts.limit(1).executeTakeFirst()
  })
  const opaque = await createOpaqueServer(secret, host)
  return { ...house, host, secret, opaque, ...(sms && { sms: { ...openSmsGateway(sms), bank: bank ?? host } }) }
}

/** A file that somebody else has named. */
function oneFile(path: string): PrivateFiles {
  const files = privateFiles(dirname(path))
  const name = basename(path)
  return {
    read: () => files.read(name),
    write: (_, text) => files.write(name, text),
    create: (_, text) => files.create(name, text),
    pathOf: () => files.pathOf(name),
  }
}

/** The customer learns of it by mail, since whoever has the cookie may be somebody else. */
function tellOfTheft(ground: Ground): TellOfTheft {
  return ({ account, device }) =>
    async (tx) => {
      const { name } =
        (await tx.db
          .selectFrom('login_device')
          .select('name')
          .where('device', '=', device ?? '')
          .executeTakeFirst()) ?? {}
      const facts = name === undefined ? {} : { device: name }
      await writeNotice(ground, tx, { account, kind: 'old cookie', facts, now: ground.clock() })
    }
}

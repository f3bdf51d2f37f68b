// Login with every call, as a door or an application has it.
import type { TestContext } from 'node:test'
import fastify, { type FastifyInstance } from 'fastify'
import { createLogin, type Login } from '../../src/login.ts'
import { type TestBank, testBank } from './bank.ts'
import type { AskedDoor } from './browser.ts'
import { type TestGateway, testGateway } from './sms-gateway.ts'

/** One process with all of login. */
export interface WholeLogin extends AskedDoor {
  readonly app: FastifyInstance
  readonly login: Login
  /** Absent where there are no codes by SMS. */
  readonly gateway: TestGateway | undefined
}

/** Opens one; `beside` is another process of the same login. */
export async function wholeLogin(
  t: TestContext,
  beside?: TestBank,
  sms: 'ours' | 'unknown gateway' | 'unknown door' | 'none' = 'ours',
): Promise<WholeLogin> {
  const bank = await testBank(t, beside)
  const gateway = sms === 'none' ? undefined : await testGateway(t, sms)
  const config = { host: bank.ground.host, recoveryHours: 24, ...(gateway && { sms: gateway.options }) }
  const login = await createLogin(config, bank.ground)
  const app = fastify()
  login.register(app, {
    addressOf: ({ headers }) => headers['x-forwarded-for']?.toString() ?? '192.0.2.1',
    certificateOf: () => undefined,
  })
  t.after(async () => {
    await app.close()
    await login.close()
  })
  return { ...bank, login, app, gateway }
}

// A telephone whose clock is wrong, and a set-up that is left at each step.
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  codeAt,
  codeOfRefusal,
  invitationOf,
  type Line,
  openLine,
  provePasswordOver,
  register,
  sealToDevice,
  sealToPassword,
  setUpOver,
  shownOf,
  signInOver,
} from './support/customer.ts'
import { type NetworkBank, startNetworkBank } from './support/network-bank.ts'

const STEP_MS = 30_000

suite('a clock that is wrong, and a set-up that is left', () => {
  let network: NetworkBank
  before(async () => {
    network = await startNetworkBank()
  })
  after(async () => {
    await network?.[Symbol.asyncDispose]()
  })

  test('a telephone whose clock is off by one step gets in; by five it is told what a wrong password is told', async () => {
    const bodies: object[] = []
    for (const [account, steps] of [
      ['dave', 1],
      ['erin', -5],
      ['frank', 5],
    ] as const) {
      const own = await network.customer(account)
      const { signIn, finish } = await provePasswordOver(own.line, own)
      await own.line.ask('finish', { signIn, finish })
      const code = codeAt(own.totpSecret, Date.now() + steps * STEP_MS)
      const { status, body } = await own.line.send('code', { signIn, code })
      if (steps === 1) assert.deepEqual([status, JSON.parse(body)], [200, { next: 'done' }])
      else bodies.push({ status, ...JSON.parse(body), reference: '' })
      if (steps !== 5) continue
      const again = await provePasswordOver(own.line, { ...own, password: 'not the right one' })
      const wrong = await own.line.send('finish', { signIn: again.signIn, finish: again.finish })
      bodies.push({ status: wrong.status, ...JSON.parse(wrong.body), reference: '' })
    }
    const codes = bodies.map((one) => ('code' in one ? one.code : undefined))
    assert.deepEqual(codes, Array(3).fill('ERR_PERSON_CREDENTIALS'))
    const texts = bodies.map((one) => JSON.stringify({ ...one, steps: undefined, step: undefined }))
    assert.equal(new Set(texts).size, 1, texts.join('\n'))
  })

  const PARTS = ['begin', 'password', 'record', 'code'] as const
  for (const last of PARTS)
    test(`a set-up left after ${last} opens nothing, and is begun anew`, async () => {
      const { house, bank } = network
      const account = `grace-${last}`
      const invitation = await invitationOf(house, account)
      const line = await openLine(bank)
      const setUp = await partly(line, { account, invitation, last })
      const listed = await house.run(['account', 'list', '--json'])
      assert.doesNotMatch(listed.stdout, new RegExp(account))
      // It is a name that nobody has, and a device that nobody knows.
      const { known } = await line.ask('begin', { device: line.device.keys })
      assert.equal(known, false)
      const tried = await provePasswordOver(line, { account, password: 'a blue horse at dusk' })
      assert.equal(tried.isRight, false)

      const elsewhere = await openLine(bank)
      const codes = await setUpOver(elsewhere, { account, invitation, later: last === 'code' })
      // The one before is over.
      assert.equal(await codeOfRefusal(line.ask('set-up/done', { setUp })), 'ERR_PERSON_STEP')
      assert.equal(
        await codeOfRefusal(line.ask('set-up/begin', { invitation, device: line.device.keys })),
        'ERR_PERSON_INVITATION',
      )
      await signInOver(codes)
      for (const one of [line, elsewhere]) one.close()
    })
})

/** A set-up up to one of its messages; answers its id. */
async function partly(
  line: Line,
  { account, invitation, last }: { readonly account: string; readonly invitation: string; readonly last: string },
): Promise<string> {
  const { setUp, opaque } = await line.ask('set-up/begin', { invitation, device: line.device.keys })
  if (last === 'begin') return setUp
  const own = { setUp, account, server: opaque.server, password: 'a blue horse at dusk' }
  const { record, exportKey } = await register(line, own)
  if (last === 'password') return setUp
  const shown = shownOf('The kettle sings', Uint8Array.of(1))
  const { totp } = await line.ask('set-up/record', {
    ...{ setUp, name: 'Grace', record, ofPassword: await sealToPassword(shown, exportKey) },
    ofDevice: await sealToDevice(shown, account, line.device),
  })
  if (last === 'record') return setUp
  await line.ask('set-up/code', { setUp, code: codeAt(totp.secret, Date.now() - STEP_MS) })
  return setUp
}

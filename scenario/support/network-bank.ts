// A bank and its customers at the network, without a browser: a real house with a door at which people sign in.
import { ready } from '@serenity-kit/opaque'
import { type BankAddress, bankOf, invitationOf, type NetworkCustomer, openLine, setUpOver } from './customer.ts'
import { type HouseOptions, type RunningHouse, startHouse } from './house.ts'
import { BANK_DOOR } from './people.ts'

/** A house with its bank. */
export interface NetworkBank extends AsyncDisposable {
  readonly house: RunningHouse
  readonly bank: BankAddress
  /** Invites somebody, who opens an account on a device of their own. */
  customer(account: string, options?: NewCustomer): Promise<NetworkCustomer>
}

/** What is told at the invitation, and what is chosen. */
export type NewCustomer = Omit<Parameters<typeof setUpOver>[1], 'account' | 'invitation'> & {
  /** Where notices go. */
  readonly email?: string
}

/** Starts it. */
export async function startNetworkBank({
  door,
  ...options
}: Omit<HouseOptions, 'config'> & { readonly door?: object } = {}): Promise<NetworkBank> {
  await ready
  const config = { authority: { listen: '127.0.0.1:0' }, doors: [{ ...BANK_DOOR, ...door }] }
  const house = await startHouse({ config, ...options })
  const bank = await bankOf(house)
  return {
    house,
    bank,
    async customer(account, { email, ...chosen } = {}) {
      const invitation = await invitationOf(house, account, ...(email === undefined ? [] : ['--email', email]))
      return setUpOver(await openLine(bank), { account, invitation, ...chosen })
    },
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  }
}

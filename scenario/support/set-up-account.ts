// Opens the account of somebody who was invited, in a process of its own: for houses in a network that tests are not in.
// Arguments: the authority of the door, the file of the root, the account, the token. Prints `{password, totpSecret}`.
import { readFile } from 'node:fs/promises'
import { ready } from '@serenity-kit/opaque'
import { openLine, setUpOver } from './customer.ts'

const [authority = '', trust = '', account = '', invitation = ''] = process.argv.slice(2)
await ready
const line = await openLine({ authority, trust: await readFile(trust, 'utf8') })
// As pages do it: here somebody else will prove it.
const { password, totpSecret } = await setUpOver(line, { account, invitation, keyStretching: 'memory-constrained' })
line.close()
console.log(JSON.stringify({ password, totpSecret }))

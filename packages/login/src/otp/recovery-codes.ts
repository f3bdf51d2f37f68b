// Recovery codes: ten, for the day on which no known device is left. Each counts once.
import { randomBytes } from 'node:crypto'
import type { LoginTransaction } from '../model.ts'
import type { DoorSecret } from '../secret.ts'

const COUNT = 10
/** 120 bits: from 112 on they need no stretching. @see NIST SP 800-63B §5.1.2.2, ASVS 5.0 6.5.2 */
const OCTETS = 15
/** Crockford's base 32: no letter is taken for a digit. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CHARACTERS = (OCTETS * 8) / 5
const GROUP = 4
/** What is read for what. */
const MISREAD: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' }

/** New codes, as in `7F3K-92QD-0M4T-XB1Z-6GQA-C8NE`. Secret: shown once, and not kept as they are. */
export function makeRecoveryCodes(): readonly string[] {
  return Array.from({ length: COUNT }, () => groupsOf(base32Of(randomBytes(OCTETS))))
}

/** What is kept of a code. Undefined where it has not the form of one. */
export function recoveryCodeHash(secret: DoorSecret, account: string, typed: string): Uint8Array | undefined {
  const code = [...typed.toUpperCase().replaceAll(/[\s-]/g, '')].map((letter) => MISREAD[letter] ?? letter)
  if (code.length !== CHARACTERS || !code.every((letter) => ALPHABET.includes(letter))) return undefined
  return secret.mac('recovery code', account, code.join(''))
}

/** Keeps these, in place of those before. */
export async function keepRecoveryCodes(
  { db }: LoginTransaction,
  account: string,
  hashes: readonly Uint8Array[],
): Promise<void> {
  await db.deleteFrom('login_recovery_code').where('account', '=', account).execute()
  const rows = hashes.map((code) => ({ code, account, used_at: null }))
  await db.insertInto('login_recovery_code').values(rows).execute()
}

/** Whether it is one of the account's that nobody has used before. */
export async function spendRecoveryCode(
  { db }: LoginTransaction,
  account: string,
  hash: Uint8Array | undefined,
  now: Temporal.Instant,
): Promise<boolean> {
  if (hash === undefined) return false
  const { numUpdatedRows } = await db
    .updateTable('login_recovery_code')
    .set({ used_at: now.epochMilliseconds })
    .where('code', '=', hash)
    .where('account', '=', account)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Five bits to a character, the first octet's highest first. */
function base32Of(octets: Uint8Array): string {
  let bits = 0n
  for (const octet of octets) bits = (bits << 8n) | BigInt(octet)
  return Array.from({ length: CHARACTERS }, (_, index) => {
    const at = BigInt(CHARACTERS - 1 - index) * 5n
    return ALPHABET[Number((bits >> at) & 31n)] ?? ''
  }).join('')
}

function groupsOf(text: string): string {
  return (text.match(new RegExp(`.{${GROUP}}`, 'g')) ?? []).join('-')
}

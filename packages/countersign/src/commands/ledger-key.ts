// Whose ledger it must be.
import { LedgerError, parseVerifierKey, type VerifierKey } from '@countersign/authority'
import { type Arguments, type Around, EXIT, Failure } from '../command.ts'
import { firstLine } from '../first-line.ts'

/** `--key`: the key itself, which has two plus signs, or the file that has it. @throws {Failure} */
export async function readKey(given: Arguments, around: Around): Promise<VerifierKey> {
  const text = given.text('key')
  if (text === undefined)
    throw new Failure(EXIT.usage, 'say whose ledger it must be: --key KEY', {
      code: 'ERR_CLI_USAGE',
      next: 'a key is written as in ledger.acme.example+530d903a+Aekye…; get it from the authority, not with the ledger',
    })
  const inline = /^[^+]+\+[^+]+\+/.test(text)
  try {
    return parseVerifierKey(inline ? text : await firstLine(text, around))
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error
    const message = inline ? error.message : `${text}: ${error.message}`
    const next =
      'give the whole key, as in ledger.acme.example+530d903a+Aekye…, or a file that has it in its first line'
    throw new Failure(EXIT.input, message, { code: error.code, next, cause: error })
  }
}

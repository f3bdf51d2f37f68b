// People of a house who write to each other by the command line.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type RunningHouse, startHouse } from './house.ts'
import type { Ran } from './run-command.ts'

/** `countersign mail open --json`, as far as tests ask. */
export interface OpenedLetter {
  readonly state: string
  readonly code?: string
  readonly from?: string
  readonly encrypted: boolean
  readonly cipher?: string
  readonly remarks: readonly string[]
  readonly meeting: {
    readonly reference: string
    readonly steps: readonly { readonly outcome: string }[]
    readonly caller: { readonly name: string }
  }
}

/** A house with people, each with a certificate for PARTY@acme.example and a key for mail. */
export class Letters implements AsyncDisposable {
  readonly house: RunningHouse

  private constructor(house: RunningHouse) {
    this.house = house
  }

  static async start(parties: readonly string[]): Promise<Letters> {
    const letters = new Letters(await startHouse())
    for (const party of parties) {
      await letters.enroll(party)
      await letters.run(['mail', 'key', '--identity', party])
    }
    return letters
  }

  path(name: string): string {
    return join(this.house.directory, name)
  }

  async run(args: readonly string[], code = 0): Promise<Ran> {
    const ran = await this.house.run(args)
    assert.equal(ran.code, code, `${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran
  }

  async enroll(party: string, address = `${party}@acme.example`): Promise<void> {
    const invited = await this.run(['invite', party, '--profile', 'person', '--san', `email:${address}`, '--json'])
    const { token } = JSON.parse(invited.stdout) as { token: string }
    await this.run(['enroll', token, '--out', party])
  }

  async seal(by: string, letter: string, out: string, ...more: readonly string[]): Promise<Ran> {
    await writeFile(this.path(`${out}.letter`), letter)
    return this.run(['mail', 'seal', `${out}.letter`, '--identity', by, '--out', out, ...more])
  }

  async open(file: string, who: string, code: number, ...more: readonly string[]): Promise<OpenedLetter> {
    const { stdout } = await this.run(['mail', 'open', file, '--identity', who, '--json', ...more], code)
    return JSON.parse(stdout) as OpenedLetter
  }

  read(name: string): Promise<string> {
    return readFile(this.path(name), 'latin1')
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(this.path(name), text, 'latin1')
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.house[Symbol.asyncDispose]()
  }
}

/** A message to Alice, as a mail program that knows RFC 3156 writes it around what gpg has encrypted. */
export const encryptedByPgp = (from: string, block: string) =>
  [
    `From: ${from}`,
    'To: alice@acme.example',
    'Subject: Answer',
    'MIME-Version: 1.0',
    'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
    '',
    '--b',
    'Content-Type: application/pgp-encrypted',
    '',
    'Version: 1',
    '',
    '--b',
    'Content-Type: application/octet-stream',
    '',
    block,
    '--b--',
    '',
  ].join('\n')

// A store of NSS, as Firefox and Chromium on Linux have: by its own tools, certutil and pk12util.
import { hash } from 'node:crypto'
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Credential } from '@countersign/mtls'
import type { Certificate } from '@countersign/x509'
import { EXIT, Failure } from '../command.ts'
import type { Belongings, Store } from './model.ts'
import { BRIEF_ITERATIONS, friendlyNameOf, makePassword, pkcs12Of } from './pkcs12.ts'
import { runTool } from './tool.ts'

/** Trusted to issue certificates of servers, and for nothing else. */
const SERVERS_ALONE = 'C,,'
const UNTRUSTED = ',,'

/** The two programs of NSS. */
export interface NssTools {
  readonly certutil: string
  readonly pk12util: string
}

/** One line of a store's list: the flags are as in `C,,`, and begin with `u` where the key is there too. */
interface Row {
  readonly nickname: string
  readonly flags: string
}

/**
 * The store in the directory `path`; where there is none yet, `install` makes it, without a password. What we put there
 * bears nicknames that name its authority, and only those are taken out again.
 */
export function nssStore(label: string, path: string, tools: NssTools): Store {
  const database = `sql:${path}`
  const tool = async (program: string, ...args: string[]): Promise<string> => {
    const { code, stdout, complaint } = await runTool(program, [...args, '-d', database])
    if (code === 0) return stdout
    throw storeFailure(path, complaint)
  }
  const certutil = (...args: string[]) => tool(tools.certutil, ...args)
  const rows = async () => rowsOf(await certutil('-L'))
  const add = (certificate: Certificate, nickname: string, flags: string) =>
    inFolder({ der: certificate.der }, (file) => certutil('-A', '-n', nickname, '-t', flags, '-i', file('der')))
  /** A certificate that was there before us keeps the name that it had. */
  const told = async (nickname: string, text: string) =>
    (await rows()).some((row) => row.nickname === nickname)
      ? text
      : `${text} (somebody put it there under another name before: trust remove leaves it)`

  return {
    kind: 'nss',
    label,
    path,
    holdsClients: true,
    async install(belongings) {
      if (!(await isStore(path))) {
        await mkdir(path, { recursive: true, mode: 0o700 })
        await certutil('-N', '--empty-password')
      }
      const done: string[] = []
      const before = await rows()
      const has = (nickname: string, flag: string) =>
        before.some((row) => row.nickname === nickname && row.flags.startsWith(flag))
      for (const root of belongings.roots) {
        const nickname = nicknameOf('root', root, root)
        if (has(nickname, 'C')) continue
        await add(root, nickname, SERVERS_ALONE)
        done.push(await told(nickname, 'the authority is trusted for servers'))
      }
      const { client } = belongings
      if (client === undefined) return done
      const nickname = clientNickname(belongings, client)
      if (has(nickname, 'u')) return done
      // A renewed certificate takes the place of those before it: offered side by side, nobody could tell them apart.
      const [party] = nickname.split(/ \w+$/)
      for (const row of before) if (row.nickname.startsWith(`${party} `)) await certutil('-F', '-n', row.nickname)
      const [root] = belongings.roots
      for (const issuer of client.certificates.slice(1))
        await add(issuer, nicknameOf('issuer', root, issuer), UNTRUSTED)
      await add(client.certificates[0], nickname, UNTRUSTED)
      await importKey(client)
      done.push(await told(nickname, `the certificate and the key of ${friendlyNameOf(client)} are there`))
      return done
    },
    async remove({ roots }) {
      if (!(await isStore(path))) return []
      const tags = roots.map((root) => ` ${tagOf(root)} `)
      const ours = (await rows()).filter(
        ({ nickname }) => nickname.startsWith('Countersign ') && tags.some((tag) => nickname.includes(tag)),
      )
      const done: string[] = []
      for (const { nickname, flags } of ours) {
        // With a certificate of ours goes its key.
        await certutil(flags.startsWith('u') ? '-F' : '-D', '-n', nickname)
        done.push(`taken out: ${nickname}`)
      }
      return done
    },
  }

  async function importKey(client: Credential): Promise<void> {
    const password = makePassword()
    const own = { ...client, certificates: [client.certificates[0]] } as const
    const p12 = pkcs12Of(own, friendlyNameOf(client), password, BRIEF_ITERATIONS)
    await inFolder({ p12, password }, (file) => tool(tools.pk12util, '-i', file('p12'), '-w', file('password')))
  }
}

function rowsOf(list: string): readonly Row[] {
  return list.split('\n').flatMap((line) => {
    const [, nickname, flags] = /^(\S.*?) +([a-zA-Z]*,[a-zA-Z]*,[a-zA-Z]*) *$/.exec(line) ?? []
    return nickname === undefined || flags === undefined ? [] : [{ nickname, flags }]
  })
}

/** As in `Countersign root 4fd1a0c2 9b0e77d2c51fd04a`. A colon would name a token of its own. */
function nicknameOf(what: string, root: Certificate, certificate: Certificate): string {
  return `Countersign ${what.replaceAll(/[^\w./@-]/g, '_')} ${tagOf(root)} ${sha256(certificate).slice(0, 16)}`
}

function clientNickname({ roots: [root] }: Belongings, client: Credential): string {
  return nicknameOf(friendlyNameOf(client), root, client.certificates[0])
}

function tagOf(root: Certificate): string {
  return sha256(root).slice(0, 8)
}

function sha256({ der }: Certificate): string {
  return hash('sha256', der, 'hex')
}

/** Files that only we can read, gone when `use` ends. */
async function inFolder<Value>(
  files: Readonly<Record<string, Uint8Array | string>>,
  use: (file: (name: string) => string) => Promise<Value>,
): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-store-'))
  try {
    for (const [name, octets] of Object.entries(files)) await writeFile(join(folder, name), octets, { mode: 0o600 })
    return await use((name) => join(folder, name))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function isStore(path: string): Promise<boolean> {
  try {
    return (await stat(join(path, 'cert9.db'))).isFile()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

function storeFailure(path: string, complaint: string): Failure {
  // NSS asks for the password of a store (Firefox calls it the primary password) before it lets anybody change it.
  const locked = /password|authenticate/i.test(complaint)
  return new Failure(EXIT.input, `${path}: the store did not take it: ${complaint}`, {
    code: 'ERR_CLI_STORE',
    next: locked
      ? 'the store has a password of its own: give it on a terminal, or import by hand in the settings of the browser'
      : 'close the browser, check owner and mode of the store, then try again',
  })
}

// Unmodified programs as parties: each function runs one and answers what it saw.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { RunningHouse } from './house.ts'

/** An enrolled party's files, as `countersign enroll` leaves them. */
export interface PartyFiles {
  readonly directory: string
  readonly key: string
  readonly certificate: string
  readonly trust: string
}

/** Invites and enrolls `party` with the real commands. */
export async function enrolled(
  house: RunningHouse,
  party: string,
  inviteOptions: readonly string[] = [],
): Promise<PartyFiles> {
  const invited = await house.run(['invite', party, ...inviteOptions])
  if (invited.code !== 0) throw new Error(`invite ${party}: ${invited.stderr}`)
  const directory = join(house.directory, 'parties', party)
  const done = await house.run(['enroll', invited.stdout.trim(), '--out', directory])
  if (done.code !== 0) throw new Error(`enroll ${party}: ${done.stderr}`)
  return partyFiles(directory)
}

export function partyFiles(directory: string): PartyFiles {
  return {
    directory,
    key: join(directory, 'identity.key'),
    certificate: join(directory, 'identity.pem'),
    trust: join(directory, 'trust.pem'),
  }
}

export interface Seen {
  /** Exit code of the program. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end and answers what it printed; a nonzero exit is a result. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: {
    readonly input?: string
    /** Keeps standard input open until the program ends by itself: TLS clients leave at its end, before the answer. */
    readonly holdInput?: boolean
    readonly env?: Readonly<Record<string, string>>
    readonly timeoutMs?: number
  } = {},
): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      { env: { ...process.env, ...options.env }, timeout: options.timeoutMs ?? 20_000, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code
        if (typeof code === 'number') resolve({ code, stdout, stderr })
        else reject(error ?? new Error(`${program} was ended`))
      },
    )
    // A program may end before it has read its input: what it said then is the result.
    child.stdin?.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(error)
    })
    if (options.holdInput) child.stdin?.write(options.input ?? '')
    else child.stdin?.end(options.input ?? '')
  })
}

export interface HttpSeen extends Seen {
  /** 0 where no answer came. */
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Asks with curl, with a party's certificate or without one. */
export async function curl(
  party: PartyFiles | { readonly trust: string },
  args: readonly string[],
  request: { readonly url: string; readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number },
): Promise<HttpSeen> {
  const identity = 'key' in party ? ['--cert', party.certificate, '--key', party.key] : []
  const seen = await runProgram(
    'curl',
    // biome-ignore format: options beside their values
    ['--silent', '--show-error', '--max-time', '15', '--cacert', party.trust, ...identity,
      '--write-out', '\n%{http_code} %{content_type}', ...args, request.url],
    { ...(request.env && { env: request.env }), ...(request.timeoutMs && { timeoutMs: request.timeoutMs }) },
  )
  const end = seen.stdout.lastIndexOf('\n')
  const [status, contentType] = seen.stdout.slice(end + 1).split(' ')
  return {
    ...seen,
    status: Number(status),
    contentType: contentType ?? '',
    body: seen.stdout.slice(0, Math.max(0, end)),
  }
}

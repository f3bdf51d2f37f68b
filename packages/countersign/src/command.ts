// What a command is, and all that it may touch of the world around it.
import type { Clock } from '@countersign/mtls'

/** How a command ended, for scripts. */
export const EXIT = {
  /** Done, or accepted. */
  ok: 0,
  /** A verdict: the other side, a rule or a check said no. */
  refused: 1,
  /** The command line is not understood. */
  usage: 2,
  /** A file, a token, a configuration or a data directory is not as it must be. */
  input: 3,
  /** Nobody answers, or an address cannot be used. */
  unreachable: 4,
  /** A bug of ours. */
  bug: 70,
} as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Everything outside of a command; tests pass their own. */
export interface Around {
  /** Writes one line to standard output. */
  readonly out: (line: string) => void
  /** Writes one line to standard error. */
  readonly err: (line: string) => void
  /** Shows one line, which the next one replaces, while somebody waits at a terminal; undefined takes it away. */
  readonly progress: (line: string | undefined) => void
  /** Reads a whole file of at most `maxOctets` (1 MiB). A relative path is under `cwd`. */
  readonly readFile: (path: string, maxOctets?: number) => Promise<Uint8Array>
  /** The first line of standard input, without its end; empty where there is none. */
  readonly readLine: () => Promise<string>
  /**
   * Asks the person at the terminal; undefined where nobody sits there. An answer that is `hidden` is not shown while it
   * is typed.
   */
  readonly ask: (question: string, hidden?: boolean) => Promise<string | undefined>
  readonly env: Readonly<Record<string, string | undefined>>
  /** Absolute. */
  readonly cwd: string
  readonly clock: Clock
  /** Whether colours may be written to each of the two streams. */
  readonly color: { readonly out: boolean; readonly err: boolean }
  /** Width of the terminal; 80 where there is none. */
  readonly columns: number
  /** Resolves when this process is asked to end. */
  readonly stopped: () => Promise<void>
  /** Calls `listener` at each SIGHUP, which then ends nothing. */
  readonly onHangup: (listener: () => void) => void
}

/** One option: `type` and `short` are as `node:util` parseArgs has them. */
export interface Option {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  /** Stands for the value in usage and help, as in `--data DIR`. */
  readonly value?: string
  readonly summary: string
}

/** One positional argument, as in `PARTY`. */
export interface Positional {
  readonly name: string
  readonly summary: string
  readonly optional?: boolean
  /** May be given again; the last of its command. */
  readonly multiple?: boolean
}

/** The arguments of one call, checked against the command's own table. */
export interface Arguments {
  /** The value of a string option or a positional argument, where it was given. */
  text(name: string): string | undefined
  texts(name: string): readonly string[]
  flag(name: string): boolean
}

/** One command, as the table lists it; its code is loaded when it runs. */
export interface Command {
  readonly name: string
  /** One line for the list of commands: an imperative, lower case. */
  readonly summary: string
  /** What `--help` and the manual say beyond the options. */
  readonly details: readonly string[]
  readonly positionals: readonly Positional[]
  readonly options: Readonly<Record<string, Option>>
  readonly examples: readonly string[]
  readonly load: () => Promise<Run>
}

/** Does what a command is for; answers how it ended. @throws {Failure} where it cannot. */
export type Run = (given: Arguments, around: Around) => Promise<ExitCode>

/** Why a command could not do its work: what, where and what to do, told once, at the top. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exit: Exclude<ExitCode, 0 | 70>
  readonly code: string | undefined
  /** What to do next, as an imperative. */
  readonly next: string | undefined
  /** More for `--json`, as it came from the authority. */
  readonly fields: Readonly<Record<string, unknown>>

  constructor(
    exit: Failure['exit'],
    message: string,
    more: {
      readonly code?: string | undefined
      readonly next?: string | undefined
      readonly fields?: Readonly<Record<string, unknown>>
      readonly cause?: unknown
    } = {},
  ) {
    super(message, { cause: more.cause })
    this.exit = exit
    this.code = more.code
    this.next = more.next
    this.fields = more.fields ?? {}
  }
}

import type { Reload } from '@countersign/authority'
import type { Log } from '@countersign/mtls'
import { writeJson, writeMeeting } from '@countersign/protocol'
import { dataDirectory } from '../admin/client.ts'
import { type Arguments, type Around, EXIT, type Run } from '../command.ts'
import { asProved, hostOf } from '../config/hosts.ts'
import type { Config } from '../config/model.ts'
import type { PlacedConfig } from '../config/read-config.ts'
import { STANDARD_CONFIG } from '../config/standard.ts'
import { failureOf } from '../failure-of.ts'
import { logLine, meetingEvent, meetingLine } from '../house/events.ts'
import { nextSteps } from '../house/next-steps.ts'
import { type OpenHouse, openHouse } from '../house/open-house.ts'
import { meetFirst } from '../house/visitor.ts'
import { pictureLines } from '../meeting/picture.ts'
import { styleOf } from '../output/style.ts'

/** What is under way may end by itself for this long after the first signal. */
const DRAIN_MS = 10_000

/** `countersign up`: starts the house, says so, and stays until it is asked to end. */
export const up: Run = async (given, around) => {
  const stopped = around.stopped()
  const json = given.flag('json')
  const data = dataDirectory(given, around)
  const config = await configOf(given, around)
  const style = styleOf(around.color.out)
  // What happens before the ready line is part of the start, and told there.
  let ready = false
  let told = ''
  const timed = (line: string) => `${style.quiet(around.clock().toString({ smallestUnit: 'second' }))} ${line}`
  const log: Log = (event, fields = {}) => {
    if (json && ready) return around.out(JSON.stringify(writeJson({ event, ...fields })))
    const line = logLine(event, fields, style)
    if (line === undefined || line.text === told) return
    // What is tried again and again, and fails alike each time, is told once.
    told = line.alarm ? line.text : ''
    if (line.alarm) around.err(timed(line.text))
    else if (ready) around.out(timed(line.text))
  }
  const { follow, reload } = followFile(given, around, log)
  const house = await openHouse({
    config,
    data,
    clock: around.clock,
    failpoint: around.env['COUNTERSIGN_FAILPOINT'],
    log,
    reload,
    onMeeting: (meeting) => {
      if (!ready) return
      around.out(json ? JSON.stringify(meetingEvent(meeting)) : timed(meetingLine(meeting, around.clock(), style)))
    },
  })
  try {
    if (!json) for (const line of headLines(house, data, config)) around.out(line)
    if (config.standard) await showFirstMeeting(house, data, around, json)
    if (json) around.out(JSON.stringify(house.ready))
    else around.out(style.proved('ready'))
    ready = true
    follow(house)
    await stopped
    if (!json)
      around.out(`stopping; what is open has ${DRAIN_MS / 1000} s to end by itself, and a second Ctrl-C ends it now`)
    return EXIT.ok
  } finally {
    await house.close(DRAIN_MS)
  }
}

/**
 * At each SIGHUP, and when it is asked to, one after the other: new files for the logs, whatever the configuration says by
 * now; then that. From now on a SIGHUP ends nothing; one that comes before the house stands is followed when it does.
 */
function followFile(
  given: Arguments,
  around: Around,
  log: Log,
): { readonly follow: (house: OpenHouse) => void; readonly reload: Reload | undefined } {
  const { promise: opened, resolve: follow } = Promise.withResolvers<OpenHouse>()
  const file = given.text('config')
  // A house without a file ends with its terminal, as other programs do.
  if (file === undefined) return { follow, reload: undefined }
  const read = async (house: OpenHouse): ReturnType<Reload> => {
    await house.reopenLogs()
    try {
      const done = await house.reload(await fileOf(file, around))
      log('config.reloaded', { file })
      for (const text of done.warnings) log('config.warning', { text })
      return { ok: true, file, ...done }
    } catch (error) {
      const failure = failureOf(error)
      const known = failure && { code: failure.code, cause: failure.message, next: failure.next }
      // A fault of ours is told as it is: the house goes on as it was, and follows the next SIGHUP.
      log('config.reload-failed', { file, ...(known ?? { cause: String(error), error }) })
      return { ok: false, note: failure?.message ?? 'a fault of ours, which the log has' }
    }
  }
  let turn: Promise<unknown> = opened
  const reload: Reload = () => {
    const done = turn.then(async () => read(await opened))
    turn = done
    return done
  }
  around.onHangup(() => void reload())
  return { follow, reload }
}

async function configOf(given: Arguments, around: Around): Promise<Config> {
  const file = given.text('config')
  return file === undefined ? STANDARD_CONFIG : (await fileOf(file, around)).config
}

async function fileOf(file: string, around: Around): Promise<PlacedConfig> {
  const { readPlacedConfig } = await import('../config/read-config.ts')
  return readPlacedConfig(await around.readFile(file), file)
}

function headLines({ ready }: OpenHouse, data: string, { doors }: Config): string[] {
  return [
    `data       ${data}`,
    `process    ${ready.pid}  (signals are for it: behind npx, for npx's own process they are lost)`,
    `root       ${ready.root}`,
    `authority  ${ready.authority.url}`,
    ...ready.doors.map(({ name, url }, index) => `door       ${asProved(url, hostOf(doors[index]))}  (${name})`),
    '',
  ]
}

/** A visitor meets the first door, so that whoever starts this has seen a meeting; then what to try next. */
async function showFirstMeeting(house: OpenHouse, data: string, around: Around, json: boolean): Promise<void> {
  const { meeting, told } = await meetFirst(house, data, around)
  if (json) {
    around.out(
      JSON.stringify({ event: 'first-meeting', meeting: writeMeeting(meeting), told: told && writeMeeting(told) }),
    )
    return
  }
  around.out('The first meeting, as both sides tell it:')
  around.out('')
  for (const line of pictureLines(meeting, around)) around.out(line)
  around.out('')
  around.out('Try next, in a second terminal:')
  for (const { what, line } of nextSteps(around.cwd, data, house.doors[0]?.url ?? '')) {
    around.out('')
    around.out(`  # ${what}`)
    around.out(`  ${line}`)
  }
  around.out('')
}

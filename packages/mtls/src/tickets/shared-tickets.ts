// Tickets that several processes share: a directory with the keys, and beside each the issuers that callers sent.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Certificate, DerError, readCertificate, X509Error } from '@countersign/x509'
import { makePrivateDirectory } from '../identity/durable.ts'
import { systemCode } from '../identity/error.ts'
import { checkDirectory } from '../identity/files.ts'
import type { Clock, Log, Tickets } from '../model.ts'
import { sha256 } from '../sha256.ts'
import { warn } from '../warn.ts'
import { epochOfOurOwn, isOfNow, MAX_LEARNED_ISSUERS, type StoredEpoch, ticketsOver } from './tickets.ts'

/** As in `001764180000000-8f14e45fceea167a`: the millisecond that it began at, and a word of chance. */
const EPOCH_NAME = /^([0-9]{15})-[0-9a-f]{16}$/
/** Also of one that was never finished. */
const ANY_NAME = /^\.?([0-9]{15})-[0-9a-f]{16}$/
const KEY_FILE = 'key'
const KEY_OCTETS = 48
const ISSUER_NAME = /^([0-9a-f]{64})\.cer$/

/**
 * Opens tickets in `directory`, which is made where it is missing: processes that serve one door, each with the same
 * directory, resume what the others began, and know the issuers that the others were sent. Where it fails later, this
 * process goes on with a key of its own, and `tickets.alone` says so: what it cannot resume is met in full.
 * @throws {IdentityError} where others may use the directory, or it cannot be made.
 */
export async function openTickets(
  directory: string,
  { clock = () => Temporal.Now.instant(), log = warn }: { readonly clock?: Clock; readonly log?: Log } = {},
): Promise<Tickets> {
  await makePrivateDirectory(directory)
  await checkDirectory(directory)
  const open = (now: Temporal.Instant, fresh: boolean): StoredEpoch => {
    try {
      return (fresh ? undefined : newest(directory, now, log)) ?? begin(directory, now, log)
    } catch (error) {
      if (systemCode(error) === undefined && !(error instanceof RangeError)) throw error
      log('tickets.alone', { directory, error })
      return epochOfOurOwn(now)
    }
  }
  return ticketsOver({ open }, clock)
}

/** The newest that may still be used: where two were begun at once, all processes take the same. */
function newest(directory: string, now: Temporal.Instant, log: Log): StoredEpoch | undefined {
  const name = readdirSync(directory)
    .filter((one) => EPOCH_NAME.test(one) && isOfNow(startOf(one), now))
    .sort()
    .at(-1)
  return name === undefined ? undefined : epochIn(directory, name, log)
}

/** An epoch is whole when it has its name. Those that are over are taken away. */
function begin(directory: string, now: Temporal.Instant, log: Log): StoredEpoch {
  for (const one of readdirSync(directory))
    if (ANY_NAME.test(one) && !isOfNow(startOf(one), now))
      rmSync(join(directory, one), { recursive: true, force: true })
  const name = `${String(now.epochMilliseconds).padStart(15, '0')}-${randomBytes(8).toString('hex')}`
  const unfinished = join(directory, `.${name}`)
  mkdirSync(unfinished, { mode: 0o700 })
  writeFileSync(join(unfinished, KEY_FILE), randomBytes(KEY_OCTETS), { mode: 0o600, flag: 'wx' })
  renameSync(unfinished, join(directory, name))
  return epochIn(directory, name, log)
}

function epochIn(directory: string, name: string, log: Log): StoredEpoch {
  const folder = join(directory, name)
  const key = readFileSync(join(folder, KEY_FILE))
  if (key.length !== KEY_OCTETS) throw new RangeError(`${join(folder, KEY_FILE)} has not ${KEY_OCTETS} octets`)
  return {
    key,
    startedAt: startOf(name),
    keep(issuer) {
      const path = join(folder, `${sha256(issuer.der)}.cer`)
      const beside = `${path}.${process.pid}`
      try {
        writeFileSync(beside, issuer.der, { mode: 0o600 })
        renameSync(beside, path)
      } catch (error) {
        if (systemCode(error) === undefined) throw error
        // Another process refuses the ticket of whoever sent it.
        log('tickets.alone', { directory, error })
      }
    },
    kept(known) {
      try {
        return readdirSync(folder)
          .filter((file) => ISSUER_NAME.test(file) && !known.has(file.slice(0, 64)))
          .slice(0, MAX_LEARNED_ISSUERS - known.size)
          .flatMap((file) => readIssuer(join(folder, file)) ?? [])
      } catch (error) {
        if (systemCode(error) === undefined) throw error
        log('tickets.alone', { directory, error })
        return []
      }
    },
  }
}

/** What is no certificate is nobody's issuer. */
function readIssuer(path: string): Certificate | undefined {
  try {
    return readCertificate(new Uint8Array(readFileSync(path)))
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined
    throw error
  }
}

function startOf(name: string): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(Number(ANY_NAME.exec(name)?.[1]))
}

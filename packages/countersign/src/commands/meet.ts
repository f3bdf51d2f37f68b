import { join, resolve } from 'node:path'
import { type DirectoryIdentity, openIdentity, readTrustFiles, type Trust } from '@countersign/mtls'
import { writeMeeting } from '@countersign/protocol'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import { parseDoorAddress, referenceIdentity } from '../meeting/address.ts'
import { refreshExpiredStatus } from '../meeting/fresh-status.ts'
import { type Met, meetDoor } from '../meeting/meet-door.ts'
import { pictureLines } from '../meeting/picture.ts'
import { refusalLines } from '../meeting/refusal-lines.ts'
import { plainText } from '../output/plain-text.ts'
import { shellWord } from '../output/shell-word.ts'

/** `countersign meet`: exit 0 where both sides accepted, 1 where one refused. */
export const meet: Run = async (given, around) => {
  const { host, port } = parseDoorAddress(given.text('ADDRESS') ?? '')
  const name = given.text('name')
  const { identity, trust } = await openCredentials(given, around)
  try {
    const met = await meetDoor({
      host,
      port,
      trust,
      clock: around.clock,
      ...(name !== undefined && { name: referenceIdentity(name) }),
      ...(identity !== undefined && { identity }),
    })
    if (given.flag('json')) printJson(met, around)
    else {
      for (const line of metLines(met, given.flag('path'), around)) around.out(line)
      const { outcome } = met.meeting
      // What is there, if it is no TLS, is not for a meeting to find out.
      if (!outcome.ok && outcome.refusal.code === 'ERR_GATE_HANDSHAKE')
        around.out(`  countersign doctor ${plainText(shellWord(given.text('ADDRESS') ?? ''))} says what is there`)
    }
    return exitOf(met)
  } finally {
    // Whoever refused a door has told its authority why, where that answers soon.
    await identity?.settled()
    identity?.close()
  }
}

interface Credentials {
  readonly identity: DirectoryIdentity | undefined
  readonly trust: Trust
}

async function openCredentials(given: Arguments, around: Around): Promise<Credentials> {
  const directory = given.text('identity')
  const trustFile = given.text('trust')
  if (directory === undefined && trustFile === undefined)
    throw new Failure(EXIT.usage, 'say who meets (--identity DIR), or at least whom to believe (--trust FILE)', {
      code: 'ERR_CLI_USAGE',
      next: 'make an identity with countersign enroll, or take root.pem from the data directory as FILE',
    })
  if (directory === undefined) {
    // Somebody who is nobody has no revocation lists either: what is on none counts as good.
    const trust = await readTrustFiles({ trustFile: resolve(around.cwd, trustFile ?? ''), revocation: 'prefer' })
    return { identity: undefined, trust }
  }
  const path = resolve(around.cwd, directory)
  const identity = await openIdentity(path, { clock: around.clock, renew: false })
  await refreshExpiredStatus(identity, around)
  if (trustFile === undefined) return { identity, trust: identity.trust }
  const trust = await readTrustFiles({
    trustFile: resolve(around.cwd, trustFile),
    statusDirectory: join(path, 'status'),
    revocation: 'require',
  })
  return { identity, trust }
}

function printJson({ meeting, told, silence }: Met, around: Around): void {
  around.out(JSON.stringify({ meeting: writeMeeting(meeting), told: told && writeMeeting(told), silence }))
}

function metLines({ meeting, silence }: Met, path: boolean, around: Around): string[] {
  const lines = pictureLines(meeting, around)
  const { outcome, caller, callee } = meeting
  lines.push(...refusalLines(meeting, around.clock()))
  if (outcome.ok && silence !== undefined)
    lines.push(`  the other side did not say how it decided (${plainText(silence)})`)
  if (!path) return lines
  for (const [side, { certificate }] of Object.entries({ caller, callee })) {
    if (certificate === undefined) continue
    const { subject, issuer, serialNumber, sha256, notBefore, notAfter } = certificate
    lines.push(
      `  ${side}: ${plainText(subject)}`,
      `    issued by ${plainText(issuer)}`,
      `    serial ${serialNumber}, from ${notBefore} to ${notAfter}`,
      `    SHA-256 ${sha256}`,
    )
  }
  return lines
}

function exitOf({ meeting: { outcome } }: Met): 0 | 1 | 4 {
  if (outcome.ok) return EXIT.ok
  return outcome.refusal.code === 'ERR_CALLEE_UNREACHABLE' ? EXIT.unreachable : EXIT.refused
}

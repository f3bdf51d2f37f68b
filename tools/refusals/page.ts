/** The page of all refusals, made from the table that the programs use. */
import { REFUSALS, type RefusalEntry, STEP_NAMES } from '@countersign/protocol'

const GROUPS: readonly (readonly [prefix: string, title: string, text: string])[] = [
  ['ERR_GATE_', 'Before both sides could speak', 'The handshake did not come to its end.'],
  [
    'ERR_CALLER_',
    'The caller did not prove itself',
    'A door refuses whoever called it. The texts speak to the caller.',
  ],
  [
    'ERR_POLICY_',
    'The policy says no',
    'Both sides have proved themselves, and the rules of the door do not let the caller in.',
  ],
  [
    'ERR_CALLEE_',
    'The door did not prove itself',
    'A caller of ours refuses the door, before it shows anything of itself.',
  ],
  ['ERR_DOOR_', 'After both sides had proved themselves', 'The meeting was accepted; what came after it failed.'],
  ['ERR_SESSION_', 'A session that ends', 'The meeting was accepted; the door ends its session later.'],
  [
    'ERR_PERSON_',
    'People',
    'A person is not let in, or no longer, at a door at which people sign in ([signing in](protocols/login.md)). What would tell whether a name is somebody’s is the same for a name that nobody has.',
  ],
  [
    'ERR_MAIL_',
    'Mail',
    'A message is not verified, not opened or not sealed ([secure mail](protocols/mail.md)). The caller is who sent it.',
  ],
  [
    'ERR_MQTT_',
    'Devices',
    'At a door for MQTT ([devices](doors/mqtt.md)), after both sides had proved themselves. MQTT 5 carries the text and the reference; 3.1.1 has no place for them.',
  ],
  [
    'ERR_VPN_',
    'VPN',
    'At a door for VPN ([VPN](doors/vpn.md)), after the handshake. The client reads the text and the reference.',
  ],
  ['ERR_ENROLL_', 'Enrollment', 'The authority refuses a newcomer, or a renewal.'],
  ['ERR_AUTHORITY_', 'The authority', 'The authority cannot do what was asked, and has not done it.'],
  ['ERR_FEED_', 'The feed', 'The authority does not let a party follow it.'],
  ['ERR_ADMIN_', 'Administration', 'The authority refuses an act of administration.'],
  ['ERR_ISSUER_', 'Issuers', 'The authority refuses an act on those that sign.'],
]

const FAULTS: Readonly<Record<RefusalEntry['fault'], string>> = {
  caller: 'caller',
  callee: 'server',
  authority: 'authority',
  operator: 'operator',
  us: 'Countersign',
}

/** @throws {RangeError} when a code belongs to no group. */
export function refusalsPage(): string {
  const codes = Object.entries(REFUSALS)
  const groupless = codes.filter(([code]) => !GROUPS.some(([prefix]) => code.startsWith(prefix)))
  if (groupless.length > 0) throw new RangeError(`no group has ${groupless.map(([code]) => code).join(', ')}`)
  const sections = GROUPS.map(([prefix, title, text]) => {
    const rows = codes.filter(([code]) => code.startsWith(prefix)).map(([code, entry]) => row(code, entry))
    return `## ${title}\n\n${text}\n\n| Code | Step | What is told | What to do next | Clause | At fault |\n|---|---|---|---|---|---|\n${rows.join('\n')}\n`
  })
  return `<!-- Made by tools/write-refusals.ts from the table in packages/protocol/src/refusals.ts. Do not edit. -->
# Refusals

Every way in which a door or the authority says no. A code keeps its meaning for ever and is never used for another; it is the key in logs, the label in metrics, and the last part of the \`type\` of a problem (\`urn:countersign:CODE\`). "Step" is the one of the six steps of a meeting that failed. Each refusal also carries the reference of the meeting, as in \`M-7F3K-92QD\`: the refused party, the operator and the log have the same.

What can be wrong with a certificate has two codes, one for each side that can present it.

${sections.join('\n')}`
}

function row(code: string, { step, public: text, next, clause, fault }: RefusalEntry): string {
  const cells = [`\`${code}\``, `${step} ${STEP_NAMES[step - 1]}`, text, next, clause, FAULTS[fault]]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

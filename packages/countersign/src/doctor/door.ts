// What the door itself said when it was met.
import { explainRefusal, type Meeting, REFUSALS, type RefusalCode } from '@countersign/protocol'
import type { Met } from '../meeting/meet-door.ts'
import { shellWord } from '../output/shell-word.ts'
import type { Check, Mend, Patient } from './model.ts'

/** The check of the meeting as a whole; what our own side refused is a finding of another check already. */
export function examineDoor({ meeting, silence }: Met, patient: Patient): Check | undefined {
  const area = 'door'
  const { outcome, reference } = meeting
  if (outcome.ok) {
    if (silence !== undefined)
      return { area, outcome: 'note', text: `it goes on, and does not say how it decided (${silence})` }
    const rule = outcome.decision.ok ? outcome.decision.rule : ''
    return { area, outcome: 'good', text: `it lets us in${rule === '' ? '' : `, by “${rule}”`} (${reference})` }
  }
  const { code } = outcome.refusal
  if (/^ERR_(?:CALLEE|GATE)_/.test(code)) return undefined
  const { why } = explainRefusal(outcome.refusal, meeting, patient.now)
  return { area, outcome: 'bad', text: `${why} (${reference})`, code, mend: mendOf(code, meeting, patient) }
}

function mendOf(code: RefusalCode, meeting: Meeting, { address, directory, now }: Patient): Mend {
  const { outcome, reference } = meeting
  const { fault } = REFUSALS[code]
  const next = outcome.ok ? REFUSALS[code].next : explainRefusal(outcome.refusal, meeting, now).next
  const commands: Readonly<Partial<Record<RefusalCode, string>>> = {
    ERR_CALLER_NO_CERTIFICATE: `countersign doctor ${shellWord(address)} --identity DIR`,
    ERR_CALLER_REVOKED: `countersign enroll TOKEN --out ${shellWord(`${directory ?? 'identity'}-new`)}`,
    ERR_CALLER_EXPIRED: `countersign enroll TOKEN --out ${shellWord(`${directory ?? 'identity'}-new`)}`,
  }
  const command = commands[code]
  if (command !== undefined) return { text: next, command, by: fault }
  return {
    text: `${next}; its operator finds this reference in what it records, at a door of a house by`,
    command: `countersign why ${reference}`,
    by: fault,
  }
}

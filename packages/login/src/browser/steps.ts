// The six steps of the meeting, as they come to pass.
import { bank, element, say } from './dom.ts'

/** Which of the steps. */
export type StepNumber = 1 | 2 | 3 | 4 | 5 | 6
/** How far it has come. */
export type StepState = 'waiting' | 'now' | 'proved' | 'refused'

const MARKS = { waiting: '–', now: '…', proved: '✔', refused: '✘' } as const
/** What one shows the other stands beside an arrow: from the customer to the right, from the bank to the left. */
const ARROWS: Partial<Record<StepNumber, 'left' | 'right'>> = { 1: 'right', 2: 'left', 4: 'right' }

/** Says what proved a step, or what is looked at now. */
export function step(number: StepNumber, state: StepState, what = ''): void {
  const row = element(`step-${number}`, HTMLLIElement)
  const mark = row.querySelector('.mark')
  const text = row.querySelector('.what')
  if (mark === null || text === null) return
  const arrow = state === 'proved' ? ARROWS[number] : undefined
  row.className = arrow === undefined ? state : `${state} ${arrow}`
  mark.textContent = arrow === undefined ? MARKS[state] : arrow === 'right' ? '──▶' : '◀──'
  const said = say(`steps.${state}`)
  mark.setAttribute(
    'aria-label',
    arrow === undefined ? said : `${said}, ${say(arrow === 'right' ? 'steps.sent' : 'steps.received', { bank })}`,
  )
  text.textContent = what
}

/** As at the beginning. */
export function noSteps(): void {
  for (const number of [1, 2, 3, 4, 5, 6] as const) step(number, 'waiting')
}

// The page that a script finds: its elements, its language, and how it tells what went wrong.
import { RefusedError, UnreachableError } from './call.ts'
import { OpaqueError } from './opaque.ts'
import { AddressError } from './passkey.ts'
import { isWord, type Say, type Word, wordsIn } from './words.ts'

/** Says a word in the page's language. */
export const say: Say = wordsIn(document.documentElement.lang === 'de' ? 'de' : 'en')
/** The bank's name. */
export const bank: string = document.body.dataset['bank'] ?? location.host
/** How long a recovery waits. */
export const recoveryHours: number = Number(document.body.dataset['hours'] ?? 24)

/** An element that the page was written with. @throws {TypeError} when it is not there: page and script are of two versions */
export function element<E extends HTMLElement>(id: string, kind: abstract new () => E): E {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new TypeError(`the page has no ${kind.name} #${id}`)
  return found
}

/** Shows or hides. */
export function show(id: string, shown = true): void {
  element(id, HTMLElement).hidden = !shown
}

/** Shows one of several sections, and puts the focus where it begins. */
export function showOnly(id: string | undefined, all: readonly string[], focus?: string): void {
  for (const each of all) show(each, each === id)
  if (focus !== undefined) element(focus, HTMLElement).focus()
}

/** Sets text. */
export function write(id: string, text: string): void {
  element(id, HTMLElement).textContent = text
}

/** Lets a screen reader say it; on the page it is seen elsewhere. */
export function sayAloud(text: string): void {
  write('said', text)
}

/** Shows what went wrong, above everything, and moves the focus there. */
export function alarm(text: string, title?: string): void {
  const box = element('alarm', HTMLElement)
  box.querySelector('h2')?.remove()
  if (title !== undefined) {
    const heading = document.createElement('h2')
    heading.textContent = title
    box.prepend(heading)
  }
  write('alarm-text', text)
  box.hidden = false
  box.focus()
  box.scrollIntoView({ block: 'nearest' })
}

/** Takes it away again. */
export function noAlarm(): void {
  element('alarm', HTMLElement).hidden = true
}

/** Ties what is wrong to its field, and puts the focus there. */
export function fault(field: string, text: string): void {
  const input = document.getElementById(field)
  input?.setAttribute('aria-invalid', 'true')
  write(`${field}-fault`, text)
  show(`${field}-fault`)
  input?.focus()
}

/** Takes what was wrong away from the fields of a form. */
export function noFaults(form: HTMLElement): void {
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid')
  for (const text of form.querySelectorAll<HTMLElement>('.fault')) text.hidden = true
}

/** In words, why something did not work. */
export function explain(error: unknown): string {
  if (error instanceof OpaqueError) return say('refused.ERR_PERSON_CREDENTIALS')
  if (error instanceof RefusedError) {
    const { code, title, reference } = error.problem
    const word = `refused.${code}`
    const text = isWord(word) ? say(word, { bank }) : title
    return reference === undefined ? text : `${text} ${say('page.reference', { reference })}`
  }
  if (error instanceof UnreachableError) return say('page.unreachable', { bank })
  if (error instanceof AddressError) return say('page.other-address', { bank, address: location.host })
  if (error instanceof DOMException) return say('page.no-keys')
  return say('page.failed', { why: String(error) })
}

/** Whether a refusal has this code. */
export function isRefused(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof RefusedError && codes.includes(error.problem.code)
}

/** Says what a field is for from now on. */
export function label(field: string, word: Word): void {
  for (const one of element(field, HTMLInputElement).labels ?? []) one.textContent = say(word)
}

/** The same, where nothing but a code can be wrong. */
export function explainCode(error: unknown): string {
  if (!isRefused(error, 'ERR_PERSON_CREDENTIALS')) return explain(error)
  const { reference } = (error as RefusedError).problem
  const text = say('fault.code-wrong')
  return reference === undefined ? text : `${text} ${say('page.reference', { reference })}`
}

/** The digits that stand in a field; undefined where there are none, which is told there. */
export function digitsIn(field: string): string | undefined {
  const digits = element(field, HTMLInputElement).value.replaceAll(/\s/g, '')
  if (/^\d{6,8}$/.test(digits)) return digits
  fault(field, say('fault.code'))
  return undefined
}

/** Tries the code in a field; undefined where it is none, or is not right: then it is told there, and another may be typed. */
export async function tryCode<Result>(
  field: string,
  attempt: (code: string) => Promise<Result>,
): Promise<Result | undefined> {
  const code = digitsIn(field)
  if (code === undefined) return undefined
  try {
    return await attempt(code)
  } catch (error) {
    if (!isRefused(error, 'ERR_PERSON_CREDENTIALS')) throw error
    element(field, HTMLInputElement).value = ''
    fault(field, explainCode(error))
    return undefined
  }
}

/** Does work for a form: what is wrong with it is told, and meanwhile nothing is sent twice. */
export function onSubmit(id: string, work: () => Promise<void>): void {
  const form = element(id, HTMLFormElement)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    noFaults(form)
    void busy(form, work)
  })
}

/** The same for a button. */
export function onClick(id: string, work: () => Promise<void> | void): void {
  const button = element(id, HTMLButtonElement)
  button.addEventListener('click', () => void busy(button, async () => work()))
}

/** Runs work, and tells why it did not work. */
export async function busy(around: HTMLElement, work: () => Promise<void>): Promise<void> {
  if (around.getAttribute('aria-busy') === 'true') return
  around.setAttribute('aria-busy', 'true')
  noAlarm()
  try {
    await work()
  } catch (error) {
    alarm(explain(error))
  } finally {
    around.removeAttribute('aria-busy')
  }
}

/** Where `to` leads: a path of this origin, and nothing else. */
export function whereTo(otherwise = '/'): string {
  const to = new URLSearchParams(location.search).get('to')
  if (to === null || !to.startsWith('/')) return otherwise
  const url = parsed(to)
  if (url === undefined) return otherwise
  // `//elsewhere` and `/\elsewhere` begin with a slash, too, and a sign-in that leads back to itself never ends.
  if (url.origin !== location.origin || url.pathname === '/login/' || url.pathname === '/login/renew') return otherwise
  // Of `/.//elsewhere`, what is left without its dot leads elsewhere.
  if (url.pathname.startsWith('//')) return otherwise
  return url.pathname + url.search + url.hash
}

/** As `URL.parse`, which browsers of before 2024 lack. */
function parsed(to: string): URL | undefined {
  try {
    return new URL(to, location.origin)
  } catch {
    // No URL, as `//[`.
    return undefined
  }
}

/** When, in words. */
export function timeOf(instant: string): string {
  const format = { dateStyle: 'medium', timeStyle: 'short' } as const
  return new Intl.DateTimeFormat(document.documentElement.lang, format).format(new Date(instant))
}

/** The buttons that show what is typed into a password's field. */
for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-shows]')) {
  button.addEventListener('click', () => {
    const input = element(button.dataset['shows'] ?? '', HTMLInputElement)
    const shown = input.type === 'password'
    input.type = shown ? 'text' : 'password'
    button.setAttribute('aria-pressed', String(shown))
    button.textContent = say(shown ? 'page.hide' : 'page.show')
  })
}

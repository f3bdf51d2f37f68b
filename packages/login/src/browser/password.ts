// Whether a password may be taken. The server never sees it: only this page can say. @see NIST SP 800-63B-4 §3.1.1.2
import { element, say } from './dom.ts'

/** In words, what is wrong with a new password; undefined for nothing. @param context names that it must not be made of */
export async function checkPassword(password: string, context: readonly string[]): Promise<string | undefined> {
  const least = Number(element('password-form', HTMLFormElement).dataset['least'])
  if ([...password].length < least) return say('set-up.password-short', { least })
  const { isCommon, isMadeOf } = await import('./common.ts')
  if (await isCommon(password)) return say('set-up.password-common')
  return isMadeOf(password, context) ? say('set-up.password-context') : undefined
}

// Which language a page is in.
import { LANGUAGES, type Language } from '../browser/words.ts'

/** The one of ours that is wanted most; English where none is. @see RFC 9110 §12.5.4 */
export function languageOf(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? '')
    .slice(0, 200)
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.trim().toLowerCase().split(';')
      const quality = Number(/^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(parameters[0] ?? 'q=1')?.[1] ?? 0)
      return { language: LANGUAGES.find((each) => each === range.split('-', 1)[0]), quality }
    })
    .filter(({ language, quality }) => language !== undefined && quality > 0)
    .toSorted((a, b) => b.quality - a.quality)
  return wanted[0]?.language ?? 'en'
}

// Topics and filters of MQTT: what is one, and what a filter reaches.

/** Stands in a filter of the configuration for the party that asks. */
export const PARTY_PLACE = '{party}'

const MAX_OCTETS = 65_535
const FORBIDDEN = /[\0\uFFFD]/

/**
 * Whether a text can be published to. What was no UTF-8 has become U+FFFD on the way here.
 * @see MQTT 5.0 §4.7, §1.5.4
 */
export function isTopic(text: string): boolean {
  return text !== '' && !FORBIDDEN.test(text) && !/[+#]/.test(text) && Buffer.byteLength(text) <= MAX_OCTETS
}

/** Whether a text can be subscribed to, without what stands in front of it where it is shared. @see MQTT 5.0 §4.7.1 */
export function isFilter(text: string): boolean {
  if (text === '' || FORBIDDEN.test(text) || Buffer.byteLength(text) > MAX_OCTETS) return false
  const levels = text.split('/')
  return levels.every((level, i) => level === '+' || (level === '#' && i === levels.length - 1) || !/[+#]/.test(level))
}

/** A shared subscription by its parts; undefined where it is none. @see MQTT 5.0 §4.8.2 */
export function sharedOf(text: string): { readonly group: string; readonly filter: string } | undefined {
  const found = /^\$share\/([^/+#]+)\/(.+)$/s.exec(text)
  const [, group = '', filter = ''] = found ?? []
  return found === null ? undefined : { group, filter }
}

/**
 * Whether everything that `asked` reaches, a topic or a filter, is reached by `filter`. A wildcard at the first level reaches
 * no name that begins with `$`.
 * @see MQTT 5.0 §4.7.1, §4.7.2
 */
export function covers(filter: string, asked: string): boolean {
  const given = filter.split('/')
  const levels = asked.split('/')
  if (asked.startsWith('$') && /^[+#]/.test(filter)) return false
  for (const [i, level] of given.entries()) {
    // It reaches its parent, too.
    if (level === '#') return true
    const wanted = levels[i]
    if (wanted === undefined || wanted === '#') return false
    if (level !== '+' && level !== wanted) return false
  }
  return levels.length === given.length
}

import { isIP } from 'node:net'
import { inAscii } from '../meeting/address.ts'

/** The API wants the kind of a name before it, as in `dns:`, and A-labels; people write the name alone, in their own script. */
export function kindOfName(name: string): string {
  if (isIP(name) !== 0) return `ip:${name}`
  if (/^(ip|uri):/.test(name)) return name
  const value = name.replace(/^(dns|email):/, '')
  const isMail = name.startsWith('email:') || (value === name && name.includes('@'))
  if (!isMail) return `dns:${inAscii(value)}`
  const at = value.lastIndexOf('@') + 1
  return `email:${value.slice(0, at)}${inAscii(value.slice(at))}`
}

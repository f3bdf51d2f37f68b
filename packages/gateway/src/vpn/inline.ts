/** A file within a configuration of OpenVPN, in its place. */
export function inline(option: string, pem: string): readonly string[] {
  return [`<${option}>`, pem.trimEnd(), `</${option}>`]
}

// placeholder
export function isCommon(_: string): boolean {
  return false
}

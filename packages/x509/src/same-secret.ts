/**
 * Whether two secrets (MACs, tokens) have the same octets, in a time that says nothing of which differ; their length is no secret.
 */
export function sameSecret(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length
  for (let i = 0; i < left.length; i++) difference |= (left[i] as number) ^ (right[i] ?? 0)
  return difference === 0
}

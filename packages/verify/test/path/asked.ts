// What the tests of path building ask with.
import type { PathContext } from '@countersign/verify'
import type { Certificate } from '@countersign/x509'
import { checkSignature } from '../../../../interop/chains/check-signature.ts'
import type { Holder } from '../../../../interop/chains/house.ts'

export function der(...holders: readonly Holder[]): readonly Uint8Array[] {
  return holders.map(({ certificate }) => certificate.der)
}

export function certificates(...holders: readonly Holder[]): readonly Certificate[] {
  return holders.map(({ certificate }) => certificate)
}

/** Counts the signatures that are asked for. */
export function counting(): { readonly checkSignature: PathContext['checkSignature']; readonly count: () => number } {
  let asked = 0
  return {
    checkSignature: (...question) => {
      asked++
      return checkSignature(...question)
    },
    count: () => asked,
  }
}

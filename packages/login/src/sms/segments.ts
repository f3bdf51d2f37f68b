// How many messages of a telephone a text is: it is cut where the network cuts it, and each part costs its sender.
// 3GPP TS 23.038 §6.2.1 (the alphabet of 7 bits), §6.2.3 (UCS2), TS 23.040 §9.2.3.24.1 (parts that are joined).

/** §6.2.1: one septet each. What is not in it, nor beside it, makes the whole text one of UCS2. */
const BASIC =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
/** §6.2.1.1: an escape and one more. */
const BESIDE = '\f^{}\\[~]|€'

/** By a character of 16 bits or a septet; a part of several loses six octets to the header that joins them. */
const ROOM = { septets: { alone: 160, joined: 153 }, units: { alone: 70, joined: 67 } } as const

/** How many it takes. A character of two septets or of two units is not cut in half. */
export function segmentsOf(text: string): number {
  const characters = [...text]
  const septets = characters.map((each) => (BASIC.includes(each) ? 1 : BESIDE.includes(each) ? 2 : undefined))
  const isBasic = septets.every((each) => each !== undefined)
  const { alone, joined } = isBasic ? ROOM.septets : ROOM.units
  const widths = isBasic ? septets : characters.map(({ length }) => length)
  if (widths.reduce((sum, width) => sum + width, 0) <= alone) return 1
  let [parts, left] = [1, joined as number]
  for (const width of widths) {
    if (width > left) [parts, left] = [parts + 1, joined]
    left -= width
  }
  return parts
}

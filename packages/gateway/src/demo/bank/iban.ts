// Numbers of accounts. @see ISO 13616-1

/** How long an IBAN of each country is, by the registry of ISO 13616-2. */
const LENGTHS: Readonly<Record<string, number>> = lengths(`
  NO15 BE16 DK18 FI18 FK18 FO18 GL18 NL18 SD18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 MN20 XK20 CH21 HR21 LI21 LV21
  BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 OM23 SO23 TL23 AD24 CZ24 ES24 MD24 PK24 RO24
  SA24 SE24 SK24 TN24 VG24 LY25 PT25 ST25 IS26 TR26 BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27 AL28 AZ28 BY28 CY28 DO28
  GT28 HN28 HU28 LB28 NI28 PL28 PS29 QA29 UA29 EG29 BR29 JO30 KW30 MU30 YE30 MT31 SC31 LC32 RU33`)

function lengths(registry: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    registry
      .trim()
      .split(/\s+/)
      .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
  )
}

/** An IBAN as people type it, in its electronic form, or what is wrong with it. */
export function readIban(
  text: string,
): { readonly ok: true; readonly iban: string } | { readonly ok: false; readonly why: string } {
  const iban = text.replaceAll(' ', '').toUpperCase()
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$/.test(iban))
    return { ok: false, why: 'An IBAN begins with two letters and two digits, as in DE89 3704 0044 0532 0130 00' }
  const country = iban.slice(0, 2)
  const length = Object.hasOwn(LENGTHS, country) ? LENGTHS[country] : undefined
  if (length === undefined) return { ok: false, why: `No IBAN begins with ${country}` }
  if (iban.length !== length)
    return { ok: false, why: `An IBAN of ${country} has ${length} characters; this one has ${iban.length}` }
  if (mod97(iban.slice(4) + iban.slice(0, 4)) !== 1)
    return { ok: false, why: 'The check digits do not fit: a character is wrong, or two have changed places' }
  return { ok: true, iban }
}

/** Writes an IBAN as people read it: in groups of four. */
export function formatIban(iban: string): string {
  return iban.replaceAll(/(.{4})(?=.)/g, '$1 ')
}

/** Makes the IBAN of an account, with its check digits. @see ISO 13616-1 Annex A */
export function makeIban(country: string, account: string): string {
  const check = 98 - mod97(`${account}${country}00`)
  return `${country}${String(check).padStart(2, '0')}${account}`
}

/** ISO 7064 MOD 97-10, where letters are the numbers from 10 on. */
function mod97(text: string): number {
  let rest = 0
  for (const character of text) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest
}

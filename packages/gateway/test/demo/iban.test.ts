import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { formatIban, makeIban, readIban } from '../../src/demo/bank/iban.ts'
import { formatAmount, readAmount } from '../../src/demo/bank/money.ts'

// The examples of the IBAN registry (ISO 13616-2), one for each form.
const REGISTRY = [
  'AL47212110090000000235698741',
  'AD1200012030200359100100',
  'AT611904300234573201',
  'BE68539007547034',
  'BG80BNBG96611020345678',
  'CH9300762011623852957',
  'CY17002001280000001200527600',
  'CZ6508000000192000145399',
  'DE89370400440532013000',
  'DK5000400440116243',
  'EE382200221020145685',
  'ES9121000418450200051332',
  'FI2112345600000785',
  'FR1420041010050500013M02606',
  'GB29NWBK60161331926819',
  'GI75NWBK000000007099453',
  'GR1601101250000000012300695',
  'HR1210010051863000160',
  'HU42117730161111101800000000',
  'IE29AIBK93115212345678',
  'IS140159260076545510730339',
  'IT60X0542811101000000123456',
  'LI21088100002324013AA',
  'LT121000011101001000',
  'LU280019400644750000',
  'LV80BANK0000435195001',
  'MC5811222000010123456789030',
  'MT84MALT011000012345MTLCAST001S',
  'NL91ABNA0417164300',
  'NO9386011117947',
  'PL61109010140000071219812874',
  'PT50000201231234567890154',
  'RO49AAAA1B31007593840000',
  'SE4550000000058398257466',
  'SI56263300012039086',
  'SK3112000000198742637541',
  'SM86U0322509800000000270100',
  'TR330006100519786457841326',
]

suite('an IBAN', () => {
  test('of the registry is taken, in groups and in small letters as well', () => {
    for (const iban of REGISTRY) {
      assert.deepEqual(readIban(iban), { ok: true, iban })
      assert.deepEqual(readIban(formatIban(iban).toLowerCase()), { ok: true, iban })
    }
  })

  test('is refused where any digit is another, or two neighbours have changed places', () => {
    const iban = 'DE89370400440532013000'
    for (let i = 2; i < iban.length; i++) {
      const changed = iban.slice(0, i) + ((Number(iban[i]) + 1) % 10) + iban.slice(i + 1)
      assert.equal(readIban(changed).ok, false, changed)
      const swapped = iban.slice(0, i) + (iban[i + 1] ?? '') + iban[i] + iban.slice(i + 2)
      if (swapped !== iban) assert.equal(readIban(swapped).ok, false, swapped)
    }
  })

  for (const [text, why] of [
    ['', /begins with two letters/],
    ['89370400440532013000', /begins with two letters/],
    ['DE8937040044053201300', /has 22 characters; this one has 21/],
    ['DE893704004405320130000', /has 22 characters; this one has 23/],
    ['XX89370400440532013000', /No IBAN begins with XX/],
    ['DE89-3704-0044-0532-0130-00', /begins with two letters/],
    ['DE8937040044053201300\u0660', /begins with two letters/],
    ['DE88370400440532013000', /check digits do not fit/],
    [`DE89${'1'.repeat(10_000)}`, /begins with two letters/],
    ['__proto__', /begins with two letters/],
  ] as const)
    test(`${JSON.stringify(text.slice(0, 30))} is refused, with a reason`, () => {
      const read = readIban(text)
      assert.match(read.ok ? '' : read.why, why)
    })

  test('that is made has the check digits of the registry', () => {
    for (const iban of REGISTRY) assert.equal(makeIban(iban.slice(0, 2), iban.slice(4)), iban)
  })
})

suite('an amount', () => {
  for (const [text, cents] of [
    ['12.50', 1250],
    ['12,50', 1250],
    ['7', 700],
    ['0.01', 1],
    ['1000000.00', 100_000_000],
  ] as const)
    test(`${text} is ${cents} cents`, () => assert.deepEqual(readAmount(text), { ok: true, cents }))

  for (const text of [
    '',
    '0',
    '0.00',
    '-5',
    '+5',
    '1.5',
    '1.234',
    '1,234.50',
    '1e3',
    '0x10',
    '1 000',
    '1000000.01',
    '9999999999',
    'NaN',
    '٣',
  ])
    test(`${JSON.stringify(text)} is refused`, () => assert.equal(readAmount(text).ok, false))

  test('is written with its currency, and with a minus sign where it went out', () => {
    assert.equal(formatAmount(123_450), '€1,234.50')
    assert.equal(formatAmount(-5), '\u2212€0.05')
  })
})

// ClientHellos written by hand, so that tests can get every length wrong.

/** One extension: its type and its data. */
export type TestExtension = readonly [type: number, data: Uint8Array]

export interface TestHello {
  readonly random?: Uint8Array
  readonly sessionId?: Uint8Array
  readonly cipherSuites?: Uint8Array
  readonly compression?: Uint8Array
  /** `null`: no extensions field at all, as before TLS 1.3. */
  readonly extensions?: readonly TestExtension[] | null
}

/** `value` in `count` big-endian octets. */
export function number(value: number, count: number): Uint8Array {
  const octets = new Uint8Array(count)
  for (let i = 0; i < count; i++) octets[count - 1 - i] = Math.floor(value / 256 ** i) % 256
  return octets
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** The octets behind their length. */
export function vector(lengthOctets: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const octets = join(...parts)
  return join(number(octets.length, lengthOctets), octets)
}

export function ascii(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

export function serverNameExtension(name: string): TestExtension {
  return [0, vector(2, number(0, 1), vector(2, ascii(name)))]
}

export function versionsExtension(...versions: readonly number[]): TestExtension {
  return [43, vector(1, ...versions.map((version) => number(version, 2)))]
}

export function alpnExtension(...protocols: readonly string[]): TestExtension {
  return [16, vector(2, ...protocols.map((protocol) => vector(1, ascii(protocol))))]
}

/** A handshake message, as it stands in records. */
export function helloMessage(hello: TestHello = {}): Uint8Array {
  const { extensions = [versionsExtension(0x0304)] } = hello
  return handshake(
    1,
    number(0x0303, 2),
    hello.random ?? new Uint8Array(32).fill(7),
    vector(1, hello.sessionId ?? new Uint8Array(32)),
    vector(2, hello.cipherSuites ?? number(0x1301, 2)),
    vector(1, hello.compression ?? Uint8Array.of(0)),
    ...(extensions === null
      ? []
      : [vector(2, ...extensions.map(([type, data]) => join(number(type, 2), vector(2, data))))]),
  )
}

export function handshake(type: number, ...body: readonly Uint8Array[]): Uint8Array {
  return join(number(type, 1), vector(3, ...body))
}

/** One record. */
export function record(fragment: Uint8Array, type = 22): Uint8Array {
  return join(number(type, 1), number(0x0301, 2), vector(2, fragment))
}

/** `message` in records of at most `size` octets each. */
export function records(message: Uint8Array, size: number): Uint8Array {
  const parts: Uint8Array[] = []
  for (let at = 0; at < message.length; at += size) parts.push(record(message.subarray(at, at + size)))
  return join(...parts)
}

/** RFC 8448 §3, "complete record (201 octets)". */
export const RFC_8448: Uint8Array = Uint8Array.fromHex(
  '16030100c4010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000910' +
    '000000b0009000006736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d00' +
    '2099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603020308040' +
    '805080604010501060102010402050206020202002d00020101001c00024001',
)

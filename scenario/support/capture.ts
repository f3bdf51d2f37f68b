// What went over the wire, read by someone who trusts neither side's log: a capture and a key log.
import { execFile, spawn } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Capture {
  /** Stops after the packets so far are written. */
  stop(): Promise<void>
}

/**
 * Captures loopback traffic of one TCP port into `file` until stopped. Needs the right to capture.
 * `snapOctets`: how much of each packet, where the rest is not asked for.
 */
export async function startCapture(
  port: number,
  file: string,
  { snapOctets }: { readonly snapOctets?: number } = {},
): Promise<Capture> {
  const snap = snapOctets === undefined ? [] : ['-s', String(snapOctets)]
  const child = spawn('tshark', ['-i', 'lo', ...snap, '-f', `tcp port ${port}`, '-w', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (/Capture started|Capturing on/.test(said)) resolve()
    })
    child.once('close', () => reject(new Error(`tshark ended: ${said}`)))
  })
  const closed = new Promise((resolve) => child.once('close', resolve))
  // "Capturing on" is printed a moment before the socket is bound.
  await new Promise((resolve) => setTimeout(resolve, 500))
  return {
    async stop() {
      await new Promise((resolve) => setTimeout(resolve, 300))
      child.kill('SIGINT')
      await closed
    },
  }
}

/** One handshake as tshark decrypts it. */
export interface WireHandshake {
  /** ClientHello.random, hexadecimal. */
  readonly random: string
  readonly serverName: string | undefined
  /** DER of each certificate in order, as each side sent them. */
  readonly serverCertificates: readonly Buffer[]
  readonly clientCertificates: readonly Buffer[]
  /** Handshake message types each side sent (RFC 9846 §4): 20 is Finished, 15 CertificateVerify, 11 Certificate. */
  readonly serverMessages: readonly number[]
  readonly clientMessages: readonly number[]
  /** The chosen cipher suite, as in 0x1302. */
  readonly cipherSuite: string
}

const FIELDS = [
  'tcp.stream',
  'tcp.srcport',
  'tls.handshake.type',
  'tls.handshake.random',
  'tls.handshake.extensions_server_name',
  'tls.handshake.certificate',
  'tls.handshake.ciphersuite',
] as const
type Row = Partial<Record<(typeof FIELDS)[number], string[]>>

/** Reads every handshake in a capture, decrypted by the key log of one of its ends. */
export async function readHandshakes(file: string, keyLog: string, serverPort: number): Promise<WireHandshake[]> {
  const { stdout } = await run(
    'tshark',
    // biome-ignore format: one option a line says less
    ['-r', file, '-o', `tls.keylog_file:${keyLog}`, '-Y', 'tls.handshake', '-T', 'json', ...FIELDS.flatMap((field) => ['-e', field])],
    { maxBuffer: 64 * 1024 * 1024 },
  )
  const packets = JSON.parse(stdout) as { _source: { layers: Row } }[]
  const streams = Map.groupBy(
    packets.map(({ _source }) => _source.layers),
    (row) => row['tcp.stream']?.[0],
  )
  return [...streams.values()].map((rows) => {
    const fromServer = rows.filter((row) => row['tcp.srcport']?.[0] === String(serverPort))
    const fromClient = rows.filter((row) => row['tcp.srcport']?.[0] !== String(serverPort))
    const all = (part: readonly Row[], field: (typeof FIELDS)[number]) => part.flatMap((row) => row[field] ?? [])
    const octets = (text: string) => Buffer.from(text.replaceAll(':', ''), 'hex')
    const [random] = all(fromClient, 'tls.handshake.random')
    const [cipherSuite] = all(fromServer, 'tls.handshake.ciphersuite')
    if (random === undefined || cipherSuite === undefined) throw new Error('the capture has no whole handshake')
    return {
      random: random.replaceAll(':', ''),
      serverName: all(fromClient, 'tls.handshake.extensions_server_name')[0],
      serverCertificates: all(fromServer, 'tls.handshake.certificate').map(octets),
      clientCertificates: all(fromClient, 'tls.handshake.certificate').map(octets),
      serverMessages: all(fromServer, 'tls.handshake.type').map(Number),
      clientMessages: all(fromClient, 'tls.handshake.type').map(Number),
      cipherSuite,
    }
  })
}

/**
 * Computes EXPORTER-Channel-Binding (RFC 9266) of a handshake from its key log alone.
 * @see RFC 9846 §7.5, §7.1 (HKDF-Expand-Label)
 */
export async function exporterOf(keyLog: string, random: string, hash: 'sha256' | 'sha384'): Promise<Buffer> {
  const line = (await readFile(keyLog, 'utf8'))
    .split('\n')
    .find((text) => text.startsWith(`EXPORTER_SECRET ${random} `))
  if (line === undefined) throw new Error('the key log has no EXPORTER_SECRET of that handshake')
  const secret = Buffer.from(line.split(' ')[2] ?? '', 'hex')
  const empty = createHash(hash).digest()
  const derived = expandLabel(secret, 'EXPORTER-Channel-Binding', empty, empty.length, hash)
  return expandLabel(derived, 'exporter', empty, 32, hash)
}

function expandLabel(secret: Buffer, label: string, context: Buffer, length: number, hash: string): Buffer {
  const full = Buffer.from(`tls13 ${label}`, 'latin1')
  const info = Buffer.concat([
    Buffer.from([length >> 8, length & 0xff, full.length]),
    full,
    Buffer.from([context.length]),
    context,
  ])
  // RFC 5869 §2.3
  const blocks: Buffer[] = []
  for (let i = 1; Buffer.concat(blocks).length < length; i++)
    blocks.push(
      createHmac(hash, secret)
        .update(Buffer.concat([blocks.at(-1) ?? Buffer.alloc(0), info, Buffer.from([i])]))
        .digest(),
    )
  return Buffer.concat(blocks).subarray(0, length)
}

/** One packet that carried octets from the server to a client, or a reset. */
export interface ServerPacket {
  readonly clientPort: number
  /** Epoch milliseconds. */
  readonly at: number
  readonly octets: number
  readonly reset: boolean
}

/** Reads what a server sent, packet by packet, out of a capture of its port. */
export async function readServerPackets(file: string, serverPort: number): Promise<ServerPacket[]> {
  const { stdout } = await run(
    'tshark',
    // biome-ignore format: options beside their values
    ['-r', file, '-Y', `tcp.srcport == ${serverPort}`, '-T', 'fields', '-e', 'tcp.dstport', '-e', 'frame.time_epoch', '-e', 'tcp.len', '-e', 'tcp.flags.reset'],
    { maxBuffer: 256 * 1024 * 1024 },
  )
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [clientPort, at, octets, reset] = line.split('\t')
      return {
        clientPort: Number(clientPort),
        at: Number(at) * 1000,
        octets: Number(octets),
        reset: reset === '1' || reset === 'True',
      }
    })
}

// Mail that is handed in over mutual TLS, is on the disk before it is answered for, and leaves to a next server on loopback: by our
// door as it came, and sealed to a key of S/MIME, and by postfix as it came. Messages for a second of CPU of all of a server's
// processes, each round beside the others.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enrolledNow } from '../scenario/support/administer.ts'
import { startHouse } from '../scenario/support/house.ts'
import { NEEDS_POSTFIX, startPostfix } from '../scenario/support/postfix.ts'
import { freePort } from '../tools/testing/ports.ts'
import { print } from './measurement.ts'
import { cpuSecondsOfTree } from './support/cpu.ts'
import { textOf } from './support/mail.ts'
import { handIn, openSink } from './support/mail-load.ts'

const ROUNDS = 5
const AT_ONCE = 8
/** Of each person at a time: four times are within a minute, in which no more than 60 are taken of one. */
const EACH = 14
const POSTFIX = 'postfix, as it came'
const POLICY = `
must:
  - encrypt to *@partner.example
`

const directory = await mkdtemp(join(tmpdir(), 'countersign-bench-door-'))
const sink = await openSink()
let expected = 0
try {
  await writeFile(join(directory, 'policy.yaml'), POLICY)
  const next = { address: `127.0.0.1:${sink.port}`, tls: 'none' }
  const door = { name: 'mail', kind: 'mail', host: 'mail.localhost', listen: '127.0.0.1:0', allow: ['*'], next }
  await using house = await startHouse({
    directory,
    config: { authority: { listen: '127.0.0.1:0' }, policy: 'policy.yaml', doors: [door] },
  })
  const person = (address: string) => {
    const name = address.slice(0, address.indexOf('@'))
    return enrolledNow(house, name, { profile: 'person', san: [`email:${address}`] })
  }
  const bob = await person('bob@partner.example')
  await house.run(['mail', 'key', '--identity', bob.directory])
  const server = await enrolledNow(house, 'relay', { profile: 'server', san: ['dns:relay.localhost'] })
  const crowd = []
  for (let i = 0; i < AT_ONCE * (ROUNDS + 1); i++) {
    const address = `person${i}@acme.example`
    crowd.push({ address, files: await person(address) })
  }
  const doorPort = Number(new URL(house.ready.doors[0]?.url ?? '').port)
  const postfixPort = await freePort()
  await using postfix =
    NEEDS_POSTFIX.skip === undefined
      ? await startPostfix({
          addresses: ['nobody@relay.localhost'],
          certificate: { cert: await readFile(server.certificate, 'utf8'), key: await readFile(server.key, 'utf8') },
          // TLS from the first octet, as at our door.
          services: [`127.0.0.1:${postfixPort} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes`],
          settings: {
            ...{ relayhost: `[127.0.0.1]:${sink.port}`, default_transport: 'smtp', smtp_tls_security_level: 'none' },
            ...{ smtpd_tls_req_ccert: 'yes', smtpd_tls_CAfile: server.trust },
            ...{ smtpd_relay_restrictions: 'permit_tls_all_clientcerts, reject', mynetworks: '' },
          },
        })
      : undefined
  const housePid = house.process.pid ?? 0
  const ways = [
    ...(postfix
      ? [{ name: POSTFIX, port: postfixPort, host: 'relay.localhost', pid: postfix.pid, to: 'erin@elsewhere.example' }]
      : []),
    {
      name: 'countersign, as it came',
      port: doorPort,
      host: 'mail.localhost',
      pid: housePid,
      to: 'erin@elsewhere.example',
    },
    { name: 'countersign, sealed', port: doorPort, host: 'mail.localhost', pid: housePid, to: 'bob@partner.example' },
  ]
  if (!postfix) print({ name: POSTFIX, skipped: NEEDS_POSTFIX.skip ?? '' })
  for (const [size, octets] of [
    ['2 kB', 2_000],
    ['100 kB', 100_000],
  ] as const) {
    const text = textOf(octets)
    const rates = new Map(ways.map(({ name }) => [name, [] as number[]]))
    // The first round compiles code, and is not counted.
    for (let round = 0; round <= ROUNDS; round++)
      for (const { name, port, host, pid, to } of ways) {
        const people = crowd.slice(round * AT_ONCE, (round + 1) * AT_ONCE)
        const before = cpuSecondsOfTree(pid)
        await handIn({ port, servername: host, people, to, messages: EACH, text })
        expected += AT_ONCE * EACH
        await sink.taken(expected)
        if (round > 0) rates.get(name)?.push((AT_ONCE * EACH) / (cpuSecondsOfTree(pid) - before))
      }
    for (const [name, values] of rates)
      print({
        ...{ name: `${size}: ${name}`, unit: 'per CPU-second', values },
        ...(postfix && name !== POSTFIX && { baselines: [`${size}: ${POSTFIX}`] }),
      })
  }
} finally {
  sink.close()
  await rm(directory, { recursive: true, force: true })
}

// `npm run demo`: the evening of the lost laptop, on this machine, with the programs that people use.
import { platform } from 'node:os'
import { findProgram } from '../../interop/peer.ts'
import { type Evening, openScene } from './evening.ts'
import { THINGS } from './model.ts'

/** Each program with the package of Debian that brings it. */
const NEEDED: readonly (readonly [program: string, from: string])[] = [
  ['mosquitto', 'mosquitto'],
  ['mosquitto_pub', 'mosquitto-clients'],
  ['openssl', 'openssl'],
  ['openvpn', 'openvpn'],
  ['nft', 'nftables'],
  ['ip', 'iproute2'],
  ['ping', 'iputils-ping'],
  ['psql', 'postgresql'],
  ['ssh', 'openssh-client'],
  ['sshd', 'openssh-server'],
]

const INTRODUCTION = `The evening of the lost laptop. On this machine stand an authority and its doors: web, PostgreSQL, MQTT, VPN, SSH,
and a bank at which people sign in. Two people, "owner" and "colleague", each have a laptop with a network of its own, and
something open at every door, by the programs that people use. Then the owner's laptop is lost, and one command is typed:
how long is it until the last octet reaches the laptop, and does the colleague notice anything? Half a minute.
`

const missing = [...new Set(NEEDED.filter(([program]) => findProgram(program) === undefined).map(([, from]) => from))]
if (platform() !== 'linux' || process.getuid?.() !== 0) {
  console.error('The evening takes networks of its own, for which it must be root on Linux: sudo npm run demo')
  process.exitCode = 1
} else if (missing.length > 0) {
  console.error(`It needs programs that are not here: apt-get install ${missing.join(' ')}`)
  process.exitCode = 1
} else {
  await show()
}

async function show(): Promise<void> {
  console.log(INTRODUCTION)
  await using scene = await openScene()
  const evening = await scene.play(THINGS, (line) => console.log(line))
  console.log(linesOf(evening).join('\n'))
  const { state, code } = await scene.letterOf(evening.party)
  console.log(`\nA letter that is signed with the key afterwards: ${state} (${code})`)
}

function linesOf({ party, receipt, owner, colleague, returns }: Evening): readonly string[] {
  const ms = (time: number) => (time <= 0 ? 'before it was revoked' : `${Math.ceil(time)} ms after`)
  const row = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => cell.padEnd([14, 10, 28][i] ?? 0)).join('')}`.trimEnd()
  return [
    'What the doors say of it, with the reference of each meeting:',
    ...receipt.cuts.map(({ door, reference, lastMs }) => row([door, 'cut', `${lastMs} ms after`, reference])),
    '',
    `What ${party}'s laptop saw, by when the last octet, or packet, reached it:`,
    ...owner.map(({ thing, lastMs, ended }) =>
      row([thing, ended === undefined ? 'is open' : 'ended', `last octet ${ms(lastMs)}`]),
    ),
    '',
    'What the colleague saw:',
    ...colleague.map(({ thing, ended }) => row([thing, ended === undefined ? 'goes on' : 'ended'])),
    '',
    `What ${party} is told on trying again:`,
    ...returns.map(({ thing, isIn, words }) => row([thing, isIn ? 'is in' : 'refused', shortly(words)])),
  ]
}

/** The cause and the reference, however a program wraps them. */
function shortly(words: string): string {
  const title = /"title": "([^"]+)"/.exec(words)?.[1]
  const reference = /M-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(words)?.[0]
  if (title !== undefined) return `${title} · ${reference}`
  return (
    words
      .trim()
      .split('\n')[0]
      ?.replace(/^.*(?:FATAL: +|AUTH_FAILED,)/, '') ?? ''
  )
}

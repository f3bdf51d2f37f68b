// A login by SSH with certificates: at an sshd that goes by the authority's key alone, and at one beside which the door stands. In
// turns in one run; and how long after a revocation the last octet of an open session comes.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programPath } from '../interop/peer.ts'
import { revokeNow } from '../scenario/support/administer.ts'
import { startHouse } from '../scenario/support/house.ts'
import { enrolled, runProgram } from '../scenario/support/peers.ts'
import {
  certified,
  makeSshKey,
  newlyCertified,
  type Sshd,
  sshArguments,
  startSshd,
  withSshd,
} from '../scenario/support/sshd.ts'
import { print } from './measurement.ts'

const ROUNDS = 25
const REVOKED = 7
const BARE = 'login: sshd'
const WITH = 'login: sshd and the door'

if (withSshd.skip === undefined) await measure()
else print({ name: WITH, skipped: withSshd.skip })

async function measure(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const path = (name: string) => join(scratch, name)
  const known = path('known_hosts')
  try {
    await using house = await startHouse({
      config: {
        authority: { listen: '127.0.0.1:0' },
        doors: [
          {
            ...{ name: 'web1', kind: 'ssh', host: 'web1.localhost', listen: `unix:${path('door')}/door` },
            ...{ hostCertificate: path('host-cert.pub'), allow: ['*'] },
          },
        ],
      },
    })
    const host = await enrolled(house, 'host/web1', ['--profile', 'server', '--san', 'dns:web1.localhost'])
    const alice = await enrolled(house, 'alice')
    makeSshKey(path('host'))
    await certified(host.directory, path('host'), 'ssh-host')
    const renew = () => newlyCertified(alice.directory, path('alice'))
    await renew()
    const authorities = path('door/authorities.pub')
    await writeFile(known, `@cert-authority web1.localhost ${await readFile(authorities, 'utf8')}`)
    const common = { directory: scratch, hostKey: path('host') }
    const config = ['UsePAM yes', `TrustedUserCAKeys ${authorities}`, `RevokedKeys ${path('door/revoked.krl')}`]
    await using bare = await startSshd({ ...common, config })
    await using beside = await startSshd({ ...common, door: path('door') })
    const login = async (sshd: Sshd) => {
      const before = performance.now()
      const args = sshArguments(path('alice'), 'alice', sshd.port, known, 'web1.localhost')
      const { code, stderr } = await runProgram(programPath('ssh'), [...args, 'true'])
      if (code !== 0) throw new Error(`${stderr} ${sshd.log()}`)
      return performance.now() - before
    }
    const [without, within, more]: number[][] = [[], [], []]
    for (const sshd of [bare, beside]) await login(sshd)
    for (let round = 0; round < ROUNDS; round++) {
      // Who comes second finds the other's work still going on.
      const first = round % 2 === 0 ? bare : beside
      const [before, after] = [await login(first), await login(first === bare ? beside : bare)]
      const [one, other] = first === bare ? [before, after] : [after, before]
      without?.push(one)
      within?.push(other)
      more?.push(other - one)
    }
    print({ name: BARE, unit: 'ms', values: without ?? [] })
    print({ name: WITH, unit: 'ms', values: within ?? [], baselines: [BARE] })
    print({ name: 'login: what the door adds', unit: 'ms', values: more ?? [], goal: '< 20 ms' })

    const last: number[] = []
    for (let round = 0; round < REVOKED; round++) {
      const serial = await renew()
      const args = ['-tt', ...sshArguments(path('alice'), 'alice', beside.port, known, 'web1.localhost')]
      const heard = listen(spawn(programPath('ssh'), [...args, 'while :; do echo tick; sleep 0.005; done']))
      await heard.first
      const { calledAt } = await revokeNow(house, serial)
      last.push((await heard.lastAt) - calledAt)
    }
    print({ name: 'revoked, to the last octet', unit: 'ms', values: last, goal: '< 1,000 ms' })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** When something came first, and last. */
function listen(child: ChildProcess): { readonly first: Promise<unknown>; readonly lastAt: Promise<number> } {
  let at = 0
  child.stdout?.on('data', () => {
    at = Date.now()
  })
  child.stderr?.resume()
  const first = child.stdout ? once(child.stdout, 'data') : Promise.resolve()
  return { first, lastAt: once(child, 'close').then(() => at) }
}

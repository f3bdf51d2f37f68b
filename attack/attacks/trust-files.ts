import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writePem } from '@countersign/x509'
import { root } from '../../interop/chains/house.ts'
import { runCommand } from '../../scenario/support/run-command.ts'
import { openPlainDoor } from '../controls/plain-door.ts'
import type { Attack, Attackers, Case, Control } from '../model.ts'
import { around } from '../support/craft.ts'
import { meet } from '../support/tls-client.ts'

/** DESIGN: never "no check" where a file of trust cannot be used, and never the roots of the system. */
export const trustFiles: Attack = {
  name: 'a trust file that cannot be used',
  goal: 'comes in without a certificate, as the door starts without knowing whom to trust',
  concurrent: true,
  cases: [
    way('missing', async () => undefined),
    way('empty', (file) => writeFile(file, '')),
    way('malformed', (file) => writeFile(file, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')),
    way('a certificate cut short', async (file) => {
      const pem = writePem('CERTIFICATE', root(around()).certificate.der)
      await writeFile(file, pem.slice(0, pem.length / 2))
    }),
    way('unreadable', async (file) => void (await mkdir(file))),
  ],
}

function way(name: string, damage: (file: string) => Promise<void>): Case {
  return {
    name,
    control: (attackers) => opensAnyway(attackers, damage),
    async run(target) {
      if (target.name === 'control') return meet(target)
      await using place = await scratch()
      await damage(join(place.directory, 'partner.pem'))
      const common = { listen: '127.0.0.1:0', allow: ['*'], revocation: 'prefer' }
      const config = {
        authority: { listen: '127.0.0.1:0' },
        anchors: [{ name: 'partner', file: 'partner.pem', vouches: ['spiffe://partner.example'] }],
        doors: [{ ...common, name: 'hello', kind: 'web', host: ['hello.localhost'], upstream: 'demo' }],
      }
      await writeFile(join(place.directory, 'countersign.yaml'), JSON.stringify(config))
      const ran = await runCommand(['up', '--json', '--config', 'countersign.yaml'], { cwd: place.directory })
      const started = ran.stdout.includes('"ready"')
      // A cause within may be named before.
      const code = [...ran.stderr.matchAll(/\[(ERR_[A-Z_]+)\]/g)].at(-1)?.[1] ?? 'no code'
      const named = ran.stderr.includes('partner.pem') ? 'names the file' : 'names no file'
      return { peer: started ? 'a door' : 'no door', won: started, record: `exit ${ran.code}, ${code}, ${named}` }
    },
  }
}

/** Reads the file where it can, and asks for certificates where there is something to judge them by. */
async function opensAnyway(attackers: Attackers, damage: (file: string) => Promise<void>): ReturnType<Control> {
  await using place = await scratch()
  const file = join(place.directory, 'ca.pem')
  await damage(file)
  const ca = await readFile(file, 'utf8').catch(() => '')
  const usable = ca.includes('END CERTIFICATE') && ca.length > 100
  return openPlainDoor(attackers, { ...(usable && { ca }), requestCert: usable, rejectUnauthorized: usable })
}

async function scratch(): Promise<AsyncDisposable & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-attack-'))
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}

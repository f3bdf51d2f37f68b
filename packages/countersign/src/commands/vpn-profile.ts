import { join, resolve } from 'node:path'
import { writeVpnProfile } from '@countersign/gateway/sections'
import { openIdentity, sideOf } from '@countersign/mtls'
import { writePem } from '@countersign/x509'
import { dataDirectory } from '../admin/client.ts'
import { type Arguments, type Around, EXIT, Failure, type Run } from '../command.ts'
import type { Config, DoorConfig } from '../config/model.ts'
import { readConfig } from '../config/read-config.ts'
import { portOf } from '../house/ports.ts'
import { writeSecretFile } from '../output/secret-file.ts'

type VpnDoor = Extract<DoorConfig, { readonly kind: 'vpn' }>

/** `countersign vpn profile`: the file that a client of OpenVPN takes. */
export const vpnProfile: Run = async (given, around) => {
  const file = resolve(around.cwd, given.text('config') ?? 'countersign.yaml')
  const config = readConfig(await around.readFile(file), file)
  const door = doorOf(config, given)
  const { name, host, listen, proof = 'certificate' } = door
  const data = dataDirectory(given, around)
  const port = listen.port === 0 ? await portOf(data, `door/${name}`) : listen.port
  if (port === undefined)
    throw new Failure(EXIT.input, `nobody knows yet at which port ${name} listens`, {
      code: 'ERR_CLI_PORTS',
      next: 'start the house once, or give the door a port in listen',
    })
  const roots = 'join' in config ? join(config.join, 'trust.pem') : join(data, 'root.pem')
  const own = proof === 'password' ? undefined : await ownOf(given, around)
  const text = writeVpnProfile({
    ...{ door: name, proof, roots: new TextDecoder().decode(await around.readFile(roots)) },
    remote: { host: given.text('host') ?? host[0], port },
    ...(own && { own }),
  })
  const out = given.text('out')
  if (out === undefined) {
    around.out(given.flag('json') ? JSON.stringify({ profile: text }) : text.trimEnd())
    return EXIT.ok
  }
  const path = resolve(around.cwd, out)
  await writeSecretFile(path, new TextEncoder().encode(text), given.flag('force'))
  if (given.flag('json')) around.out(JSON.stringify({ written: path }))
  else around.out(`${path}${own ? ' holds the private key: whoever has the file connects by it' : ''}`)
  return EXIT.ok
}

/** The only one, or the one that is named. @throws {Failure} */
function doorOf({ doors }: Config, given: Arguments): VpnDoor {
  const all = doors.filter((door): door is VpnDoor => door.kind === 'vpn')
  const name = given.text('door')
  const [first, ...more] = name === undefined ? all : all.filter((door) => door.name === name)
  if (first !== undefined && more.length === 0) return first
  const names = all.map((door) => door.name).join(', ')
  throw new Failure(EXIT.input, first ? `there are several doors for VPN: ${names}` : 'there is no such door for VPN', {
    code: 'ERR_CLI_DOOR',
    next: first
      ? 'name one with --door'
      : names === ''
        ? 'add a door of kind vpn (docs/doors/vpn.md)'
        : `one of ${names}`,
  })
}

/** The certificate and key of the party. @throws {Failure} where the directory is of somebody else. */
async function ownOf(
  given: Arguments,
  around: Around,
): Promise<{ readonly chain: string; readonly key: string } | undefined> {
  const directory = given.text('identity')
  if (directory === undefined) return undefined
  const identity = await openIdentity(resolve(around.cwd, directory), { clock: around.clock, renew: false })
  identity.close()
  const { certificates, privateKey } = identity.current()
  const { party, name } = sideOf(certificates[0], directory)
  if (party !== given.text('PARTY'))
    throw new Failure(EXIT.input, `${directory} is the identity of ${name}`, {
      code: 'ERR_CLI_USAGE',
      next: `name ${name}, or another directory`,
    })
  return {
    chain: certificates.map(({ der }) => writePem('CERTIFICATE', der)).join(''),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

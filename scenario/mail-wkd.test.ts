// Two houses that know nothing of each other: one tells its people's OpenPGP keys as a Web Key Directory, behind a server that
// browsers believe; somebody of the other looks a key up, writes to it, and is told when it is another.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { writePem } from '@countersign/x509'
import { needs, programPath } from '../interop/peer.ts'
import { createIssuer, issueLeaf, pemOf } from '../tools/testing/pki.ts'
import { NEEDS_MOUNT, OWN_MOUNTS } from '../tools/testing/small-disk.ts'
import { type RunningHouse, startHouse } from './support/house.ts'

const ALICE = 'alice@acme.example'

/** What an operator's reverse proxy does: TLS that everybody believes, and the authority behind it. */
const FRONT = `
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'
const [, , socketPath] = process.argv
createServer({ key: readFileSync('key'), cert: readFileSync('cert') }, (asked, reply) => {
  request({ socketPath, path: asked.url, method: asked.method, headers: { host: asked.headers.host } }, (answer) => {
    appendFileSync('asked', asked.headers.host + asked.url + ' ' + answer.statusCode + '\\n')
    reply.writeHead(answer.statusCode, answer.headers)
    answer.pipe(reply)
  }).end()
}).listen(443, '127.0.0.1', () => writeFileSync('up', ''))
`

suite('a Web Key Directory', () => {
  let acme: RunningHouse
  let partner: RunningHouse
  let front: Server
  const web = createIssuer('A root of the web')
  const path = (name: string) => join(partner.directory, name)
  /** What the front answers in place of the house; undefined: what the house answers. */
  let instead: { status: number; headers?: Record<string, string>; body?: Uint8Array } | undefined
  let asked: string[] = []
  const enroll = async (house: RunningHouse, party: string, address: string) => {
    const { stdout } = await house.run(['invite', party, '--profile', 'person', '--san', `email:${address}`, '--json'])
    await house.run(['enroll', (JSON.parse(stdout) as { token: string }).token, '--out', party])
    return house.run(['mail', 'key', '--openpgp', '--identity', party])
  }
  /** Of the server that stands before the house. */
  const frontOf = () =>
    pemOf(
      issueLeaf(web, 'openpgpkey.acme.example', {
        names: ['openpgpkey.acme.example', 'acme.example'].map((value) => ({ kind: 'dNSName', value })),
        purpose: 'serverAuth',
      }),
    )
  let ca: Buffer
  const toHouse = (path: string) => {
    const { hostname: servername, port } = new URL(acme.ready.authority.url)
    return { host: '127.0.0.1', port, servername, path, ca, agent: false } as const
  }
  const at = () => `127.0.0.1:${(front.address() as AddressInfo).port}`
  const lookUp = async (address: string, code: number, ...more: readonly string[]) => {
    const ran = await partner.run(['mail', 'keys', address, '--identity', 'bob', '--wkd-at', at(), ...more], {
      env: { NODE_EXTRA_CA_CERTS: path('web.pem') },
    })
    assert.equal(ran.code, code, `${ran.stdout}${ran.stderr}`)
    return ran
  }

  before(async () => {
    acme = await startHouse({
      config: { authority: { listen: '127.0.0.1:0', keyDirectory: ['acme.example'] }, doors: [] },
    })
    partner = await startHouse({ config: { authority: { listen: '127.0.0.1:0' }, doors: [] } })
    await enroll(acme, 'alice', ALICE)
    await enroll(partner, 'bob', 'bob@partner.example')
    await writeFile(path('web.pem'), writePem('CERTIFICATE', web.certificate.der))
    const { key, cert } = frontOf()
    ca = await readFile(acme.ready.trust)
    front = createServer({ key, cert }, (incoming, outgoing) => {
      asked.push(`${incoming.headers.host}${incoming.url}`)
      if (instead) return void outgoing.writeHead(instead.status, instead.headers).end(instead.body)
      request(toHouse(incoming.url ?? ''), (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      }).end()
    })
    await once(front.listen(0, '127.0.0.1'), 'listening')
  })
  after(async () => {
    front.close()
    await acme[Symbol.asyncDispose]()
    await partner[Symbol.asyncDispose]()
  })

  test('is not asked without the wish', async () => {
    const ran = await partner.run(['mail', 'keys', ALICE, '--identity', 'bob'])
    assert.equal(ran.code, 1)
    assert.deepEqual(asked, [])
  })

  test('has the key of its people: it is found, remembered, and written to', async () => {
    const { stdout } = await lookUp(ALICE, 0)
    assert.match(stdout, /^\+ [0-9a-f]{64} {2}found where its domain has it/m)
    assert.match(
      asked.at(-1) ?? '',
      /^openpgpkey\.acme\.example\/\.well-known\/openpgpkey\/acme\.example\/hu\/[a-z0-9]{32}\?l=alice$/,
    )
    await writeFile(
      path('letter'),
      `From: bob@partner.example\nTo: ${ALICE}\nDate: Fri, 27 Nov 2026 12:00:00 +0000\n\nHello.\n`,
    )
    const sealed = await partner.run(['mail', 'seal', 'letter', '--identity', 'bob', '--out', 'sealed'])
    assert.equal(sealed.code, 0, sealed.stderr)
    // She reads it, and does not know who he is before she has looked him up.
    const opened = await acme.run(['mail', 'open', path('sealed'), '--identity', 'alice', '--json'])
    assert.deepEqual([opened.code, JSON.parse(opened.stdout).code], [1, 'ERR_MAIL_SIGNER'])
  })

  test('is one that GnuPG reads', needs('gpg', 'gpg'), async () => {
    await acme.run(['mail', 'key', '--openpgp', '--legacy', '--identity', 'alice'])
    const hu = asked.find((each) => each.includes('/hu/'))?.replace('openpgpkey.acme.example', '') ?? ''
    const { promise, resolve } = Promise.withResolvers<Buffer>()
    request(toHouse(hu), async (answer) =>
      resolve(Buffer.concat(await Array.fromAsync(answer as AsyncIterable<Buffer>))),
    ).end()
    const shown = spawnSync('gpg', ['--batch', '--no-tty', '--show-keys', '--with-colons'], {
      input: await promise,
      encoding: 'utf8',
      env: { ...process.env, GNUPGHOME: partner.directory },
    })
    assert.match(shown.stdout, /^uid:.*<alice@acme\.example>/m)
  })

  const gnupg = {
    ...NEEDS_MOUNT,
    ...needs('unshare', 'util-linux'),
    ...needs('ip', 'iproute2'),
    ...needs('gpg', 'gpg'),
    ...needs('dirmngr', 'dirmngr'),
    ...needs('gpg-wks-client', 'gpg-wks-client'),
    ...needs('gpgconf', 'gpgconf'),
  }
  test('is asked by GnuPG itself, at the port and the names of the web', gnupg, async () => {
    const folder = join(acme.directory, 'gnupg')
    for (const name of ['', 'home']) await mkdir(join(folder, name), { mode: 0o700 })
    await writeFile(join(folder, 'home', 'dirmngr.conf'), 'standard-resolver\n')
    const { key, cert } = frontOf()
    const files = { key, cert, 'web.pem': writePem('CERTIFICATE', web.certificate.der), front: FRONT }
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder, name === 'front' ? 'front.mjs' : name), text)
    // A name that is not there is nobody's, and not to be tried again.
    await writeFile(join(folder, 'nsswitch'), 'hosts: files\n')
    await writeFile(join(folder, 'hosts'), '127.0.0.1 localhost openpgpkey.acme.example\n')
    // A network and mounts of its own: names, roots and the port are nobody else's. The house is reached by its socket.
    const script = `
      ip link set lo up
      mount --bind nsswitch /etc/nsswitch.conf
      mount --bind hosts /etc/hosts
      mount --bind web.pem /etc/ssl/certs/ca-certificates.crt
      ${process.execPath} front.mjs ${join(acme.data, 'admin.sock')} &
      front=$!
      trap 'kill $front' EXIT
      while [ ! -e up ]; do kill -0 $front; sleep 0.05; done
      export GNUPGHOME=$PWD/home
      gpg="gpg --batch --no-tty --auto-key-locate clear,nodefault,wkd --locate-external-keys"
      $gpg ${ALICE} >found
      ! $gpg nobody@acme.example || exit 9
      ${programPath('gpg-wks-client')} --check ${ALICE}
      gpgconf --kill all`
    const ran = spawnSync('unshare', [...OWN_MOUNTS, '--net', 'sh', '-ec', script], { cwd: folder, encoding: 'utf8' })
    assert.equal(ran.status, 0, ran.stdout + ran.stderr)
    assert.match(await readFile(join(folder, 'found'), 'utf8'), /^uid .*<alice@acme\.example>/m)
    const log = await readFile(join(folder, 'asked'), 'utf8')
    assert.match(log, /^openpgpkey\.acme\.example\/\.well-known\/openpgpkey\/acme\.example\/hu\/\S+\?l=alice 200$/m)
    assert.match(log, /\?l=nobody 404$/m)
  })

  test('that has another key than before is refused, and the first is kept', async () => {
    // Her key of version 4 is told now in place of the first.
    const { stderr } = await lookUp(ALICE, 1)
    assert.match(stderr, /ERR_MAIL_KEY_CHANGED/)
    assert.match(stderr, /countersign mail keys accept/)
    const kept = await partner.run(['mail', 'keys', ALICE, '--identity', 'bob', '--json'])
    assert.match(kept.stdout, /"fingerprint":"[0-9a-f]{64}"/)
  })

  test('knows nobody else, of whom it says nothing', async () => {
    const { stderr } = await lookUp('nobody@acme.example', 1)
    assert.match(stderr, /has no key of it: the directory answers 404/)
  })

  test('is not followed to another host, nor read beyond a key, nor believed for another address', async () => {
    const elsewhere = { location: 'https://openpgpkey.evil.example/key' }
    for (const [answer, code] of [
      [{ status: 302, headers: elsewhere }, 'ERR_MAIL_RECIPIENT_KEY'],
      [{ status: 200, body: Buffer.alloc(1_000_000, 0xc6) }, 'ERR_MAIL_BUDGET'],
      [{ status: 200, body: Buffer.from('no key') }, 'ERR_MAIL_FORM'],
    ] as const) {
      instead = answer
      const { stderr } = await lookUp('carol@acme.example', 1)
      assert.match(stderr, new RegExp(code))
    }
    instead = undefined
  })

  test('is not believed by a certificate of nobody, nor where its domain has another name', async () => {
    const ran = await partner.run(['mail', 'keys', 'carol@acme.example', '--identity', 'bob', '--wkd-at', at()])
    assert.match(ran.stderr, /no directory of the domain can be reached/)
    asked = []
    const other = await lookUp('carol@other.example', 1)
    assert.match(other.stderr, /no directory of the domain can be reached/)
    assert.deepEqual(asked, [])
  })

  test('is not asked within one’s own network, unless that is said', async () => {
    for (const address of ['carol@localhost', 'carol@127.0.0.1', 'carol@[::1]']) {
      const ran = await partner.run(['mail', 'keys', address, '--identity', 'bob', '--wkd'])
      assert.notEqual(ran.code, 0, ran.stdout)
      assert.doesNotMatch(ran.stdout, /^\+/m)
    }
    assert.deepEqual(asked, [])
  })
})

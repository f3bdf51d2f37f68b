// What a token does to its signer: taken away and back, replaced, silent, without its PIN; and keys that are none.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { MODULE, PIN, type SoftToken, softToken, withToken } from '../../../../../tools/testing/soft-token.ts'
import { authorityName, makeSerial } from '../../../src/issuance/build.ts'
import { buildAndLint, type LintedTbs } from '../../../src/issuance/lint.ts'
import { openTokenSigner, type TokenSigner } from '../../../src/keys/pkcs11/token-signer.ts'
import { START, temporaryDirectory } from '../../support/core.ts'
import { newKeyFile } from '../support/key-sources.ts'

function linted({ publicKey }: TokenSigner): LintedTbs {
  const subject = authorityName('Acme', 'Root 1')
  const content = { profile: 'root', subject, publicKey: publicKey.der, identities: [], now: START } as const
  const verdict = buildAndLint({ ...content, serial: makeSerial() })
  assert.ok(verdict.ok)
  return verdict.tbs
}

interface Opened {
  readonly token: SoftToken
  readonly signer: TokenSigner
  readonly sign: () => Promise<Uint8Array>
}

async function open(t: TestContext, patience?: number): Promise<Opened> {
  const token = softToken(t)
  token.import(newKeyFile('P-256').path, 'issuing', '01')
  const signer = await openTokenSigner(token.uri('object=issuing'), patience)
  t.after(() => signer.close())
  const tbs = linted(signer)
  return { token, signer, sign: () => signer.sign(tbs) }
}

/** The processes that hold tokens of a process, this one unless said, by what the kernel says. */
function holders(pid: number | undefined = process.pid): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const file = (path: string) => {
        try {
          return readFileSync(`/proc/${name}/${path}`, 'utf8')
        } catch (cause) {
          // It ended while it was looked at.
          if (cause instanceof Error && 'code' in cause && /^(?:ENOENT|ESRCH)$/.test(String(cause.code))) return ''
          throw cause
        }
      }
      const [, state, parent] = /\) (\S) (\d+) /.exec(file('stat')) ?? []
      const ours = Number(parent) === pid && state !== 'Z' && file('cmdline').includes('holder-process')
      return ours ? [Number(name)] : []
    })
}

suite('a key on a token', withToken, () => {
  test('the token is taken away: every request is told so, soon, by one process; it comes back, and it signs', async (t) => {
    const { token, sign } = await open(t)
    await sign()
    token.takeAway()
    const began = performance.now()
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, sign))
    for (const outcome of outcomes) {
      assert.equal(outcome.status, 'rejected')
      assert.equal(outcome.reason.code, 'ERR_AUTHORITY_KEY_TOKEN')
      assert.equal(outcome.reason.path, 'pkcs11:token=acme;object=issuing')
      assert.match(outcome.reason.next, /attach the token/)
    }
    t.diagnostic(`100 requests were told after ${(performance.now() - began).toFixed(0)} ms`)
    // For a second nobody asks the token again, and everybody is told at once.
    await assert.rejects(sign(), { code: 'ERR_AUTHORITY_KEY_TOKEN' })
    token.bringBack()
    await delay(1_100)
    const signatures = await Promise.all(Array.from({ length: 100 }, sign))
    assert.equal(new Set(signatures.map((signature) => signature.toHex())).size, 100)
    assert.equal(holders().length, 1)
  })

  test('the process that holds the token ends: the next signature is of another', async (t) => {
    const { sign } = await open(t)
    const [first] = holders()
    process.kill(first!, 'SIGKILL')
    await sign()
    const pending = Promise.all(Array.from({ length: 20 }, sign))
    process.kill(holders()[0]!, 'SIGKILL')
    assert.equal((await pending).length, 20)
    assert.ok(!holders().includes(first!))
  })

  test('a token that says nothing is not waited for, and holds up nobody else', async (t) => {
    const { sign } = await open(t, 2_000)
    process.kill(holders()[0]!, 'SIGSTOP')
    let turns = 0
    const ticking = setInterval(() => turns++, 10)
    await sign()
    clearInterval(ticking)
    // Some 200 in two seconds; a loop that waited with the token would have had none.
    assert.ok(turns > 20, `${turns} turns of the loop`)
    assert.equal(holders().length, 1)
  })

  test('another key under the same name does not sign', async (t) => {
    const { token, sign } = await open(t)
    token.tool('--delete-object', '--type', 'privkey', '--label', 'issuing')
    token.tool('--delete-object', '--type', 'pubkey', '--label', 'issuing')
    token.import(newKeyFile('P-256').path, 'issuing', '01')
    await assert.rejects(sign(), { code: 'ERR_AUTHORITY_KEY_ABSENT', message: /another key/ })
  })

  test('a PIN that is no longer right is tried once, and never again', async (t) => {
    const { token, sign } = await open(t)
    token.tool('--change-pin', '--new-pin', '4321')
    process.kill(holders()[0]!, 'SIGKILL')
    await assert.rejects(sign(), { code: 'ERR_AUTHORITY_KEY_PIN', message: /CKR_PIN_INCORRECT/, next: /start again/ })
    await delay(1_100)
    await assert.rejects(sign(), { code: 'ERR_AUTHORITY_KEY_PIN' })
    assert.deepEqual(holders(), [])
  })

  test('a key that asks for its PIN at each signature is told it', async (t) => {
    const token = softToken(t)
    token.tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'strict', '--id', '05', '--always-auth')
    const signer = await openTokenSigner(token.uri('object=strict'))
    t.after(() => signer.close())
    const tbs = linted(signer)
    await signer.sign(tbs)
    await signer.sign(tbs)
  })

  test('a token that opens the key and does not sign with it is not asked by everybody at once', async (t) => {
    const token = softToken(t)
    const rsa = ['--keypairgen', '--key-type', 'rsa:2048', '--label', 'issuing', '--id', '01']
    token.tool(...rsa, '--allowed-mechanisms', 'SHA384-RSA-PKCS')
    const signer = await openTokenSigner(token.uri('object=issuing'))
    t.after(() => signer.close())
    const tbs = linted(signer)
    const refused = { code: 'ERR_AUTHORITY_KEY_KIND', message: /CKR_MECHANISM_INVALID/ }
    await Promise.all(Array.from({ length: 20 }, () => assert.rejects(signer.sign(tbs), refused)))
    // Those that failed may still be ending.
    const before = holders()
    await assert.rejects(signer.sign(tbs), refused)
    assert.deepEqual(
      holders().filter((pid) => !before.includes(pid)),
      [],
      'a process was begun for it',
    )
  })

  test('whoever holds the token ends with the house, however that ends', async (t) => {
    const token = softToken(t)
    token.import(newKeyFile('P-256').path, 'issuing', '01')
    const module = new URL('../../../src/keys/pkcs11/token-signer.ts', import.meta.url).href
    const script = `import { openTokenSigner } from ${JSON.stringify(module)}
await openTokenSigner(${JSON.stringify(token.uri('object=issuing'))})
console.log('held')`
    const house = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => house.kill('SIGKILL'))
    await once(house.stdout, 'data')
    const [holder] = holders(house.pid)
    assert.ok(holder !== undefined)
    house.kill('SIGKILL')
    const isThere = () =>
      existsSync(`/proc/${holder}/cmdline`) && readFileSync(`/proc/${holder}/cmdline`, 'utf8') !== ''
    for (const end = performance.now() + 10_000; isThere(); ) {
      assert.ok(performance.now() < end, 'it is still there')
      await delay(20)
    }
  })

  test('after close nothing is held, and nothing signs', async (t) => {
    const { signer, sign } = await open(t)
    await signer.close()
    assert.deepEqual(holders(), [])
    await assert.rejects(sign(), { code: 'ERR_AUTHORITY_KEY_TOKEN', message: /let go/ })
    assert.deepEqual(holders(), [])
  })

  interface Refused {
    readonly name: string
    readonly uri: (token: SoftToken) => string
    readonly code: string
    readonly message: RegExp
    readonly next?: RegExp
  }
  const withPin = (pin: string) => (token: SoftToken) => {
    writeFileSync(token.pinFile, pin)
    return token.uri('object=issuing')
  }
  const REFUSED: readonly Refused[] = [
    {
      name: 'a wrong PIN',
      uri: withPin('9999'),
      code: 'ERR_AUTHORITY_KEY_PIN',
      message: /CKR_PIN_INCORRECT/,
    },
    {
      name: 'no PIN',
      uri: () => `pkcs11:object=issuing?module-path=${MODULE}`,
      code: 'ERR_AUTHORITY_KEY_PIN',
      message: /asks for a PIN/,
      next: /pin-source=file:/,
    },
    {
      name: 'an empty PIN',
      uri: withPin(''),
      code: 'ERR_AUTHORITY_KEY_SECRET',
      message: /empty/,
    },
    {
      name: 'a module that is not there',
      uri: () => 'pkcs11:object=issuing?module-path=/usr/lib/no-such-module.so',
      code: 'ERR_AUTHORITY_KEY_MODULE',
      message: /no-such-module/,
    },
    {
      name: 'a module that is none',
      uri: () => 'pkcs11:object=issuing?module-path=/bin/sh',
      code: 'ERR_AUTHORITY_KEY_MODULE',
      message: /does not start/,
    },
    {
      name: 'another library',
      uri: ({ uri }) => uri('object=issuing;library-manufacturer=Snake%20Oil'),
      code: 'ERR_AUTHORITY_KEY_MODULE',
      message: /not the library/,
    },
    {
      name: 'another token',
      uri: ({ uri }) => uri('object=issuing').replace('token=acme', 'token=emca'),
      code: 'ERR_AUTHORITY_KEY_TOKEN',
      message: /no such token/,
    },
    {
      name: 'another serial',
      uri: ({ uri }) => uri('object=issuing;serial=0'),
      code: 'ERR_AUTHORITY_KEY_TOKEN',
      message: /no such token/,
    },
    {
      name: 'a key that is not there',
      uri: ({ uri }) => uri('object=gnissi'),
      code: 'ERR_AUTHORITY_KEY_ABSENT',
      message: /no private key/,
      next: /pkcs11-tool --list-objects/,
    },
    {
      name: 'an id that is not there, of a label that is',
      uri: ({ uri }) => uri('object=issuing;id=%02'),
      code: 'ERR_AUTHORITY_KEY_ABSENT',
      message: /no private key/,
    },
    {
      name: 'two keys of one name',
      uri: ({ uri }) => uri('object=twin'),
      code: 'ERR_AUTHORITY_KEY_ABSENT',
      message: /several private keys/,
    },
    {
      name: 'a private key without its public one',
      uri: ({ uri }) => uri('object=alone'),
      code: 'ERR_AUTHORITY_KEY_ABSENT',
      message: /no public key/,
      next: /same id/,
    },
    {
      name: 'a key that may not sign',
      uri: ({ uri }) => uri('object=decrypts'),
      code: 'ERR_AUTHORITY_KEY_KIND',
      message: /may not sign/,
    },
    {
      name: 'a curve that we do not sign with',
      uri: ({ uri }) => uri('object=p521'),
      code: 'ERR_AUTHORITY_KEY_KIND',
      message: /no curve/,
    },
    {
      name: 'RSA of 1,024 bits',
      uri: ({ uri }) => uri('object=small'),
      code: 'ERR_AUTHORITY_KEY_KIND',
      message: /none that we sign with/,
    },
  ]
  test('refused, each with its cause: what is no key, no token, no module or no PIN', async (t) => {
    const token = softToken(t)
    const key = newKeyFile('P-256').path
    token.import(key, 'issuing', '01')
    token.import(key, 'twin', '02')
    token.import(key, 'twin', '03')
    token.import(key, 'alone', '04', '--no-public-key')
    token.generateForDecryption('decrypts')
    token.tool('--keypairgen', '--key-type', 'EC:secp521r1', '--label', 'p521', '--id', '05')
    token.tool('--keypairgen', '--key-type', 'rsa:1024', '--label', 'small', '--id', '06')
    for (const { name, uri, code, message, next } of REFUSED)
      await t.test(name, async () => {
        writeFileSync(token.pinFile, PIN)
        await assert.rejects(openTokenSigner(uri(token)), (error: Error & { code?: string; next?: string }) => {
          assert.equal(error.code, code)
          assert.match(error.message, message)
          assert.match(error.next ?? '', next ?? /./)
          assert.ok(!JSON.stringify([error.message, error.next, error]).includes(PIN))
          return true
        })
        assert.deepEqual(holders(), [])
      })
  })
})

suite('without the extra', () => {
  test('the exact command that adds it is told', async (t) => {
    // As where nobody has added it: a resolver in front of Node's own, in the process that holds the token.
    const hook = join(temporaryDirectory(t), 'without.mjs')
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module'
registerHooks({ resolve: (name, context, next) => next(name === 'pkcs11js' ? 'pkcs11js-is-not-here' : name, context) })`,
    )
    const before = process.env['NODE_OPTIONS']
    process.env['NODE_OPTIONS'] = `${before ?? ''} --import=${hook}`
    t.after(() => {
      if (before === undefined) delete process.env['NODE_OPTIONS']
      else process.env['NODE_OPTIONS'] = before
    })
    await assert.rejects(openTokenSigner(`pkcs11:object=a?module-path=${MODULE}`), {
      code: 'ERR_AUTHORITY_KEY_EXTRA',
      message: 'the package pkcs11js is not installed, or was not compiled',
      next: /^in the directory of countersign: npm install --no-save pkcs11js@2\.1\.7 --nodedir=\/.*node-linux-[a-z0-9]+$/,
    })
  })

  test('the script for a checkout adds the same release', () => {
    const script = readFileSync(new URL('../../../../../tools/add-pkcs11', import.meta.url), 'utf8')
    assert.match(script, /^RELEASE=pkcs11js@2\.1\.7$/m)
  })
})

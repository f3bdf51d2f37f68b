// Random chains judged by us and by OpenSSL and GnuTLS: every difference has its row in a table, and every row its difference.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { tally } from './differ/difference.ts'
import { differencesPage } from './differ/page.ts'
import { PEERS } from './differ/peers.ts'
import { needs } from './peer.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-differ-'))
after(() => rmSync(folder, { recursive: true }))

/** How many chains each is asked about here, beside the example of each row; `npm run differ` asks about more. */
const COUNTS = { openssl: 300, gnutls: 60 } as const
const INSTALLED = {
  openssl: needs('openssl', 'openssl'),
  gnutls: { ...needs('certtool', 'gnutls-bin'), ...needs('faketime', 'faketime') },
} as const

suite('random chains', () => {
  for (const [key, peer] of Object.entries(PEERS)) {
    test(`${COUNTS[key as keyof typeof COUNTS]} and ${peer.name}`, INSTALLED[key as keyof typeof INSTALLED], () => {
      const seeds = Array.from({ length: COUNTS[key as keyof typeof COUNTS] }, (_, i) => i + 1)
      const { outcomes, faults } = tally(seeds, peer, folder)
      assert.deepEqual(faults, [])
      // Chains that all fail alike would prove little.
      assert.ok((outcomes.get('both accept') ?? 0) > seeds.length / 10)
    })
  }

  test('docs/differences.md is what the tables say', () => {
    const page = readFileSync(new URL('../docs/differences.md', import.meta.url), 'utf8')
    assert.equal(page, differencesPage(), 'run node --conditions=source tools/write-differences.ts')
  })
})

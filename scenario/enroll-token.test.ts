import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openAuthority } from '@countersign/authority'
import { enroll, openIdentity } from '@countersign/mtls'

suite('enrollment by token', () => {
  test('a newcomer comes out with an identity under the authority’s root', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'countersign-enroll-'))
    const clock = () => Temporal.Now.instant()
    const authority = await openAuthority({
      directory: join(directory, 'authority'),
      name: 'authority.localhost',
      domain: 'acme.example',
      organization: 'Acme',
      listen: { host: '127.0.0.1', port: 0 },
      clock,
      log: () => undefined,
    })
    try {
      const invited = await authority.invite({ party: 'alice' })
      assert.ok(invited.ok)
      const enrolled = await enroll(invited.token, { directory: join(directory, 'alice'), clock })
      assert.equal(enrolled.party, 'alice')
      const identity = await openIdentity(enrolled.directory)
      identity.close()
      assert.deepEqual(identity.trust.anchors[0]?.certificate?.der, authority.root.der)
    } finally {
      await authority.close()
      await rm(directory, { recursive: true })
    }
  })
})

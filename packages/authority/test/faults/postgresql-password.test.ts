// PostgreSQL that asks for a password: where it is missing or wrong, the start says so and where it belongs; and one that was
// changed while the authority runs is told to whoever asks, and heals by itself.
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import pg from 'pg'
import { startPostgresql, withPostgresql } from '../../../../interop/postgresql.ts'
import { temporaryDirectory } from '../support/core.ts'
import { askLocally, openHouse } from '../support/house.ts'

function passwordFile(t: TestContext): string {
  const file = join(temporaryDirectory(t), 'pgpass')
  const before = process.env['PGPASSFILE']
  process.env['PGPASSFILE'] = file
  t.after(() => {
    if (before === undefined) delete process.env['PGPASSFILE']
    else process.env['PGPASSFILE'] = before
  })
  return file
}

suite('a store in PostgreSQL that asks for a password', withPostgresql, () => {
  test('missing or wrong, it is said where it belongs; given, all works; changed, it is told', async (t) => {
    await using server = await startPostgresql()
    const root = new pg.Client({ connectionString: server.url('postgres') })
    await root.connect()
    await root.query("CREATE ROLE asker LOGIN PASSWORD 's3cret'")
    await root.query('CREATE DATABASE asked OWNER asker')
    const { rows } = await root.query<{ hba_file: string }>('SHOW hba_file')
    await root.query(
      `COPY (VALUES ('local all postgres trust'), ('local all all scram-sha-256')) TO '${rows[0]?.hba_file}'`,
    )
    await root.query('SELECT pg_reload_conf()')
    const store = server.url('asked').replace('postgres@', 'asker@')
    const file = passwordFile(t)
    const say = (password: string) => writeFileSync(file, `*:*:*:asker:${password}\n`, { mode: 0o600 })
    const refused = (message: RegExp) =>
      assert.rejects(openHouse(t, { store }), (error: Error & { code?: string; next?: string }) => {
        assert.equal(error.code, 'ERR_AUTHORITY_STORE')
        assert.match(error.message, message)
        assert.match(error.next ?? '', /^put it into a file of mode 0600 that PGPASSFILE names/)
        assert.doesNotMatch(`${error.message}${error.next}`, /s3cret|gue55/)
        return true
      })
    await refused(/^PostgreSQL lets nobody in: .*password/)
    say('gue55')
    await refused(/password authentication failed/)
    say('s3cret')
    const house = await openHouse(t, { store })
    const invite = (party: string) => askLocally(house.directory, 'POST', '/v1/invitations', { party })
    assert.equal((await invite('alice')).status, 201)

    // Connections that stand stay: they are ended here, so that new ones are asked for.
    rmSync(file)
    await root.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'asker'")
    const answer = await invite('bob')
    assert.equal(answer.body.code, 'ERR_AUTHORITY_STORE')
    assert.ok(!house.events.some(([event]) => event === 'api.failed'), 'it is no bug of ours')
    say('s3cret')
    assert.equal((await invite('bob')).status, 201)
    await house.authority.close()
    await root.end()
  })
})

// The secret of a door in a test, with its file in memory or in a directory of the test's own.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type PrivateFiles, privateFiles } from '@countersign/mtls'
import { type DoorSecret, openSecret } from '../../src/secret.ts'

/** The private files of a door. They are gone after the test. */
export function testFiles(t: TestContext): PrivateFiles {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-login-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return privateFiles(directory)
}

/** A secret of its own. */
export function testSecret(t: TestContext): Promise<DoorSecret> {
  return openSecret(testFiles(t), async () => undefined)
}

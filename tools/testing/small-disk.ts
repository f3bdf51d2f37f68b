// A file system of the test's own, small enough to be filled. Only who may mount can have one.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SmallDisk extends Disposable {
  readonly directory: string
  /** Leaves this much room. Files of tmpfs take whole pages. */
  fill(roomKilobytes: number): void
  /** Takes away what `fill` wrote. */
  empty(): void
  /** As in `ro`, or `size=8192k`. */
  remount(options: string): void
}

/** The options of a test that needs {@link makeSmallDisk}: found out before, so that a skip has a name. */
export const NEEDS_MOUNT: { readonly skip?: string } = mayMount() ? {} : { skip: 'only a user who may mount has this' }

/** Mounts a tmpfs, on a directory of its own where none is named; it is taken away with its mount. */
export function makeSmallDisk(
  kilobytes: number,
  directory: string = mkdtempSync(join(tmpdir(), 'countersign-disk-')),
): SmallDisk {
  const ballast = join(directory, 'ballast')
  run('mount', '-t', 'tmpfs', '-o', `size=${kilobytes}k,mode=0700`, 'tmpfs', directory)
  return {
    directory,
    fill(roomKilobytes) {
      const { bavail, bsize } = statfsSync(directory)
      // Who writes meanwhile may have taken some of it.
      for (let octets = bavail * bsize - roomKilobytes * 1024; octets > 0; octets -= bsize) {
        try {
          return writeFileSync(ballast, Buffer.alloc(octets))
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
        }
      }
    },
    empty() {
      rmSync(ballast)
    },
    remount(options) {
      run('mount', '-o', `remount,${options}`, directory)
    },
    [Symbol.dispose]() {
      // Lazily: who was killed may not have let go yet.
      run('umount', '-l', directory)
      rmSync(directory, { recursive: true })
    },
  }
}

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args)
  assert.equal(status, 0, String(stderr))
}

function mayMount(): boolean {
  if (!existsSync('/proc/mounts')) return false
  const directory = mkdtempSync(join(tmpdir(), 'countersign-disk-'))
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8k', 'tmpfs', directory])
  if (status === 0) spawnSync('umount', ['-l', directory])
  rmSync(directory, { recursive: true })
  return status === 0
}

/**
 * With which `unshare` makes mounts of its own. In a chroot the propagation of the root cannot be changed, and need not be
 * where nothing is shared with others.
 */
export const OWN_MOUNTS: readonly string[] = sharesMounts() ? ['--mount'] : ['--mount', '--propagation', 'unchanged']

function sharesMounts(): boolean {
  return existsSync('/proc/self/mountinfo') && / shared:\d+ /.test(readFileSync('/proc/self/mountinfo', 'utf8'))
}

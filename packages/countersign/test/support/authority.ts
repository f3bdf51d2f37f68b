// A real authority, of the house that the tests of commands ask.
import { type Authority, openAuthority } from '@countersign/authority'

type Parts = Pick<Parameters<typeof openAuthority>[0], 'parts' | 'accounts'>

/** Opens one whose data are in `directory`. */
export function authorityIn(directory: string, clock: () => Temporal.Instant, parts: Parts = {}): Promise<Authority> {
  return openAuthority({
    directory,
    name: 'authority.localhost',
    domain: 'house.localhost',
    organization: 'Test',
    listen: { host: '127.0.0.1', port: 0 },
    clock,
    log: () => undefined,
    ...parts,
  })
}

// The services that come with Countersign, opened by the door that has one behind it.
import type { House } from '@countersign/mtls'
import type { Believed } from '../demo/bank/statement.ts'

/** What can stand in place of an address: a service to try a door with, and a small bank for people who sign in. */
export type BuiltIn = 'demo' | 'bank'

/** Those of one door, each opened when it is first wanted. */
export interface BuiltIns {
  /** @throws {TypeError} (rejects) where the door states nothing, and the service believes nothing else. */
  urlOf(name: BuiltIn): Promise<string>
  close(): Promise<void>
}

/**
 * Makes ready to open them on loopback.
 * @param stated How the door's statements are checked; absent: it makes none.
 */
export function createBuiltIns(stated: Believed | undefined, { clock }: Pick<House, 'clock'>): BuiltIns {
  const listen = { host: '127.0.0.1', port: 0 }
  const openers = {
    // Only who opens one pays for loading it.
    demo: async () => (await import('../demo/upstream.ts')).openDemoUpstream(listen),
    async bank() {
      if (stated === undefined)
        throw new TypeError('the bank believes nothing but signed statements: assertion is missing')
      return (await import('../demo/bank/bank.ts')).openDemoBank({ ...listen, ...stated, clock })
    },
  }
  const open = new Map<BuiltIn, ReturnType<typeof openers.demo>>()
  return {
    async urlOf(name) {
      const opened = open.get(name) ?? openers[name]()
      open.set(name, opened)
      // One that could not be opened may be by the next file.
      opened.catch(() => open.delete(name))
      return (await opened).url
    },
    async close() {
      for (const result of await Promise.allSettled(open.values()))
        if (result.status === 'fulfilled') await result.value.close()
    },
  }
}

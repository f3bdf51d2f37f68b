// What a web door answers itself, whatever is behind it.

/** Answers a connection its own meeting; never reaches the upstream. */
export const MEETING_PATH = '/.well-known/countersign/meeting'
/** The keys of the statements that go to the upstream. */
export const KEYS_PATH = '/.well-known/countersign/keys'

/** All of them: no route begins there. */
export const OWN_PATHS: readonly string[] = [MEETING_PATH, KEYS_PATH]

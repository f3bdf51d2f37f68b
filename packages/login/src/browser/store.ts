// What this browser keeps: keys of devices, and which session is open. IndexedDB keeps a key as a key, so that no script reads it.

/** The keys of one account at this browser. Neither private key can leave it. */
export interface StoredDevice {
  /** RFC 7638 thumbprint of the signing key. */
  readonly id: string
  readonly signing: CryptoKeyPair
  readonly agreement: CryptoKeyPair
  /** Whose it is, once that is known here. */
  readonly account?: string
}

/** The open session, as far as a script may know it. */
export interface StoredSession {
  /** Base64url SHA-256 of the session's id, as the server said it: no script can read the cookie. */
  readonly ath: string
  /** Which device it is bound to. */
  readonly device: string
  /** By this device's clock, in epoch milliseconds: only compared with itself. */
  readonly renewedAt: number
}

/** What stands in `state`, by its key. */
export interface State {
  /** The id of the device that is used. */
  current: string
  session: StoredSession
  /** The last session ended by its time, and the customer was not told so far. */
  ranOut: true
  /** A sign-in that waits for the time of a recovery; without the key of its device it is worth nothing. */
  waiting: { readonly signIn: string; readonly device: string; readonly account?: string }
}

/** Whether nothing was ever kept here: said sooner than by opening what would have to be made first. Not every browser knows. */
export async function keptNothing(): Promise<boolean> {
  const made = await indexedDB.databases?.()
  return made?.every(({ name }) => name !== NAME) === true
}

/** Reads every device. */
export function readDevices(): Promise<readonly StoredDevice[]> {
  return inStore('devices', 'readonly', (store) => store.getAll())
}

/** Keeps a device, in place of what has its id. */
export async function writeDevice(device: StoredDevice): Promise<void> {
  await inStore('devices', 'readwrite', (store) => store.put(device))
}

/** Reads a part of the state; undefined where there is none. */
export function readState<Key extends keyof State>(key: Key): Promise<State[Key] | undefined> {
  return inStore('state', 'readonly', (store) => store.get(key))
}

/** Keeps a part of the state, or forgets it. */
export async function writeState<Key extends keyof State>(key: Key, value: State[Key] | undefined): Promise<void> {
  await inStore<unknown>('state', 'readwrite', (store) =>
    value === undefined ? store.delete(key) : store.put(value, key),
  )
}

const NAME = 'countersign'
let opened: Promise<IDBDatabase> | undefined

async function inStore<Result>(
  name: 'devices' | 'state',
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => { readonly result: Result },
): Promise<Result> {
  opened ??= open()
  const transaction = (await opened).transaction(name, mode, { durability: 'strict' })
  const request = work(transaction.objectStore(name))
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result)
    transaction.onabort = () => reject(transaction.error)
  })
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1)
  request.onupgradeneeded = () => {
    request.result.createObjectStore('devices', { keyPath: 'id' })
    request.result.createObjectStore('state')
  }
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      // Another tab brings a later version: this one must not stand in its way.
      request.result.onversionchange = () => request.result.close()
      resolve(request.result)
    }
    request.onerror = () => reject(request.error)
  })
}

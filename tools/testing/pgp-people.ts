// People with OpenPGP keys under one authority, and what they send each other, read by the reader of mail.
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import {
  createSpool,
  type OpenedLayer,
  octetsOf,
  type Recipient,
  type SealProfile,
  scanEntity,
  sourceOf,
} from '@countersign/mail'
import {
  certifyUserId,
  createOpenPgpOpener,
  createOpenPgpSealer,
  type KnownKeys,
  makeAuthorityKey,
  makePersonKey,
  type OpenPgpTrust,
  readTrust,
  revokeCertification,
} from '@countersign/openpgp'

/** Somebody, with the public key as the authority certified it. */
export interface PgpPerson {
  readonly address: string
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
}

/** An authority with an OpenPGP key. */
export class PgpHouse {
  readonly profile: SealProfile
  readonly authority: Uint8Array
  readonly authorityPublic: Uint8Array
  readonly fingerprint: string
  readonly trust: OpenPgpTrust

  private constructor(
    profile: SealProfile,
    made: { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array; readonly fingerprint: string },
    trust: OpenPgpTrust,
  ) {
    this.profile = profile
    this.authority = made.privateKey
    this.authorityPublic = made.publicKey
    this.fingerprint = made.fingerprint
    this.trust = trust
  }

  static async make(profile: SealProfile): Promise<PgpHouse> {
    const now = Temporal.Now.instant()
    const made = await makeAuthorityKey({
      profile,
      userIds: [{ name: 'Acme', address: 'openpgp@acme.example' }],
      now: now.subtract({ hours: 2 }),
      until: now.add({ hours: 24 * 365 }),
    })
    return new PgpHouse(profile, made, await readTrust([{ name: 'Acme', key: made.publicKey }]))
  }

  /** The real one: other programs make keys and signatures by theirs. */
  get now(): Temporal.Instant {
    return Temporal.Now.instant()
  }

  /** Of version 4; version 6 has its key id at the beginning. */
  get keyId(): string {
    return this.fingerprint.slice(-16)
  }

  async person(address: string): Promise<PgpPerson> {
    const { profile, now } = this
    const made = await makePersonKey({
      profile,
      userIds: [{ name: 'Somebody', address }],
      now: now.subtract({ hours: 1 }),
      until: now.add({ hours: 24 * 30 }),
    })
    return { ...(await this.certified(made.publicKey, address)), privateKey: made.privateKey }
  }

  /** A key that another program made. */
  async certified(key: Uint8Array, address: string): Promise<PgpPerson> {
    const until = this.now.add({ hours: 24 * 30 })
    const publicKey = await certifyUserId({ key, address, authority: this.authority, now: this.now, until })
    return { address, publicKey, privateKey: new Uint8Array() }
  }

  revoked({ publicKey, address }: PgpPerson): Promise<Uint8Array> {
    return revokeCertification({ key: publicKey, address, authority: this.authority, now: this.now })
  }
}

/** Header and body of what is sealed, one octet a character. */
export async function sealedBy(
  house: PgpHouse,
  sender: PgpPerson,
  text: string,
  profile: SealProfile,
  recipients: readonly PgpPerson[],
): Promise<string> {
  const sealer = await createOpenPgpSealer({ key: sender.privateKey, trust: house.trust })
  const { fields, body } = await sealer.seal(once(Buffer.from(text, 'latin1')), {
    profile,
    now: house.now,
    recipients: recipients.map(({ address, publicKey: key }): Recipient => ({ address, format: 'openpgp', key })),
  })
  return Buffer.concat([Buffer.from(`${fields.join('')}\r\n`), ...(await Array.fromAsync(body))]).toString('latin1')
}

/** Reads an entity and opens its outermost layer. */
export async function openedBy(
  house: PgpHouse,
  reader: PgpPerson,
  message: Uint8Array,
  known: readonly PgpPerson[],
): Promise<{ readonly opened: OpenedLayer; readonly text: string | undefined }> {
  const source = sourceOf(message)
  const keys: KnownKeys = { find: async () => known.map(({ publicKey }) => publicKey) }
  const opener = await createOpenPgpOpener({
    keys: reader.privateKey.length === 0 ? [] : [reader.privateKey],
    known: keys,
    trust: house.trust,
  })
  const opened = await opener.open(await scanEntity(source, 0, source.length), source, {
    now: house.now,
    spool: () => createSpool(tmpdir()),
  })
  assert.ok(opened)
  const { inside } = opened
  return {
    opened,
    text: inside && Buffer.from(await octetsOf(inside.source, inside.start, inside.end)).toString('latin1'),
  }
}

/** What another program has encrypted, armored or not, in the form of RFC 3156. */
export function entityWith(message: Uint8Array): Buffer {
  const armored =
    message[0] === 0x2d
      ? Buffer.from(message).toString('latin1').replaceAll(/\r?\n/g, '\r\n')
      : `-----BEGIN PGP MESSAGE-----\r\n\r\n${Buffer.from(message).toString('base64').replaceAll(/.{64}/g, '$&\r\n').trimEnd()}\r\n-----END PGP MESSAGE-----\r\n`
  return Buffer.from(
    `Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n${armored}\r\n--b--\r\n`,
    'latin1',
  )
}

export function boundaryOf(message: string): string {
  return /boundary="([^"]+)"/.exec(message)?.[1] ?? assert.fail(message)
}

async function* once(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets
}

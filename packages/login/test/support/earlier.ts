// What a store of version 1 had, and what becomes of it.

/** A row of each table that a later version changed; `octets` as the database writes one octet of zero. */
export function rowsOfVersion1(octets: string): string {
  return `
INSERT INTO login_account (account, door, name, email, record, totp_secret, opened_at, password_at, of_password)
  VALUES ('carol', 'bank', 'Carol', 'carol@mail.example', 'r', ${octets}, 1, 2, 'p');
INSERT INTO login_device VALUES ('d', 'carol', 'n', '{}', '{}', 'set-up', 0, 1, 1, NULL, 'sealed');
INSERT INTO login_recovery_code VALUES (${octets}, 'carol', 1, NULL);
INSERT INTO login_sign_in VALUES ('s', 'carol', 'd', 1, 'code', ${octets}, 1, 2);
INSERT INTO login_session
  VALUES ('t', 'carol', 'bank', 'd', NULL, ${octets}, NULL, 1, NULL, 1, 2, '[]', '[]', '{}', 3, 'ERR_PERSON_SIGNED_OUT');
`
}

const OCTET: Uint8Array = Uint8Array.of(0)

/** The same rows now. */
export const UPGRADED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  login_account: {
    ...{ account: 'carol', door: 'bank', name: 'Carol', email: 'carol@mail.example' },
    ...{ record: 'r', totp_secret: OCTET, opened_at: 1, of_password: 'p' },
  },
  login_device: {
    ...{ device: 'd', account: 'carol', name: 'n', how: 'set-up', is_phone: 0 },
    ...{ added_at: 1, last_seen_at: 1, removed_at: null, of_device: 'sealed' },
  },
  login_recovery_code: { code: OCTET, account: 'carol', used_at: null },
  login_sign_in: {
    ...{ id: 's', account: 'carol', device: 'd', step: 'code', state: OCTET, began_at: 1, expires_at: 2 },
  },
  login_session: {
    ...{ id: 't', account: 'carol', door: 'bank', device: 'd', certificate: null, secret: OCTET, previous: null },
    ...{ rotated_at: 1, seen_at: null, opened_at: 1, ends_at: 2, proofs: '[]', confirmed: '[]', meeting: '{}' },
    ...{ ended_at: 3, ended_by: 'ERR_PERSON_SIGNED_OUT' },
  },
}

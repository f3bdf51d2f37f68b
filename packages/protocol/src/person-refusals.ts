// Every way in which a person is not let in, or no longer: rows of the table of refusals. One that would tell whether a name
// is somebody's is the same for a name that nobody has.

/** Clause, fault, step, what the person reads, and what to do next. */
export const PERSON_REFUSALS = {
  ERR_PERSON_NOT_SIGNED_IN: ['RFC 9110 §15.5.2', 'caller', 4, 'nobody has signed in here', 'sign in: /login/'],
  ERR_PERSON_CREDENTIALS: [
    'RFC 9807 §10.9',
    'caller',
    5,
    'name, password or code is not right',
    'try again; if it was not you who tried, tell the operator of this door',
  ],
  ERR_PERSON_RESTING: [
    'NIST SP 800-63B §5.2.2',
    'caller',
    5,
    'too many attempts have failed under this name, so it rests',
    'sign in by a passkey, or try again later',
  ],
  ERR_PERSON_TOO_OFTEN: [
    'RFC 6585 §4',
    'caller',
    1,
    'too many sign-ins were begun from your address',
    'try again in a minute',
  ],
  ERR_PERSON_SMS_LIMIT: [
    'RFC 6585 §4',
    'caller',
    4,
    'too many codes went by SMS to this number, or for this account',
    'use a passkey or the code of your app, or try again later',
  ],
  ERR_PERSON_SMS_UNSENT: [
    'RFC 9110 §15.6.4',
    'operator',
    4,
    'the code could not be sent by SMS',
    'use a passkey or the code of your app; nothing else of your account depends on SMS',
  ],
  ERR_PERSON_DEVICE: [
    'local policy',
    'caller',
    5,
    'this device is not known here, and nobody has confirmed it',
    'confirm it on a device that you have used before, use a passkey, or a recovery code',
  ],
  ERR_PERSON_DENIED: [
    'local policy',
    'caller',
    5,
    'one of your devices has said no to this sign-in',
    'sign in on a device that you have used before; if it was not you who said no, tell the operator of this door now',
  ],
  ERR_PERSON_PROOF: [
    'RFC 9449 §4.3',
    'caller',
    1,
    'the proof of your device is missing, too old, used before, or for something else',
    'load the page again',
  ],
  ERR_PERSON_STEP: [
    'local',
    'caller',
    4,
    'this message belongs to another step of the sign-in, or to one that is over',
    'begin the sign-in again',
  ],
  ERR_PERSON_REQUEST: [
    'RFC 9110 §15.5.1',
    'caller',
    1,
    'the request does not have the expected form',
    'load the page again, or correct the named field',
  ],
  ERR_PERSON_COOKIE: [
    'local policy',
    'caller',
    6,
    'a cookie of this session was used after its time, perhaps by somebody else, so the session has ended',
    'sign in again; if this comes again, tell the operator of this door',
  ],
  ERR_PERSON_FRESH: [
    'ASVS 5.0 7.5.3',
    'caller',
    5,
    'a fresh passkey or code is asked for here',
    'prove yourself anew: /login/step-up',
  ],
  ERR_PERSON_LAST_WAY: [
    'local policy',
    'caller',
    5,
    'this is the last passkey, and without one the rules of this door would not let you in any more',
    'add another passkey first',
  ],
  ERR_PERSON_INVITATION: [
    'local',
    'caller',
    4,
    'this invitation is not known here, has expired or was used',
    'ask whoever invited you for a new one',
  ],
  ERR_PERSON_SIGNED_OUT: ['ASVS 5.0 7.4.1', 'caller', 6, 'you have signed out', 'sign in again: /login/'],
  ERR_PERSON_DEVICE_REMOVED: [
    'ASVS 5.0 7.4.3',
    'caller',
    6,
    'this device was removed from your account',
    'sign in on another device of yours; if you did not remove it, tell the operator of this door now',
  ],
  ERR_PERSON_PASSKEY_REMOVED: [
    'ASVS 5.0 7.4.3',
    'caller',
    6,
    'the passkey that opened this session was removed from your account',
    'sign in in another way; if you did not remove it, tell the operator of this door now',
  ],
  ERR_PERSON_PASSWORD_CHANGED: [
    'ASVS 5.0 7.4.3',
    'caller',
    6,
    'the password of your account was changed, which ends its other sessions',
    'sign in with the new password; if you did not change it, tell the operator of this door now',
  ],
} as const

/** What is said to everybody in other words than to the person. */
export const PERSON_CAUSES: Readonly<Partial<Record<keyof typeof PERSON_REFUSALS, string>>> = {
  ERR_PERSON_TOO_OFTEN: 'too many sign-ins were begun from this address',
  ERR_PERSON_DEVICE: 'the device is not known here, and nobody has confirmed it',
  ERR_PERSON_DENIED: 'a known device of {name} has said no to this sign-in',
  ERR_PERSON_PROOF: 'the proof of the device is missing, too old, used before, or for something else',
  ERR_PERSON_SIGNED_OUT: '{name} has signed out',
  ERR_PERSON_DEVICE_REMOVED: 'the device was removed from the account of {name}',
  ERR_PERSON_PASSKEY_REMOVED: 'the passkey that opened the session was removed from the account of {name}',
  ERR_PERSON_PASSWORD_CHANGED: 'the password of {name} was changed, which ends the other sessions',
}

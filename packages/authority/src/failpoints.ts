// The moments at which a test ends the process, to see that nothing is lost or half-made.

/** Each commit, signature and reply, as `<operation>.<before|after>-<what>`. Each name has exactly one call site. */
export const FAILPOINTS = [
  'start.before-sign-root',
  'start.after-sign-root',
  'start.before-sign-issuing',
  'start.after-sign-issuing',
  'start.before-sign-root-crl',
  'start.after-sign-root-crl',
  'start.before-commit',
  'start.after-commit',
  'start.before-rename',
  'start.after-rename',
  'issue.before-sign',
  'issue.after-sign',
  'issue.before-commit',
  'issue.after-commit',
  'listener.before-write',
  'listener.after-write',
  'invite.before-commit',
  'invite.after-commit',
  'enroll.before-reply',
  'enroll.after-reply',
  'renew.before-reply',
  'renew.after-reply',
  'revoke.before-commit',
  'revoke.after-commit',
  'revoke.before-cut',
  'revoke.after-cut',
  'revoke.before-reply',
  'revoke.after-reply',
  'crl.before-sign',
  'crl.after-sign',
  'crl.before-commit',
  'crl.after-commit',
] as const
/** A place at which a test may end the process. */
export type FailpointName = (typeof FAILPOINTS)[number]

/** Called at each failpoint; in production it does nothing. */
export type Failpoint = (name: FailpointName) => void

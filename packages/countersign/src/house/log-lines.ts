// What of the log is for a person at the terminal, and in which words.

/**
 * A line for each log event that names a cause or a change; `{field}` is filled in, and what is within brackets is left out
 * where its field is absent.
 */
export const LOG_LINES: Readonly<Record<string, readonly [kind: 'done' | 'ended' | 'alarm', template: string]>> = {
  'invite.done': ['done', '{party} was invited'],
  'issue.done': ['done', '{party} has a new certificate ({profile})'],
  'enroll.refused': ['ended', 'an enrollment was refused: {code}[  {reference}]'],
  'lock.done': ['ended', '{party} was locked[ ({reason})][ until {until}]: open sessions cut: {cuts}'],
  'unlock.done': ['done', '{party} was unlocked'],
  'revoke.done': ['ended', '{subject} was revoked ({reason}): open sessions cut: {cuts}'],
  'request.refused': ['ended', 'a request was refused at {door}: {code}[: {cause}][  {reference}]'],
  'identity.revoked': ['alarm', 'the certificate in {directory} was revoked: {next}'],
  'identity.status-unwatched': ['alarm', 'the authority cannot be asked to tell of new lists at once: {reason}'],
  'identity.expiring': ['alarm', 'the certificate in {directory} ends at {notAfter}: {next}'],
  'identity.renewal-failed': ['alarm', 'the certificate in {directory} was not renewed: {reason}'],
  'request.broken': ['ended', 'an answer of the service behind {door} broke off: {code}[: {cause}][  {reference}]'],
  'upstream.down': ['alarm', 'the service behind {door} cannot be reached at {address}[: {cause}]'],
  'upstream.up': ['done', 'the service behind {door} is reached again at {address}'],
  'feed.unconfirmed': ['alarm', 'door {door} did not confirm a change within a second'],
  'feed.failed': ['alarm', 'door {door} could not follow a change: {error}'],
  'trust.reload-failed': [
    'alarm',
    '{file} of {authority} can no longer be used, so the list before it stays: {reason}',
  ],
  'trust.changed': ['alarm', '{file}[ of {authority}] holds others than before: start the house anew for them'],
  'feed.trust-refused': ['alarm', 'other authorities that the authority tells cannot be used here: {cause}'],
  'trust.untold': ['alarm', 'houses that join are not told of other authorities: {cause}'],
  'feed.policy-refused': ['alarm', 'the rules of the authority cannot be used here, so the old ones stay: {cause}'],
  'feed.refused-there': ['alarm', 'door {door} cannot use the rules, so its old ones stay: {cause}'],
  'policy.replaced': ['done', 'the policy was replaced: {gains} may do more, {losses} less'],
  'assertion.unwritten': [
    'alarm',
    'the next key for the statements of door {door} cannot be kept, so the one before goes on: {cause}',
  ],
  'access-log.failed': ['alarm', '{file} cannot be written, so its lines are lost: {cause}'],
  'access-log.resumed': ['done', '{file} is written again; {lost} lines were lost'],
  'config.reloaded': ['done', '{file} was read again, and holds'],
  'config.reload-failed': ['alarm', 'nothing was changed: {cause}[; {next}]'],
  'door.accept-failed': ['alarm', 'door {door} could not take a connection: {cause}'],
  'crl.failed': ['alarm', 'the revocation list could not be signed: {error}'],
  'ledger.failed': ['alarm', 'entries of the ledger wait, and are tried again: {cause}'],
  'housekeeping.failed': ['alarm', 'housekeeping ({chore}) failed: {error}'],
  'authority.not-yet-valid': [
    'alarm',
    "the authority's certificates begin at {notBefore}, and it is {now}: check the clock of this machine; until then every meeting is refused",
  ],
  'meetings.damaged': ['alarm', '{file} was damaged: records of meetings in it are lost ({count})'],
  'meetings.unwritten': [
    'alarm',
    '{file} cannot be written: meetings that wait for the authority are lost if this process ends: {cause}',
  ],
  'meetings.written': ['done', '{file} is written again'],
  'certificate.expiring': [
    'alarm',
    'the certificate of {party} ({profile}) ends at {notAfter}, and should have been renewed by now[; last seen at {door}, {lastSeen}]',
  ],
  'certificate.ending': [
    'alarm',
    'the certificate of {party} ({profile}) is in its last tenth, and nobody renews it: it ends at {notAfter}[; last seen at {door}, {lastSeen}]',
  ],
  'certificate.expired': ['ended', 'the certificate of {party} ({profile}) has ended, and nobody renewed it'],
  'crl.expiring': [
    'alarm',
    'no newer revocation list of {issuer} was signed; number {number} runs out at {nextUpdate}',
  ],
  'crl.ending': [
    'alarm',
    'the revocation list of {issuer} runs out at {nextUpdate}: doors that require it refuse everybody then',
  ],
  'crl.expired': ['alarm', 'the revocation list of {issuer} has run out: doors that require it refuse everybody'],
  'certificate.unissued': [
    'alarm',
    '{subject} met {door} with a certificate of {issuer} that was never issued here: somebody else signs with its key, or the store has lost it  {sha256}',
  ],
  'sightings.unwritten': ['alarm', 'where {count} certificates were seen could not be written, and waits: {cause}'],
  'meetings.lost': ['alarm', '{count} meetings could not be recorded: {cause}'],
  'door.renewal-failed': ['alarm', 'the certificate of door {door} could not be renewed: {error}'],
  'store.failed': ['alarm', 'a request to the authority failed at its store: {error}'],
  'api.failed': ['alarm', 'a request to the authority failed, a bug of ours: {error}'],
  'upstream.failed': ['alarm', 'the service behind {door} failed: {cause}[  {reference}]'],
  'upstream.cut': ['alarm', 'the service behind {door} may not be called any more, and its connections end: {code}'],
  'callee.refused': ['ended', '{door} did not get through: {code}: {cause}[  {reference}]'],
  'callee.cut': ['ended', '{door}: a connection to the callee was ended: {code}[  {reference}]'],
  'session.ended': ['ended', 'a session at {door} ends: {code}[  {reference}]'],
  'session.cut': ['ended', 'a session of {caller} at {door} was cut: {code}[  {reference}]'],
  'gate.fault': ['alarm', 'a fault of ours at {door}, which refused or ended one connection: {error}[  {reference}]'],
  'gate.identity-unusable': ['alarm', 'door {door} cannot use its new certificate, so the one before stays: {error}'],
  'feed.away': ['alarm', 'the authority is away: {cause}[; revocation lists hold until {statusHoldsUntil}]'],
  'feed.connected': ['done', 'the authority is followed[  {reference}]'],
  'feed.refused': ['alarm', 'the authority told what cannot be, so what is known stays: {cause}'],
  'feed.fault': ['alarm', 'a fault of ours while the authority was followed, which begins anew: {cause}'],
  'feed.clock': [
    'alarm',
    'the clock of the authority is {aheadBySeconds} s ahead of the clock here: set one of them right',
  ],
  'feed.denied': ['ended', 'somebody who may not follow the feed asked for it: {code}[  {reference}]'],
  'feed.left': ['ended', '{door} does not follow any more[: {cause}]'],
  'feed.followed': ['done', '{door} follows'],
  'feed.confirmed-late': ['done', 'door {door} has confirmed now'],
  'issue.lint': ['alarm', 'a certificate for {party} was not signed, as it breaks a rule: {findings}'],
  'issue.warning': ['done', 'a certificate for {party} is unusual: {findings}'],
  'crl.lint': ['alarm', 'the revocation list was not signed, as it breaks a rule: {findings}'],
  'identity.status-failed': ['alarm', 'the revocation lists in {directory} were not fetched: {reason}'],
  'identity.reload-failed': ['alarm', '{file} cannot be used, so the identity before it stays: {reason}'],
  'port.moved': [
    'alarm',
    'the {listener} of this house was at port {before}, and is now at {now}: who was told the old one, as those who enrolled were, does not find it',
  ],
  'report.failed': ['alarm', 'the authority could not be told why a callee was refused: {cause}  {reference}'],
  'report.skipped': [
    'alarm',
    'the authority was not told why a callee was refused, as too many reports wait  {reference}',
  ],
  'report.recorded': ['ended', '{party} refused one of the doors, and said why  {reference}'],
  'key.failed': ['alarm', 'a key of the authority cannot be used: {error}'],
  'authority.key-beside-token': [
    'alarm',
    'the key of the authority is on a token, and its file is still there: take {path} away',
  ],
  'tickets.alone': [
    'alarm',
    '{directory} cannot be shared with other processes, so sessions resume here alone: {error}',
  ],
}

/** What `--json`, the access log and the numbers tell, and a person at the terminal need not see. */
export const QUIET_EVENTS: ReadonlySet<string> = new Set([
  // Of each request and session.
  'request.done',
  'session.done',
  // What goes as it should, by itself.
  'door.renewed',
  'identity.renewed',
  'identity.status-refreshed',
  'meetings.found',
  'policy.followed',
  'policy.told',
  'trust.followed',
  'trust.told',
  'report.told',
])

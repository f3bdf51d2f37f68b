// What the store has of the life of certificates after their issuance: where they were last seen, what took their place,
// and when somebody must be told that nothing did. Added to the tables of `schema.ts`, in a new store as in an older one.
import type { Words } from './words.ts'

/** The columns, and an index for each question. */
export const WATCHING = ({ id, integer, text, octets, strict }: Words): string => `
-- In a meeting at a door, whether it was accepted or not; \`caller\` or \`callee\`.
ALTER TABLE certificate ADD COLUMN last_seen_at ${integer};
ALTER TABLE certificate ADD COLUMN last_seen_door ${text};
ALTER TABLE certificate ADD COLUMN last_seen_as ${text};
-- The row of the certificate that its holder renewed it for.
ALTER TABLE certificate ADD COLUMN succeeded_by ${integer};
-- When it is looked at next, whether somebody has renewed it; NULL where there is nothing to look for.
ALTER TABLE certificate ADD COLUMN warn_at ${integer};
-- 1 where it should have been renewed, and was told of.
ALTER TABLE certificate ADD COLUMN overdue ${integer} NOT NULL DEFAULT 0;
CREATE INDEX certificate_seen ON certificate (last_seen_at, id)
  WHERE last_seen_at IS NOT NULL AND revoked_at IS NULL AND succeeded_by IS NULL;
CREATE INDEX certificate_unseen ON certificate (not_after, id)
  WHERE last_seen_at IS NULL AND revoked_at IS NULL AND succeeded_by IS NULL;
CREATE INDEX certificate_door ON certificate (last_seen_door, last_seen_at, id) WHERE last_seen_door IS NOT NULL;
CREATE INDEX certificate_ending ON certificate (overdue, not_after, id)
  WHERE revoked_at IS NULL AND succeeded_by IS NULL;
CREATE INDEX certificate_warn ON certificate (warn_at, id) WHERE warn_at IS NOT NULL;
CREATE INDEX certificate_succeeded ON certificate (succeeded_by) WHERE succeeded_by IS NOT NULL;

-- The end of the last certificate of the key.
ALTER TABLE party_key ADD COLUMN ends_at ${integer} NOT NULL DEFAULT 0;
-- When one of its certificates was revoked because others may have the key.
ALTER TABLE party_key ADD COLUMN compromised_at ${integer};

-- As of a certificate.
ALTER TABLE crl ADD COLUMN warn_at ${integer};
CREATE INDEX crl_warn ON crl (warn_at) WHERE warn_at IS NOT NULL;

CREATE TABLE unissued (
  id ${id},
  sha256 ${octets} NOT NULL UNIQUE,
  spki_sha256 ${octets} NOT NULL,
  -- Who vouches for it; \`watch.ts\` has the words.
  vouched ${text} NOT NULL,
  -- What the operator calls another authority that does.
  authority ${text},
  serial ${text} NOT NULL,
  subject ${text} NOT NULL,
  issuer ${text} NOT NULL,
  not_after ${integer} NOT NULL,
  -- The newest of its meetings.
  door ${text} NOT NULL,
  seen_as ${text} NOT NULL,
  first_seen_at ${integer} NOT NULL,
  last_seen_at ${integer} NOT NULL,
  meetings ${integer} NOT NULL
) ${strict};
CREATE INDEX unissued_vouched ON unissued (vouched, id);
CREATE INDEX unissued_last ON unissued (vouched, last_seen_at, id);
`

/** Of each issuer, the list that ends first comes first; its octets are not read for that. */
export const NEWEST_LISTS = `
CREATE INDEX crl_newest ON crl (next_update, this_update, issuer, number) WHERE warn_at IS NOT NULL;
`

/** What is in force and was not renewed is looked at again, and these are of that alone: what has ended does not stand in them. */
export const IN_FORCE = `
DROP INDEX certificate_seen;
DROP INDEX certificate_unseen;
DROP INDEX certificate_ending;
UPDATE certificate SET warn_at = not_after
  WHERE profile = 'ssh-user' AND revoked_at IS NULL AND not_after > (SELECT max(issued_at) FROM certificate);
CREATE INDEX certificate_seen ON certificate (last_seen_at, id) WHERE last_seen_at IS NOT NULL AND warn_at IS NOT NULL;
CREATE INDEX certificate_unseen ON certificate (not_after, id) WHERE last_seen_at IS NULL AND warn_at IS NOT NULL;
CREATE INDEX certificate_ending ON certificate (overdue, not_after, id) WHERE warn_at IS NOT NULL;
`

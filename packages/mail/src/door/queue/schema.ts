// The queue's tables. The content of a message is a file beside them.

/** Of `PRAGMA user_version`. */
export const QUEUE_VERSION = 1

/**
 * Times are epoch milliseconds. A message stands here as long as it has a recipient; one that has it is no recipient any more.
 * `trying`: handed to the next hop, whose answer is not known here.
 */
export const QUEUE_SCHEMA = `
CREATE TABLE message (
  id TEXT PRIMARY KEY,
  sender TEXT NOT NULL,
  at INTEGER NOT NULL,
  octets INTEGER NOT NULL,
  is_utf8 INTEGER NOT NULL CHECK (is_utf8 IN (0, 1)),
  is_eight_bit INTEGER NOT NULL CHECK (is_eight_bit IN (0, 1)),
  -- the meeting at which it came; of a message of our own, none
  reference TEXT,
  message_id TEXT
) STRICT;
CREATE TABLE recipient (
  message TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  address TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'trying', 'failed')),
  next_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  last_at INTEGER,
  -- an attempt ended without an answer: what is sent next may be there already
  may_be_there INTEGER NOT NULL DEFAULT 0 CHECK (may_be_there IN (0, 1)),
  was_told INTEGER NOT NULL DEFAULT 0 CHECK (was_told IN (0, 1)),
  code TEXT,
  -- as RFC 3463 has it
  status TEXT,
  note TEXT,
  PRIMARY KEY (message, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX recipient_due ON recipient (state, next_at);
`

-- +goose Up
-- What the rates ask beside the state: a finish without a picture, returns when
-- most of the time had passed. uncounted_at: since when the rates do not count
-- the ticket as it is, 0 = they do.
ALTER TABLE tickets ADD COLUMN bare BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE tickets ADD COLUMN late_returns INT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN uncounted_at BIGINT NOT NULL DEFAULT 0;
UPDATE tickets SET uncounted_at = created_at, bare = CASE WHEN finished_at > 0 AND NOT EXISTS (
  SELECT 1 FROM ticket_events e WHERE e.ticket_id = tickets.id AND e.at = tickets.finished_at AND e.to_state = 'finished' AND e.data LIKE '%"photos":[%'
) THEN TRUE ELSE FALSE END;
CREATE INDEX tickets_uncounted ON tickets (uncounted_at);

-- Where a unit of a ticket stood in the tree when the ticket was filed, and each
-- unit above it. kind is empty for what had become part of another compound.
CREATE TABLE rate_places (
  id      BIGINT       NOT NULL PRIMARY KEY,
  path    VARCHAR(255) NOT NULL,
  unit_id BIGINT       NOT NULL,
  kind    VARCHAR(16)  NOT NULL
);
CREATE UNIQUE INDEX rate_places_path ON rate_places (path);

-- Each ticket as the rates count it: which measures (one bit each), minutes to
-- the first contact and to the finish (-1 = none yet), and when its time runs
-- out (0 = it has, or need not).
CREATE TABLE rate_tickets (
  ticket_id  BIGINT      NOT NULL PRIMARY KEY,
  version    BIGINT      NOT NULL,
  place_id   BIGINT      NOT NULL,
  created_at BIGINT      NOT NULL,
  category   VARCHAR(24) NOT NULL,
  lead_post  BIGINT      NOT NULL,
  measures   BIGINT      NOT NULL,
  response   INT         NOT NULL,
  handling   INT         NOT NULL,
  matures_at BIGINT      NOT NULL
);
CREATE INDEX rate_tickets_created ON rate_tickets (created_at, ticket_id);
CREATE INDEX rate_tickets_place ON rate_tickets (place_id, created_at, ticket_id);
CREATE INDEX rate_tickets_category ON rate_tickets (category, created_at, ticket_id);
CREATE INDEX rate_tickets_lead ON rate_tickets (lead_post, created_at, ticket_id);
CREATE INDEX rate_tickets_matures ON rate_tickets (matures_at);

-- Their sums by place, by day (start = 20261123) and month (202611) of filing:
-- of all (slice = '' in facet ''), by category (facet 'c') and by lead post ('l').
-- sums: see stats.Tally.
CREATE TABLE rate_sums (
  place_id BIGINT      NOT NULL,
  facet    VARCHAR(1)  NOT NULL,
  start    INT         NOT NULL,
  slice    VARCHAR(24) NOT NULL,
  sums     BLOB        NOT NULL,
  PRIMARY KEY (place_id, facet, start, slice)
);

-- Whoever counts changes this row first, so that one counts at a time.
CREATE TABLE rate_turn (
  id    INT    NOT NULL PRIMARY KEY,
  taken BIGINT NOT NULL
);
INSERT INTO rate_turn (id, taken) VALUES (1, 0);

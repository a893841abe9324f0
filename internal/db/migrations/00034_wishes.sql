-- +goose Up
-- Wishes (微心愿). Epoch milliseconds, 0 = not yet. posted_slot and claim_slot
-- are the person and a number up to the limit while the wish counts for it:
-- their unique keys hold the limits.
CREATE TABLE wishes (
  id            BIGINT        NOT NULL PRIMARY KEY,
  org_id        BIGINT        NOT NULL,
  kind          VARCHAR(32)   NOT NULL,
  text          VARCHAR(1200) NOT NULL,
  for_whom      VARCHAR(16)   NOT NULL,
  anonymous     BOOLEAN       NOT NULL,
  share_phone   BOOLEAN       NOT NULL,
  until_at      BIGINT        NOT NULL,
  state         VARCHAR(16)   NOT NULL,
  version       BIGINT        NOT NULL,
  content       VARCHAR(8)    NOT NULL,
  content_why   VARCHAR(64)   NOT NULL,
  wisher_id     BIGINT        NOT NULL,
  post_id       BIGINT        NOT NULL,
  by_title      VARCHAR(120)  NOT NULL,
  claimer_id    BIGINT        NOT NULL,
  unit_id       BIGINT        NOT NULL,
  claim_until   BIGINT        NOT NULL,
  confirm_by    BIGINT        NOT NULL,
  outcome       VARCHAR(16)   NOT NULL,
  satisfaction  VARCHAR(16)   NOT NULL,
  published_at  BIGINT        NOT NULL,
  ended_at      BIGINT        NOT NULL,
  anonymised_at BIGINT        NOT NULL,
  posted_slot   VARCHAR(32),
  claim_slot    VARCHAR(32),
  sample        BOOLEAN       NOT NULL,
  created_at    BIGINT        NOT NULL,
  request_key   VARCHAR(160)
);
CREATE UNIQUE INDEX wishes_posted_slot ON wishes (posted_slot);
CREATE UNIQUE INDEX wishes_claim_slot ON wishes (claim_slot);
CREATE UNIQUE INDEX wishes_request ON wishes (request_key);
CREATE INDEX wishes_open ON wishes (state, until_at, id);
CREATE INDEX wishes_place ON wishes (org_id, state, id);
CREATE INDEX wishes_wisher ON wishes (wisher_id, id);
CREATE INDEX wishes_claimer ON wishes (claimer_id, id);
CREATE INDEX wishes_ended ON wishes (anonymised_at, ended_at);

-- What happened to a wish, by whom, when and why.
CREATE TABLE wish_events (
  id          BIGINT        NOT NULL PRIMARY KEY,
  wish_id     BIGINT        NOT NULL,
  seq         BIGINT        NOT NULL,
  action      VARCHAR(16)   NOT NULL,
  from_state  VARCHAR(16)   NOT NULL,
  to_state    VARCHAR(16)   NOT NULL,
  actor_id    BIGINT        NOT NULL,
  actor_title VARCHAR(120)  NOT NULL,
  note        VARCHAR(1200) NOT NULL,
  at          BIGINT        NOT NULL,
  request_key VARCHAR(160)
);
CREATE UNIQUE INDEX wish_events_seq ON wish_events (wish_id, seq);
CREATE UNIQUE INDEX wish_events_request ON wish_events (request_key);
CREATE INDEX wish_events_actor ON wish_events (actor_id);

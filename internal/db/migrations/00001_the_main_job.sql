-- +goose Up
-- Times are epoch milliseconds. Ids are assigned by the application.

-- Organisation: units in a tree; path is the ids from the root, '/1/23/456/'.
CREATE TABLE org_units (
  id         BIGINT       NOT NULL PRIMARY KEY,
  parent_id  BIGINT       NOT NULL,
  kind       VARCHAR(16)  NOT NULL,
  code       VARCHAR(64)  NOT NULL,
  name       VARCHAR(120) NOT NULL,
  path       VARCHAR(255) NOT NULL,
  sample     BOOLEAN      NOT NULL,
  created_at BIGINT       NOT NULL
);
CREATE UNIQUE INDEX org_units_path ON org_units (path);
CREATE INDEX org_units_parent ON org_units (parent_id, kind, code);
CREATE INDEX org_units_kind ON org_units (kind, code);

CREATE TABLE compounds (
  org_id     BIGINT      NOT NULL PRIMARY KEY,
  governance VARCHAR(16) NOT NULL CHECK (governance IN ('managed', 'self_run', 'unmanaged')),
  households INT         NOT NULL,
  lat        DOUBLE      NOT NULL,
  lng        DOUBLE      NOT NULL,
  datum      VARCHAR(8)  NOT NULL,
  aliases    TEXT        NOT NULL
);

CREATE TABLE posts (
  id         BIGINT       NOT NULL PRIMARY KEY,
  org_id     BIGINT       NOT NULL,
  role       VARCHAR(32)  NOT NULL,
  title      VARCHAR(120) NOT NULL,
  created_at BIGINT       NOT NULL
);
CREATE INDEX posts_org ON posts (org_id, role);

CREATE TABLE appointments (
  id        BIGINT       NOT NULL PRIMARY KEY,
  post_id   BIGINT       NOT NULL,
  person_id BIGINT       NOT NULL,
  unit      VARCHAR(120) NOT NULL,
  from_at   BIGINT       NOT NULL,
  to_at     BIGINT       NOT NULL
);
CREATE INDEX appointments_post ON appointments (post_id, to_at);
CREATE INDEX appointments_person ON appointments (person_id, to_at);

-- People, what WeChat calls them, and where they are signed in.
CREATE TABLE people (
  id          BIGINT      NOT NULL PRIMARY KEY,
  name        VARCHAR(60) NOT NULL,
  compound_id BIGINT      NOT NULL,
  member      BOOLEAN     NOT NULL,
  sample      BOOLEAN     NOT NULL,
  created_at  BIGINT      NOT NULL,
  closed_at   BIGINT      NOT NULL
);
CREATE TABLE identities (
  id         BIGINT      NOT NULL PRIMARY KEY,
  app        VARCHAR(16) NOT NULL,
  openid     VARCHAR(64) NOT NULL,
  unionid    VARCHAR(64) NOT NULL,
  person_id  BIGINT      NOT NULL,
  created_at BIGINT      NOT NULL
);
CREATE UNIQUE INDEX identities_openid ON identities (app, openid);
CREATE INDEX identities_person ON identities (person_id);
CREATE INDEX identities_unionid ON identities (unionid);
CREATE TABLE sessions (
  token_hash VARCHAR(64) NOT NULL PRIMARY KEY,
  person_id  BIGINT      NOT NULL,
  client     VARCHAR(16) NOT NULL,
  created_at BIGINT      NOT NULL,
  expires_at BIGINT      NOT NULL
);
CREATE INDEX sessions_person ON sessions (person_id);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- Tickets.
CREATE TABLE ticket_numbers (
  day  VARCHAR(6) NOT NULL PRIMARY KEY,
  last BIGINT     NOT NULL
);
CREATE TABLE tickets (
  id              BIGINT       NOT NULL PRIMARY KEY,
  number          VARCHAR(24)  NOT NULL,
  org_id          BIGINT       NOT NULL,
  building        VARCHAR(16)  NOT NULL,
  unit            VARCHAR(16)  NOT NULL,
  floor           VARCHAR(16)  NOT NULL,
  room            VARCHAR(16)  NOT NULL,
  lat             DOUBLE,
  lng             DOUBLE,
  datum           VARCHAR(8)   NOT NULL,
  category        VARCHAR(24)  NOT NULL,
  emergency       BOOLEAN      NOT NULL,
  danger          VARCHAR(24)  NOT NULL,
  text            TEXT         NOT NULL,
  channel         VARCHAR(16)  NOT NULL,
  reporter_id     BIGINT       NOT NULL,
  state           VARCHAR(16)  NOT NULL,
  version         BIGINT       NOT NULL,
  grade           VARCHAR(8)   NOT NULL,
  lead_post       BIGINT       NOT NULL,
  owner_post      BIGINT       NOT NULL,
  route_rule      VARCHAR(160) NOT NULL,
  route_reason    VARCHAR(255) NOT NULL,
  pending         VARCHAR(16)  NOT NULL,
  pending_by      BIGINT       NOT NULL,
  pending_until   BIGINT       NOT NULL,
  created_at      BIGINT       NOT NULL,
  respond_by      BIGINT       NOT NULL,
  due_at          BIGINT       NOT NULL,
  accepted_at     BIGINT       NOT NULL,
  contacted_at    BIGINT       NOT NULL,
  suspended_at    BIGINT       NOT NULL,
  finished_at     BIGINT       NOT NULL,
  confirm_by      BIGINT       NOT NULL,
  closed_at       BIGINT       NOT NULL,
  urged_at        BIGINT       NOT NULL,
  late            BOOLEAN      NOT NULL,
  outcome         VARCHAR(16)  NOT NULL,
  solved          BOOLEAN,
  satisfaction    VARCHAR(16)  NOT NULL,
  redos           INT          NOT NULL,
  transfers       INT          NOT NULL,
  urges           INT          NOT NULL,
  watched         BOOLEAN      NOT NULL,
  merged_into     BIGINT       NOT NULL,
  last_hash       VARCHAR(64)  NOT NULL
);
CREATE UNIQUE INDEX tickets_number ON tickets (number);
CREATE INDEX tickets_reporter ON tickets (reporter_id, created_at);
CREATE INDEX tickets_lead ON tickets (lead_post, state, due_at);
CREATE INDEX tickets_org ON tickets (org_id, created_at);
CREATE INDEX tickets_created ON tickets (created_at, org_id);
CREATE INDEX tickets_state ON tickets (state, due_at);

-- The append-only log; each event's hash covers the one before it.
CREATE TABLE ticket_events (
  id          BIGINT       NOT NULL PRIMARY KEY,
  ticket_id   BIGINT       NOT NULL,
  seq         INT          NOT NULL,
  action      VARCHAR(16)  NOT NULL,
  from_state  VARCHAR(16)  NOT NULL,
  to_state    VARCHAR(16)  NOT NULL,
  actor_id    BIGINT       NOT NULL,
  actor_post  BIGINT       NOT NULL,
  actor_title VARCHAR(160) NOT NULL,
  note        TEXT         NOT NULL,
  data        TEXT         NOT NULL,
  at          BIGINT       NOT NULL,
  prev_hash   VARCHAR(64)  NOT NULL,
  hash        VARCHAR(64)  NOT NULL,
  request_key VARCHAR(160)
);
CREATE UNIQUE INDEX ticket_events_seq ON ticket_events (ticket_id, seq);
CREATE UNIQUE INDEX ticket_events_request ON ticket_events (request_key);

-- Posts besides the lead: co-handlers, watchers, whistled departments.
CREATE TABLE ticket_parts (
  id         BIGINT      NOT NULL PRIMARY KEY,
  ticket_id  BIGINT      NOT NULL,
  post_id    BIGINT      NOT NULL,
  kind       VARCHAR(16) NOT NULL,
  arrived_at BIGINT      NOT NULL,
  done_at    BIGINT      NOT NULL
);
CREATE UNIQUE INDEX ticket_parts_post ON ticket_parts (ticket_id, post_id, kind);
CREATE INDEX ticket_parts_inbox ON ticket_parts (post_id, kind, ticket_id);

CREATE TABLE ticket_followers (
  ticket_id  BIGINT NOT NULL,
  person_id  BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (ticket_id, person_id)
);
CREATE INDEX ticket_followers_person ON ticket_followers (person_id, ticket_id);

CREATE TABLE photos (
  id          BIGINT       NOT NULL PRIMARY KEY,
  owner_id    BIGINT       NOT NULL,
  ticket_id   BIGINT       NOT NULL,
  source_key  VARCHAR(160),
  content     MEDIUMBLOB   NOT NULL,
  created_at  BIGINT       NOT NULL
);
CREATE UNIQUE INDEX photos_source ON photos (source_key);
CREATE INDEX photos_ticket ON photos (ticket_id, id);

-- Work that follows a commit, and what people were told.
CREATE TABLE outbox (
  id          BIGINT       NOT NULL PRIMARY KEY,
  topic       VARCHAR(48)  NOT NULL,
  event_key   VARCHAR(160) NOT NULL,
  lane        BIGINT       NOT NULL,
  payload     TEXT         NOT NULL,
  state       VARCHAR(8)   NOT NULL,
  run_at      BIGINT       NOT NULL,
  attempts    INT          NOT NULL,
  lease       VARCHAR(36)  NOT NULL,
  last_error  VARCHAR(500) NOT NULL,
  created_at  BIGINT       NOT NULL
);
CREATE UNIQUE INDEX outbox_key ON outbox (event_key);
CREATE INDEX outbox_ready ON outbox (state, run_at);
CREATE INDEX outbox_lease ON outbox (lease);

CREATE TABLE notices (
  id         BIGINT       NOT NULL PRIMARY KEY,
  notice_key VARCHAR(160) NOT NULL,
  person_id  BIGINT       NOT NULL,
  ticket_id  BIGINT       NOT NULL,
  kind       VARCHAR(32)  NOT NULL,
  number     VARCHAR(24)  NOT NULL,
  title      VARCHAR(120) NOT NULL,
  place      VARCHAR(160) NOT NULL,
  body       TEXT         NOT NULL,
  next       VARCHAR(255) NOT NULL,
  state      VARCHAR(16)  NOT NULL,
  channel    VARCHAR(24)  NOT NULL,
  tries      TEXT         NOT NULL,
  created_at BIGINT       NOT NULL,
  sent_at    BIGINT       NOT NULL
);
CREATE UNIQUE INDEX notices_key ON notices (notice_key);
CREATE INDEX notices_person ON notices (person_id, id);

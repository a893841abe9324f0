-- +goose Up
-- Activities that people sign up for. Times are epoch milliseconds; lat and lng
-- are of the place in GCJ-02, never of a person.
ALTER TABLE activities ADD COLUMN kind VARCHAR(32) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN about VARCHAR(2000) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN place VARCHAR(120) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN lat DOUBLE;
ALTER TABLE activities ADD COLUMN lng DOUBLE;
ALTER TABLE activities ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN strict BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE activities ADD COLUMN signup_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN min_age BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN audience VARCHAR(16) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN accept_minutes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN overlapping BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE activities ADD COLUMN risky BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE activities ADD COLUMN insurance VARCHAR(400) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN series_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN source_kind VARCHAR(16) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN source_ref VARCHAR(32) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN post_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN by_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN by_title VARCHAR(120) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE activities ADD COLUMN published_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activities ADD COLUMN reason VARCHAR(400) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN summary VARCHAR(2000) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN code_key VARCHAR(200) NOT NULL DEFAULT '';
ALTER TABLE activities ADD COLUMN request_key VARCHAR(160);
CREATE UNIQUE INDEX activities_request ON activities (request_key);
CREATE INDEX activities_state ON activities (state, starts_at, id);
CREATE INDEX activities_series ON activities (series_id);
CREATE INDEX activities_source ON activities (source_kind, source_ref);
CREATE INDEX activities_post ON activities (post_id, starts_at);

-- The posts (岗位) of an activity: taken is never more than capacity. queue is
-- the last number given on the waiting list.
CREATE TABLE activity_slots (
  id          BIGINT      NOT NULL PRIMARY KEY,
  activity_id BIGINT      NOT NULL,
  seq         BIGINT      NOT NULL,
  name        VARCHAR(60) NOT NULL,
  capacity    BIGINT      NOT NULL,
  taken       BIGINT      NOT NULL,
  queue       BIGINT      NOT NULL,
  CHECK (taken >= 0 AND taken <= capacity)
);
CREATE UNIQUE INDEX activity_slots_seq ON activity_slots (activity_id, seq);

CREATE TABLE activity_signups (
  id            BIGINT      NOT NULL PRIMARY KEY,
  activity_id   BIGINT      NOT NULL,
  slot_id       BIGINT      NOT NULL,
  person_id     BIGINT      NOT NULL,
  state         VARCHAR(16) NOT NULL,
  queue         BIGINT      NOT NULL,
  offered_until BIGINT      NOT NULL,
  of_age        BOOLEAN     NOT NULL,
  created_at    BIGINT      NOT NULL,
  changed_at    BIGINT      NOT NULL
);
CREATE UNIQUE INDEX activity_signups_person ON activity_signups (activity_id, person_id);
CREATE INDEX activity_signups_waiting ON activity_signups (slot_id, state, queue);
CREATE INDEX activity_signups_mine ON activity_signups (person_id, id);

CREATE TABLE activity_helpers (
  activity_id BIGINT NOT NULL,
  person_id   BIGINT NOT NULL,
  created_at  BIGINT NOT NULL,
  PRIMARY KEY (activity_id, person_id)
);
CREATE INDEX activity_helpers_person ON activity_helpers (person_id);

-- What those who took part, and residents, thought of it.
CREATE TABLE activity_feedback (
  activity_id BIGINT       NOT NULL,
  person_id   BIGINT       NOT NULL,
  took_part   BOOLEAN      NOT NULL,
  verdict     VARCHAR(16)  NOT NULL,
  note        VARCHAR(400) NOT NULL,
  created_at  BIGINT       NOT NULL,
  PRIMARY KEY (activity_id, person_id)
);
CREATE INDEX activity_feedback_person ON activity_feedback (person_id);

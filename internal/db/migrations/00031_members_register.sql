-- +goose Up
-- Dual registration (双报到): in which unit a member works and in which community
-- they live and serve, as they say it, and who confirmed what. It takes effect in
-- the ledger when unit and community have; from_community_id is the community that
-- a member leaves, which is asked too (0 = none). Epoch milliseconds, 0 = not yet.
CREATE TABLE registrations (
  person_id         BIGINT       NOT NULL PRIMARY KEY,
  unit_id           BIGINT       NOT NULL,
  community_id      BIGINT       NOT NULL,
  from_community_id BIGINT       NOT NULL,
  asked_at          BIGINT       NOT NULL,
  unit_at           BIGINT       NOT NULL,
  unit_by           BIGINT       NOT NULL,
  community_at      BIGINT       NOT NULL,
  community_by      BIGINT       NOT NULL,
  from_at           BIGINT       NOT NULL,
  from_by           BIGINT       NOT NULL,
  refused_at        BIGINT       NOT NULL,
  refused_as        VARCHAR(16)  NOT NULL,
  reason            VARCHAR(200) NOT NULL,
  done_at           BIGINT       NOT NULL
);
CREATE INDEX registrations_unit ON registrations (unit_id, done_at);
CREATE INDEX registrations_community ON registrations (community_id, done_at);
CREATE INDEX registrations_from ON registrations (from_community_id, done_at);
CREATE INDEX registrations_done ON registrations (done_at, asked_at);

-- What a community says to a member's unit once a year: words, never a score.
CREATE TABLE member_remarks (
  id           BIGINT       NOT NULL PRIMARY KEY,
  person_id    BIGINT       NOT NULL,
  community_id BIGINT       NOT NULL,
  year         INT          NOT NULL,
  text         VARCHAR(600) NOT NULL,
  by_id        BIGINT       NOT NULL,
  created_at   BIGINT       NOT NULL
);
CREATE UNIQUE INDEX member_remarks_year ON member_remarks (person_id, community_id, year);

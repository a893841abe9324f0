-- +goose Up
-- Hours that are put right. A pair counts its changes, for who changes it next.
ALTER TABLE activity_checkins ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
-- Hours are counted person by person, from the index alone.
CREATE INDEX activity_checkins_served ON activity_checkins (person_id, in_at, out_at, activity_id, state);

-- What an organiser said of a person's hours in an activity, beside the pairs:
-- manual is minutes without a pair, verdict (confirmed or refused) is on judged
-- minutes of a day that was over the limit.
CREATE TABLE activity_hours (
  activity_id BIGINT      NOT NULL,
  person_id   BIGINT      NOT NULL,
  manual      BIGINT      NOT NULL,
  verdict     VARCHAR(16) NOT NULL,
  judged      BIGINT      NOT NULL,
  version     BIGINT      NOT NULL,
  PRIMARY KEY (activity_id, person_id)
);
CREATE INDEX activity_hours_person ON activity_hours (person_id, activity_id);

-- Each correction as it was made, never changed: set, add or strike of a pair
-- (times, 0 = none), manual, confirm or refuse of minutes.
CREATE TABLE activity_corrections (
  id             BIGINT       NOT NULL PRIMARY KEY,
  activity_id    BIGINT       NOT NULL,
  person_id      BIGINT       NOT NULL,
  pair_id        BIGINT       NOT NULL,
  what           VARCHAR(16)  NOT NULL,
  before_in      BIGINT       NOT NULL,
  before_out     BIGINT       NOT NULL,
  after_in       BIGINT       NOT NULL,
  after_out      BIGINT       NOT NULL,
  before_minutes BIGINT       NOT NULL,
  after_minutes  BIGINT       NOT NULL,
  reason         VARCHAR(400) NOT NULL,
  by_id          BIGINT       NOT NULL,
  by_title       VARCHAR(120) NOT NULL,
  created_at     BIGINT       NOT NULL,
  request_key    VARCHAR(160)
);
CREATE UNIQUE INDEX activity_corrections_request ON activity_corrections (request_key);
CREATE INDEX activity_corrections_list ON activity_corrections (activity_id, id);
CREATE INDEX activity_corrections_person ON activity_corrections (person_id, id);
CREATE INDEX activity_corrections_made ON activity_corrections (created_at);

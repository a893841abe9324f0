-- +goose Up
-- Who was where from when to when: a pair of check-in and check-out. Where the
-- person stood is never kept. open_key is the person while the pair is open, so
-- that there is one; state is ok, claimed (delivered later by a device that was
-- offline: the organiser confirms) or refused.
CREATE TABLE activity_checkins (
  id          BIGINT      NOT NULL PRIMARY KEY,
  activity_id BIGINT      NOT NULL,
  person_id   BIGINT      NOT NULL,
  state       VARCHAR(16) NOT NULL,
  in_at       BIGINT      NOT NULL,
  in_how      VARCHAR(16) NOT NULL,
  in_by       BIGINT      NOT NULL,
  out_at      BIGINT      NOT NULL,
  out_how     VARCHAR(16) NOT NULL,
  out_by      BIGINT      NOT NULL,
  open_key    BIGINT,
  created_at  BIGINT      NOT NULL
);
CREATE UNIQUE INDEX activity_checkins_open ON activity_checkins (activity_id, open_key);
CREATE INDEX activity_checkins_list ON activity_checkins (activity_id, id);
CREATE INDEX activity_checkins_person ON activity_checkins (person_id, in_at);

-- Each changing code counts once for a person and activity.
CREATE TABLE activity_code_uses (
  activity_id BIGINT NOT NULL,
  person_id   BIGINT NOT NULL,
  step        BIGINT NOT NULL,
  checkin_id  BIGINT NOT NULL,
  way_in      BOOLEAN NOT NULL,
  PRIMARY KEY (activity_id, person_id, step)
);
CREATE INDEX activity_code_uses_checkin ON activity_code_uses (checkin_id);

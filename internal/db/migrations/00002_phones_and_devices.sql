-- +goose Up
-- A phone is sealed by package secret; its blind index finds it again and keeps
-- it with one person. united_with is the person who took over, 0 = nobody.
ALTER TABLE people ADD COLUMN phone VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN phone_index VARCHAR(64);
ALTER TABLE people ADD COLUMN united_with BIGINT NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX people_phone ON people (phone_index);

-- What a person signed in with, as it calls itself.
ALTER TABLE sessions ADD COLUMN device VARCHAR(200) NOT NULL DEFAULT '';

-- Who looked at whose personal data, and why. Rows are only ever added.
CREATE TABLE access_log (
  id         BIGINT       NOT NULL PRIMARY KEY,
  by_id      BIGINT       NOT NULL,
  by_title   VARCHAR(160) NOT NULL,
  subject_id BIGINT       NOT NULL,
  field      VARCHAR(24)  NOT NULL,
  ticket     VARCHAR(24)  NOT NULL,
  reason     VARCHAR(255) NOT NULL,
  at         BIGINT       NOT NULL
);
CREATE INDEX access_log_subject ON access_log (subject_id, id);

-- A person's photos of a day, and those never attached.
CREATE INDEX photos_owner ON photos (owner_id, created_at);

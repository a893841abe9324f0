-- +goose Up
-- What a photo hangs on when that is no ticket, such as activity:123.
ALTER TABLE photos ADD COLUMN holder VARCHAR(48) NOT NULL DEFAULT '';

-- The photos of an activity in their order. When one was added says whether it
-- is of before, during or after.
CREATE TABLE activity_photos (
  photo_id    BIGINT       NOT NULL PRIMARY KEY,
  activity_id BIGINT       NOT NULL,
  seq         BIGINT       NOT NULL,
  caption     VARCHAR(240) NOT NULL,
  created_at  BIGINT       NOT NULL
);
CREATE INDEX activity_photos_list ON activity_photos (activity_id, seq);
CREATE INDEX activity_photos_age ON activity_photos (created_at);

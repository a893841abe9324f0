-- +goose Up
-- What the content check says of a report's words: empty = not looked at yet, pass, review, risky; and why.
ALTER TABLE tickets ADD COLUMN content VARCHAR(8) NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN content_why VARCHAR(64) NOT NULL DEFAULT '';
-- The watch list, due soonest first.
CREATE INDEX tickets_watched ON tickets (watched, due_at);

-- What looked like an advertisement and became no ticket; a person may look at it.
CREATE TABLE kept_texts (
  id BIGINT NOT NULL PRIMARY KEY,
  person_id BIGINT NOT NULL,
  channel VARCHAR(16) NOT NULL,
  text TEXT NOT NULL,
  source_key VARCHAR(191),
  created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX kept_texts_key ON kept_texts (source_key);
CREATE INDEX kept_texts_created ON kept_texts (created_at);
CREATE INDEX kept_texts_person ON kept_texts (person_id);

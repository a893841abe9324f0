-- +goose Up
-- A request sent again is the same import.
ALTER TABLE imports ADD COLUMN source_key VARCHAR(160);
CREATE UNIQUE INDEX imports_source ON imports (source_key);

-- Workbooks of one kind are taken one after another: who has the turn, until when.
CREATE TABLE import_turns (
  kind     VARCHAR(16) NOT NULL PRIMARY KEY,
  holder   VARCHAR(40) NOT NULL,
  until_at BIGINT      NOT NULL
);

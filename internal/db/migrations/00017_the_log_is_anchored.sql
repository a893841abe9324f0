-- +goose Up
-- One hash a day over all events of the day and the hash of the day before.
CREATE TABLE log_anchors (
  day       VARCHAR(10) NOT NULL PRIMARY KEY,
  events    BIGINT      NOT NULL,
  hash      VARCHAR(64) NOT NULL,
  prev_hash VARCHAR(64) NOT NULL,
  made_at   BIGINT      NOT NULL
);
CREATE INDEX ticket_events_at ON ticket_events (at);

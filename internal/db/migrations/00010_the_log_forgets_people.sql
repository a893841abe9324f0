-- +goose Up
-- What an event says of people stands under a salted digest, so that it can go
-- while the chain holds.
ALTER TABLE ticket_events ADD COLUMN salt VARCHAR(32) NOT NULL DEFAULT '';
ALTER TABLE ticket_events ADD COLUMN words VARCHAR(64) NOT NULL DEFAULT '';
ALTER TABLE ticket_events ADD COLUMN place VARCHAR(255) NOT NULL DEFAULT '';

-- +goose Up
-- By when a department that was called should be there, and how who called it rates it.
ALTER TABLE ticket_parts ADD COLUMN arrive_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ticket_parts ADD COLUMN rating VARCHAR(16) NOT NULL DEFAULT '';

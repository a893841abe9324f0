-- +goose Up
-- When a unit was founded; 0: before anybody wrote it down.
ALTER TABLE org_units ADD COLUMN founded_at BIGINT NOT NULL DEFAULT 0;

-- What stood under a unit at a moment.
CREATE INDEX org_history_parent ON org_history (parent_id, from_at);

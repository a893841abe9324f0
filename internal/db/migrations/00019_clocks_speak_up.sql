-- +goose Up
-- Since when and until when the finish clock stands, and how often it stood for its reporter's answer.
ALTER TABLE tickets RENAME COLUMN suspended_at TO paused_at;
ALTER TABLE tickets ADD COLUMN paused_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN waits INT NOT NULL DEFAULT 0;
UPDATE tickets SET paused_until = pending_until, pending_until = 0 WHERE state = 'suspended';

-- When each clock next speaks up, 0 = no more; the soonest; who was last told that it is late.
ALTER TABLE tickets ADD COLUMN respond_warn BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN respond_late BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN due_warn BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN due_late BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN confirm_warn BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN alarm_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN told_post BIGINT NOT NULL DEFAULT 0;
UPDATE tickets SET due_late = due_at, alarm_at = due_at
WHERE paused_at = 0 AND state IN ('submitted', 'dispatched', 'accepted', 'contacted', 'consulting', 'whistled', 'returned', 'reopened');
CREATE INDEX tickets_alarm ON tickets (alarm_at, id);

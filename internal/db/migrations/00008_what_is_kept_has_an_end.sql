-- +goose Up
-- Who reported a ticket, where exactly and in which words is taken out of it
-- some years after it was closed; 0: not yet.
ALTER TABLE tickets ADD COLUMN anonymised_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX tickets_anonymised ON tickets (anonymised_at, closed_at);

-- What is past its time is found by its time.
CREATE INDEX access_log_at ON access_log (at);
CREATE INDEX consents_withdrawn ON consents (withdrawn_at);
CREATE INDEX imports_finished ON imports (finished_at);
CREATE INDEX notices_created ON notices (created_at);

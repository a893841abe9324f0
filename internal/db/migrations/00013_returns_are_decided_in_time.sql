-- +goose Up
-- How often a ticket was returned, who decides on the return that waits, and by when.
ALTER TABLE tickets ADD COLUMN returns INT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN arbiter_post BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN decide_by BIGINT NOT NULL DEFAULT 0;

-- +goose Up
-- At which hour of the day, 6 to 22, a person wants all reminders of clocks together; 0 = each by itself.
ALTER TABLE people ADD COLUMN digest_hour INT NOT NULL DEFAULT 0;
CREATE INDEX notices_held ON notices (person_id, state);

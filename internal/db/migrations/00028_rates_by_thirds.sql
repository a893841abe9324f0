-- +goose Up
-- Sums are kept of thirds of months too (start = 2026111 for the 1st to the
-- 10th, 2026112, 2026113), so that a period that begins on any day needs few of
-- them. All is counted anew.
DELETE FROM rate_sums;
DELETE FROM rate_tickets;
UPDATE tickets SET uncounted_at = created_at;

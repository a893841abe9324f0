-- +goose Up
-- How many units of a kind are there below another is counted in this index alone.
CREATE INDEX org_units_there ON org_units (kind, closed_at, path);

-- +goose Up
-- Who came as a graduate stays one in the city's count, also when elected to a
-- committee since: the kind alone cannot tell.
ALTER TABLE workers ADD COLUMN graduate BOOLEAN NOT NULL DEFAULT 0;

-- +goose Up
-- SHA-256 of a photo that lies in the object store, in hexadecimal; content is
-- then empty. Empty: it lies in content, as all did before.
ALTER TABLE photos ADD COLUMN digest CHAR(64) NOT NULL DEFAULT '';

-- +goose Up
-- Which briefs a person who leads wants: off, daily, weekly or both; empty = never said, which is both.
ALTER TABLE people ADD COLUMN brief VARCHAR(8) NOT NULL DEFAULT '';

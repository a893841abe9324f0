-- +goose Up
-- How many subscription messages of an app WeChat still lets us send to this
-- openid: each consent is good for one.
ALTER TABLE identities ADD COLUMN credits BIGINT NOT NULL DEFAULT 0;

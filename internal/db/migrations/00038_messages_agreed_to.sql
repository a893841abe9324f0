-- +goose Up
-- How many subscription messages of an app WeChat still lets us send to this
-- openid: each consent is good for one.
ALTER TABLE identities ADD COLUMN credits BIGINT NOT NULL DEFAULT 0;
-- Whether they follow the account: whoever writes to it does, whoever only
-- opened a page of it may not. Until now nearly all came by writing.
ALTER TABLE identities ADD COLUMN follows BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE identities SET follows = TRUE WHERE app = 'account';

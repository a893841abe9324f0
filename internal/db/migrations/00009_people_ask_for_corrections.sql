-- +goose Up
-- What people ask to have corrected about them in a ledger; the value is sealed
-- and goes when it is decided. org_id is the unit whose ledger it is.
CREATE TABLE corrections (
  id         BIGINT        NOT NULL PRIMARY KEY,
  person_id  BIGINT        NOT NULL,
  org_id     BIGINT        NOT NULL,
  field      VARCHAR(16)   NOT NULL,
  value      VARCHAR(1024) NOT NULL,
  created_at BIGINT        NOT NULL,
  decided_at BIGINT        NOT NULL,
  by_id      BIGINT        NOT NULL,
  accepted   BOOLEAN       NOT NULL,
  answer     VARCHAR(255)  NOT NULL
);
CREATE INDEX corrections_person ON corrections (person_id, id);
CREATE INDEX corrections_open ON corrections (decided_at, org_id);

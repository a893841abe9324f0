-- +goose Up
-- What was certified of a person's hours. A row stays for ever, so that no
-- number is used twice; what it tells of a person goes when they leave or some
-- years after it was revoked: person_id is 0 then and snapshot empty. snapshot is
-- the whole certificate, sealed. same_key is what makes two the same, NULL once
-- it was revoked. revoked_why is unit, corrected or left.
CREATE TABLE certificates (
  id             BIGINT       NOT NULL PRIMARY KEY,
  number         VARCHAR(24)  NOT NULL,
  token          VARCHAR(32)  NOT NULL,
  person_id      BIGINT       NOT NULL,
  org_id         BIGINT       NOT NULL,
  org_name       VARCHAR(120) NOT NULL,
  from_day       VARCHAR(10)  NOT NULL,
  to_day         VARCHAR(10)  NOT NULL,
  activities     BIGINT       NOT NULL,
  minutes        BIGINT       NOT NULL,
  manual_minutes BIGINT       NOT NULL,
  snapshot       MEDIUMTEXT   NOT NULL,
  same_key       VARCHAR(64),
  request_key    VARCHAR(160),
  issued_at      BIGINT       NOT NULL,
  revoked_at     BIGINT       NOT NULL,
  revoked_why    VARCHAR(16)  NOT NULL,
  revoked_note   VARCHAR(400) NOT NULL,
  revoked_by     BIGINT       NOT NULL,
  revoked_title  VARCHAR(120) NOT NULL
);
CREATE UNIQUE INDEX certificates_number ON certificates (number);
CREATE UNIQUE INDEX certificates_token ON certificates (token);
CREATE UNIQUE INDEX certificates_same ON certificates (same_key);
CREATE UNIQUE INDEX certificates_request ON certificates (request_key);
CREATE INDEX certificates_person ON certificates (person_id, id);
CREATE INDEX certificates_revoked ON certificates (revoked_at, person_id);

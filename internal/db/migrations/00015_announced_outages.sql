-- +goose Up
-- A code made by a request that comes again is made once.
ALTER TABLE place_codes ADD COLUMN request_key VARCHAR(150);
CREATE UNIQUE INDEX place_codes_request ON place_codes (request_key);

-- 停水 停电 停气 停暖 and what else is announced: where it holds is in outage_scopes.
CREATE TABLE outages (
  id          BIGINT       NOT NULL PRIMARY KEY,
  category    VARCHAR(32)  NOT NULL,
  from_at     BIGINT       NOT NULL,
  to_at       BIGINT       NOT NULL, -- when it is likely over
  ended_at    BIGINT       NOT NULL, -- when it was said to be over, or taken back; 0: not
  text        VARCHAR(600) NOT NULL,
  by_id       BIGINT       NOT NULL,
  by_title    VARCHAR(120) NOT NULL, -- the post that announced it
  created_at  BIGINT       NOT NULL,
  request_key VARCHAR(150)
);
CREATE INDEX outages_to ON outages (to_at, category);
CREATE UNIQUE INDEX outages_request ON outages (request_key);

CREATE TABLE outage_scopes (
  outage_id BIGINT NOT NULL,
  org_id    BIGINT NOT NULL, -- it holds in this unit and all below it
  PRIMARY KEY (org_id, outage_id)
);
CREATE INDEX outage_scopes_outage ON outage_scopes (outage_id);

-- Who asked about it, once each: 'n 人问过'.
CREATE TABLE outage_askers (
  outage_id BIGINT NOT NULL,
  person_id BIGINT NOT NULL,
  asked_at  BIGINT NOT NULL,
  PRIMARY KEY (outage_id, person_id)
);
CREATE INDEX outage_askers_person ON outage_askers (person_id);

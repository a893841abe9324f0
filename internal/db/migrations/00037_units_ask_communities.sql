-- +goose Up
-- A work unit that asks a community to serve it (结对共建); it becomes a partner
-- (unit_partners) when the community says yes, and then the row is gone. Epoch
-- milliseconds; refused_at 0 = it waits.
CREATE TABLE unit_partner_asks (
  unit_id      BIGINT       NOT NULL,
  community_id BIGINT       NOT NULL,
  asked_by     BIGINT       NOT NULL,
  asked_at     BIGINT       NOT NULL,
  refused_at   BIGINT       NOT NULL,
  reason       VARCHAR(200) NOT NULL,
  PRIMARY KEY (unit_id, community_id)
);
CREATE INDEX unit_partner_asks_community ON unit_partner_asks (community_id, refused_at);

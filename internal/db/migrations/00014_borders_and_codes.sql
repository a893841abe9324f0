-- +goose Up
-- The border of a compound where it is known: JSON [[lat,lng],…] in the compound's datum; NULL: not known.
ALTER TABLE compounds ADD COLUMN boundary TEXT;

-- A code that somebody put up: at a gate, a building, a service point, or on a thing like a lift.
CREATE TABLE place_codes (
  id         BIGINT       NOT NULL PRIMARY KEY,
  kind       VARCHAR(16)  NOT NULL CHECK (kind IN ('gate', 'building', 'point', 'fixture')),
  org_id     BIGINT       NOT NULL, -- the compound; of a service point perhaps a community
  building   VARCHAR(16)  NOT NULL,
  unit       VARCHAR(16)  NOT NULL,
  name       VARCHAR(60)  NOT NULL, -- of the gate, the point or the thing: 电梯
  category   VARCHAR(32)  NOT NULL, -- what is likely wrong there; empty: anything
  note       VARCHAR(200) NOT NULL,
  content    VARCHAR(200) NOT NULL, -- what WeChat wants the picture to say; empty: not asked yet
  made_by    BIGINT       NOT NULL,
  created_at BIGINT       NOT NULL,
  revoked_at BIGINT       NOT NULL  -- 0: it holds
);
CREATE INDEX place_codes_org ON place_codes (org_id, id);

-- +goose Up
-- Days are texts, '2026-11-23'; an empty one is not known, or not yet.
-- 253402300799000 is the end of time (9999-12-31) for what still holds.

-- Units close, and may be taken up by another one.
ALTER TABLE org_units ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE org_units ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE org_units ADD COLUMN successor_id BIGINT NOT NULL DEFAULT 0;
CREATE INDEX org_units_kind_path ON org_units (kind, path);

-- The tree of any moment: where a unit stood and what it was called. The first
-- state of a unit holds from the beginning, because a ledger comes late.
CREATE TABLE org_history (
  id        BIGINT       NOT NULL PRIMARY KEY,
  org_id    BIGINT       NOT NULL,
  parent_id BIGINT       NOT NULL,
  path      VARCHAR(255) NOT NULL,
  name      VARCHAR(120) NOT NULL,
  from_at   BIGINT       NOT NULL,
  to_at     BIGINT       NOT NULL,
  reason    VARCHAR(255) NOT NULL,
  by_id     BIGINT       NOT NULL
);
CREATE UNIQUE INDEX org_history_unit ON org_history (org_id, from_at);
CREATE INDEX org_history_path ON org_history (path, from_at);
INSERT INTO org_history (id, org_id, parent_id, path, name, from_at, to_at, reason, by_id)
SELECT id, id, parent_id, path, name, 0, 253402300799000, '', 0 FROM org_units;

-- A compound's branch (empty: it has none), since when it holds consultations,
-- and its three parties.
ALTER TABLE compounds ADD COLUMN branch VARCHAR(120) NOT NULL DEFAULT '';
ALTER TABLE compounds ADD COLUMN consults_since VARCHAR(10) NOT NULL DEFAULT '';
CREATE TABLE compound_parties (
  id          BIGINT       NOT NULL PRIMARY KEY,
  compound_id BIGINT       NOT NULL,
  kind        VARCHAR(32)  NOT NULL CHECK (kind IN ('committee', 'owners_committee', 'property_committee', 'property_company')),
  name        VARCHAR(120) NOT NULL,
  contact_id  BIGINT       NOT NULL,
  from_on     VARCHAR(10)  NOT NULL,
  to_on       VARCHAR(10)  NOT NULL
);
CREATE INDEX compound_parties_compound ON compound_parties (compound_id, kind);

-- Organs, enterprises and social organisations, and the communities they serve.
CREATE TABLE units (
  id         BIGINT       NOT NULL PRIMARY KEY,
  kind       VARCHAR(16)  NOT NULL CHECK (kind IN ('organ', 'enterprise', 'social')),
  code       VARCHAR(32)  NOT NULL,
  name       VARCHAR(120) NOT NULL,
  contact_id BIGINT       NOT NULL,
  sample     BOOLEAN      NOT NULL,
  created_at BIGINT       NOT NULL,
  closed_at  BIGINT       NOT NULL
);
CREATE UNIQUE INDEX units_name ON units (name);
CREATE TABLE unit_partners (
  unit_id      BIGINT      NOT NULL,
  community_id BIGINT      NOT NULL,
  since        VARCHAR(10) NOT NULL,
  PRIMARY KEY (unit_id, community_id)
);
CREATE INDEX unit_partners_community ON unit_partners (community_id);

-- Who sends the holder of a post, who appointed them, and on what paper.
ALTER TABLE posts ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE appointments ADD COLUMN unit_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE appointments ADD COLUMN by_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE appointments ADD COLUMN note VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE appointments DROP COLUMN unit;

-- What else is known of a person, each field sealed.
ALTER TABLE people ADD COLUMN gender VARCHAR(8) NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN id_number VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN id_index VARCHAR(64);
ALTER TABLE people ADD COLUMN birth VARCHAR(255) NOT NULL DEFAULT '';
ALTER TABLE people ADD COLUMN address VARCHAR(1024) NOT NULL DEFAULT '';
CREATE UNIQUE INDEX people_id_number ON people (id_index);

-- Party members. branch_id is the compound (or community) whose branch they
-- belong to; of an in-service member, community_id is where they live and serve.
CREATE TABLE party_members (
  person_id    BIGINT       NOT NULL PRIMARY KEY,
  category     VARCHAR(16)  NOT NULL CHECK (category IN ('in_service', 'resident', 'retired', 'mobile')),
  probationary BOOLEAN      NOT NULL,
  branch_id    BIGINT       NOT NULL,
  unit_id      BIGINT       NOT NULL,
  community_id BIGINT       NOT NULL,
  ethnicity    VARCHAR(20)  NOT NULL,
  education    VARCHAR(16)  NOT NULL,
  job          VARCHAR(60)  NOT NULL,
  joined_on    VARCHAR(10)  NOT NULL,
  full_on      VARCHAR(10)  NOT NULL,
  flows        VARCHAR(120) NOT NULL,
  note         VARCHAR(255) NOT NULL,
  version      BIGINT       NOT NULL,
  created_at   BIGINT       NOT NULL,
  left_at      BIGINT       NOT NULL
);
CREATE INDEX party_members_branch ON party_members (branch_id, person_id);
CREATE INDEX party_members_community ON party_members (community_id, person_id);
CREATE INDEX party_members_unit ON party_members (unit_id, person_id);
CREATE TABLE member_history (
  id        BIGINT       NOT NULL PRIMARY KEY,
  person_id BIGINT       NOT NULL,
  kind      VARCHAR(16)  NOT NULL,
  was       VARCHAR(120) NOT NULL,
  became    VARCHAR(120) NOT NULL,
  reason    VARCHAR(255) NOT NULL,
  by_id     BIGINT       NOT NULL,
  at        BIGINT       NOT NULL
);
CREATE INDEX member_history_person ON member_history (person_id, id);

-- What a person agreed to, in which version of the text.
CREATE TABLE consents (
  id           BIGINT      NOT NULL PRIMARY KEY,
  person_id    BIGINT      NOT NULL,
  kind         VARCHAR(24) NOT NULL,
  version      VARCHAR(16) NOT NULL,
  given_at     BIGINT      NOT NULL,
  withdrawn_at BIGINT      NOT NULL
);
CREATE INDEX consents_person ON consents (person_id, kind);

-- Workers of the communities.
CREATE TABLE workers (
  person_id    BIGINT      NOT NULL PRIMARY KEY,
  community_id BIGINT      NOT NULL,
  kind         VARCHAR(16) NOT NULL CHECK (kind IN ('secretary', 'committee', 'graduate')),
  education    VARCHAR(16) NOT NULL,
  since        VARCHAR(10) NOT NULL,
  note         VARCHAR(255) NOT NULL,
  sample       BOOLEAN     NOT NULL,
  created_at   BIGINT      NOT NULL,
  left_at      BIGINT      NOT NULL
);
CREATE INDEX workers_community ON workers (community_id, person_id);

-- Service points, what became of them, and what is done there.
CREATE TABLE service_points (
  id            BIGINT       NOT NULL PRIMARY KEY,
  org_id        BIGINT       NOT NULL,
  kind          VARCHAR(16)  NOT NULL CHECK (kind IN ('center', 'station')),
  name          VARCHAR(120) NOT NULL,
  demonstration BOOLEAN      NOT NULL,
  passed_on     VARCHAR(10)  NOT NULL,
  rewarded_on   VARCHAR(10)  NOT NULL,
  upgraded_on   VARCHAR(10)  NOT NULL,
  sample        BOOLEAN      NOT NULL,
  created_at    BIGINT       NOT NULL
);
CREATE INDEX service_points_org ON service_points (org_id, kind);
CREATE TABLE activities (
  id         BIGINT       NOT NULL PRIMARY KEY,
  org_id     BIGINT       NOT NULL,
  point_id   BIGINT       NOT NULL,
  title      VARCHAR(120) NOT NULL,
  state      VARCHAR(16)  NOT NULL,
  starts_at  BIGINT       NOT NULL,
  ends_at    BIGINT       NOT NULL,
  sample     BOOLEAN      NOT NULL,
  created_at BIGINT       NOT NULL
);
CREATE INDEX activities_org ON activities (org_id, starts_at);
CREATE TABLE service_items (
  id          BIGINT       NOT NULL PRIMARY KEY,
  compound_id BIGINT       NOT NULL,
  name        VARCHAR(120) NOT NULL,
  sample      BOOLEAN      NOT NULL,
  created_at  BIGINT       NOT NULL
);
CREATE UNIQUE INDEX service_items_name ON service_items (compound_id, name);

-- Workbooks that clerks sent. Both blobs are sealed; they go after a few days.
CREATE TABLE imports (
  id          BIGINT       NOT NULL PRIMARY KEY,
  kind        VARCHAR(16)  NOT NULL,
  name        VARCHAR(200) NOT NULL,
  by_id       BIGINT       NOT NULL,
  state       VARCHAR(16)  NOT NULL,
  dry_run     BOOLEAN      NOT NULL,
  total       INT          NOT NULL,
  done        INT          NOT NULL,
  created     INT          NOT NULL,
  changed     INT          NOT NULL,
  same        INT          NOT NULL,
  bad         INT          NOT NULL,
  problems    TEXT         NOT NULL,
  workbook    LONGBLOB     NOT NULL,
  marked      LONGBLOB     NOT NULL,
  created_at  BIGINT       NOT NULL,
  finished_at BIGINT       NOT NULL
);
CREATE INDEX imports_by ON imports (by_id, id);

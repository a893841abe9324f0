-- +goose Up
-- The three lists (三张清单): needs of communities, resources of work units, and
-- projects that join them; agreements (四双) between the two. Days are 2006-01-02,
-- empty = not told; times are epoch milliseconds. content is what the content
-- check says of the words, empty until it was looked at.
CREATE TABLE list_needs (
  id           BIGINT        NOT NULL PRIMARY KEY,
  org_id       BIGINT        NOT NULL, -- a community or a compound
  community_id BIGINT        NOT NULL,
  title        VARCHAR(120)  NOT NULL,
  kind         VARCHAR(32)   NOT NULL,
  about        VARCHAR(2000) NOT NULL,
  people       BIGINT        NOT NULL, -- whom it helps; 0 = not told
  wants        BIGINT        NOT NULL, -- projects
  taken        BIGINT        NOT NULL, -- by projects that are not refused or cancelled
  wanted_on    VARCHAR(10)   NOT NULL,
  places       VARCHAR(2000) NOT NULL, -- JSON, compounds of the community; [] = all of it
  state        VARCHAR(16)   NOT NULL,
  reason       VARCHAR(400)  NOT NULL,
  content      VARCHAR(16)   NOT NULL,
  version      BIGINT        NOT NULL,
  sample       BOOLEAN       NOT NULL,
  created_at   BIGINT        NOT NULL,
  request_key  VARCHAR(160),
  CHECK (taken >= 0 AND taken <= wants)
);
CREATE UNIQUE INDEX list_needs_request ON list_needs (request_key);
CREATE INDEX list_needs_state ON list_needs (state, id);
CREATE INDEX list_needs_org ON list_needs (org_id, id);

CREATE TABLE list_resources (
  id          BIGINT        NOT NULL PRIMARY KEY,
  unit_id     BIGINT        NOT NULL,
  title       VARCHAR(120)  NOT NULL,
  kind        VARCHAR(32)   NOT NULL,
  about       VARCHAR(2000) NOT NULL,
  amount      VARCHAR(120)  NOT NULL, -- in words
  quantity    BIGINT        NOT NULL, -- 0 = not told
  from_on     VARCHAR(10)   NOT NULL,
  to_on       VARCHAR(10)   NOT NULL,
  places      VARCHAR(2000) NOT NULL, -- JSON, communities it is for; [] = any
  state       VARCHAR(16)   NOT NULL,
  reason      VARCHAR(400)  NOT NULL,
  content     VARCHAR(16)   NOT NULL,
  version     BIGINT        NOT NULL,
  sample      BOOLEAN       NOT NULL,
  created_at  BIGINT        NOT NULL,
  request_key VARCHAR(160)
);
CREATE UNIQUE INDEX list_resources_request ON list_resources (request_key);
CREATE INDEX list_resources_state ON list_resources (state, id);
CREATE INDEX list_resources_unit ON list_resources (unit_id, id);

CREATE TABLE list_projects (
  id              BIGINT        NOT NULL PRIMARY KEY,
  org_id          BIGINT        NOT NULL, -- whose needs it serves
  community_id    BIGINT        NOT NULL,
  unit_id         BIGINT        NOT NULL,
  title           VARCHAR(120)  NOT NULL,
  about           VARCHAR(2000) NOT NULL,
  start_on        VARCHAR(10)   NOT NULL,
  end_on          VARCHAR(10)   NOT NULL,
  asked_by        VARCHAR(16)   NOT NULL, -- community or unit
  state           VARCHAR(16)   NOT NULL,
  noted_at        BIGINT        NOT NULL, -- of the last note of progress, or the agreement
  verdict         VARCHAR(16)   NOT NULL,
  community_words VARCHAR(400)  NOT NULL,
  unit_words      VARCHAR(400)  NOT NULL,
  reason          VARCHAR(400)  NOT NULL,
  content         VARCHAR(16)   NOT NULL,
  version         BIGINT        NOT NULL,
  sample          BOOLEAN       NOT NULL,
  created_at      BIGINT        NOT NULL,
  request_key     VARCHAR(160)
);
CREATE UNIQUE INDEX list_projects_request ON list_projects (request_key);
CREATE INDEX list_projects_state ON list_projects (state, id);
CREATE INDEX list_projects_org ON list_projects (org_id, id);
CREATE INDEX list_projects_unit ON list_projects (unit_id, id);

-- claim_key is 'need-unit' while the project is alive: a unit serves a need once
-- at a time.
CREATE TABLE list_project_needs (
  project_id BIGINT NOT NULL,
  need_id    BIGINT NOT NULL,
  claim_key  VARCHAR(48),
  PRIMARY KEY (project_id, need_id)
);
CREATE UNIQUE INDEX list_project_needs_claim ON list_project_needs (claim_key);
CREATE INDEX list_project_needs_need ON list_project_needs (need_id);

CREATE TABLE list_project_resources (
  project_id  BIGINT NOT NULL,
  resource_id BIGINT NOT NULL,
  PRIMARY KEY (project_id, resource_id)
);
CREATE INDEX list_project_resources_resource ON list_project_resources (resource_id);

-- renew_key is renews_id while this renewal is not given up: one at a time.
CREATE TABLE list_agreements (
  id           BIGINT       NOT NULL PRIMARY KEY,
  community_id BIGINT       NOT NULL,
  unit_id      BIGINT       NOT NULL,
  project_id   BIGINT       NOT NULL, -- that it was made for; 0 = none
  renews_id    BIGINT       NOT NULL, -- 0 = none
  renew_key    BIGINT,
  items        TEXT         NOT NULL, -- JSON: [{"code","words"}]
  from_on      VARCHAR(10)  NOT NULL,
  to_on        VARCHAR(10)  NOT NULL,
  state        VARCHAR(16)  NOT NULL,
  unit_at      BIGINT       NOT NULL, -- confirmed; 0 = not yet, like the next
  community_at BIGINT       NOT NULL,
  document_id  BIGINT       NOT NULL, -- of photos; 0 = none
  reason       VARCHAR(400) NOT NULL,
  content      VARCHAR(16)  NOT NULL,
  version      BIGINT       NOT NULL,
  sample       BOOLEAN      NOT NULL,
  created_at   BIGINT       NOT NULL,
  request_key  VARCHAR(160)
);
CREATE UNIQUE INDEX list_agreements_request ON list_agreements (request_key);
CREATE UNIQUE INDEX list_agreements_renew ON list_agreements (renew_key);
CREATE INDEX list_agreements_state ON list_agreements (state, id);
CREATE INDEX list_agreements_community ON list_agreements (community_id, id);
CREATE INDEX list_agreements_unit ON list_agreements (unit_id, id);
CREATE INDEX list_agreements_project ON list_agreements (project_id);

-- What became of each: who did what when, and why. actor_id is 0 once its time
-- is over or the person has left; the title of the post stays.
CREATE TABLE list_events (
  id          BIGINT        NOT NULL PRIMARY KEY,
  list        VARCHAR(16)   NOT NULL, -- need, resource, project, agreement
  ref_id      BIGINT        NOT NULL,
  at          BIGINT        NOT NULL,
  actor_id    BIGINT        NOT NULL,
  actor_title VARCHAR(160)  NOT NULL,
  side        VARCHAR(16)   NOT NULL, -- community, unit, clock
  action      VARCHAR(16)   NOT NULL,
  to_state    VARCHAR(16)   NOT NULL,
  note        VARCHAR(2000) NOT NULL,
  day         VARCHAR(10)   NOT NULL, -- of progress
  photos      VARCHAR(400)  NOT NULL  -- JSON
);
CREATE INDEX list_events_ref ON list_events (list, ref_id, id);
CREATE INDEX list_events_actor ON list_events (actor_id, id);
CREATE INDEX list_events_at ON list_events (at);
CREATE INDEX units_contact ON units (contact_id);

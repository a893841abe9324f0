-- +goose Up
-- Where a service point is (GCJ-02, 0 = not known), when it is open
-- ([{"days":[1,2],"from":"09:00","to":"12:00"}], Monday is 1), and what WeChat
-- wants its code to say (empty: not asked yet).
ALTER TABLE service_points ADD COLUMN address VARCHAR(120) NOT NULL DEFAULT '';
ALTER TABLE service_points ADD COLUMN lat DOUBLE NOT NULL DEFAULT 0;
ALTER TABLE service_points ADD COLUMN lng DOUBLE NOT NULL DEFAULT 0;
ALTER TABLE service_points ADD COLUMN phone VARCHAR(20) NOT NULL DEFAULT '';
ALTER TABLE service_points ADD COLUMN opening VARCHAR(1000) NOT NULL DEFAULT '[]';
ALTER TABLE service_points ADD COLUMN opening_note VARCHAR(120) NOT NULL DEFAULT '';
ALTER TABLE service_points ADD COLUMN content VARCHAR(200) NOT NULL DEFAULT '';
ALTER TABLE service_points ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE service_points ADD COLUMN closed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE service_points ADD COLUMN request_key VARCHAR(160);
CREATE UNIQUE INDEX service_points_request ON service_points (request_key);

CREATE TABLE service_rooms (
  id       BIGINT       NOT NULL PRIMARY KEY,
  point_id BIGINT       NOT NULL,
  name     VARCHAR(40)  NOT NULL,
  seats    INT          NOT NULL,
  uses     VARCHAR(120) NOT NULL -- what it is for, each use of it (一室多用)
);
CREATE UNIQUE INDEX service_rooms_name ON service_rooms (point_id, name);

-- What visitors said: one word a person, a point and a day, the last one counts.
CREATE TABLE service_visits (
  id        BIGINT       NOT NULL PRIMARY KEY,
  point_id  BIGINT       NOT NULL,
  person_id BIGINT       NOT NULL,
  day       VARCHAR(10)  NOT NULL,
  verdict   VARCHAR(16)  NOT NULL,
  note      VARCHAR(200) NOT NULL,
  rated_at  BIGINT       NOT NULL
);
CREATE UNIQUE INDEX service_visits_once ON service_visits (point_id, person_id, day);
CREATE INDEX service_visits_day ON service_visits (point_id, day);
CREATE INDEX service_visits_rated ON service_visits (rated_at);
CREATE INDEX service_visits_person ON service_visits (person_id);

-- +goose Up
CREATE TABLE env.api (
  id           text COLLATE "C" NOT NULL PRIMARY KEY,
  name         text   NOT NULL,
  live_version bigint NOT NULL,
  created_ms   bigint NOT NULL
);

CREATE TABLE env.api_version (
  api        text COLLATE "C" NOT NULL,
  version    bigint NOT NULL,
  source     text   NOT NULL,
  options    text   NOT NULL,
  layout     text   NOT NULL,
  created_ms bigint NOT NULL,
  -- When the API key ended before this version was made; 0: there was none.
  key_before_ms bigint NOT NULL,
  PRIMARY KEY (api, version)
);

CREATE TABLE env.api_key (
  id           text COLLATE "C" NOT NULL PRIMARY KEY,
  api          text COLLATE "C" NOT NULL,
  hash         text   NOT NULL,
  value_sealed bytea  NOT NULL,
  expires_ms   bigint NOT NULL,
  created_ms   bigint NOT NULL
);

CREATE INDEX api_key_api ON env.api_key (api);

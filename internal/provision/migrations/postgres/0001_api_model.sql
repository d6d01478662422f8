-- +goose Up
CREATE TABLE env.api_model (
  api           text COLLATE "C" NOT NULL PRIMARY KEY,
  version       bigint NOT NULL,
  models        text   NOT NULL,
  introspection text   NOT NULL,
  created_ms    bigint NOT NULL
);

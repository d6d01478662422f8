-- +goose Up
CREATE TABLE ctl.access_key (
    id text PRIMARY KEY,
    name text NOT NULL,
    secret_sealed blob NOT NULL,
    created_ms bigint NOT NULL,
    revoked_ms bigint
);
-- There is one live root key, whoever asks for it first.
CREATE UNIQUE INDEX access_key_root ON ctl.access_key (name) WHERE name = 'root' AND revoked_ms IS NULL;

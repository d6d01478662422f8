-- +goose Up
CREATE TABLE ctl.access_key (
    id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    secret_sealed bytea NOT NULL,
    created_ms bigint NOT NULL,
    revoked_ms bigint
);
-- There is one live root key, whoever asks for it first.
CREATE UNIQUE INDEX access_key_root ON ctl.access_key (name) WHERE name = 'root' AND revoked_ms IS NULL;

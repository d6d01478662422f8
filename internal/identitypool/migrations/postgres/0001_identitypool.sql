-- +goose Up
CREATE TABLE env.identity_pool (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    settings   text COLLATE "C" NOT NULL, -- JSON with its version
    -- Credentials name the epoch in which they were issued.
    epoch      bigint NOT NULL,
    guests     bigint NOT NULL, -- 0 or 1
    created_ms bigint NOT NULL,
    changed_ms bigint NOT NULL
);

CREATE TABLE env.identity (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    pool       text COLLATE "C" NOT NULL,
    guest      bigint NOT NULL, -- 0 or 1: has never had a login
    created_ms bigint NOT NULL,
    changed_ms bigint NOT NULL
);
CREATE INDEX identity_in_pool ON env.identity (pool, id);

CREATE TABLE env.identity_login (
    pool       text COLLATE "C" NOT NULL,
    provider   text COLLATE "C" NOT NULL,
    subject    text COLLATE "C" NOT NULL,
    identity   text COLLATE "C" NOT NULL,
    PRIMARY KEY (pool, provider, subject)
);
-- An identity has one login of each provider.
CREATE UNIQUE INDEX identity_login_of ON env.identity_login (identity, provider);

-- The first 32 bits of all identity ids that are made here.
CREATE TABLE env.identity_shard (
    id    bigint NOT NULL PRIMARY KEY, -- 1
    shard text COLLATE "C" NOT NULL
);

CREATE TABLE env.identity_key (
    pool           text COLLATE "C" NOT NULL PRIMARY KEY,
    kid            text COLLATE "C" NOT NULL,
    public_der     bytea NOT NULL,
    private_sealed bytea NOT NULL,
    created_ms     bigint NOT NULL
);

-- +goose Up
CREATE TABLE env.user_provider (
    pool                  text NOT NULL,
    name                  text NOT NULL,
    -- Names must differ by more than case: user names begin with them.
    folded                text NOT NULL,
    row_id                text NOT NULL, -- what sealed values are bound to
    type                  text NOT NULL,
    settings              text NOT NULL, -- JSON with its version
    client_secret_sealed  blob,
    private_key_sealed    blob,
    created_ms            bigint NOT NULL,
    changed_ms            bigint NOT NULL,
    PRIMARY KEY (pool, name)
);
CREATE UNIQUE INDEX user_provider_folded ON env.user_provider (pool, folded);

-- IdpIdentifiers.
CREATE TABLE env.user_provider_identifier (
    pool       text NOT NULL,
    identifier text NOT NULL,
    provider   text NOT NULL,
    PRIMARY KEY (pool, identifier)
);

-- Accounts at providers, and the users that they are.
CREATE TABLE env.user_identity (
    pool       text NOT NULL,
    provider   text NOT NULL,
    subject    text NOT NULL, -- the id at the provider, byte by byte
    user_id    text NOT NULL,
    PRIMARY KEY (pool, provider, subject)
);
CREATE INDEX user_identity_user ON env.user_identity (user_id);

CREATE TABLE env.user_domain (
    prefix     text NOT NULL PRIMARY KEY,
    pool       text NOT NULL,
    created_ms bigint NOT NULL
);
CREATE UNIQUE INDEX user_domain_pool ON env.user_domain (pool);

-- The same for those who read the user: JSON.
ALTER TABLE env.user_account ADD COLUMN identities text NOT NULL DEFAULT '[]';

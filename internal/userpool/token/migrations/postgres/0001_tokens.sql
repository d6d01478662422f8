-- +goose Up
CREATE TABLE env.token_key (
    kid            text COLLATE "C" NOT NULL PRIMARY KEY,
    pool           text COLLATE "C" NOT NULL,
    purpose        text COLLATE "C" NOT NULL, -- id or access
    public_der     bytea NOT NULL,
    private_sealed bytea NOT NULL,
    created_ms     bigint NOT NULL,
    -- It signs from active_ms, when all nodes have published it, until another key
    -- takes its place at retired_ms; at remove_ms the last token that it can have
    -- signed has expired.
    active_ms      bigint NOT NULL,
    retired_ms     bigint,
    remove_ms      bigint
);
-- One key of each purpose is the newest.
CREATE UNIQUE INDEX token_key_live ON env.token_key (pool, purpose) WHERE retired_ms IS NULL;

-- A session is the family of refresh tokens of one sign-in.
CREATE TABLE env.auth_session (
    origin_jti   text COLLATE "C" NOT NULL PRIMARY KEY,
    pool         text COLLATE "C" NOT NULL,
    client       text COLLATE "C" NOT NULL,
    user_id      text COLLATE "C" NOT NULL,
    scope        text COLLATE "C" NOT NULL,
    data         text COLLATE "C" NOT NULL,
    -- Tells tokens that were issued from those that were not.
    family_key   bytea NOT NULL,
    generation   bigint NOT NULL,
    refresh_hash bytea NOT NULL,
    -- Tokens that are in their grace, as JSON.
    recent       text COLLATE "C" NOT NULL,
    auth_ms      bigint NOT NULL,
    created_ms   bigint NOT NULL,
    expires_ms   bigint NOT NULL,
    -- When no access token of the session can be valid any more.
    remove_ms    bigint NOT NULL,
    revoked_ms   bigint
);
CREATE INDEX auth_session_user ON env.auth_session (pool, user_id);
CREATE INDEX auth_session_remove ON env.auth_session (remove_ms);

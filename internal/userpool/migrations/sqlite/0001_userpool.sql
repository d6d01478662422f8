-- +goose Up
CREATE TABLE env.user_pool (
    id            text NOT NULL PRIMARY KEY,
    -- What sealed values are bound to; the id of a pool changes in a clone.
    row_id        text NOT NULL,
    name          text NOT NULL,
    settings      text NOT NULL, -- JSON with its version
    -- Codes are hashed and users that do not exist are simulated with it.
    secret_sealed blob NOT NULL,
    created_ms    bigint NOT NULL,
    changed_ms    bigint NOT NULL
);

CREATE TABLE env.user_client (
    id            text NOT NULL PRIMARY KEY,
    row_id        text NOT NULL,
    pool          text NOT NULL,
    name          text NOT NULL,
    settings      text NOT NULL,
    secret_sealed blob,
    created_ms    bigint NOT NULL,
    changed_ms    bigint NOT NULL
);
CREATE INDEX user_client_pool ON env.user_client (pool, id);

CREATE TABLE env.user_account (
    id              text NOT NULL PRIMARY KEY, -- in order of creation
    pool            text NOT NULL,
    username        text NOT NULL,
    sub             text NOT NULL,
    status          text NOT NULL,
    enabled         bigint NOT NULL, -- 0 or 1
    attributes      text NOT NULL, -- JSON object of texts
    salt_sealed     blob,
    verifier_sealed blob,
    -- The hash of another system, of an imported user, until the first sign-in.
    hash_sealed     blob,
    -- When the temporary password ends.
    password_end_ms bigint,
    -- Second factors, JSON.
    mfa             text NOT NULL,
    totp_sealed     blob,
    -- A secret that the user has not proved to hold.
    totp_new_sealed blob,
    -- The last time step of which a code was accepted.
    totp_step       bigint NOT NULL,
    created_ms      bigint NOT NULL,
    changed_ms      bigint NOT NULL
);
CREATE INDEX user_account_pool ON env.user_account (pool, id);

-- What a user can be named by at sign-in, in the form in which names are compared.
CREATE TABLE env.user_name (
    pool    text NOT NULL,
    value   text NOT NULL,
    kind    text NOT NULL, -- username, sub, or the attribute
    user_id text NOT NULL,
    PRIMARY KEY (pool, value)
);
CREATE INDEX user_name_user ON env.user_name (user_id);

-- The attributes that users are searched by.
CREATE TABLE env.user_search (
    pool    text NOT NULL,
    name    text NOT NULL,
    value   text NOT NULL,
    user_id text NOT NULL,
    PRIMARY KEY (pool, name, value, user_id)
);
CREATE INDEX user_search_user ON env.user_search (user_id);

CREATE TABLE env.user_group (
    pool        text NOT NULL,
    name        text NOT NULL,
    description text NOT NULL,
    role_arn    text NOT NULL,
    precedence  bigint,
    created_ms  bigint NOT NULL,
    changed_ms  bigint NOT NULL,
    PRIMARY KEY (pool, name)
);

CREATE TABLE env.user_member (
    pool       text NOT NULL,
    group_name text NOT NULL,
    user_id    text NOT NULL,
    created_ms bigint NOT NULL,
    PRIMARY KEY (pool, group_name, user_id)
);
CREATE INDEX user_member_user ON env.user_member (user_id, group_name);

-- Codes that were sent. subject is the id of a user, or what stands for a user
-- that does not exist.
CREATE TABLE env.user_code (
    subject    text NOT NULL,
    purpose    text NOT NULL,
    pool       text NOT NULL,
    hash       blob NOT NULL,
    -- The attribute that the code proves, and the value that it gets by that.
    attribute  text NOT NULL,
    value      text NOT NULL,
    expires_ms bigint NOT NULL,
    PRIMARY KEY (subject, purpose)
);
CREATE INDEX user_code_expires ON env.user_code (expires_ms);

-- Attempts: failures of sign-in (the lockout), and calls of an hour.
CREATE TABLE env.user_attempt (
    subject    text NOT NULL,
    kind       text NOT NULL,
    pool       text NOT NULL,
    count      bigint NOT NULL,
    -- The last failure that counted; the begin of the hour.
    since_ms   bigint NOT NULL,
    last_ms    bigint NOT NULL,
    expires_ms bigint NOT NULL,
    PRIMARY KEY (subject, kind)
);
CREATE INDEX user_attempt_expires ON env.user_attempt (expires_ms);

-- Sessions and challenges that were used.
CREATE TABLE env.user_used (
    id         text NOT NULL PRIMARY KEY,
    pool       text NOT NULL,
    expires_ms bigint NOT NULL
);
CREATE INDEX user_used_expires ON env.user_used (expires_ms);

-- Verifiers of earlier passwords, for pools that keep a history.
CREATE TABLE env.user_password (
    id              text NOT NULL PRIMARY KEY,
    user_id         text NOT NULL,
    salt_sealed     blob NOT NULL,
    verifier_sealed blob NOT NULL
);
CREATE INDEX user_password_user ON env.user_password (user_id, id);

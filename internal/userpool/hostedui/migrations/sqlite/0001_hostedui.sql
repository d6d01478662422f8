-- +goose Up
-- Authorization codes. A code that was used stays, so that its next use is noticed.
CREATE TABLE env.hosted_code (
    hash       text NOT NULL PRIMARY KEY,
    pool       text NOT NULL,
    client     text NOT NULL,
    user_id    text NOT NULL,
    redirect   text NOT NULL,
    scope      text NOT NULL,
    nonce      text NOT NULL,
    challenge  text NOT NULL, -- of PKCE; empty without
    -- The session that it began; empty until then.
    session    text NOT NULL,
    -- The browser's session that it was given to; the code ends with it.
    family     text NOT NULL,
    auth_ms    bigint NOT NULL,
    expires_ms bigint NOT NULL
);
CREATE INDEX hosted_code_expires ON env.hosted_code (expires_ms);

-- Browsers that are signed in.
CREATE TABLE env.hosted_session (
    hash       text NOT NULL PRIMARY KEY,
    pool       text NOT NULL,
    user_id    text NOT NULL,
    sub        text NOT NULL,
    -- The row of auth_session that ends with the sessions of the user.
    family     text NOT NULL,
    -- Who proved the user: empty for the pool itself.
    provider   text NOT NULL,
    auth_ms    bigint NOT NULL,
    expires_ms bigint NOT NULL
);
CREATE INDEX hosted_session_expires ON env.hosted_session (expires_ms);

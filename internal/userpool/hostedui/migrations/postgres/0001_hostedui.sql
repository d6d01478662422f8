-- +goose Up
-- Authorization codes. A code that was used stays, so that its next use is noticed.
CREATE TABLE env.hosted_code (
    hash       text COLLATE "C" NOT NULL PRIMARY KEY,
    pool       text COLLATE "C" NOT NULL,
    client     text COLLATE "C" NOT NULL,
    user_id    text COLLATE "C" NOT NULL,
    redirect   text COLLATE "C" NOT NULL,
    scope      text COLLATE "C" NOT NULL,
    nonce      text COLLATE "C" NOT NULL,
    challenge  text COLLATE "C" NOT NULL, -- of PKCE; empty without
    -- The session that it began; empty until then.
    session    text COLLATE "C" NOT NULL,
    -- The browser's session that it was given to; the code ends with it.
    family     text COLLATE "C" NOT NULL,
    auth_ms    bigint NOT NULL,
    expires_ms bigint NOT NULL
);
CREATE INDEX hosted_code_expires ON env.hosted_code (expires_ms);

-- Browsers that are signed in.
CREATE TABLE env.hosted_session (
    hash       text COLLATE "C" NOT NULL PRIMARY KEY,
    pool       text COLLATE "C" NOT NULL,
    user_id    text COLLATE "C" NOT NULL,
    sub        text COLLATE "C" NOT NULL,
    -- The row of auth_session that ends with the sessions of the user.
    family     text COLLATE "C" NOT NULL,
    -- Who proved the user: empty for the pool itself.
    provider   text COLLATE "C" NOT NULL,
    auth_ms    bigint NOT NULL,
    expires_ms bigint NOT NULL
);
CREATE INDEX hosted_session_expires ON env.hosted_session (expires_ms);

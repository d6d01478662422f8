-- +goose Up
CREATE TABLE ctl.app (
    id         text PRIMARY KEY,
    name       text NOT NULL,
    state      text NOT NULL,
    created_ms bigint NOT NULL
);

CREATE TABLE ctl.environment (
    uid        text PRIMARY KEY,
    app        text NOT NULL REFERENCES ctl.app (id),
    name       text NOT NULL,
    state      text NOT NULL CHECK (state IN ('creating', 'ready', 'deleting')),
    created_ms bigint NOT NULL,
    UNIQUE (app, name)
);

CREATE TABLE ctl.resource (
    env_uid         text NOT NULL REFERENCES ctl.environment (uid) ON DELETE CASCADE,
    category        text NOT NULL,
    name            text NOT NULL,
    desired         text NOT NULL,
    desired_version bigint NOT NULL,
    -- Never goes back, so that no version number is used twice.
    last_version    bigint NOT NULL,
    live_version    bigint NOT NULL,
    live            text,
    -- What was desired when the live version was made.
    live_desired    text,
    created_ms      bigint NOT NULL,
    updated_ms      bigint NOT NULL,
    PRIMARY KEY (env_uid, category, name)
);

CREATE TABLE ctl.route (
    kind    text NOT NULL,
    key     text NOT NULL,
    env_uid text NOT NULL REFERENCES ctl.environment (uid) ON DELETE CASCADE,
    PRIMARY KEY (kind, key)
);
CREATE INDEX route_env ON ctl.route (env_uid);

CREATE TABLE ctl.setting (
    env_uid text NOT NULL REFERENCES ctl.environment (uid) ON DELETE CASCADE,
    key     text NOT NULL,
    value   text NOT NULL,
    PRIMARY KEY (env_uid, key)
);

CREATE TABLE ctl.app_config (
    app        text PRIMARY KEY REFERENCES ctl.app (id) ON DELETE CASCADE,
    config     text NOT NULL,
    updated_ms bigint NOT NULL
);

CREATE TABLE ctl.challenge (
    session_id  text PRIMARY KEY,
    app         text NOT NULL,
    code_sealed blob NOT NULL,
    expires_ms  bigint NOT NULL
);
CREATE INDEX challenge_expires ON ctl.challenge (expires_ms);

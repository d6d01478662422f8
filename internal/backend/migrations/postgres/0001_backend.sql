-- +goose Up
CREATE TABLE ctl.app (
    id         text COLLATE "C" PRIMARY KEY,
    name       text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL,
    created_ms bigint NOT NULL
);

CREATE TABLE ctl.environment (
    uid        text COLLATE "C" PRIMARY KEY,
    app        text COLLATE "C" NOT NULL REFERENCES ctl.app (id),
    name       text COLLATE "C" NOT NULL,
    state      text COLLATE "C" NOT NULL CHECK (state IN ('creating', 'ready', 'deleting')),
    created_ms bigint NOT NULL,
    UNIQUE (app, name)
);

CREATE TABLE ctl.resource (
    env_uid         text COLLATE "C" NOT NULL REFERENCES ctl.environment (uid) ON DELETE CASCADE,
    category        text COLLATE "C" NOT NULL,
    name            text COLLATE "C" NOT NULL,
    desired         text COLLATE "C" NOT NULL,
    desired_version bigint NOT NULL,
    -- Never goes back, so that no version number is used twice.
    last_version    bigint NOT NULL,
    live_version    bigint NOT NULL,
    live            text COLLATE "C",
    -- What was desired when the live version was made.
    live_desired    text COLLATE "C",
    created_ms      bigint NOT NULL,
    updated_ms      bigint NOT NULL,
    PRIMARY KEY (env_uid, category, name)
);

CREATE TABLE ctl.route (
    kind    text COLLATE "C" NOT NULL,
    key     text COLLATE "C" NOT NULL,
    env_uid text COLLATE "C" NOT NULL REFERENCES ctl.environment (uid) ON DELETE CASCADE,
    PRIMARY KEY (kind, key)
);
CREATE INDEX route_env ON ctl.route (env_uid);

CREATE TABLE ctl.setting (
    env_uid text COLLATE "C" NOT NULL REFERENCES ctl.environment (uid) ON DELETE CASCADE,
    key     text COLLATE "C" NOT NULL,
    value   text COLLATE "C" NOT NULL,
    PRIMARY KEY (env_uid, key)
);

CREATE TABLE ctl.app_config (
    app        text COLLATE "C" PRIMARY KEY REFERENCES ctl.app (id) ON DELETE CASCADE,
    config     text COLLATE "C" NOT NULL,
    updated_ms bigint NOT NULL
);

CREATE TABLE ctl.challenge (
    session_id  text COLLATE "C" PRIMARY KEY,
    app         text COLLATE "C" NOT NULL,
    code_sealed bytea NOT NULL,
    expires_ms  bigint NOT NULL
);
CREATE INDEX challenge_expires ON ctl.challenge (expires_ms);

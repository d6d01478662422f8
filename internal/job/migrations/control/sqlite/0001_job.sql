-- +goose Up
CREATE TABLE ctl.job (
    id             text PRIMARY KEY,
    app            text NOT NULL,
    env            text NOT NULL,
    env_uid        text NOT NULL,
    app_level      bigint NOT NULL CHECK (app_level IN (0, 1)),
    kind           text NOT NULL,
    args_version   bigint NOT NULL,
    args           text NOT NULL,
    state          text NOT NULL CHECK (state IN ('queued', 'running', 'completed', 'failed')),
    -- 1 while the job holds its slot: until it completed, or failed and its
    -- clean-up is done.
    active         bigint NOT NULL CHECK (active IN (0, 1)),
    -- 1 once it is decided that the job fails: what is left is the clean-up.
    undo           bigint NOT NULL DEFAULT 0 CHECK (undo IN (0, 1)),
    cancel         bigint NOT NULL DEFAULT 0 CHECK (cancel IN (0, 1)),
    attempt        bigint NOT NULL DEFAULT 0,
    failures       bigint NOT NULL DEFAULT 0,
    undo_failures  bigint NOT NULL DEFAULT 0,
    crashes        bigint NOT NULL DEFAULT 0,
    run_at_ms      bigint NOT NULL DEFAULT 0,
    lease_owner    text NOT NULL DEFAULT '',
    lease_until_ms bigint NOT NULL DEFAULT 0,
    fence          bigint NOT NULL DEFAULT 0,
    error          text NOT NULL DEFAULT '',
    create_ms      bigint NOT NULL,
    update_ms      bigint NOT NULL
);
-- One active job per environment, and one app-level job per app.
CREATE UNIQUE INDEX job_slot ON ctl.job (app, app_level, (CASE WHEN app_level = 1 THEN '' ELSE env END)) WHERE active = 1;
CREATE INDEX job_due ON ctl.job (create_ms, id) WHERE active = 1;
CREATE INDEX job_list ON ctl.job (app, create_ms, id);
CREATE INDEX job_ended ON ctl.job (update_ms) WHERE active = 0;

CREATE TABLE ctl.job_step (
    job     text NOT NULL REFERENCES ctl.job (id) ON DELETE CASCADE,
    step    text NOT NULL,
    output  text NOT NULL,
    at_ms   bigint NOT NULL,
    PRIMARY KEY (job, step)
);

-- Environments that a job writes to besides its own.
CREATE TABLE ctl.job_target (
    job     text NOT NULL REFERENCES ctl.job (id) ON DELETE CASCADE,
    env_uid text NOT NULL,
    PRIMARY KEY (job, env_uid)
);

CREATE TABLE ctl.job_request (
    key       text PRIMARY KEY,
    job       text NOT NULL REFERENCES ctl.job (id) ON DELETE CASCADE,
    create_ms bigint NOT NULL
);
CREATE INDEX job_request_age ON ctl.job_request (create_ms);
CREATE INDEX job_request_job ON ctl.job_request (job);

-- A row per app, locked by every enqueue of the app.
CREATE TABLE ctl.job_app (
    app text PRIMARY KEY
);

CREATE TABLE ctl.job_counter (
    id    bigint PRIMARY KEY,
    fence bigint NOT NULL
);
INSERT INTO ctl.job_counter (id, fence) VALUES (1, 0);

-- +goose Up
-- The highest claim number that wrote here: whoever has a smaller one lost its
-- lease.
CREATE TABLE env.job_fence (
    id    bigint PRIMARY KEY,
    fence bigint NOT NULL
);

-- Written with the effect of a step, so that the step is not repeated when its
-- record in the control database is missing.
CREATE TABLE env.job_effect (
    job    text COLLATE "C" NOT NULL,
    step   text COLLATE "C" NOT NULL,
    output text COLLATE "C" NOT NULL,
    at_ms  bigint NOT NULL,
    PRIMARY KEY (job, step)
);

-- +goose Up
-- Messages that were not sent but kept, for local development.
CREATE TABLE env.inbox (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms     bigint NOT NULL,
    channel   text COLLATE "C" NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    subject   text COLLATE "C" NOT NULL,
    body_text text COLLATE "C" NOT NULL,
    body_html text COLLATE "C" NOT NULL,
    code      text COLLATE "C" NOT NULL
);

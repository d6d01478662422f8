-- +goose Up
-- Messages that were not sent but kept, for local development.
CREATE TABLE env.inbox (
    seq       integer PRIMARY KEY AUTOINCREMENT,
    at_ms     bigint NOT NULL,
    channel   text NOT NULL,
    recipient text NOT NULL,
    subject   text NOT NULL,
    body_text text NOT NULL,
    body_html text NOT NULL,
    code      text NOT NULL
);

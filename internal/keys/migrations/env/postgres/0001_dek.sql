-- +goose Up
CREATE TABLE env.dek (
    id bigint PRIMARY KEY CHECK (id = 1),
    wrapped bytea NOT NULL,
    created_ms bigint NOT NULL
);

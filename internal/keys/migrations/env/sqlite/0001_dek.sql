-- +goose Up
CREATE TABLE env.dek (
    id integer PRIMARY KEY CHECK (id = 1),
    wrapped blob NOT NULL,
    created_ms bigint NOT NULL
);

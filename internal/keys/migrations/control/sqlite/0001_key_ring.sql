-- +goose Up
CREATE TABLE ctl.key_ring (
    id integer PRIMARY KEY,
    wrapped blob NOT NULL,
    created_ms bigint NOT NULL
);

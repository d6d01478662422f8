-- +goose Up
CREATE TABLE ctl.key_ring (
    id bigint PRIMARY KEY,
    wrapped bytea NOT NULL,
    created_ms bigint NOT NULL
);

-- +goose Up
-- The settings of the authentication modes, as JSON.
ALTER TABLE env.api_version ADD COLUMN auth text NOT NULL DEFAULT '{}';

// Package endpoint serves the live GraphQL APIs over HTTP, and keeps what makes
// them: versions, API keys and the tables of models.
//
// It guarantees that a request runs on one version of its API from start to end,
// that a version published on another node is served within a few seconds, and
// that the number of APIs kept in memory is bounded.
package endpoint

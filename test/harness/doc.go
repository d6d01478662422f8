// Package harness starts the preamp binary for the black-box suites and speaks
// to it as clients do: signed calls of the control plane, GraphQL over HTTP. It
// imports nothing of the product, so that a suite sees only what users see.
package harness

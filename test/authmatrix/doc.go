// Package authmatrix holds the proof of @auth: rule shapes, callers, operations
// and states of rows, multiplied. What the official resolver templates decide in
// each case was recorded once by record.mjs in testdata; the test executes the same
// operations and compares.
package authmatrix

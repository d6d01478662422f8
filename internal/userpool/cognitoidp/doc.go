// Package cognitoidp is the API of user pools as Amazon Cognito has it, over
// package userpool: it turns what crosses the wire into calls and back, and finds
// the environment in which a pool lives.
//
// What it guarantees: every setting of a pool or client that a request carries is
// applied, kept for the answer because it has no effect here, or refused by its
// name, and never dropped; what an operation answers is read back from what was
// stored; a pool or client that was answered is found on every node.
package cognitoidp

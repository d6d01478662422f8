// Package userpool is user pools as Amazon Cognito has them: pools, app clients,
// users and groups, sign-up, password reset, attributes, and sign-in with its
// challenges. It knows no HTTP and no wire types.
//
// What it guarantees: names that sign in belong to one user of a pool, whatever
// their case where the pool says so; passwords are stored as sealed verifiers and
// codes as keyed hashes; wrong passwords and codes are counted in the transaction
// that judges them, so that any number of parallel attempts learns no more than
// as many made one after the other; a challenge or Session is used once, by the
// client and for the user that it was made for; to a client that hides whether
// users exist, a user that does not is answered like one that does, at the same
// cost; a new e-mail address or phone number takes the place of a verified one
// only when it is verified itself; who signs in by an identity provider is the
// user of that account there, and never another one, whatever the address says.
//
// The time of a call is part of the Call, so that what depends on it is tested on
// every store. Errors that clients see are *errs.Error with the exception's name
// and text as Cognito has them.
package userpool

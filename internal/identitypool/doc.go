// Package identitypool is identity pools: it gives people who have signed in
// elsewhere, and guests, an identity of their own and temporary credentials for it.
//
// What it guarantees: a login (a provider and its subject) has one identity in a
// pool, also when it comes for the first time from several places at once; an
// identity answers only to its logins, or to whoever knows its id while it is a
// guest; logins count only when their token is good in every respect and was issued
// for an app that the pool names; and the credentials of a pool end at once with
// the pool, those of an identity with the identity, and those of guests when the
// pool no longer takes guests.
package identitypool

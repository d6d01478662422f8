// Package attack calls a running preamp as somebody who wants in: forged tokens,
// replayed and mixed-up challenges and codes, guesses at once, redirects that lead
// elsewhere, names that look like another's, credentials that were changed.
//
// Every case comes with its control, the same request without the trick, which has
// to succeed: a case that is refused for another reason proves nothing.
package attack

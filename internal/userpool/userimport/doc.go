// Package userimport brings users of other systems into a user pool.
//
// It reads the CSV of Cognito's import jobs, and JSON with password hashes, as a
// stream: the memory it takes does not grow with the file but for what duplicates
// are found by, which is bounded too. A row that is wrong is reported by line and
// field, and nothing of it is stored; users that exist are skipped, so that an
// import that was broken off is finished by running it again.
package userimport

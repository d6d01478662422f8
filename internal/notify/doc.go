// Package notify sends short messages to people: e-mail by SMTP, text messages by
// a webhook, or, for local development, into an inbox that is stored beside the
// data.
//
// What it guarantees: a message goes to exactly one recipient, and nothing in it
// adds a header, a recipient or another message; passwords for mail go over TLS
// only, to a server that proves its name; a send ends within its time and its
// answer says whether trying again makes sense; the inbox is bounded. What a
// message says is the caller's business.
package notify

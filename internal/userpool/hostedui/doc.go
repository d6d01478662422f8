// Package hostedui is the part of user pools that browsers see: the pages of
// sign-in and sign-up, and the endpoints of OAuth 2 and OpenID Connect, as Amazon
// Cognito has them.
//
// What it guarantees: a browser is sent to an address only when it stands, letter
// for letter, in the settings of an app client; everything else ends on a page of
// this server. An authorization code gives tokens once, to the client that it was
// made for, with the redirect URI and the PKCE challenge that it was made with;
// using it again ends the session that it began. A form is taken only from a page
// of this server in the browser that it was made for, and so is the answer of
// another provider. Cookies are named after the pool, HttpOnly and Secure; pages
// answer over TLS only. The pages work without scripts and load none.
//
// Passwords and codes are judged by userpool, which counts them together with
// those of the API.
package hostedui

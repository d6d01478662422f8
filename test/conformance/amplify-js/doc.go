// Package amplifyjs runs aws-amplify 6, the client of Amplify for JavaScript,
// against the binary: with the configuration that `preamp client-config` writes,
// by client.graphql and client.models, with an API key, the tokens of an OpenID
// Connect issuer, and AWS signatures; and its auth functions with user pools and
// identity pools.
package amplifyjs

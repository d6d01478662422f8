// Package amplify5js runs aws-amplify 5 against the binary: with the
// aws-exports.js that `preamp client-config` writes, by Auth and API.
package amplify5js

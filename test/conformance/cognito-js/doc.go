// Package cognitojs runs the JavaScript clients that know user pools without
// Amplify against the binary: amazon-cognito-identity-js, aws-jwt-verify with the
// tokens, and openid-client as relying party of the hosted pages.
package cognitojs

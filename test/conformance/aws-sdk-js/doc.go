// Package awssdkjs runs @aws-sdk/client-amplifybackend, the SDK behind the
// Amplify tools, against the binary. It checks nothing but URI labels before it
// sends, so that the server's own checks are met.
package awssdkjs

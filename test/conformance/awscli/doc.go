// Package awscli runs the AWS CLI, whatever version is installed, against the
// binary: every operation as people type it and as scripts read it.
package awscli

// Command preamp is a self-hosted, real implementation of the AWS Amplify
// Backend service. See `preamp --help`.
package main

import (
	"os"

	"preamp/internal/cli"
)

// version is set by the linker; see the Makefile.
var version = "devel"

func main() { os.Exit(cli.Main(version)) }

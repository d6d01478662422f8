// Package script runs the binary as users run it: each testdata/*.txtar is a
// shell-like script (testscript), and the commands of README.md are run as they
// are printed. Beside the commands of testscript there are
//
//	dev NAME [flag...]         start `preamp dev` in the background, wait until it is ready
//	serve NAME [flag...]       the same for `preamp serve`
//	end NAME                   SIGTERM, and the exit code must be 0
//	jsonenv VAR PATH           set VAR to a member of the JSON on standard output
//	fetch [flag...] URL        an HTTP request; prints status and body
//	issuer VAR                 an OpenID Connect issuer on loopback; VAR is its URL
//	token VAR ISSUER JSON      a token of it with claims
//	snippet FILE PAGE TEXT     the block of code of a page of docs/ that holds TEXT
//	code N COMMAND...          run a command that must end with exit code N
//	retry PATTERN log NAME     wait until a server has printed something
//	retry PATTERN graphql KEY URL QUERY
//	retry PATTERN preamp ARG...
package script

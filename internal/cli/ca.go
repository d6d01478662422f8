package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

type caCmd struct {
	dataFlag
	Path bool   `help:"Print the path of the file instead." xor:"out"`
	Out  string `help:"Write the certificate to this file." placeholder:"FILE" xor:"out"`
}

// Help is shown by --help.
func (*caCmd) Help() string {
	return `Prints the certificate (PEM) of the authority that preamp dev makes on first start. It may sign for localhost and loopback addresses (and configured names) only, so trusting it does not open your machine to anything else. Its key never leaves the data directory. Plain http works on the same port for all but subscriptions, sign-in pages and storage.

One program at a time:

    curl --cacert "$(preamp ca --path)" https://localhost:4500/healthz
    NODE_EXTRA_CA_CERTS="$(preamp ca --path)" node app.mjs
    AWS_CA_BUNDLE="$(preamp ca --path)" aws --endpoint-url https://localhost:4500 ...
    SSL_CERT_FILE="$(preamp ca --path)" go test ./...

The whole machine:

    Debian, Ubuntu:  sudo cp "$(preamp ca --path)" /usr/local/share/ca-certificates/preamp.crt && sudo update-ca-certificates
    Fedora, RHEL:    sudo trust anchor "$(preamp ca --path)"
    macOS:           sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain "$(preamp ca --path)"
    Windows:         certutil -addstore -f ROOT ca.pem

Browsers on Linux keep their own list: Settings, Certificates, Authorities, Import.`
}

// Run implements the command.
func (c *caCmd) Run(a *app) error {
	// Absolute: the path is made to be put into variables that other programs read
	// from other folders.
	file, err := filepath.Abs(filepath.Join(c.Data, "ca", "ca.pem"))
	if err != nil {
		return err
	}
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no " + file + ": `preamp dev` makes it on first start")
	}
	if err != nil {
		return err
	}
	if c.Path {
		return a.printf("%s\n", file)
	}
	return a.write(c.Out, raw)
}

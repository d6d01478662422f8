package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"preamp/internal/config"
	"preamp/internal/creds"
	"preamp/internal/db"
	"preamp/internal/keys"
	"preamp/internal/server"
)

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Make an access key; its secret is shown this once."`
	List   keysListCmd   `cmd:"" help:"List access keys."`
	Revoke keysRevokeCmd `cmd:"" help:"Revoke an access key."`
}

// Help is shown by --help.
func (*keysCmd) Help() string {
	return `Works on the store itself, so a production server can get its first key before it runs. A running server accepts a new key at once and refuses a revoked one within 5 seconds.

Examples:

    preamp keys create ci --config preamp.yaml
    preamp keys list --data .preamp
    preamp keys revoke AKIAEXAMPLE --config preamp.yaml`
}

// storeFlag says which store.
type storeFlag struct {
	Data   string `help:"Data directory of a development server." placeholder:".preamp" xor:"store"`
	Config string `help:"Configuration of a production server." placeholder:"FILE" xor:"store"`
}

// open opens the control database and the access keys in it.
func (f storeFlag) open(a *app) (*creds.Store, func() error, error) {
	conf, err := config.Load(config.Options{File: f.Config, Environ: a.Environ})
	if err != nil {
		return nil, nil, err
	}
	if f.Data != "" {
		conf.Data = f.Data
	}
	master, err := f.master(a, conf)
	if err != nil {
		return nil, nil, err
	}
	set, err := db.Open(a.ctx, db.Config{
		Dir: conf.Data, DatabaseURL: conf.Database.URL, Shared: true, Logger: a.log,
		// All lines: db refuses a store that knows lines which the opener does not.
		Control: server.ControlLines(),
	})
	if err != nil {
		return nil, nil, err
	}
	ring, err := keys.Open(a.ctx, set.Control(), master)
	if err == nil {
		var store *creds.Store
		if store, err = creds.New(creds.Config{Control: set.Control(), Sealer: ring.Control()}); err == nil {
			return store, set.Close, nil
		}
	}
	return nil, nil, errors.Join(err, set.Close())
}

// master finds the master key: where the configuration says, else in the data
// directory of a development server, which must exist: a slip in --data must not
// make a new store.
func (f storeFlag) master(a *app, c *config.Config) (keys.Secret, error) {
	switch {
	case c.MasterKey.File != "":
		return keys.MasterFromFile(c.MasterKey.File)
	case c.MasterKey.Env != "":
		return keys.MasterFromEnv(c.MasterKey.Env)
	case f.Config != "":
		return keys.Secret{}, fmt.Errorf("%s names no master key (master_key.file or master_key.env)", f.Config)
	}
	file := filepath.Join(c.Data, "master.key")
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return keys.Secret{}, fmt.Errorf("%s is not the data directory of a development server: it holds no master.key (for a production server give --config)", c.Data)
	}
	return keys.MasterFromFile(file)
}

// with runs f on the store.
func (f storeFlag) with(a *app, do func(*creds.Store) error) (err error) {
	store, closeStore, err := f.open(a)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeStore()) }()
	return do(store)
}

type keysCreateCmd struct {
	storeFlag
	Name   string `arg:"" optional:"" help:"What the key is for." default:"key"`
	Format string `help:"Form of the output: text, sh or json." enum:"text,sh,json" default:"text" placeholder:"text"`
}

// Run implements the command.
func (c *keysCreateCmd) Run(a *app) error {
	return c.with(a, func(s *creds.Store) error {
		k, err := s.Create(a.ctx, c.Name)
		if err != nil {
			return err
		}
		switch c.Format {
		case "json":
			return a.json(map[string]string{"name": k.Name, "access_key_id": k.ID, "secret_access_key": k.Secret.Reveal()})
		case "sh":
			return a.printf("export AWS_ACCESS_KEY_ID=%s\nexport AWS_SECRET_ACCESS_KEY=%s\n", shellQuote(k.ID), shellQuote(k.Secret.Reveal()))
		}
		fmt.Fprintln(a.Stderr, "The secret is not shown again.")
		return a.printf("Access key id      %s\nSecret access key  %s\n", k.ID, k.Secret.Reveal())
	})
}

type keysListCmd struct {
	storeFlag
	JSON bool `name:"json" help:"Print one JSON object per line."`
}

// Run implements the command.
func (c *keysListCmd) Run(a *app) error {
	return c.with(a, func(s *creds.Store) error {
		list, err := s.List(a.ctx)
		if err != nil {
			return err
		}
		for _, k := range list {
			if c.JSON {
				err = json.NewEncoder(a.Stdout).Encode(map[string]any{
					"access_key_id": k.ID, "name": k.Name, "created": k.Created.UTC().Format(time.RFC3339), "revoked": k.Revoked,
				})
			} else {
				state := "active"
				if k.Revoked {
					state = "revoked"
				}
				err = a.printf("%-20s  %-8s  %s  %s\n", k.ID, state, k.Created.Local().Format(time.DateTime), k.Name)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

type keysRevokeCmd struct {
	storeFlag
	ID string `arg:"" help:"Access key id."`
}

// Run implements the command.
func (c *keysRevokeCmd) Run(a *app) error {
	return c.with(a, func(s *creds.Store) error {
		if err := s.Revoke(a.ctx, c.ID); err != nil {
			return err
		}
		return a.printf("%s revoked\n", c.ID)
	})
}

package identitypool_test

import (
	"testing"

	"preamp/internal/identitypool"
)

func TestConfig(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		good := func() identitypool.Config {
			return identitypool.Config{
				Directory: f.dir, Sessions: f.sessions, Sealer: f.dir.ring.Control(), Region: "us-east-1", VerifyLogin: f.verify,
			}
		}
		if _, err := identitypool.New(good()); err != nil {
			t.Errorf("the control is refused: %v", err)
		}
		for name, spoil := range map[string]func(c *identitypool.Config){
			"directory": func(c *identitypool.Config) { c.Directory = nil },
			"sessions":  func(c *identitypool.Config) { c.Sessions = nil },
			"sealer":    func(c *identitypool.Config) { c.Sealer = nil },
			"verifier":  func(c *identitypool.Config) { c.VerifyLogin = nil },
			"region":    func(c *identitypool.Config) { c.Region = "us east" },
		} {
			c := good()
			spoil(&c)
			if _, err := identitypool.New(c); err == nil {
				t.Errorf("without %s: accepted", name)
			}
		}
	})
}

package keys

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const keySize = 32

// LoadOrCreateMaster reads the master key from a file, or makes the file with a
// new random key. The file holds 32 bytes as base64 and must be readable by its
// owner only.
func LoadOrCreateMaster(path string) (Secret, error) {
	for {
		info, err := os.Stat(path)
		switch {
		case err == nil:
			if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
				return Secret{}, fmt.Errorf("master key file %s is open to other users (mode %04o): chmod 600 it",
					path, info.Mode().Perm())
			}
			return MasterFromFile(path)
		case !errors.Is(err, fs.ErrNotExist):
			return Secret{}, fmt.Errorf("master key: %w", err)
		}
		key, err := createMaster(path)
		if errors.Is(err, fs.ErrExist) {
			continue // another process was faster
		}
		if err != nil {
			return Secret{}, fmt.Errorf("create master key: %w", err)
		}
		return key, nil
	}
}

// createMaster makes the file whole or not at all: a key that was used and then
// lost in a crash would take everything sealed with it along.
func createMaster(path string) (key Secret, err error) {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails
	folder := filepath.Dir(path)
	f, err := os.CreateTemp(folder, ".master-*") // mode 0600
	if err != nil {
		return Secret{}, err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = io.WriteString(f, base64.StdEncoding.EncodeToString(raw)+"\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return Secret{}, err
	}
	// Link, unlike Rename, never replaces a key that is there.
	if err := os.Link(f.Name(), path); err != nil {
		return Secret{}, err
	}
	return Secret{raw}, syncFolder(folder)
}

func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// MasterFromFile reads the master key from a file: 32 bytes as base64.
func MasterFromFile(path string) (Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return Secret{}, fmt.Errorf("master key: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return Secret{}, fmt.Errorf("master key: %w", err)
	}
	key, err := parseMaster(string(text))
	if err != nil {
		return Secret{}, fmt.Errorf("master key file %s: %w", path, err)
	}
	return key, nil
}

// MasterFromEnv reads the master key from an environment variable.
func MasterFromEnv(name string) (Secret, error) {
	key, err := parseMaster(os.Getenv(name))
	if err != nil {
		return Secret{}, fmt.Errorf("master key in %s: %w", name, err)
	}
	return key, nil
}

// parseMaster never puts the text into an error.
func parseMaster(text string) (Secret, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != keySize {
		return Secret{}, errors.New("want 32 bytes as base64 (make one with: openssl rand -base64 32)")
	}
	return Secret{raw}, nil
}

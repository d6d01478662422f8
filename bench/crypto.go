package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"preamp/internal/userpool/srp"
)

// cryptoLimit is the limit of sign-ins: a bare handler that is sent the same
// requests and does nothing with them but the arithmetic that a sign-in cannot do
// without, the proof of the password and two signatures. It has one user.
type cryptoLimit struct {
	server         *srp.Server
	who            srp.Identity
	salt, verifier []byte
	key            *rsa.PrivateKey

	mu    sync.Mutex
	begun map[string]*srp.Handshake // by secret block
}

// limitPool is the pool of the bare handler.
const limitPool = "us-east-1_limitpool"

func newCryptoLimit() (*cryptoLimit, error) {
	l := &cryptoLimit{server: srp.New(), who: srp.Identity{Pool: srp.PoolName(limitPool), User: "somebody"}, begun: map[string]*srp.Handshake{}}
	var err error
	if l.salt, err = srp.NewSalt(rand.Reader); err != nil {
		return nil, err
	}
	l.verifier = l.server.Verifier(l.who, poolPassword, l.salt)
	l.key, err = rsa.GenerateKey(rand.Reader, 2048)
	return l, err
}

type limitRequest struct {
	AuthFlow                           string
	AuthParameters, ChallengeResponses map[string]string
}

func (l *cryptoLimit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in limitRequest
	err := json.NewDecoder(r.Body).Decode(&in)
	var out authAnswer
	switch {
	case err != nil:
	case in.AuthFlow == "USER_SRP_AUTH":
		out.ChallengeParameters, err = l.begin(in.AuthParameters["SRP_A"])
	case in.AuthFlow == "USER_PASSWORD_AUTH":
		if !l.server.CheckPassword(l.who, in.AuthParameters["PASSWORD"], l.salt, l.verifier) {
			err = errors.New("the password is wrong")
			break
		}
		err = l.sign(&out)
	default:
		if err = l.prove(in.ChallengeResponses); err == nil {
			err = l.sign(&out)
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer(w, out)
}

func (l *cryptoLimit) begin(public string) (map[string]string, error) {
	a, err := l.server.ParsePublic(public)
	if err != nil {
		return nil, err
	}
	h, err := l.server.Begin(l.verifier, a, rand.Reader)
	if err != nil {
		return nil, err
	}
	block := base64.StdEncoding.EncodeToString([]byte(rand.Text()))
	l.mu.Lock()
	l.begun[block] = h
	l.mu.Unlock()
	return map[string]string{
		"SALT": srp.SaltText(l.salt), "SRP_B": h.B().String(), "SECRET_BLOCK": block, "USERNAME": l.who.User, "USER_ID_FOR_SRP": l.who.User,
	}, nil
}

func (l *cryptoLimit) prove(in map[string]string) error {
	block := in["PASSWORD_CLAIM_SECRET_BLOCK"]
	l.mu.Lock()
	h := l.begun[block]
	delete(l.begun, block)
	l.mu.Unlock()
	if h == nil {
		return errors.New("the challenge is not known")
	}
	proof, err := srp.ParseProof(block, in["TIMESTAMP"], in["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil {
		return err
	}
	return l.server.Verify(h, l.who, l.verifier, proof)
}

func (l *cryptoLimit) sign(out *authAnswer) error {
	for _, to := range []*string{&out.AuthenticationResult.IDToken, &out.AuthenticationResult.AccessToken} {
		sum := sha256.Sum256([]byte("a token"))
		s, err := rsa.SignPKCS1v15(nil, l.key, crypto.SHA256, sum[:])
		if err != nil {
			return err
		}
		*to = base64.RawURLEncoding.EncodeToString(s)
	}
	return nil
}

// serveCrypto is the process of the limit.
func serveCrypto(ctx context.Context, listen string) error {
	l, err := newCryptoLimit()
	if err != nil {
		return err
	}
	s := &http.Server{Addr: listen, Handler: l, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// startCrypto runs the limit in a process of its own.
func startCrypto(ctx context.Context) (p userPool, limit *process, err error) {
	self, err := os.Executable()
	if err != nil {
		return p, nil, err
	}
	listen, err := freePort()
	if err != nil {
		return p, nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-crypto", listen)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return p, nil, err
	}
	limit = &process{cmd: cmd, url: "http://" + listen}
	p = userPool{url: limit.url, id: limitPool, client: "limit", users: signers}
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		if _, err = p.byPassword(ctx, http.DefaultClient, 0); err == nil {
			return p, limit, nil
		}
	}
	limit.kill()
	return p, nil, err
}

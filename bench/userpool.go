package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"preamp/internal/sigv4"
)

// userPool is a pool of the measured server, with one client.
type userPool struct {
	url, id, client string
	users           int
}

const poolPassword = "Bench-Passw0rd"

func (p userPool) name() string { _, name, _ := strings.Cut(p.id, "_"); return name }

func userName(n int) string { return fmt.Sprintf("user%06d", n) }

// cognito calls an operation of the user pools; signed as an administrator if
// env is not nil.
func cognito(ctx context.Context, client *http.Client, url string, env *environment, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	if env != nil {
		sigv4.Sign(req, body, env.AccessKeyID, env.SecretAccessKey, env.Region, "cognito-idp", time.Now())
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d %.300s", operation, resp.StatusCode, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// newPool makes a pool and imports users into it. They have the hash of one
// password, which the first sign-in turns into a verifier.
func (m *measurement) newPool(ctx context.Context, name string, users int) (userPool, error) {
	p := userPool{url: m.process.url, users: users}
	var pool struct{ UserPool struct{ ID string } }
	err := cognito(ctx, http.DefaultClient, p.url, &m.control.env, "CreateUserPool", map[string]any{"PoolName": name}, &pool)
	if err != nil {
		return p, err
	}
	p.id = pool.UserPool.ID
	var client struct{ UserPoolClient struct{ ClientID string } }
	err = cognito(ctx, http.DefaultClient, p.url, &m.control.env, "CreateUserPoolClient", map[string]any{
		"UserPoolId": p.id, "ClientName": "bench", "PreventUserExistenceErrors": "ENABLED",
		"ExplicitAuthFlows": []string{"ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
	}, &client)
	if err != nil {
		return p, err
	}
	p.client = client.UserPoolClient.ClientID
	return p, m.importUsers(ctx, p)
}

func (m *measurement) importUsers(ctx context.Context, p userPool) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(poolPassword), bcrypt.MinCost)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(m.dir, "users-*.json")
	if err != nil {
		return err
	}
	defer f.Close()
	lines := json.NewEncoder(f)
	for n := range p.users {
		name := userName(n)
		if err := lines.Encode(map[string]any{
			"username": name, "password_hash": string(hash),
			"attributes": map[string]string{"email": name + "@example.com", "email_verified": "true", "name": "User " + name},
		}); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, m.bin, "users", "import", "--pool", p.id, f.Name(), "--data", m.process.data)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("preamp users import: %w\n%s", err, text)
	}
	return nil
}

// member is the nth of the users that sign in: spread over the pool, so that its
// size is what they meet.
func (p userPool) member(n int) string { return userName(n % signers * (p.users / signers)) }

// signers is how many users of a pool sign in.
const signers = 100

type authAnswer struct {
	ChallengeParameters  map[string]string
	AuthenticationResult struct{ AccessToken, IDToken string }
}

func (p userPool) byPassword(ctx context.Context, client *http.Client, n int) (authAnswer, error) {
	var out authAnswer
	err := cognito(ctx, client, p.url, nil, "InitiateAuth", map[string]any{
		"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": p.member(n), "PASSWORD": poolPassword},
	}, &out)
	return out, err
}

func (p userPool) bySRP(ctx context.Context, client *http.Client, n int) error {
	h, err := newHandshake()
	if err != nil {
		return err
	}
	var out authAnswer
	err = cognito(ctx, client, p.url, nil, "InitiateAuth", map[string]any{
		"ClientId": p.client, "AuthFlow": "USER_SRP_AUTH",
		"AuthParameters": map[string]string{"USERNAME": p.member(n), "SRP_A": h.public.Text(16)},
	}, &out)
	if err != nil {
		return err
	}
	responses, err := h.prove(p.name(), poolPassword, out.ChallengeParameters, time.Now())
	if err != nil {
		return err
	}
	return cognito(ctx, client, p.url, nil, "RespondToAuthChallenge", map[string]any{
		"ClientId": p.client, "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses,
	}, &out)
}

// warm signs every member in, so that each has a verifier.
func (p userPool) warm(ctx context.Context) error {
	for n := range signers {
		if _, err := p.byPassword(ctx, http.DefaultClient, n); err != nil {
			return err
		}
	}
	return nil
}

// passwordTarget signs members in by their passwords.
func (p userPool) passwordTarget() target {
	return p.target("InitiateAuth", `"IdToken"`, func(n int) map[string]any {
		return map[string]any{
			"ClientId": p.client, "AuthFlow": "USER_PASSWORD_AUTH",
			"AuthParameters": map[string]string{"USERNAME": p.member(n), "PASSWORD": poolPassword},
		}
	})
}

func (p userPool) target(operation, want string, in func(n int) map[string]any) target {
	return target{
		url: p.url + "/", want: []byte(want),
		header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"AWSCognitoIdentityProviderService." + operation}},
		body: func(n int) []byte {
			b, err := json.Marshal(in(n))
			if err != nil {
				panic("bench: a request of texts does not encode: " + err.Error())
			}
			return b
		},
	}
}

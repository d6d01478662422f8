package token_test

import (
	"sync"
	"testing"
	"time"

	"preamp/internal/userpool/token"
)

// TestRotationOfRefreshTokens with and without grace.
func TestRotationOfRefreshTokens(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		t.Run("chain", func(t *testing.T) {
			s, text := begin(t, env, "alice", start)
			seen := map[string]bool{text.Reveal(): true}
			for i := range 50 {
				out, err := refresh(t, env, text, 0, start.Add(time.Duration(i)*time.Hour))
				if err != nil || out.Token.Empty() || seen[out.Token.Reveal()] {
					t.Fatalf("rotation %d: %v", i, err)
				}
				if !out.Expires.Equal(s.Expires) {
					t.Error("a rotation makes the session longer")
				}
				text = out.Token
				seen[text.Reveal()] = true
			}
		})
		t.Run("old token ends the session", func(t *testing.T) {
			s, first := begin(t, env, "alice", start)
			_, bystander := begin(t, env, "alice", start)
			second, err := refresh(t, env, first, 0, start)
			is(t, "first", err, "ok")
			_, err = refresh(t, env, first, 0, start)
			is(t, "first again", err, reused)
			_, err = refresh(t, env, second.Token, 0, start)
			is(t, "second", err, revoked)
			_, err = refresh(t, env, first, 0, start)
			is(t, "first for the third time", err, revoked)
			is(t, "access token", check(t, env, s), "NotAuthorizedException: Access Token has been revoked")
			_, err = refresh(t, env, bystander, 0, start)
			is(t, "another session of the user", err, "ok")
		})
		t.Run("very old token ends the session", func(t *testing.T) {
			_, first := begin(t, env, "alice", start)
			text := first
			for i := range 40 {
				out, err := refresh(t, env, text, time.Minute, start.Add(time.Duration(i)*24*time.Hour/2))
				is(t, "rotation", err, "ok")
				text = out.Token
			}
			_, err := refresh(t, env, first, time.Minute, start.Add(21*24*time.Hour))
			is(t, "first", err, reused)
			_, err = refresh(t, env, text, time.Minute, start.Add(21*24*time.Hour))
			is(t, "the live one", err, revoked)
		})
		t.Run("grace", func(t *testing.T) {
			_, first := begin(t, env, "alice", start)
			second, err := refresh(t, env, first, time.Minute, start)
			is(t, "first", err, "ok")
			again, err := refresh(t, env, first, time.Minute, start.Add(59*time.Second))
			is(t, "first in its grace", err, "ok")
			if !again.Token.Equal(second.Token) {
				t.Error("the repeat gets another token")
			}
			third, err := refresh(t, env, second.Token, time.Minute, start.Add(59*time.Second))
			is(t, "second", err, "ok")
			again, err = refresh(t, env, first, time.Minute, start.Add(59*time.Second))
			is(t, "first after two rotations", err, "ok")
			if !again.Token.Equal(third.Token) {
				t.Error("the repeat does not get the live token")
			}
			// The setting was changed in between: no rotation any more.
			again, err = refresh(t, env, second.Token, -1, start.Add(60*time.Second))
			is(t, "second, without rotation", err, "ok")
			if !again.Token.Equal(third.Token) {
				t.Error("without rotation the repeat does not get the live token")
			}
			_, err = refresh(t, env, first, time.Minute, start.Add(60*time.Second))
			is(t, "first after its grace", err, reused)
			_, err = refresh(t, env, third.Token, time.Minute, start.Add(60*time.Second))
			is(t, "third", err, revoked)
		})
		t.Run("many in their grace", func(t *testing.T) {
			_, first := begin(t, env, "alice", start)
			text := first
			for range token.MaxRecent + 3 {
				out, err := refresh(t, env, text, time.Minute, start)
				is(t, "rotation", err, "ok")
				text = out.Token
			}
			var recent string
			if err := env.DB.Row(t.Context(), `SELECT max(recent) FROM env.auth_session`).Scan(&recent); err != nil || len(recent) > 4096 {
				t.Errorf("%d bytes of rotated tokens, %v", len(recent), err)
			}
			_, err := refresh(t, env, first, time.Minute, start)
			is(t, "one too many", err, reused)
		})
		t.Run("reuse without rotation", func(t *testing.T) {
			_, first := begin(t, env, "alice", start)
			second, err := refresh(t, env, first, 0, start)
			is(t, "first", err, "ok")
			_, err = refresh(t, env, first, -1, start)
			is(t, "first again", err, reused)
			_, err = refresh(t, env, second.Token, -1, start)
			is(t, "second", err, revoked)
		})
	})
}

// TestParallelRefresh: of fifty that use one token at once, within the grace all
// get the same successor; without one a single call gets it.
func TestParallelRefresh(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, env token.Env) {
		for _, grace := range []time.Duration{0, time.Minute} {
			_, text := begin(t, env, "alice", start)
			var mu sync.Mutex
			var wg sync.WaitGroup
			outcomes, tokens := map[string]int{}, map[string]int{}
			for range 50 {
				wg.Go(func() {
					out, err := refresh(t, env, text, grace, start)
					mu.Lock()
					defer mu.Unlock()
					outcomes[outcome(err)]++
					if err == nil {
						tokens[out.Token.Reveal()]++
					}
				})
			}
			wg.Wait()
			want := 1
			if grace > 0 {
				want = 50
			}
			if outcomes["ok"] != want || len(tokens) != 1 {
				t.Errorf("grace %s: %v, %d tokens", grace, outcomes, len(tokens))
			}
			if grace == 0 && outcomes[reused] != 1 {
				t.Errorf("%v: reuse is told once, then the session has ended", outcomes)
			}
		}
	})
}

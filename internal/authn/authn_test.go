package authn_test

import (
	"context"
	"testing"

	"preamp/internal/authn"
)

func TestContext(t *testing.T) {
	t.Parallel()
	if _, ok := authn.FromContext(context.Background()); ok {
		t.Error("an empty context has a caller")
	}
	ctx := authn.NewContext(context.Background(), authn.Caller{Mode: authn.APIKey, ID: "k"})
	if c, ok := authn.FromContext(ctx); !ok || c.ID != "k" {
		t.Errorf("FromContext = %v, %v", c, ok)
	}
}

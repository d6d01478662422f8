package config_test

import (
	"testing"

	"preamp/internal/config"
)

// The largest page bounds the default one, which only counts when it was chosen.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		environ []string
		page    int
		problem string
	}{
		{"defaults", nil, 100, ""},
		{"a largest page below the default one", []string{"PREAMP_LIMITS_PAGE_MAX=50"}, 50, ""},
		{"the same size", []string{"PREAMP_LIMITS_PAGE_MAX=50", "PREAMP_LIMITS_PAGE=50"}, 50, ""},
		{"a default page over it", []string{"PREAMP_LIMITS_PAGE_MAX=50", "PREAMP_LIMITS_PAGE=51"}, 0, "environment: PREAMP_LIMITS_PAGE is 51, over limits.page_max, which is 50"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(config.Options{Environ: tt.environ})
			if tt.problem != "" {
				if err == nil || err.Error() != tt.problem {
					t.Errorf("error %v, want %s", err, tt.problem)
				}
				return
			}
			if err != nil || c.Limits.Page != tt.page {
				t.Errorf("page %+v, %v; want %d", c, err, tt.page)
			}
		})
	}
}

package endpoint_test

import (
	"testing"

	"preamp/internal/db/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }

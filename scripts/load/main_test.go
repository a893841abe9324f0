package main

import (
	"os"
	"testing"
	"time"
)

// TestPlay_AShortStormLosesNothing is the storm in half a minute, with two
// replicas, at rates that any machine carries.
func TestPlay_AShortStormLosesNothing(t *testing.T) {
	if os.Getenv("FENLIN_TEST_DATABASE") == "" || os.Getenv("FENLIN_TEST_REDIS") == "" {
		t.Skip("SQLite and in-process state serve one replica; the run on MariaDB and Redis has two")
	}
	if err := play(t.Context(), 4, 100, 3*time.Second, 2, true); err != nil {
		t.Fatal(err)
	}
}

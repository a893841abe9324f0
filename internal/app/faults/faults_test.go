package faults

import (
	"os"
	"testing"

	"fenlin/internal/app/apptest"
	"fenlin/internal/db/dbtest"
)

// TestFaults_NothingAcknowledgedIsLostOrHappensTwice is the short form of `make faults`.
func TestFaults_NothingAcknowledgedIsLostOrHappensTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	g := &Ground{Dir: t.TempDir(), Redis: os.Getenv("FENLIN_TEST_REDIS")}
	if dbtest.Server() != "" {
		g.Database = dbtest.Create
	}
	var err error
	if g.Binary, err = apptest.Build(t.Context(), g.Dir); err != nil {
		t.Fatal(err)
	}
	for _, f := range Short() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			row := Play(t.Context(), g, f)
			if row.NotRun != "" {
				t.Skip(row.NotRun)
			}
			for _, w := range row.Wrong {
				t.Error(w)
			}
			if row.Acked == 0 || row.Sent == 0 {
				t.Error("nobody was told anything")
			}
			row.Wrong = nil
			t.Logf("%+v", row)
		})
	}
}

package app

import (
	"testing"

	"fenlin/internal/db/dbtest"
	"fenlin/internal/ledger"
)

// TestLedgers_TheSampleCityGoesOutAndComesBackUnchanged holds the sample to
// what the ledgers demand, and the ledgers to a whole city.
func TestLedgers_TheSampleCityGoesOutAndComesBackUnchanged(t *testing.T) {
	cfg, err := LoadConfig("", true)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Database, cfg.DataDir = dbtest.Address(t), t.TempDir()
	a, err := Ground(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	if err := a.Sample.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	for kind, rows := range map[string]int{"units": 254, "compounds": 210, "posts": 679, "members": 4623, "workers": 315} {
		book, err := a.Ledger.Export(t.Context(), ledger.Operator(), kind)
		if err != nil {
			t.Fatal(err)
		}
		report, err := a.Ledger.Import(t.Context(), ledger.Operator(), ledger.Upload{Kind: kind, Name: kind + ".xlsx", Content: book}, func(int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		if report.Outcome != (ledger.Outcome{Same: rows}) || len(report.Problems) > 0 {
			t.Errorf("%s: %+v of %d, problems %v", kind, report.Outcome, report.Total, report.Problems[:min(3, len(report.Problems))])
		}
	}
}

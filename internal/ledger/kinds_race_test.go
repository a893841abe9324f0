package ledger_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/ledger"
)

func TestImports_TwoAtOnceMakeOneThingOnce(t *testing.T) {
	c := newCity(t)
	for _, f := range []struct {
		code string
		rows []row
	}{
		{"orgs", []row{unitRow("汾阳市", "街道", "新街道", "141182003"), unitRow("新街道", "社区", "新城社区", "141182003001")}},
		{"compounds", []row{newCompound}},
		{"posts", []row{secretary, commissioner}},
		{"members", partyRows},
		{"workers", workerRows},
	} {
		kind, err := ledger.KindOf(f.code)
		must(t, err)
		file := cells(t, kind, f.rows)
		outcomes := make([]ledger.Outcome, 3)
		var wg sync.WaitGroup
		for i := range outcomes {
			wg.Go(func() {
				err := c.DB.Tx(context.Background(), func(tx *gorm.DB) error {
					out, problems, err := kind.Apply(context.Background(), c.Service, tx, c.clerk(), file)
					if len(problems) > 0 {
						return errors.New(problems[0].Reason)
					}
					outcomes[i] = out
					return err
				})
				if err != nil {
					t.Errorf("%s: %v", f.code, err)
				}
			})
		}
		wg.Wait()
		var sum ledger.Outcome
		for _, o := range outcomes {
			sum.Created, sum.Changed, sum.Same = sum.Created+o.Created, sum.Changed+o.Changed, sum.Same+o.Same
		}
		if n := len(file); sum.Created > n || sum.Created+sum.Changed+sum.Same != 3*n || sum.Same < 2*n {
			t.Errorf("%s: %+v of three times %d", f.code, sum, n)
		}
	}
}

func TestMembers_OneBadRowAmong50000WritesNothing(t *testing.T) {
	c := newCity(t)
	rows := manyMembers(50_000)
	rows[49_999]["joined"] = "1901-01-01" // the last thing that is looked at
	before := c.counts(t)
	kind, err := ledger.KindOf("members")
	must(t, err)
	if _, problems := c.apply(t, "members", c.clerk(), cells(t, kind, rows)); len(problems) != 1 {
		t.Errorf("%d problems", len(problems))
	}
	if after := c.counts(t); after != before {
		t.Errorf("%v became %v", before, after)
	}
}

// counts are the numbers of rows that imports may write.
func (c *city) counts(t *testing.T) (out [16]int) {
	t.Helper()
	for i, table := range ledgerTables {
		must(t, c.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM "+table).Scan(&out[i]).Error)
	}
	return out
}

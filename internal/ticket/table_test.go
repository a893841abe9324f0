package ticket

import (
	"slices"
	"testing"
)

func TestTable_EveryStateHasAWayOutAndEveryActionARow(t *testing.T) {
	for _, s := range StateNames {
		ends := slices.Contains([]State{Withdrawn, Merged}, s.State) // their reporter ended them, or follows the other
		leaves := slices.ContainsFunc(table, func(r rule) bool {
			return slices.Contains(r.from, s.State) && (r.to != "" && r.to != s.State || r.action == Decide || r.action == Rate)
		})
		if !ends && !leaves {
			t.Errorf("no way out of %s", s.State)
		}
	}
	for _, r := range table {
		if r.label == "" || len(r.from) == 0 || r.by == 0 {
			t.Errorf("%s: the row is not complete", r.action)
		}
		for _, f := range r.needs {
			if missing[f] == "" {
				t.Errorf("%s: nothing to say when %s is missing", r.action, f)
			}
		}
	}
}

package stats_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// TestRebuild_FindsWhatIsNotAsTheLogSaysAndMendsIt changes what is kept behind
// the service's back.
func TestRebuild_FindsWhatIsNotAsTheLogSaysAndMendsIt(t *testing.T) {
	w := tickettest.New(t)
	s := newStats(t, w)
	settle(t, w, ticket.Satisfied)
	settle(t, w, ticket.Basic)
	w.Forward(40 * 24 * time.Hour)
	settle(t, w, ticket.Dissatisfied)
	w.Told(t, "li", "3号楼2单元楼道灯坏了")
	ask := func() stats.Table {
		table, err := s.Rates(t.Context(), stats.Query{By: w.Actor("city"), From: w.Clock().AddDate(-1, 0, 0), To: w.Clock().Add(time.Hour), Group: stats.Category})
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
	rebuild := func() stats.Rebuilt {
		found, err := s.Rebuild(t.Context(), func(int, int) {})
		if err != nil || found.Tickets != 4 || found.Waiting != 0 {
			t.Fatalf("%+v, %v", found, err)
		}
		return found
	}
	if found := rebuild(); found.Found != 0 {
		t.Fatalf("nothing was changed, but: %v", found.Differences)
	}
	before := ask()
	for _, c := range []struct{ what, sql, says string }{
		{"a sum is lost", "DELETE FROM rate_sums WHERE facet = 'c' AND start = 202611", "is missing"},
		{"a sum is another's", "UPDATE rate_sums SET slice = 'heating' WHERE facet = 'c' AND start = 202611", "is not that of its tickets"},
		{"a ticket counts as settled", "UPDATE rate_tickets SET measures = measures | 32 WHERE measures & 32 = 0", "is not counted as it is"},
		{"a ticket is not counted", "DELETE FROM rate_tickets WHERE ticket_id = (SELECT MAX(id) FROM tickets)", "is not counted as it is"},
		{"one is counted that never was", "INSERT INTO rate_tickets SELECT 7, 1, place_id, created_at, category, lead_post, measures, response, handling, matures_at FROM rate_tickets WHERE ticket_id = (SELECT MAX(id) FROM tickets)", "tickets are counted"},
	} {
		err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec(c.sql).Error })
		if err != nil {
			t.Fatal(err)
		}
		found := rebuild()
		if found.Found == 0 || !strings.Contains(strings.Join(found.Differences, "\n"), c.says) {
			t.Errorf("%s: %q", c.what, found.Differences)
		}
		if found := rebuild(); found.Found != 0 {
			t.Errorf("%s: not mended: %v", c.what, found.Differences)
		}
		after := ask()
		for i, r := range after.Rows {
			if len(before.Rows) != len(after.Rows) || r.Tally != before.Rows[i].Tally {
				t.Errorf("%s: %s counts another number", c.what, r.Key)
			}
		}
	}
	err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE tickets SET satisfaction = 'satisfied' WHERE satisfaction = 'basic'").Error
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := rebuild(); found.Found == 0 || !strings.Contains(found.Differences[len(found.Differences)-1], "not as its events tell") {
		t.Errorf("a changed ticket: %v", found.Differences)
	}
}

package ticket_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"fenlin/internal/routing"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// tree is the city's with one text for another.
func tree(t *testing.T, before, after string) *routing.Tree {
	t.Helper()
	text, err := os.ReadFile("../../config/routing.yaml")
	if err != nil || !strings.Contains(string(text), before) {
		t.Fatalf("no %q: %v", before, err)
	}
	out, err := routing.Load([]byte(strings.Replace(string(text), before, after, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestReplay_TellsWhoGainsAndWhoLoses(t *testing.T) {
	w := tickettest.New(t)
	w.Told(t, "li", lamp)
	w.Forward(48 * time.Hour)
	since := w.Clock()
	for range 25 { // each will be late
		w.Told(t, "li", lamp)
	}
	w.Told(t, "li", "3号楼暖气不热")
	w.Forward(40 * 24 * time.Hour)
	w.Told(t, "stranger", "5号楼楼道灯不亮")
	before := w.Do(t, "branch", w.Told(t, "li", "4号楼楼道灯坏了").Number, do(ticket.Accept))

	r, err := w.Replay(t.Context(), since, tree(t, "co: [group_leader] # 自办或无物业", "lead: group_leader #"), func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	if r.Tickets != 28 || r.Moved != 25 || r.Regraded != 0 || r.Nobody != 0 || r.Months < 1.2 || r.Months > 1.4 {
		t.Fatalf("%+v", r)
	}
	found := map[int64]ticket.Handling{}
	var sum ticket.Handling
	for _, h := range r.Handlers {
		found[h.Post.ID] = h
		sum.Before.Tickets += h.Before.Tickets
		sum.After.Tickets += h.After.Tickets
		sum.Come += h.Come
		sum.Go += h.Go
	}
	branch, leader, company := found[w.Posts["branch"]], found[w.Posts["leader"]], found[w.Posts["property"]]
	switch {
	case branch.Before.Tickets != 26 || branch.After.Tickets != 1 || branch.Go != 25 || branch.Come != 0: // building 4 has no leader
		t.Errorf("branch %+v", branch)
	case leader.Before.Tickets != 0 || leader.After.Tickets != 25 || leader.Come != 25:
		t.Errorf("leader %+v", leader)
	case company.Before != company.After || company.Before.Tickets != 1:
		t.Errorf("company %+v", company)
	case branch.Before.Overdue < 25 || leader.After.Overdue < 20: // the leader has no past: by all others'
		t.Errorf("expected late: branch %+v, leader %+v", branch, leader)
	case sum.Before.Tickets != r.Tickets || sum.After.Tickets != r.Tickets || sum.Come != r.Moved || sum.Go != r.Moved:
		t.Errorf("the sum %+v is not the whole", sum)
	case r.Handlers[0].Come+r.Handlers[0].Go != 25:
		t.Errorf("the greatest change does not stand first: %+v", r.Handlers)
	}

	same, err := w.Replay(t.Context(), since, w.Rules().Routes, func(int, int) {})
	if err != nil || same.Moved != 0 || same.Tickets != 28 {
		t.Errorf("the same tree moves %d of %d: %v", same.Moved, same.Tickets, err)
	}
	if graded, err := w.Replay(t.Context(), since, tree(t, "grade: 7d\n  children:", "grade: 15d\n  children:"), func(int, int) {}); err != nil || graded.Regraded != 27 || graded.Moved != 0 {
		t.Errorf("other grade for %d: %v", graded.Regraded, err)
	}
	if none, err := w.Replay(t.Context(), w.Clock().Add(time.Hour), w.Rules().Routes, func(int, int) {}); err != nil || none.Tickets != 0 {
		t.Errorf("nothing: %+v %v", none, err)
	}
	after, err := w.Get(t.Context(), w.Actor("branch"), before.Number)
	if err != nil || after.Version != before.Version || after.LeadPost != before.LeadPost {
		t.Errorf("a ticket was changed: %+v %v", after.Ticket, err)
	}
	verify(t, w)
}

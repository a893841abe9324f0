package ticket_test

import (
	"sync"
	"testing"
	"time"

	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

func TestSucceed_TheTicketsOfAVacantPostGoUpwardOnce(t *testing.T) {
	w := tickettest.New(t)
	waiting := w.Told(t, "wang", lamp).Number
	begun := w.Told(t, "li", "福馨苑楼道堆了杂物没人清理").Number
	w.Do(t, "branch", begun, do(ticket.Accept))
	before := get(t, w, "city", begun)
	if n, err := w.Succeed(t.Context()); n != 0 || err != nil {
		t.Fatalf("nothing is vacant: %d %v", n, err)
	}
	w.Vacate(t, w.Who["leader"])
	w.Vacate(t, w.Who["branch"])
	w.Forward(time.Minute)
	var wg sync.WaitGroup
	var counts [4]int
	for i := range counts { // as many replicas
		wg.Go(func() {
			var err error
			if counts[i], err = w.Succeed(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, number := range []string{waiting, begun} {
		got := get(t, w, "city", number)
		if got.LeadPost != w.Posts["community"] || got.State != ticket.Dispatched {
			t.Errorf("%s: %s with post %d", number, got.State, got.LeadPost)
		}
	}
	after := get(t, w, "city", begun)
	if after.OwnerPost != before.LeadPost || after.DueAt != before.DueAt {
		t.Errorf("owner %d, due %d; were %d, %d", after.OwnerPost, after.DueAt, before.LeadPost, before.DueAt)
	}
	events := after.Events
	last := events[len(events)-1]
	if last.Action != ticket.Escalate || last.Note != "原经办岗位空缺，转由上级办理" || last.ActorTitle != "汾邻" || len(events) != 4 {
		t.Errorf("%d events, the last %+v", len(events), last)
	}
	if n, err := w.Succeed(t.Context()); n != 0 || err != nil {
		t.Errorf("again: %d %v", n, err)
	}
	if audit, err := w.Verify(t.Context()); err != nil || len(audit.Faults) > 0 {
		t.Errorf("%v %v", audit.Faults, err)
	}
}

func TestSucceed_WithNobodyAboveItStays(t *testing.T) {
	w := tickettest.New(t)
	number := w.Told(t, "li", lamp).Number
	for _, who := range []string{"leader", "branch", "community", "subdistrict", "city"} {
		w.Vacate(t, w.Who[who])
	}
	w.Forward(time.Minute)
	if n, err := w.Succeed(t.Context()); n != 0 || err != nil || get(t, w, "li", number).State != ticket.Dispatched {
		t.Errorf("%d %v", n, err)
	}
}

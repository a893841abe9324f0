package ticket_test

import (
	"errors"
	"testing"
	"time"

	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

func met(t *testing.T, w *tickettest.Town, who, text string) []ticket.Duplicate {
	t.Helper()
	a := w.Actor(who)
	u, err := w.Preview(t.Context(), ticket.Report{Reporter: a.Person, Home: a.Home, Text: text})
	if err != nil && !errors.Is(err, ticket.ErrNoText) {
		t.Fatal(err)
	}
	return u.Duplicates
}

func TestPreview_OffersWhatIsLikelyTheSameAndMayBeSeen(t *testing.T) {
	w := tickettest.New(t)
	first := w.Told(t, "li", lamp)
	w.Told(t, "li", "3号楼3单元楼道灯坏了")
	w.Told(t, "stranger", "昌瑞绿洲3号楼2单元楼道灯坏了")
	for name, c := range map[string]struct {
		who, text string
		want      int
	}{
		"a neighbour":           {"wang", "三号楼二单元楼道里的灯不亮", 1},
		"oneself":               {"li", "3号楼2单元楼道灯不亮", 1},
		"a secretary":           {"branch", "福馨苑3号楼2单元楼道灯不亮", 1},
		"from another compound": {"stranger", "福馨苑3号楼2单元楼道灯不亮", 0},
		"of another compound":   {"wang", "昌瑞绿洲3号楼2单元楼道灯不亮", 0},
		"another thing":         {"wang", "3号楼2单元下水道堵了", 0},
		"an emergency":          {"wang", "3号楼2单元楼道电线冒火花着火了", 0},
		"chatter":               {"wang", "你好", 0},
		"nothing":               {"wang", "", 0},
	} {
		if got := met(t, w, c.who, c.text); len(got) != c.want || c.want > 0 && (got[0].ID != first.ID || got[0].Own != (c.who == "li") || len(got[0].Why) == 0) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	w.Do(t, "stranger", w.Told(t, "stranger", "有一棵大树倒了").Number, ticket.Input{Action: ticket.Withdraw})
	if got := met(t, w, "stranger", "有一棵大树倒了"); len(got) != 0 {
		t.Errorf("withdrawn: %+v", got)
	}
	w.Forward(15 * 24 * time.Hour)
	if got := met(t, w, "wang", "3号楼2单元楼道灯不亮"); len(got) != 0 {
		t.Errorf("too long ago: %+v", got)
	}
}

func TestMerge_KeepsBothHistoriesAndTakesPeopleAlong(t *testing.T) {
	w := tickettest.New(t)
	first := w.Told(t, "li", lamp)
	second := w.Told(t, "wang", lamp)
	w.Do(t, "branch", second.Number, ticket.Input{Action: ticket.Merge, Into: first.Number})
	kept, err := w.Get(t.Context(), w.Actor("branch"), first.Number)
	if err != nil || len(kept.Merged) != 1 || kept.Merged[0].Number != second.Number {
		t.Errorf("the one that stays: %+v %v", kept.Merged, err)
	}
	gone, err := w.Get(t.Context(), w.Actor("wang"), second.Number)
	if err != nil || gone.Into == nil || gone.Into.Number != first.Number || len(gone.Events) != 3 {
		t.Errorf("the merged one: %+v %v", gone, err)
	}
	for _, a := range []ticket.Action{ticket.Accept, ticket.Contact, ticket.Finish} {
		w.Do(t, "branch", first.Number, ticket.Input{Action: a, Note: "修好了"})
	}
	moment, err := w.At(t.Context(), ticket.Happened{TicketID: first.ID, Seq: 6})
	if err != nil || len(moment.Brought) != 1 || moment.Brought[0] != w.Who["wang"] {
		t.Errorf("%+v %v", moment, err)
	}
	yes, no := true, false
	w.Refused(t, "wang", first.Number, ticket.Input{Action: ticket.Confirm, Solved: &yes}, ticket.ErrInvalid)
	w.Refused(t, "stranger", first.Number, ticket.Input{Action: ticket.Confirm, Solved: &no}, ticket.ErrUnknown)
	again := w.Do(t, "wang", first.Number, ticket.Input{Action: ticket.Confirm, Solved: &no, Note: "我家门口还是黑的"})
	if again.State != ticket.Reopened || again.Redos != 1 || again.LeadPost != w.Posts["community"] {
		t.Errorf("%+v", again)
	}
}

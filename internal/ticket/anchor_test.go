package ticket_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/ticket/tickettest"
)

func TestAnchor_EachDayOnceWhenItIsOver(t *testing.T) {
	w := tickettest.New(t) // it is nine o'clock on the 23rd
	if made, err := w.Anchor(t.Context()); err != nil || len(made) != 0 {
		t.Fatalf("an empty log: %v %v", made, err)
	}
	w.Told(t, "li", lamp)
	if made, err := w.Anchor(t.Context()); err != nil || len(made) != 0 {
		t.Fatalf("a day that goes on: %v %v", made, err)
	}
	w.Forward(15*time.Hour + 30*time.Minute) // half an hour after midnight
	if made, err := w.Anchor(t.Context()); err != nil || len(made) != 0 {
		t.Fatalf("what was begun in the day may still be stored: %v %v", made, err)
	}
	w.Forward(48 * time.Hour)
	w.Told(t, "wang", lamp) // on the 26th
	var wg sync.WaitGroup
	total := make([]int, 3)
	for i := range total { // three replicas
		wg.Go(func() {
			made, err := w.Anchor(t.Context())
			if err != nil {
				t.Error(err)
			}
			total[i] = len(made)
		})
	}
	wg.Wait()
	if _, err := w.Anchor(t.Context()); err != nil {
		t.Fatal(err)
	}
	anchors, err := w.Anchors(t.Context(), 10)
	if err != nil || len(anchors) != 2 || anchors[1].Day != "2026-11-23" || anchors[1].Events != 2 || anchors[0].Day != "2026-11-24" || anchors[0].Events != 0 ||
		anchors[0].PrevHash != anchors[1].Hash {
		t.Fatalf("%+v %v", anchors, err)
	}
	verify(t, w)
}

// TestAnchor_FindsALogThatWasWrittenAnew changes an event and makes every hash
// after it anew, which the tickets' own chain cannot tell.
func TestAnchor_FindsALogThatWasWrittenAnew(t *testing.T) {
	for name, harm := range map[string]string{
		"another chain":     "UPDATE ticket_events SET hash = 'x' WHERE seq = 2",
		"an anchor's count": "UPDATE log_anchors SET events = events + 1",
		"an anchor's hash":  "UPDATE log_anchors SET hash = 'x'",
		"a day's anchor":    "DELETE FROM log_anchors WHERE day = '2026-11-24'",
	} {
		w := tickettest.New(t)
		w.Told(t, "li", lamp)
		w.Forward(4 * 24 * time.Hour)
		if made, err := w.Anchor(t.Context()); err != nil || len(made) != 4 {
			t.Fatalf("%v %v", made, err)
		}
		verify(t, w)
		if err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec(harm).Error }); err != nil {
			t.Fatal(err)
		}
		a, err := w.Verify(t.Context())
		named := false
		for _, f := range a.Faults {
			named = named || strings.HasPrefix(f.Number, "2026-11-2")
		}
		if err != nil || !named {
			t.Errorf("%s: no day is named: %v %v", name, a.Faults, err)
		}
	}
}

func TestAnchor_OneTicketsLogMadeAnewIsFoundByTheDayAlone(t *testing.T) {
	w := tickettest.New(t)
	was := w.Told(t, "li", lamp)
	w.Forward(2 * 24 * time.Hour)
	if _, err := w.Anchor(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Whoever can write the database and has the program makes another ticket's log that is whole in itself.
	other := w.Told(t, "li", "3号楼2单元楼道灯坏了，请尽快")
	err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		for _, q := range []string{
			"DELETE FROM ticket_events WHERE ticket_id = ?", "DELETE FROM tickets WHERE id = ?", "DELETE FROM ticket_parts WHERE ticket_id = ?",
		} {
			if err := tx.Exec(q, was.ID).Error; err != nil {
				return err
			}
		}
		return tx.Exec("UPDATE ticket_numbers SET last = last - 1 WHERE day = '261123'").Error
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.Verify(t.Context())
	if err != nil || len(a.Faults) == 0 || a.Faults[0].Number != "2026-11-23" || other.Number == "" {
		t.Fatalf("%v %v", a.Faults, err)
	}
}

package ticket_test

import (
	"context"
	"sync/atomic"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

func TestVerify_FindsWhatWasChangedMissingOrReordered(t *testing.T) {
	for name, harm := range map[string][]string{
		"changed note":     {"UPDATE ticket_events SET note = 'x' WHERE seq = 3"},
		"changed time":     {"UPDATE ticket_events SET at = at + 1 WHERE seq = 1"},
		"missing middle":   {"DELETE FROM ticket_events WHERE seq = 2"},
		"missing last":     {"DELETE FROM ticket_events WHERE seq = 4"},
		"reordered":        {"UPDATE ticket_events SET seq = 9 WHERE seq = 2", "UPDATE ticket_events SET seq = 2 WHERE seq = 3", "UPDATE ticket_events SET seq = 3 WHERE seq = 9"},
		"changed state":    {"UPDATE tickets SET state = 'closed'"},
		"a ticket removed": {"DELETE FROM ticket_events", "DELETE FROM tickets"},
		"only its row":     {"DELETE FROM tickets", "DELETE FROM ticket_numbers"},
	} {
		t.Run(name, func(t *testing.T) {
			w := tickettest.New(t)
			n := w.Told(t, "li", lamp).Number
			w.Do(t, "branch", n, do(ticket.Accept))
			w.Do(t, "branch", n, do(ticket.Contact))
			verify(t, w)
			err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
				for _, q := range harm {
					if err := tx.Exec(q).Error; err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			a, err := w.Verify(t.Context())
			if err != nil || len(a.Faults) == 0 {
				t.Fatalf("not found: %+v %v", a, err)
			}
		})
	}
}

func TestVerify_FindsAChangeInAnyColumn(t *testing.T) {
	w := tickettest.New(t)
	n := contacted(t, w)
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Finish, Note: "好了", Key: "api:finish"})
	w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: yes(), Satisfaction: ticket.Basic})
	verify(t, w)
	exec := func(q string, values ...any) {
		t.Helper()
		if err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec(q, values...).Error }); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	for table, columns := range map[string]map[string]string{
		"ticket_events": {
			"id": "id + 1", "ticket_id": "ticket_id + 1", "seq": "seq + 9", "action": "'add'", "from_state": "'closed'", "to_state": "'closed'", "actor_id": "actor_id + 1",
			"actor_post": "actor_post + 1", "actor_title": "'x'", "note": "'x'", "data": "'{\"to\":1}'", "at": "at + 1", "prev_hash": "'x'", "hash": "'x'", "request_key": "'x'",
			"salt": "'x'", "words": "'x'", "place": "'{}'",
		},
		"tickets": {
			"text": "'x'", "reporter_id": "reporter_id + 1", "state": "'withdrawn'", "version": "version + 1", "created_at": "created_at + 1", "finished_at": "finished_at + 1",
			"outcome": "'tacit'", "solved": "NULL", "satisfaction": "'satisfied'", "redos": "redos + 1", "last_hash": "'x'",
			"respond_by": "respond_by + 1", "due_at": "due_at + 1", "late": "NOT late",
		},
	} {
		where := map[string]string{"ticket_events": "seq = 5", "tickets": "1 = 1"}[table]
		for column, value := range columns {
			var before map[string]any
			if err := w.DB.Read(t.Context()).Table(table).Where(where).Take(&before).Error; err != nil {
				t.Fatal(err)
			}
			exec("UPDATE " + table + " SET " + column + " = " + value + " WHERE " + where)
			if a, err := w.Verify(t.Context()); err != nil || len(a.Faults) == 0 {
				t.Errorf("%s.%s was changed and nobody noticed: %v", table, column, err)
			}
			back := where
			if column == "seq" {
				back = "seq = 14"
			}
			exec("UPDATE "+table+" SET "+column+" = ? WHERE "+back, before[column])
			verify(t, w)
		}
	}
}

func TestVerify_MayRunWhileTheCityWorks(t *testing.T) {
	w := tickettest.New(t)
	var working atomic.Int64
	for _, who := range []string{"li", "wang", "stranger"} {
		a := w.Actor(who)
		working.Add(1)
		go func() {
			defer working.Add(-1)
			for range ticket.DailyReports {
				if _, err := w.Report(context.Background(), ticket.Report{Reporter: a.Person, Home: a.Home, Text: lamp}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for working.Load() > 0 {
		if a, err := w.Verify(t.Context()); err != nil || len(a.Faults) > 0 {
			t.Errorf("%v %v", a.Faults, err)
		}
	}
}

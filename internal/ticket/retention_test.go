package ticket_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// settled is a ticket with everything personal in it, closed.
func settled(t *testing.T, w *tickettest.Town) ticket.Ticket {
	t.Helper()
	photo, err := w.Keep(t.Context(), w.Who["li"], "", picture(t))
	if err != nil {
		t.Fatal(err)
	}
	li := w.Actor("li")
	tk, err := w.Report(t.Context(), ticket.Report{
		Reporter: li.Person, Home: li.Home, Channel: "chat", Text: "3号楼2单元301室门口楼道灯坏了，请打 13812345678",
		Place: ticket.Place{OrgID: li.Home, Category: "lighting", Building: "3", Unit: "2", Room: "301"}, Photos: []int64{photo},
		Point: &ticket.Point{Lat: 37.26, Lng: 111.78, Datum: "gcj02"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Do(t, "wang", tk.Number, do(ticket.Follow))
	for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Contact, Note: "已打 138-1234-5678"}, {Action: ticket.Finish, Note: "好了"}} {
		w.Do(t, "branch", tk.Number, in)
	}
	return w.Do(t, "li", tk.Number, ticket.Input{Action: ticket.Confirm, Solved: yes(), Satisfaction: ticket.Basic})
}

func TestAnonymise_ForgetsWhoseItWasAndKeepsWhatIsCounted(t *testing.T) {
	w := tickettest.New(t)
	was := settled(t, w)
	open := w.Told(t, "li", "3号楼2单元楼道灯又坏了，13812345678")
	w.Forward(ticket.RateWindow + time.Hour)
	if n, err := w.Anonymise(t.Context(), db.Expiry{Before: w.Clock()}); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	f, err := w.Get(t.Context(), w.Actor("branch"), was.Number)
	if err != nil {
		t.Fatal(err)
	}
	want := was
	want.ReporterID, want.Building, want.Unit, want.Floor, want.Room, want.Lat, want.Lng, want.Datum = 0, "", "", "", "", nil, nil, ""
	want.Text, want.AnonymisedAt = "3号楼2单元***门口楼道灯坏了，请打 ***", w.Clock().UnixMilli()
	if got := f.Ticket; got.Solved == nil || !*got.Solved || got.Text != want.Text {
		t.Errorf("%+v", got)
	} else if got.Solved = want.Solved; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if len(f.Photos) != 0 || len(f.Actions) != 0 || len(f.Events) != int(was.Version) {
		t.Errorf("photos %v, actions %v, %d events", f.Photos, f.Actions, len(f.Events))
	}
	for _, e := range f.Events {
		if d := e.Detail(); strings.Contains(e.Note, "5678") || e.ActorID != 0 || d.Place != nil || len(d.Photos) > 0 {
			t.Errorf("the log shows %+v", e)
		}
	}
	var kept []struct {
		Note, Salt, Place, Words string
		ActorID                  int64
		RequestKey               *string
	}
	if err := w.DB.Read(t.Context()).Raw("SELECT * FROM ticket_events WHERE ticket_id = ?", was.ID).Scan(&kept).Error; err != nil || len(kept) != int(was.Version) {
		t.Fatalf("%d rows: %v", len(kept), err)
	}
	for _, e := range kept {
		if strings.Contains(e.Note, "5678") || strings.Contains(e.Note, "301") || e.Salt != "" || e.Place != "" || e.ActorID != 0 || e.RequestKey != nil || e.Words == "" {
			t.Errorf("the log still holds %+v", e)
		}
	}
	for _, table := range []string{"photos", "ticket_followers"} {
		var n int64
		if err := w.DB.Read(t.Context()).Table(table).Where("ticket_id = ?", was.ID).Count(&n).Error; err != nil || n != 0 {
			t.Errorf("%d %s are left: %v", n, table, err)
		}
	}
	// It is nobody's own any more, and what is open is as it was.
	for _, v := range []ticket.View{ticket.Mine, ticket.Following} {
		for _, who := range []string{"li", "wang"} {
			page, err := w.List(t.Context(), w.Actor(who), v, 0, 20, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, tk := range page.Items {
				if tk.ID != open.ID || tk.Text != open.Text || tk.ReporterID != open.ReporterID {
					t.Errorf("%s of %s: %+v", v, who, tk)
				}
			}
		}
	}
	if n, err := w.Anonymise(t.Context(), db.Expiry{Before: w.Clock()}); n != 0 || err != nil {
		t.Errorf("again: %d %v", n, err)
	}
	verify(t, w)
}

func TestVerify_AnonymisingIsNoWayToChangeATicket(t *testing.T) {
	for name, harm := range map[string]string{
		"other words":        "UPDATE tickets SET text = '一切都好'",
		"another reporter":   "UPDATE tickets SET reporter_id = 7",
		"another outcome":    "UPDATE tickets SET satisfaction = 'satisfied'",
		"before it is ended": "UPDATE tickets SET anonymised_at = 1",
		"not anonymised":     "UPDATE tickets SET anonymised_at = 0",
		"too early":          "UPDATE tickets SET anonymised_at = closed_at + 1",
		"an actor put back":  "UPDATE ticket_events SET actor_id = 7 WHERE seq = 1",
		"a note put back":    "UPDATE ticket_events SET note = '请打 13812345678' WHERE seq = 5",
		"other data":         "UPDATE ticket_events SET data = '{}' WHERE seq = 7",
		"another digest":     "UPDATE ticket_events SET words = 'x' WHERE seq = 5",
	} {
		w := tickettest.New(t)
		settled(t, w)
		w.Forward(ticket.RateWindow + time.Hour)
		if _, err := w.Anonymise(t.Context(), db.Expiry{Before: w.Clock()}); err != nil {
			t.Fatal(err)
		}
		verify(t, w)
		if err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec(harm).Error }); err != nil {
			t.Fatal(err)
		}
		if a, err := w.Verify(t.Context()); err != nil || len(a.Faults) == 0 {
			t.Errorf("%s: nobody noticed: %v", name, err)
		}
	}
}

func TestVerify_EventsOfBeforeThereWereSaltsHoldAndStay(t *testing.T) {
	w := tickettest.New(t)
	was := settled(t, w)
	var events []ticket.Event
	if err := w.DB.Read(t.Context()).Order("seq").Find(&events, "ticket_id = ?", was.ID).Error; err != nil {
		t.Fatal(err)
	}
	prev := ""
	for _, e := range events { // as they were written then
		b, err := json.Marshal([]any{
			prev, e.ID, e.TicketID, e.Seq, e.Action, e.FromState, e.ToState, e.ActorID, e.ActorPost, e.ActorTitle, e.Note, e.Data, e.At, e.RequestKey,
		})
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		hash := hex.EncodeToString(sum[:])
		err = w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
			if err := tx.Exec("UPDATE ticket_events SET prev_hash = ?, hash = ?, salt = '', words = '' WHERE id = ?", prev, hash, e.ID).Error; err != nil {
				return err
			}
			return tx.Exec("UPDATE tickets SET last_hash = ? WHERE id = ?", hash, was.ID).Error
		})
		if err != nil {
			t.Fatal(err)
		}
		prev = hash
	}
	verify(t, w)
	w.Forward(ticket.RateWindow + time.Hour)
	if n, err := w.Anonymise(t.Context(), db.Expiry{Before: w.Clock()}); n != 1 || err != nil {
		t.Fatalf("%d %v", n, err)
	}
	verify(t, w)
	if err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE ticket_events SET note = 'x' WHERE seq = 5").Error }); err != nil {
		t.Fatal(err)
	}
	if a, err := w.Verify(t.Context()); err != nil || len(a.Faults) == 0 {
		t.Errorf("nobody noticed: %v", err)
	}
}

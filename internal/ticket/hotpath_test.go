package ticket_test

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/ledger"
	"fenlin/internal/notify"
	"fenlin/internal/org"
	"fenlin/internal/outage"
	"fenlin/internal/routing"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// grown are the tables that grow with time: no question may read all of one.
var grown = []string{"tickets", "ticket_events", "ticket_parts", "ticket_followers", "photos", "outbox", "notices", "people", "identities", "sessions", "appointments", "access_log", "consents", "corrections", "imports", "outages", "outage_scopes", "outage_askers", "place_codes", "kept_texts"}

func TestHotPaths_EveryQuestionHasItsIndex(t *testing.T) {
	w := tickettest.New(t)
	var mu sync.Mutex
	asked := map[string]bool{}
	note := func(tx *gorm.DB) {
		mu.Lock()
		defer mu.Unlock()
		asked[tx.Dialector.Explain(tx.Statement.SQL.String(), tx.Statement.Vars...)] = true
	}
	callbacks := w.DB.Read(t.Context()).Callback()
	for _, err := range []error{
		callbacks.Query().After("gorm:query").Register("test:note", note),
		callbacks.Row().After("gorm:row").Register("test:note", note),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	tk := w.Told(t, "li", lamp)
	w.Do(t, "wang", tk.Number, do(ticket.Follow))
	w.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Accept, Key: "k"})
	for _, v := range []ticket.View{ticket.Mine, ticket.Following, ticket.Inbox, ticket.Overdue, ticket.Watched, ticket.Compound} {
		for _, who := range []string{"li", "branch", "community"} {
			if _, err := w.List(t.Context(), w.Actor(who), v, 0, 20, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := w.Kept(t.Context(), w.Actor("city"), 0, 20); err != nil {
		t.Fatal(err)
	}
	if _, err := w.KeptOf(t.Context(), w.Who["li"]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Mine(t.Context(), w.Who["li"], "0001"); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := w.Requested(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.At(t.Context(), ticket.Happened{TicketID: tk.ID, Seq: 1}); err != nil {
		t.Fatal(err)
	}
	notice, err := w.Outages.Announce(t.Context(), w.Actor("city"), outage.Draft{Category: "water", Scope: []int64{w.Units["汾阳市"]}, From: w.Clock(), To: w.Clock().Add(time.Hour), Text: "检修"})
	if err != nil {
		t.Fatal(err)
	}
	code, err := w.Org.PutUp(t.Context(), w.Actor("city"), "", org.Code{Kind: org.GateCode, OrgID: w.Units["福馨苑小区"]})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{lamp, "停水了"} {
		if _, err := w.Preview(t.Context(), ticket.Report{Reporter: w.Who["wang"], Home: w.Units["福馨苑小区"], Text: text, Scene: code.Scene()}); err != nil {
			t.Fatal(err)
		}
	}
	board := &stats.Service{DB: w.DB, Org: w.Org, Location: time.UTC, Now: w.Clock}
	for _, cursor := range []string{"", base64.RawURLEncoding.EncodeToString([]byte("1900000000000.1"))} {
		if _, err := board.Stream(t.Context(), w.Actor("city"), 0, 20, cursor); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Before(t.Context(), tk); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Org.Codes(t.Context(), w.Actor("branch"), org.CodeList{Unit: w.Units["福馨苑小区"], Limit: 20}); err != nil {
		t.Fatal(err)
	}
	for _, past := range []bool{true, false} {
		if _, err := w.Outages.List(t.Context(), outage.Listing{Unit: w.Units["福馨苑小区"], Past: past, Limit: 20}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Outages.Notice(t.Context(), notice.ID); err != nil {
		t.Fatal(err)
	}
	drain(t, w)
	for _, expire := range []func(context.Context, db.Expiry) (int64, error){
		w.Anonymise, w.ExpirePhotos, w.ExpireKept, w.Outbox.Expire, w.Members.ExpireSessions, w.Members.ExpireAccesses, w.Members.ExpireConsents, w.Members.ExpireCorrections, w.Outages.Expire,
		(&notify.Service{DB: w.DB}).Expire, (&ledger.Service{DB: w.DB}).Expire,
	} {
		for _, dry := range []bool{true, false} {
			if _, err := expire(t.Context(), db.Expiry{Before: w.Clock(), Dry: dry}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(asked) < 15 {
		t.Fatalf("only %d questions were seen", len(asked))
	}
	for question := range asked {
		if strings.HasPrefix(strings.ToUpper(question), "SELECT") {
			explain(t, w.DB, question)
		}
	}
}

// explain fails when the database would read the whole of a table that grows.
func explain(t testing.TB, d *db.DB, question string) {
	t.Helper()
	prefix := map[string]string{db.MySQL: "EXPLAIN ", db.SQLite: "EXPLAIN QUERY PLAN "}[d.Engine]
	var plan []map[string]any
	if err := d.Read(t.Context()).Session(&gorm.Session{NewDB: true}).Raw(prefix + question).Scan(&plan).Error; err != nil {
		t.Fatalf("%v: %s", err, question)
	}
	text := func(v any) string {
		switch v := v.(type) {
		case string:
			return v
		case []byte:
			return string(v)
		}
		return ""
	}
	for _, step := range plan {
		whole, table := false, text(step["table"])
		if d.Engine == db.SQLite {
			words := strings.Fields(text(step["detail"]))
			if whole = len(words) == 2 && words[0] == "SCAN"; whole {
				table = words[1]
			}
		} else {
			// With few rows the optimiser may still prefer to read them all.
			whole = text(step["type"]) == "ALL" && text(step["possible_keys"]) == ""
		}
		if name := aliases[table]; name != "" {
			table = name
		}
		if whole && slices.Contains(grown, table) {
			t.Errorf("reads all of %s: %s\n%v", table, question, step)
		}
	}
}

var aliases = map[string]string{"t": "tickets", "a": "appointments", "i": "identities"}

func TestCategories_UnderstandingAndRoutingKnowTheSame(t *testing.T) {
	known := tickettest.New(t).Rules().Reader.Categories()
	if len(known) != 24 {
		t.Errorf("%d categories", len(known))
	}
	tree := func(category string) error {
		_, err := routing.Load([]byte("grades:\n  - {code: 7d, respond: 1d, finish: 7d}\nroute:\n  lead: city_secretary\n  grade: 7d\n  children:\n    - {name: x, category: " + category + ", grade: 7d}\n"))
		return err
	}
	for _, c := range known {
		if err := tree(c.Code); err != nil {
			t.Errorf("routing does not know %s: %v", c.Code, err)
		}
	}
	if tree("ufo") == nil {
		t.Error("routing knows what understanding does not")
	}
}

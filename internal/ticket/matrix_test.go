package ticket_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

var update = flag.Bool("update", false, "write testdata/matrix.txt anew; read it before it is committed")

// TestMatrix_WhoMayDoWhatToATicketInEveryState compares what each role inside,
// above, beside and outside a compound is offered for its ticket with
// testdata/matrix.txt, which people have read, and tries what is not offered.
func TestMatrix_WhoMayDoWhatToATicketInEveryState(t *testing.T) {
	w := tickettest.New(t)
	people := neighboursEverywhere(t, w)
	ask := func(n, who string, a ticket.Action) {
		t.Helper()
		w.Do(t, who, n, ticket.Input{Action: a, Note: "理由", Until: w.Clock().Add(20 * 24 * time.Hour)})
	}
	yes, no := true, false
	at := map[string]func(n string){
		"dispatched": func(string) {},
		"accepted":   func(n string) { ask(n, "branch", ticket.Accept) },
		"contacted":  func(n string) { ask(n, "branch", ticket.Accept); ask(n, "branch", ticket.Contact) },
	}
	then := func(name, before string, f func(n string)) {
		first := at[before]
		at[name] = func(n string) { first(n); f(n) }
	}
	then("consulting", "contacted", func(n string) { ask(n, "branch", ticket.Consult) })
	then("whistled", "contacted", func(n string) {
		w.Do(t, "branch", n, ticket.Input{Action: ticket.Whistle, Note: "漏电", Posts: []int64{w.Posts["power_company"]}})
	})
	then("suspension asked", "contacted", func(n string) { ask(n, "branch", ticket.Suspend) })
	then("exclusion asked", "contacted", func(n string) { ask(n, "branch", ticket.Exclude) })
	then("suspended", "suspension asked", func(n string) { w.Do(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: &yes}) })
	then("returned", "accepted", func(n string) { ask(n, "branch", ticket.Return) })
	then("finished", "contacted", func(n string) { ask(n, "branch", ticket.Finish) })
	then("closed", "finished", func(n string) {
		w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: &yes, Satisfaction: ticket.Satisfied})
	})
	then("reopened", "finished", func(n string) {
		w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: &no, Satisfaction: ticket.Dissatisfied})
	})
	then("rejected", "dispatched", func(n string) { w.Do(t, "community", n, ticket.Input{Action: ticket.Reject, Ground: "petition"}) })
	then("withdrawn", "dispatched", func(n string) { ask(n, "li", ticket.Withdraw) })

	var out bytes.Buffer
	fmt.Fprintln(&out, "# A ticket of li's in 福馨苑小区, led by its branch secretary until somebody else is said to; the state, who, what is offered.")
	for _, state := range []string{
		"dispatched", "accepted", "contacted", "consulting", "whistled", "suspension asked", "exclusion asked", "suspended", "returned", "finished", "closed", "reopened", "rejected", "withdrawn",
	} {
		w.Forward(25 * time.Hour)
		n := w.Told(t, "li", lamp).Number
		if lead := get(t, w, "city", n).LeadPost; lead != w.Posts["branch"] {
			t.Fatalf("led by %d", lead)
		}
		at[state](n)
		for _, who := range people {
			fmt.Fprintf(&out, "%-17s %-40s", state, who.says)
			full, err := w.Get(t.Context(), w.Actor(who.key), n)
			if err != nil && !errors.Is(err, ticket.ErrUnknown) {
				t.Fatal(err)
			}
			var offered []ticket.Action
			for _, c := range full.Actions {
				offered = append(offered, c.Action)
				fmt.Fprintf(&out, " %s", c.Action)
			}
			switch {
			case err != nil:
				fmt.Fprint(&out, " cannot see it")
			case !full.Whole:
				fmt.Fprint(&out, " (sees no person)")
			case len(offered) == 0:
				fmt.Fprint(&out, " sees it")
			}
			fmt.Fprintln(&out)
			tries := everyAction
			if err != nil { // what cannot be seen cannot be found, whatever is tried
				tries = []ticket.Action{ticket.Accept, ticket.Decide, ticket.Follow}
			}
			for _, a := range tries {
				if slices.Contains(offered, a) {
					continue
				}
				in := ticket.Input{
					Action: a, Note: "试试", To: w.Posts["community"], Posts: []int64{w.Posts["power_company"]}, Until: w.Clock().Add(20 * 24 * time.Hour),
					Approve: &yes, Solved: &yes, Satisfaction: ticket.Basic, Place: &ticket.Place{Building: "4"},
				}
				if _, err := w.Act(t.Context(), w.Actor(who.key), n, in); !errors.Is(err, ticket.ErrNotAllowed) && !errors.Is(err, ticket.ErrUnknown) {
					t.Errorf("%s: %s tries %s: %v", state, who.says, a, err)
				}
			}
		}
	}
	const file = "testdata/matrix.txt"
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("who may do what has changed; it is now\n%s", out.Bytes())
	}
}

type somebody struct{ key, says string }

// neighboursEverywhere puts every role inside, above, beside and outside 福馨苑小区.
func neighboursEverywhere(t *testing.T, w *tickettest.Town) []somebody {
	t.Helper()
	unit := func(name string, kind org.Kind, parent, code string) {
		var c *org.Compound
		if kind == org.CompoundKind {
			c = &org.Compound{Governance: org.SelfRun, Datum: "gcj02", Branch: name + "党支部"}
		}
		u, err := w.Org.Add(t.Context(), org.Unit{ParentID: w.Units[parent], Kind: kind, Code: code, Name: name}, c)
		if err != nil {
			t.Fatal(err)
		}
		w.Units[name] = u.ID
	}
	unit("1号楼", org.BuildingGroup, "福馨苑小区", "1")
	unit("北门社区", org.Community, "文峰街道", "")
	unit("太和桥街道", org.Subdistrict, "汾阳市", "")
	unit("禹门社区", org.Community, "太和桥街道", "")
	unit("馨园小区", org.CompoundKind, "禹门社区", "")
	unit("馨园1号楼", org.BuildingGroup, "馨园小区", "1")
	out := []somebody{
		{"li", "resident, who reported"},
		{"wang", "resident, neighbour"},
		{"stranger", "resident, elsewhere"},
		{"branch", "branch_secretary, inside"},
		{"otherbranch", "branch_secretary, beside"},
		{"leader", "group_leader, inside"},
		{"property", "property_manager, beside"},
		{"community", "community_secretary, above"},
		{"subdistrict", "subdistrict_secretary, above"},
		{"city", "city_secretary, above"},
		{"power_company", "department"},
		{"privacy", "privacy_officer"},
	}
	for i, p := range []struct {
		unit, where string
		role        org.Role
	}{
		{"南薰社区", "above", org.GridWorker},
		{"福馨苑小区", "inside", org.GridWorker},
		{"北门社区", "beside", org.GridWorker},
		{"福馨苑小区", "inside", org.PropertyManager},
		{"1号楼", "inside", org.HouseholdHub},
		{"1号楼", "inside", org.GroupLeader},
		{"馨园1号楼", "outside", org.GroupLeader},
		{"馨园小区", "outside", org.BranchSecretary},
		{"北门社区", "beside", org.CommunitySecretary},
		{"禹门社区", "outside", org.CommunitySecretary},
		{"太和桥街道", "beside", org.SubdistrictSecretary},
		{"南薰社区", "above", org.Commissioner},
		{"南薰社区", "above", org.Clerk},
		{"汾阳市", "above", org.Clerk},
		{"汾阳市", "above", org.Operator},
	} {
		key := fmt.Sprintf("extra%d", i)
		person, err := w.Members.Add(t.Context(), member.Person{Name: key}, "o-"+key)
		if err != nil {
			t.Fatal(err)
		}
		w.Who[key] = person.ID
		post, err := w.Org.NewPost(t.Context(), w.Units[p.unit], p.role, key)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Org.Seat(t.Context(), post, person.ID, 0); err != nil {
			t.Fatal(err)
		}
		out = append(out, somebody{key, fmt.Sprintf("%s, %s (%s)", p.role, p.where, p.unit)})
	}
	slices.SortFunc(out, func(a, b somebody) int { return bytes.Compare([]byte(a.says), []byte(b.says)) })
	return out
}

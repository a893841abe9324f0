package lists_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"fenlin/internal/lists"
)

var update = flag.Bool("update", false, "write testdata/matrix.txt anew; read it before it is committed")

// TestMatrix_WhoMayDoWhatInEveryState compares what each is offered for a thing
// in each of its states with testdata/matrix.txt, which people have read, and
// tries what is not offered.
func TestMatrix_WhoMayDoWhatInEveryState(t *testing.T) {
	h := newHall(t)
	people := []string{"branch", "otherbranch", "community", "subdistrict", "city", "leader", "hospital", "school", "li"}
	act := func(who string, l lists.List, a lists.Action) func(int64) {
		return func(id int64) {
			h.do(t, who, l, id, lists.Deed{Action: a, Note: "理由", Verdict: lists.Satisfied})
		}
	}
	project := func() int64 { return h.project(t).ID }
	agreement := func() int64 { return h.agreement(t).ID }
	running := []func(int64){act("community", lists.Projects, lists.Agree), act("hospital", lists.Projects, lists.Progress)}
	finished := append(slices.Clone(running), act("hospital", lists.Projects, lists.Finish))
	evaluated := append(slices.Clone(finished), act("community", lists.Projects, lists.Evaluate))
	sign := func(id int64) { must(t, h.Sign(t.Context(), h.Actor("community"), id, 0, []byte(aPDF))) }
	running2 := []func(int64){sign, act("hospital", lists.Agreements, lists.Confirm)}
	pass := func(d time.Duration) func(int64) { return func(int64) { h.Forward(d); h.ring(t) } }
	const day = 24 * time.Hour
	var out bytes.Buffer
	fmt.Fprintln(&out, "# Needs of 南薰社区, resources of the hospital, a claim of the hospital's, an agreement of the two: the list, the state, who, what is offered.")
	for _, c := range []struct {
		list  lists.List
		state lists.State
		made  func() int64
		steps []func(int64)
	}{
		{lists.Needs, lists.Drafted, func() int64 { return h.draftNeed(t) }, nil},
		{lists.Needs, lists.Open, func() int64 { return h.need(t, nil).ID }, nil},
		{lists.Needs, lists.Matched, func() int64 { n := h.need(t, nil); h.claim(t, n.ID); return n.ID }, nil},
		{lists.Needs, lists.Done, func() int64 { return h.need(t, nil).ID }, []func(int64){act("community", lists.Needs, lists.Complete)}},
		{lists.Needs, lists.Withdrawn, func() int64 { return h.need(t, nil).ID }, []func(int64){act("community", lists.Needs, lists.Withdraw)}},
		{lists.Resources, lists.Open, func() int64 { return h.resource(t, "hospital", nil).ID }, nil},
		{lists.Resources, lists.Withdrawn, func() int64 { return h.resource(t, "hospital", nil).ID }, []func(int64){act("hospital", lists.Resources, lists.Withdraw)}},
		{lists.Projects, lists.Proposed, project, nil},
		{lists.Projects, lists.Agreed, project, running[:1]},
		{lists.Projects, lists.Running, project, running},
		{lists.Projects, lists.Finished, project, finished},
		{lists.Projects, lists.Evaluated, project, evaluated},
		{lists.Projects, lists.Closed, project, append(slices.Clone(evaluated), act("community", lists.Projects, lists.Close))},
		{lists.Projects, lists.Refused, project, []func(int64){act("community", lists.Projects, lists.Refuse)}},
		{lists.Projects, lists.Cancelled, project, []func(int64){act("hospital", lists.Projects, lists.Cancel)}},
		{lists.Agreements, lists.Drafted, agreement, nil},
		{lists.Agreements, lists.Drafted, agreement, []func(int64){sign}},
		{lists.Agreements, lists.Running, agreement, running2},
		{lists.Agreements, lists.Terminated, agreement, append(slices.Clone(running2), act("hospital", lists.Agreements, lists.Stop))},
		{lists.Agreements, lists.Ended, agreement, append(slices.Clone(running2), pass(400*day))},
	} {
		id := c.made()
		for _, step := range c.steps {
			step(id)
		}
		h.judge(t)
		if got := h.state(t, c.list, id); got != c.state {
			t.Fatalf("%s is %s, want %s", c.list, got, c.state)
		}
		for _, who := range people {
			whole, offered, err := h.offered(t, who, c.list, id)
			fmt.Fprintf(&out, "%-10s %-11s %-12s", c.list, c.state, who)
			for _, a := range offered {
				fmt.Fprintf(&out, " %s", a)
			}
			switch {
			case errors.Is(err, lists.ErrUnknown):
				fmt.Fprint(&out, " cannot see it")
			case err != nil:
				t.Fatal(err)
			case !whole:
				fmt.Fprint(&out, " sees the public part")
			case len(offered) == 0:
				fmt.Fprint(&out, " sees it")
			}
			fmt.Fprintln(&out)
			for _, a := range append(lists.ActionsOf(c.list), lists.Lapse, lists.Begin, lists.End, lists.Expire) {
				if slices.Contains(offered, a) {
					continue
				}
				err := h.Service.Act(t.Context(), h.Actor(who), c.list, id, lists.Deed{Action: a, Note: "试试", Verdict: lists.Basic})
				known := []error{lists.ErrUnknown, lists.ErrNotYours, lists.ErrState, lists.ErrInvalid}
				if !slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) }) {
					t.Errorf("%s %s: %s tries %s: %v", c.list, c.state, who, a, err)
				}
			}
			for _, a := range []lists.Action{lists.Change, lists.Attach, lists.Claim, lists.Ask, lists.Sign, lists.Renew} { // offered or not, these have their own ways
				err := h.Service.Act(t.Context(), h.Actor(who), c.list, id, lists.Deed{Action: a, Note: "试试"})
				if !errors.Is(err, lists.ErrInvalid) && !errors.Is(err, lists.ErrUnknown) {
					t.Errorf("%s %s: %s does %s: %v", c.list, c.state, who, a, err)
				}
			}
		}
	}
	const file = "testdata/matrix.txt"
	if *update {
		must(t, os.WriteFile(file, out.Bytes(), 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("who may do what has changed; it is now\n%s", out.Bytes())
	}
}

func codes(choices []lists.Choice) (out []lists.Action) {
	for _, c := range choices {
		out = append(out, c.Action)
	}
	return out
}

func (h *hall) draftNeed(t *testing.T) int64 {
	n, err := h.Tell(t.Context(), h.Actor("community"), "", lists.NeedDraft{Org: ptr(h.Town.Units["南薰社区"]), Title: ptr("体检"), Kind: ptr("health")})
	must(t, err)
	return n.ID
}

// claim is a claim of the school's without a resource.
func (h *hall) claim(t *testing.T, need int64) lists.Project {
	t.Helper()
	p, err := h.Propose(t.Context(), h.Actor("school"), "", lists.Proposal{Needs: []int64{need}, Unit: h.Units["school"], About: "派校医来做体检"})
	must(t, err)
	return p
}

func (h *hall) offered(t *testing.T, who string, l lists.List, id int64) (whole bool, actions []lists.Action, err error) {
	by := h.Actor(who)
	switch l {
	case lists.Needs:
		f, err := h.Need(t.Context(), by, id)
		return f.Whole, codes(f.Actions), err
	case lists.Resources:
		f, err := h.Resource(t.Context(), by, id)
		return f.Whole, codes(f.Actions), err
	case lists.Projects:
		f, err := h.Project(t.Context(), by, id)
		return f.Whole, codes(f.Actions), err
	case lists.Agreements:
	}
	f, err := h.Agreement(t.Context(), by, id)
	return f.Whole, codes(f.Actions), err
}

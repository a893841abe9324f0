package lists_test

import (
	"errors"
	"fmt"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// hall is a town with two work units, whose contacts are hospital and school;
// the hospital serves 南薰社区.
type hall struct {
	*tickettest.Town
	*lists.Service
	Units map[string]int64 // work units
}

func newHall(t testing.TB) *hall {
	t.Helper()
	w := tickettest.New(t)
	h := &hall{w, w.Lists, map[string]int64{}}
	for i, who := range []string{"hospital", "school"} {
		p, err := w.Members.Add(t.Context(), member.Person{Name: who}, "o-"+who)
		must(t, err)
		w.Who[who] = p.ID
		u := org.WorkUnit{ID: w.Service.DB.NewID(), Kind: org.Organ, Name: []string{"人民医院", "第一中学"}[i], ContactID: p.ID}
		must(t, w.Service.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Create(&u).Error }))
		h.Units[who] = u.ID
	}
	must(t, w.Service.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Create(&org.Partner{UnitID: h.Units["hospital"], CommunityID: w.Units["南薰社区"], Since: "2026-01-01"}).Error
	}))
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ptr[T any](v T) *T { return &v }

func refused(t testing.TB, err error, want *errs.Error, field string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, want %v", err, want)
		return
	}
	if told := errs.From(err); field != "" && (len(told.Fields) == 0 || told.Fields[0].Name != field) {
		t.Errorf("%v names %v, want %s", err, told.Fields, field)
	}
}

// do does something as somebody.
func (h *hall) do(t testing.TB, who string, l lists.List, id int64, d lists.Deed) {
	t.Helper()
	if err := h.Service.Act(t.Context(), h.Actor(who), l, id, d); err != nil {
		t.Fatalf("%s %s by %s: %v", l, d.Action, who, err)
	}
}

// judge lets the content check look at all that waits for it.
func (h *hall) judge(t testing.TB) {
	t.Helper()
	for _, e := range h.waiting(t, lists.TopicCheck) {
		var c lists.Check
		must(t, e.Decode(&c))
		w, ok, err := h.Unjudged(t.Context(), c)
		must(t, err)
		if ok {
			must(t, h.Judge(t.Context(), c, w, ticket.Passed))
		}
	}
}

// waiting are the events of a topic, in their order.
func (h *hall) waiting(t testing.TB, topic string) []outbox.Event {
	t.Helper()
	var events []outbox.Event
	must(t, h.Service.DB.Read(t.Context()).Order("run_at, id").Find(&events, "topic = ?", topic).Error)
	return events
}

// ring lets all timers ring that are due.
func (h *hall) ring(t testing.TB) {
	t.Helper()
	for _, e := range h.waiting(t, lists.TopicTimer) {
		var x lists.Timer
		must(t, e.Decode(&x))
		if e.RunAt <= h.Clock().UnixMilli() {
			must(t, h.Fire(t.Context(), x))
		}
	}
	_, err := h.Ring(t.Context())
	must(t, err)
}

// told are the letters so far, as letter:side.
func (h *hall) told(t testing.TB) (out []string) {
	t.Helper()
	for _, e := range h.waiting(t, lists.TopicTold) {
		var x lists.Told
		must(t, e.Decode(&x))
		out = append(out, fmt.Sprintf("%s:%s", x.Letter, x.To))
	}
	return out
}

// need is an open need of the community.
func (h *hall) need(t testing.TB, change func(*lists.NeedDraft)) lists.Need {
	t.Helper()
	d := lists.NeedDraft{Org: ptr(h.Town.Units["南薰社区"]), Title: ptr("老年人健康体检"), Kind: ptr("health"), About: ptr("八十位老人"), People: ptr(80), WantedOn: ptr("2026-12-31")}
	if change != nil {
		change(&d)
	}
	n, err := h.Tell(t.Context(), h.Actor("community"), "", d)
	must(t, err)
	h.do(t, "community", lists.Needs, n.ID, lists.Deed{Action: lists.Publish})
	h.judge(t)
	return n
}

// resource is an open resource of a unit.
func (h *hall) resource(t testing.TB, who string, change func(*lists.ResourceDraft)) lists.Resource {
	t.Helper()
	d := lists.ResourceDraft{Unit: ptr(h.Units[who]), Title: ptr("上门体检"), Kind: ptr("health"), Amount: ptr("医生护士"), Quantity: ptr(6)}
	if change != nil {
		change(&d)
	}
	r, err := h.Offer(t.Context(), h.Actor(who), "", d)
	must(t, err)
	h.do(t, who, lists.Resources, r.ID, lists.Deed{Action: lists.Publish})
	h.judge(t)
	return r
}

// project is a claim of the hospital's.
func (h *hall) project(t testing.TB) lists.Project {
	t.Helper()
	n, r := h.need(t, nil), h.resource(t, "hospital", nil)
	p, err := h.Propose(t.Context(), h.Actor("hospital"), "", lists.Proposal{Needs: []int64{n.ID}, Resources: []int64{r.ID}, EndOn: "2027-02-01"})
	must(t, err)
	return p
}

func (h *hall) state(t testing.TB, l lists.List, id int64) lists.State {
	t.Helper()
	var state lists.State
	table := map[lists.List]string{lists.Needs: "list_needs", lists.Resources: "list_resources", lists.Projects: "list_projects", lists.Agreements: "list_agreements"}[l]
	must(t, h.Service.DB.Read(t.Context()).Raw("SELECT state FROM "+table+" WHERE id = ?", id).Scan(&state).Error)
	return state
}

const aPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

// agreement is a draft between the community and the hospital.
func (h *hall) agreement(t testing.TB) lists.Agreement {
	t.Helper()
	a, err := h.Draft(t.Context(), h.Actor("community"), "", lists.AgreementDraft{
		Community: ptr(h.Town.Units["南薰社区"]), Unit: ptr(h.Units["hospital"]), FromOn: ptr("2026-11-23"), ToOn: ptr("2027-11-22"),
		Items: ptr([]lists.Item{{Code: "dual_service", Words: "每季度义诊一次"}}),
	})
	must(t, err)
	h.judge(t)
	return a
}

// signed is one that both have confirmed.
func (h *hall) signed(t testing.TB) lists.Agreement {
	t.Helper()
	a := h.agreement(t)
	must(t, h.Sign(t.Context(), h.Actor("community"), a.ID, 0, []byte(aPDF)))
	h.do(t, "hospital", lists.Agreements, a.ID, lists.Deed{Action: lists.Confirm})
	return a
}

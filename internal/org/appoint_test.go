package org_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
)

// appoint is Appoint of a person whom the test knows.
func (w *tree) appoint(t *testing.T, by org.Actor, a org.Appointment) (org.Appointment, error) {
	t.Helper()
	return w.Appoint(t.Context(), by, a, func(*gorm.DB) (int64, error) { return a.PersonID, nil })
}

func TestAppoint_OnePersonAtATimeByWhoStandsAbove(t *testing.T) {
	w := plant(t)
	city, north, south := w.holder(t, 1, "city"), w.holder(t, 2, "north"), w.holder(t, 3, "south")
	day := 24 * time.Hour.Milliseconds()
	now := w.now.UnixMilli()
	appoint := func(by org.Actor, a org.Appointment) (org.Appointment, error) {
		a.PostID = w.posts["branch"]
		return w.appoint(t, by, a)
	}
	for name, c := range map[string]struct {
		by   org.Actor
		a    org.Appointment
		want error
	}{
		"beside":             {south, org.Appointment{PersonID: 10}, org.ErrMayNot},
		"nobody":             {org.Actor{Person: 9}, org.Appointment{PersonID: 10}, org.ErrMayNot},
		"ends before begins": {north, org.Appointment{PersonID: 10, FromAt: now + day, ToAt: now}, org.ErrPeriod},
		"ended long ago":     {north, org.Appointment{PersonID: 10, FromAt: now - 2*day, ToAt: now - day}, org.ErrPeriod},
		"no such post":       {north, org.Appointment{PersonID: 10, PostID: 77}, org.ErrUnknownPost},
	} {
		if c.a.PostID == 0 {
			c.a.PostID = w.posts["branch"]
		}
		if _, err := w.appoint(t, c.by, c.a); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	first, err := appoint(north, org.Appointment{PersonID: 10, ToAt: now + 10*day, Note: "文党发〔2026〕3号"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := appoint(north, org.Appointment{PersonID: 10, ToAt: now + 10*day}); err != nil || again.ID != first.ID {
		t.Errorf("the same again: %+v %v", again, err)
	}
	for _, a := range []org.Appointment{{PersonID: 11}, {PersonID: 11, FromAt: now + 9*day}, {PersonID: 10}, {PersonID: 11, FromAt: now - day, ToAt: now + day}} {
		if _, err := appoint(city, a); !errors.Is(err, org.ErrPostHeld) {
			t.Errorf("%+v: %v", a, err)
		}
	}
	next, err := appoint(city, org.Appointment{PersonID: 11, FromAt: now + 10*day})
	if err != nil {
		t.Fatalf("the next one: %v", err)
	}
	if a := w.holder(t, 10); len(a.Posts) != 1 {
		t.Errorf("appointed: %+v", a)
	}
	w.now = w.now.Add(time.Duration(10*day) * time.Millisecond)
	if a, b := w.holder(t, 10), w.holder(t, 11); len(a.Posts) != 0 || len(b.Posts) != 1 {
		t.Errorf("after the change: %+v %+v", a, b)
	}
	w.now = w.now.Add(time.Hour)
	if err := w.Dismiss(t.Context(), south, next.ID, 0, ""); !errors.Is(err, org.ErrMayNot) {
		t.Errorf("dismissed from beside: %v", err)
	}
	if err := w.Dismiss(t.Context(), w.holder(t, 11), next.ID, 0, "本人辞职"); err != nil { // steps down
		t.Error(err)
	}
	if err := w.Dismiss(t.Context(), north, next.ID, 0, ""); !errors.Is(err, org.ErrAppointment) {
		t.Errorf("dismissed twice: %v", err)
	}
	vacant, err := w.ListPosts(t.Context(), city, org.Listing{Unit: w.units["city"].ID, Subtree: true, Vacant: true, Limit: 10})
	if err != nil || len(vacant) != 6 {
		t.Fatalf("%+v %v", vacant, err)
	}
	for _, v := range vacant {
		if since := v.VacantSince; v.Filled || (v.ID == w.posts["branch"]) != (since == w.now.UnixMilli()) {
			t.Errorf("%+v", v)
		}
	}
	if _, err := w.ListPosts(t.Context(), south, org.Listing{Unit: w.units["garden"].ID, Limit: 10}); !errors.Is(err, org.ErrOutside) {
		t.Errorf("listed from beside: %v", err)
	}
	history, err := w.Tenures(t.Context(), north, w.posts["branch"])
	if err != nil || len(history) != 2 || history[0].PersonID != 11 || history[0].Note != "本人辞职" || history[1].ByID != 2 {
		t.Errorf("%+v %v", history, err)
	}
}

func TestAppoint_OfTwoAtOnceOneWins(t *testing.T) {
	w := plant(t)
	city := w.holder(t, 1, "city")
	var wg sync.WaitGroup
	results := make([]error, 8)
	for i := range results {
		wg.Go(func() {
			_, results[i] = w.appoint(t, city, org.Appointment{PostID: w.posts["branch"], PersonID: int64(100 + i)})
		})
	}
	wg.Wait()
	won := 0
	for _, err := range results {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, org.ErrPostHeld) && !errors.Is(err, org.ErrStale):
			t.Error(err)
		}
	}
	held, err := w.Holders(t.Context(), []int64{w.posts["branch"]})
	if won != 1 || err != nil || len(held) != 1 {
		t.Errorf("%d won, %v hold it: %v", won, held, err)
	}
}

func TestCreatePost_WhereItBelongsAndClosedWhenNobodyHoldsIt(t *testing.T) {
	w := plant(t)
	north := w.holder(t, 2, "north")
	for name, c := range map[string]struct {
		unit  string
		role  org.Role
		title string
		want  error
	}{
		"a secretary of a building": {"group3", org.BranchSecretary, "x", org.ErrPostPlace},
		"another community":         {"south", org.GridWorker, "x", org.ErrMayNot},
		"a clerk of one's own":      {"north", org.Clerk, "x", org.ErrMayNot},
		"one's own superior":        {"street", org.SubdistrictSecretary, "x", org.ErrMayNot},
		"no title":                  {"north", org.GridWorker, "", org.ErrPostTitle},
		"a resident's post":         {"garden", org.Resident, "x", org.ErrPostPlace},
	} {
		if _, err := w.CreatePost(t.Context(), north, w.units[c.unit].ID, c.role, c.title); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := w.CreatePost(t.Context(), north, w.units["north"].ID, org.GridWorker, "第二网格员")
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.appoint(t, north, org.Appointment{PostID: p.ID, PersonID: 20, FromAt: w.now.Add(time.Hour).UnixMilli()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.ClosePost(t.Context(), north, p.ID); !errors.Is(err, org.ErrPostOccupied) {
		t.Errorf("closed while somebody is to hold it: %v", err)
	}
	if err := w.Dismiss(t.Context(), north, a.ID, 0, ""); err != nil { // before it began: it never was
		t.Fatal(err)
	}
	if err := w.ClosePost(t.Context(), north, p.ID); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(2 * time.Hour)
	if a := w.holder(t, 20); len(a.Posts) != 0 {
		t.Errorf("holds a closed post: %+v", a)
	}
	if _, err := w.appoint(t, north, org.Appointment{PostID: p.ID, PersonID: 20}); !errors.Is(err, org.ErrUnknownPost) {
		t.Errorf("appointed to a closed post: %v", err)
	}
}

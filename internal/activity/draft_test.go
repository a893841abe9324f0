package activity_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/geo"
	"fenlin/internal/org"
)

func TestMake_WhatIsRefused(t *testing.T) {
	h := newHall(t)
	now := h.Clock()
	for name, c := range map[string]struct {
		change func(*activity.Draft)
		field  string
	}{
		"a fence of 0 that is asked for": {func(d *activity.Draft) { d.Fence, d.Strict = ptr(0), ptr(true) }, "fence"},
		"a fence of 10 m":                {func(d *activity.Draft) { d.Fence = ptr(10) }, "fence"},
		"a fence of 50 km":               {func(d *activity.Draft) { d.Fence = ptr(50_000) }, "fence"},
		"a fence around nothing":         {func(d *activity.Draft) { d.At = nil }, "location"},
		"a point that is none":           {func(d *activity.Draft) { d.At = &geo.Point{} }, "location"},
		"past":                           {func(d *activity.Draft) { d.Starts, d.Ends = ptr(now.Add(-time.Hour)), ptr(now.Add(time.Hour)) }, "starts_at"},
		"reversed":                       {func(d *activity.Draft) { d.Starts, d.Ends = d.Ends, d.Starts }, "ends_at"},
		"a week long":                    {func(d *activity.Draft) { d.Ends = ptr(d.Starts.Add(7 * 24 * time.Hour)) }, "ends_at"},
		"years ahead": {func(d *activity.Draft) {
			d.Starts, d.Ends = ptr(now.AddDate(2, 0, 0)), ptr(now.AddDate(2, 0, 0).Add(time.Hour))
		}, "starts_at"},
		"signing up after the end": {func(d *activity.Draft) { d.Until = ptr(d.Ends.Add(time.Minute)) }, "signup_until"},
		"no kind":                  {func(d *activity.Draft) { d.Kind = ptr("party") }, "kind"},
		"no title":                 {func(d *activity.Draft) { d.Title = ptr(" ") }, "title"},
		"a novel":                  {func(d *activity.Draft) { d.About = ptr(strings.Repeat("扫", 601)) }, "about"},
		"risky, not insured":       {func(d *activity.Draft) { d.Risky = ptr(true) }, "insurance"},
		"for ages of 200":          {func(d *activity.Draft) { d.MinAge = ptr(200) }, "min_age"},
		"without seats":            {func(d *activity.Draft) { d.Slots = &[]activity.SlotDraft{{Name: "清扫"}} }, "slots[0].capacity"},
		"without posts":            {func(d *activity.Draft) { d.Slots = &[]activity.SlotDraft{} }, "slots"},
		"two posts of one name": {func(d *activity.Draft) {
			d.Slots = &[]activity.SlotDraft{{Name: "清扫", Capacity: 1}, {Name: " 清扫", Capacity: 1}}
		}, "slots[1].name"},
		"from no ticket": {func(d *activity.Draft) { d.Source = activity.Source{Kind: "ticket", Ref: "FY261123-9999"} }, "source"},
	} {
		d := h.draft(3)
		c.change(&d)
		_, err := h.Make(t.Context(), h.Actor("branch"), "", d, activity.Repeat{})
		t.Run(name, func(t *testing.T) { refused(t, err, activity.ErrInvalid, c.field) })
	}
	for _, who := range []string{"li", "otherbranch", "property"} {
		_, err := h.Make(t.Context(), h.Actor(who), "", h.draft(1), activity.Repeat{})
		refused(t, err, org.ErrOutside, "")
	}
}

func TestMake_ASeriesIsMadeOnceAndPublishedTogether(t *testing.T) {
	h := newHall(t)
	made, err := h.Make(t.Context(), h.Actor("branch"), "k1", h.draft(3, 4), activity.Repeat{Days: 7, Times: 4})
	must(t, err)
	again, err := h.Make(t.Context(), h.Actor("branch"), "k1", h.draft(3, 4), activity.Repeat{Days: 7, Times: 4})
	must(t, err)
	if len(made) != 4 || again[3].ID != made[3].ID || made[3].StartsAt-made[0].StartsAt != 21*24*time.Hour.Milliseconds() {
		t.Errorf("%+v %+v", made, again)
	}
	other := h.draft(3)
	other.Title = ptr("另一个活动")
	_, err = h.Make(t.Context(), h.Actor("branch"), "k1", other, activity.Repeat{})
	refused(t, err, activity.ErrKeyReused, "")
	_, err = h.Show(t.Context(), h.Actor("li"), made[0].ID)
	refused(t, err, activity.ErrUnknown, "")
	must(t, h.Service.Act(t.Context(), h.Actor("branch"), made[0].ID, activity.Deed{Action: activity.Publish, Series: true}))
	var seen []int64
	var after activity.Cursor
	for range 4 {
		page, err := h.Service.List(t.Context(), h.Actor("li"), activity.Listing{View: activity.Upcoming, Unit: h.Units["3号楼"], After: after, Limit: 1})
		must(t, err)
		seen = append(seen, page[0].ID)
		after = activity.Cursor{At: page[0].StartsAt, ID: page[0].ID}
	}
	if want := []int64{made[0].ID, made[1].ID, made[2].ID, made[3].ID}; !slices.Equal(seen, want) {
		t.Errorf("%v, want %v", seen, want)
	}
	elsewhere, err := h.Service.List(t.Context(), h.Actor("li"), activity.Listing{View: activity.Upcoming, Unit: h.Units["昌瑞绿洲小区"], Limit: 9})
	if err != nil || len(elsewhere) != 0 {
		t.Errorf("%v %v", elsewhere, err)
	}
}

func TestChange_WhoSignedUpIsToldAndKeepsTheSeat(t *testing.T) {
	h := newHall(t)
	a := h.on(t, nil, 3)
	p := h.person(t)
	h.signUp(t, p, a)
	branch := h.Actor("branch")
	refused(t, h.Change(t.Context(), h.Actor("city"), a.ID, 0, activity.Draft{Place: ptr("别处")}), activity.ErrNotYours, "")
	refused(t, h.Change(t.Context(), branch, a.ID, 1, activity.Draft{Place: ptr("别处")}), activity.ErrStale, "")
	refused(t, h.Change(t.Context(), branch, a.ID, 0, activity.Draft{Starts: ptr(h.Clock().Add(-time.Hour))}), activity.ErrInvalid, "starts_at")
	h.signUp(t, h.person(t), a)
	below := []activity.SlotDraft{{ID: a.Slots[0].ID, Name: "清扫", Capacity: 1}}
	refused(t, h.Change(t.Context(), branch, a.ID, 0, activity.Draft{Slots: &below}), activity.ErrBelow, "slots")
	refused(t, h.Change(t.Context(), branch, a.ID, 0, activity.Draft{Slots: &[]activity.SlotDraft{{Name: "新岗位", Capacity: 1}}}), activity.ErrBelow, "slots")
	must(t, h.Change(t.Context(), branch, a.ID, 0, activity.Draft{Starts: ptr(h.Clock().Add(30 * time.Hour)), Ends: ptr(h.Clock().Add(31 * time.Hour))}))
	told := h.told(t)
	if len(told) != 1 || told[0].Letter != activity.LetterMoved || len(told[0].People) != 2 || h.mine(t, p, a).State != activity.Seated {
		t.Errorf("%+v", told)
	}
	if now := h.show(t, a.ID); now.SignupUntil != now.StartsAt {
		t.Errorf("signing up ends at %v", now.SignupUntil)
	}
}

func TestAct_TheRoadFromDraftToArchive(t *testing.T) {
	h := newHall(t)
	a := h.on(t, nil, 3)
	p := h.person(t)
	h.signUp(t, p, a)
	refused(t, h.Act2(t, "li", a.ID, activity.Cancel, "x"), activity.ErrNotYours, "")
	refused(t, h.Act2(t, "branch", a.ID, activity.Publish, ""), activity.ErrState, "")
	refused(t, h.Act2(t, "branch", a.ID, activity.Cancel, " "), activity.ErrInvalid, "note")
	refused(t, h.Rate(t.Context(), p.ID, a.ID, activity.Satisfied, ""), activity.ErrNotOver, "")
	h.Forward(24 * time.Hour)
	h.ring(t)
	if now := h.show(t, a.ID); now.State != activity.Running {
		t.Fatalf("at its beginning: %s", now.State)
	}
	h.Forward(2 * time.Hour)
	h.ring(t)
	if now := h.show(t, a.ID); now.State != activity.Done {
		t.Fatalf("at its end: %s", now.State)
	}
	refused(t, h.Act2(t, "branch", a.ID, activity.Cancel, "x"), activity.ErrState, "")
	refused(t, h.Act2(t, "branch", a.ID, activity.Archive, ""), activity.ErrInvalid, "note")
	must(t, h.Rate(t.Context(), p.ID, a.ID, activity.Basic, ""))
	must(t, h.Rate(t.Context(), p.ID, a.ID, activity.Satisfied, "很好"))
	must(t, h.Rate(t.Context(), h.Who["li"], a.ID, activity.Basic, ""))
	must(t, h.Act2(t, "branch", a.ID, activity.Archive, "清扫了三栋楼"))
	now := h.show(t, a.ID)
	if want := []activity.VerdictCount{{TookPart: true, Verdict: activity.Satisfied, N: 1}, {TookPart: false, Verdict: activity.Basic, N: 1}}; !slices.Equal(now.Verdicts, want) || now.Summary == "" {
		t.Errorf("%+v %q", now.Verdicts, now.Summary)
	}
	if letters := h.told(t); len(letters) != 0 && letters[0].Letter != activity.LetterRemind {
		t.Errorf("%+v", letters)
	}
}

func TestAct_WhoSignedUpHearsOfACancellation(t *testing.T) {
	h := newHall(t)
	a := h.on(t, nil, 1)
	for range 3 {
		h.signUp(t, h.person(t), a)
	}
	must(t, h.Act2(t, "branch", a.ID, activity.Cancel, "下雨"))
	told := h.told(t)
	if len(told) != 1 || told[0].Letter != activity.LetterCancelled || len(told[0].People) != 3 || told[0].Note != "下雨" {
		t.Errorf("%+v", told)
	}
	_, _, err := h.SignUp(t.Context(), h.person(t), activity.Choice{Activity: a.ID})
	refused(t, err, activity.ErrClosed, "")
}

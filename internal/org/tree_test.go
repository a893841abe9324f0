package org_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// deed is a change by the city's clerk, now.
func (w *tree) deed(t *testing.T) org.Deed {
	t.Helper()
	if w.clerk.Person == 0 {
		post, err := w.NewPost(t.Context(), w.units["city"].ID, org.Clerk, "city's clerk")
		if err != nil {
			t.Fatal(err)
		}
		w.posts["city clerk"] = post
		w.clerk = w.holder(t, 900, "city clerk")
	}
	return org.Deed{By: w.clerk, Reason: "区划调整"}
}

func (w *tree) pass(d time.Duration) { w.now = w.now.Add(d) }

// again reads a unit as it is.
func (w *tree) again(t *testing.T, name string) org.Unit {
	t.Helper()
	u, err := w.Unit(t.Context(), w.units[name].ID)
	if err != nil {
		t.Fatal(err)
	}
	w.units[name] = u
	return u
}

func (w *tree) add(t *testing.T, name, parent string, kind org.Kind, code string) org.Unit {
	t.Helper()
	var c *org.Compound
	if kind == org.CompoundKind {
		c = &org.Compound{Governance: org.Unmanaged, Households: 100, Aliases: []string{name + "!"}}
	}
	u, err := w.Add(t.Context(), org.Unit{ParentID: w.units[parent].ID, Kind: kind, Code: code, Name: name}, c)
	if err != nil {
		t.Fatal(err)
	}
	w.units[name] = u
	return u
}

func TestAdd_EveryKindStandsOnlyWhereItMay(t *testing.T) {
	may := map[org.Kind][]org.Kind{
		org.Prefecture: {org.Province}, org.City: {org.Prefecture, org.Province}, org.Department: {org.City}, org.Subdistrict: {org.City},
		org.Community: {org.Subdistrict}, org.CompoundKind: {org.Community}, org.BuildingGroup: {org.CompoundKind},
		org.HubHousehold: {org.BuildingGroup}, org.LinkedHousehold: {org.HubHousehold},
	}
	order := []org.Kind{
		org.Province, org.Prefecture, org.City, org.Subdistrict, org.Community, org.CompoundKind, org.BuildingGroup, org.HubHousehold, org.LinkedHousehold, org.Department,
	}
	w := plant(t)
	w = &tree{Service: &org.Service{DB: emptyDB(t), Now: w.Now}, units: map[string]org.Unit{}}
	for i, k := range order { // a tree from the province to the linked household, and a department
		above := ""
		if i > 0 {
			above = string(order[i-1])
		}
		if k == org.Department {
			above = string(org.City)
		}
		w.add(t, string(k), above, k, string(k))
	}
	for _, above := range order {
		for _, k := range order {
			u := org.Unit{ParentID: w.units[string(above)].ID, Kind: k, Code: "n", Name: "new " + string(k)}
			var c *org.Compound
			if k == org.CompoundKind {
				c = &org.Compound{Governance: org.Managed}
			}
			_, err := w.Add(t.Context(), u, c)
			if ok := slices.Contains(may[k], above); ok != (err == nil) || err != nil && !errors.Is(err, org.ErrKind) {
				t.Errorf("%s under %s: %v", k, above, err)
			}
		}
	}
	if _, err := w.Add(t.Context(), org.Unit{Kind: org.City, Name: "another"}, nil); !errors.Is(err, org.ErrTwin) {
		t.Errorf("a second root: %v", err)
	}
	if path := w.units["linked_household"].Path; strings.Count(path, "/") != 10 {
		t.Errorf("path %s", path)
	}
}

func TestChanges_WhatCannotBeIsRefusedWithWhatToDo(t *testing.T) {
	w := plant(t)
	w.add(t, "court", "north", org.CompoundKind, "C9")
	w.add(t, "gone", "north", org.CompoundKind, "")
	d := w.deed(t)
	if _, err := w.Close(t.Context(), d, w.units["gone"].ID, 0); err != nil {
		t.Fatal(err)
	}
	at := func(name string) org.Unit { return w.units[name] }
	compound := func(change func(*org.Compound)) *org.Compound {
		c := &org.Compound{Governance: org.Managed, Households: 10, Lat: 37.26, Lng: 111.78, Datum: "gcj02"}
		change(c)
		return c
	}
	establish := func(u org.Unit, c *org.Compound) func(org.Deed) error {
		return func(d org.Deed) error { _, err := w.Establish(t.Context(), d, u, c); return err }
	}
	home := func(change func(*org.Compound)) func(org.Deed) error {
		return establish(org.Unit{ParentID: at("north").ID, Kind: org.CompoundKind, Name: "new"}, compound(change))
	}
	move := func(what, to string) func(org.Deed) error {
		return func(d org.Deed) error { _, err := w.Move(t.Context(), d, at(what).ID, 0, at(to).ID); return err }
	}
	merge := func(what, into string) func(org.Deed) error {
		return func(d org.Deed) error { _, err := w.Merge(t.Context(), d, at(what).ID, 0, at(into).ID); return err }
	}
	change := func(what string, version int64, c org.Changes) func(org.Deed) error {
		return func(d org.Deed) error { _, err := w.Change(t.Context(), d, at(what).ID, version, c); return err }
	}
	for name, c := range map[string]struct {
		do    func(org.Deed) error
		want  *errs.Error
		field string
	}{
		"under itself":              {move("street", "street"), org.ErrCycle, "parent_id"},
		"below itself":              {move("street", "garden"), org.ErrCycle, "parent_id"},
		"under a wrong kind":        {move("garden", "street"), org.ErrKind, "parent_id"},
		"where it is":               {move("garden", "north"), org.ErrInvalid, "parent_id"},
		"the root":                  {move("city", "north"), org.ErrInvalid, ""},
		"under a closed one":        {establish(org.Unit{ParentID: at("gone").ID, Kind: org.BuildingGroup, Name: "3", Code: "3"}, nil), org.ErrClosed, ""},
		"a closed one":              {move("gone", "south"), org.ErrClosed, ""},
		"a closed one's name":       {change("gone", 1, org.Changes{Name: new("again")}), org.ErrClosed, ""},
		"a twin":                    {establish(org.Unit{ParentID: at("north").ID, Kind: org.CompoundKind, Name: " garden "}, compound(func(*org.Compound) {})), org.ErrTwin, "name"},
		"a twin by code":            {establish(org.Unit{ParentID: at("north").ID, Kind: org.CompoundKind, Name: "new", Code: "C9"}, compound(func(*org.Compound) {})), org.ErrTwin, "code"},
		"renamed to a twin":         {change("court", 0, org.Changes{Name: new("garden")}), org.ErrTwin, "name"},
		"with open children":        {func(d org.Deed) error { _, err := w.Close(t.Context(), d, at("north").ID, 0); return err }, org.ErrChildren, ""},
		"into itself":               {merge("court", "court"), org.ErrCycle, "into_id"},
		"into another kind":         {merge("court", "north"), org.ErrKind, "into_id"},
		"into a closed one":         {merge("court", "gone"), org.ErrClosed, "into_id"},
		"outside China":             {home(func(c *org.Compound) { c.Lat, c.Lng = 111.78, 37.26 }), org.ErrInvalid, "lat"},
		"nowhere":                   {home(func(c *org.Compound) { c.Lat = math.NaN() }), org.ErrInvalid, "lat"},
		"negative households":       {home(func(c *org.Compound) { c.Households = -1 }), org.ErrInvalid, "households"},
		"too many households":       {home(func(c *org.Compound) { c.Households = 1_000_000 }), org.ErrInvalid, "households"},
		"a governance not known":    {home(func(c *org.Compound) { c.Governance = "feudal" }), org.ErrInvalid, "governance"},
		"a datum not known":         {home(func(c *org.Compound) { c.Datum = "bd09" }), org.ErrInvalid, "datum"},
		"a day that is none":        {home(func(c *org.Compound) { c.ConsultsSince = "2025-02-30" }), org.ErrInvalid, "consults_since"},
		"a compound without facts":  {establish(org.Unit{ParentID: at("north").ID, Kind: org.CompoundKind, Name: "new"}, nil), org.ErrInvalid, "governance"},
		"a community with facts":    {establish(org.Unit{ParentID: at("street").ID, Kind: org.Community, Name: "new"}, compound(func(*org.Compound) {})), org.ErrInvalid, ""},
		"facts of a community":      {change("north", 0, org.Changes{Households: new(3)}), org.ErrInvalid, ""},
		"no name":                   {change("court", 0, org.Changes{Name: new(" ")}), org.ErrInvalid, "name"},
		"a name too long":           {change("court", 0, org.Changes{Name: new(strings.Repeat("长", 61))}), org.ErrInvalid, "name"},
		"a name of control":         {change("court", 0, org.Changes{Name: new("a\x00b")}), org.ErrInvalid, "name"},
		"a building without number": {establish(org.Unit{ParentID: at("garden").ID, Kind: org.BuildingGroup, Name: "tower"}, nil), org.ErrInvalid, "code"},
		"an old version":            {change("court", 7, org.Changes{Name: new("x")}), org.ErrStale, ""},
		"nowhere to stand":          {establish(org.Unit{ParentID: 42, Kind: org.Community, Name: "x"}, nil), org.ErrUnknownUnit, ""},
		"nothing taken": {func(d org.Deed) error {
			_, err := w.Split(t.Context(), d, at("north").ID, 0, org.Unit{Name: "x"}, nil, nil)
			return err
		}, org.ErrInvalid, "children"},
		"another's child": {func(d org.Deed) error {
			_, err := w.Split(t.Context(), d, at("south").ID, 0, org.Unit{Name: "x"}, nil, []int64{at("garden").ID})
			return err
		}, org.ErrInvalid, "children"},
		"in the future":          {func(d org.Deed) error { d.At = w.now.Add(time.Hour); return move("court", "south")(d) }, org.ErrMoment, "at"},
		"before the last change": {func(d org.Deed) error { d.At = time.UnixMilli(0); return move("court", "south")(d) }, org.ErrMoment, "at"},
		"for no reason":          {func(d org.Deed) error { d.Reason = " "; return move("court", "south")(d) }, org.ErrInvalid, "reason"},
		"for a long reason":      {func(d org.Deed) error { d.Reason = strings.Repeat("长", 201); return move("court", "south")(d) }, org.ErrInvalid, "reason"},
	} {
		err := c.do(d)
		e, ok := errors.AsType[*errs.Error](err)
		if !errors.Is(err, c.want) || !ok {
			t.Errorf("%s: %v, want %s", name, err, c.want.Code)
			continue
		}
		if field := ""; c.field != "" && (len(e.Fields) == 0 || e.Fields[0].Name != c.field) {
			t.Errorf("%s: fields %v, want %s%s", name, e.Fields, c.field, field)
		}
		for _, b := range strings.Split(e.Message, "「") {
			if !strings.ContainsFunc(b, func(r rune) bool { return r > 0x3000 }) && b != "" {
				t.Errorf("%s: people cannot read %q", name, e.Message)
			}
		}
	}
	if u := w.again(t, "court"); u.Version != 0 || u.Path != fmt.Sprintf("%s%d/", w.units["north"].Path, u.ID) {
		t.Errorf("a refused change changed %+v", u)
	}
}

func TestChanges_OnlyWithinTheScopeOfBothParents(t *testing.T) {
	w := plant(t)
	w.add(t, "court", "south", org.CompoundKind, "")
	clerk := w.holder(t, 901, "clerk") // of north
	secretary := w.holder(t, 902, "north")
	ctx, garden, d := t.Context(), w.units["garden"], org.Deed{By: clerk, Reason: "调整"}
	for name, err := range map[string]error{
		"out":               second(w.Move(ctx, d, garden.ID, 0, w.units["south"].ID)),
		"in":                second(w.Move(ctx, d, w.units["court"].ID, 0, w.units["north"].ID)),
		"into another":      second(w.Merge(ctx, d, garden.ID, 0, w.units["court"].ID)),
		"take another":      second(w.Merge(ctx, d, w.units["court"].ID, 0, garden.ID)),
		"close oneself":     second(w.Close(ctx, d, w.units["north"].ID, 0)),
		"split oneself":     second(w.Split(ctx, d, w.units["north"].ID, 0, org.Unit{Name: "x"}, nil, []int64{garden.ID})),
		"beside":            second(w.Establish(ctx, d, org.Unit{ParentID: w.units["street"].ID, Kind: org.Community, Name: "x"}, nil)),
		"another's name":    second(w.Change(ctx, d, w.units["court"].ID, 0, org.Changes{Name: new("x")})),
		"another's parties": second(w.SetParties(ctx, d, w.units["court"].ID, 0, nil, nil)),
		"a secretary":       second(w.Change(ctx, org.Deed{By: secretary, Reason: "x"}, garden.ID, 0, org.Changes{Name: new("x")})),
		"nobody":            second(w.Change(ctx, org.Deed{Reason: "x"}, garden.ID, 0, org.Changes{Name: new("x")})),
	} {
		if !errors.Is(err, org.ErrOutside) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Change(ctx, d, garden.ID, 0, org.Changes{Name: new("garden two")}); err != nil {
		t.Errorf("inside: %v", err)
	}
	if _, err := w.Establish(ctx, d, org.Unit{ParentID: w.units["north"].ID, Kind: org.CompoundKind, Name: "new"}, &org.Compound{Governance: org.SelfRun}); err != nil {
		t.Errorf("inside: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestMove_TakesTheSubtreeAndLeavesThePast(t *testing.T) {
	w := plant(t)
	before := w.now
	w.pass(240 * time.Hour)
	moved, err := w.Move(t.Context(), w.deed(t), w.units["garden"].ID, 0, w.units["south"].ID)
	if err != nil {
		t.Fatal(err)
	}
	if moved.ParentID != w.units["south"].ID || moved.Version != 1 {
		t.Errorf("%+v", moved)
	}
	if u := w.again(t, "household"); u.Path != fmt.Sprintf("%s%d/%d/", moved.Path, w.units["group3"].ID, u.ID) || u.ParentID != w.units["group3"].ID {
		t.Errorf("the household's path %s", u.Path)
	}
	trail := func(at time.Time) []string {
		page, err := w.List(t.Context(), org.Filter{Parent: w.units["garden"].ID, At: at}, 10, "")
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("%v %+v", err, page)
		}
		var names []string
		for _, u := range page.Items[0].Above {
			names = append(names, u.Name)
		}
		return names
	}
	for _, c := range []struct {
		at   time.Time
		want string
	}{{before, "north"}, {w.now.Add(-time.Millisecond), "north"}, {w.now, "south"}, {time.Time{}, "south"}} {
		if d := cmp.Diff([]string{"city", "street", c.want, "garden"}, trail(c.at)); d != "" {
			t.Errorf("at %s: %s", c.at, d)
		}
	}
	past, err := w.History(t.Context(), w.units["garden"].ID)
	if err != nil || len(past) != 2 || past[0].ParentName != "south" || past[1].ParentName != "north" || past[0].Reason != "区划调整" || past[0].ByID != 900 || past[0].FromAt != past[1].ToAt || past[0].ToAt != 0 || past[1].FromAt != 0 {
		t.Errorf("%v %+v", err, past)
	}
	// A desk stands on the tree of today.
	desk, err := w.Desk(t.Context(), w.units["garden"].ID, "3")
	if err != nil || !slices.ContainsFunc(desk.Posts, func(p org.Post) bool { return p.Title == "south" }) || slices.ContainsFunc(desk.Posts, func(p org.Post) bool { return p.Title == "north" }) {
		t.Errorf("%v %+v", err, desk.Posts)
	}
	// A community without compounds is one.
	if desk, err = w.Desk(t.Context(), w.units["north"].ID, ""); err != nil || len(desk.Posts) == 0 {
		t.Errorf("%v %+v", err, desk)
	}
}

func TestMove_SinceAMomentInThePast(t *testing.T) {
	w := plant(t)
	d := w.deed(t)
	w.pass(240 * time.Hour)
	d.At = w.now.Add(-100 * time.Hour)
	if _, err := w.Move(t.Context(), d, w.units["garden"].ID, 0, w.units["south"].ID); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]string{-101 * time.Hour: "north", -100 * time.Hour: "south"} {
		page, err := w.List(t.Context(), org.Filter{Kind: org.CompoundKind, At: w.now.Add(at)}, 10, "")
		if err != nil || len(page.Items) != 1 || page.Items[0].Above[2].Name != want {
			t.Errorf("%s: %v %+v", at, err, page)
		}
	}
	d.At = w.now.Add(-101 * time.Hour) // what stands below it moved later
	if _, err := w.Change(t.Context(), d, w.units["group3"].ID, 0, org.Changes{Name: new("x")}); !errors.Is(err, org.ErrMoment) {
		t.Error(err)
	}
}

func TestMerge_TheSuccessorTakesEverythingUp(t *testing.T) {
	w := plant(t)
	w.add(t, "court", "south", org.CompoundKind, "")
	w.add(t, "group5", "court", org.BuildingGroup, "5")
	w.add(t, "third", "south", org.CompoundKind, "")
	d := w.deed(t)
	secretary := w.holder(t, 77, "branch")
	if len(secretary.Posts) != 1 {
		t.Fatal(secretary)
	}
	w.pass(time.Hour)
	closed, err := w.Merge(t.Context(), d, w.units["garden"].ID, 0, w.units["court"].ID)
	if err != nil {
		t.Fatal(err)
	}
	court := w.again(t, "court")
	if closed.ClosedAt != w.now.UnixMilli() || closed.SuccessorID != court.ID || closed.Path != fmt.Sprintf("%s%d/", court.Path, closed.ID) || court.Version != 1 {
		t.Errorf("%+v\n%+v", closed, court)
	}
	if u := w.again(t, "group3"); u.ParentID != court.ID || u.Path != fmt.Sprintf("%s%d/", court.Path, u.ID) {
		t.Errorf("%+v", u)
	}
	p, err := w.Place(t.Context(), closed.ID) // an old code on a wall
	if err != nil || p.OrgID != court.ID || p.Households != 100 || !slices.Contains(p.Aliases, "garden") {
		t.Errorf("%v %+v", err, p)
	}
	places, err := w.Places(t.Context())
	if err != nil || slices.ContainsFunc(places, func(p org.Place) bool { return p.OrgID == closed.ID }) || len(places) != 2 {
		t.Errorf("%v %+v", err, places)
	}
	if a := w.holder(t, 77); len(a.Posts) != 0 {
		t.Errorf("still holds %+v", a.Posts)
	}
	if a, err := w.Actor(t.Context(), 5, closed.ID); err != nil || a.Home != court.ID {
		t.Errorf("%v lives in %d", err, a.Home)
	}
	// What was begun there is looked after by the successor's desk, with its buildings.
	desk, err := w.Desk(t.Context(), closed.ID, "3")
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, p := range desk.Posts {
		titles = append(titles, p.Title)
	}
	if !slices.Contains(titles, "leader") || !slices.Contains(titles, "south") || slices.Contains(titles, "branch") || slices.Contains(titles, "north") {
		t.Errorf("%v", titles)
	}
	// The successor is merged in its turn.
	w.pass(time.Hour)
	if _, err := w.Merge(t.Context(), d, court.ID, court.Version, w.units["third"].ID); err != nil {
		t.Fatal(err)
	}
	if p, err = w.Place(t.Context(), closed.ID); err != nil || p.Name != "third" || p.Households != 200 || !slices.Contains(p.Aliases, "garden") || !slices.Contains(p.Aliases, "court!") {
		t.Errorf("%v %+v", err, p)
	}
	if ids, err := w.TakenUp(t.Context(), w.units["third"].ID); err != nil || len(ids) != 3 {
		t.Errorf("%v %v", err, ids)
	}
}

func TestMerge_TwoBuildingsOfOneNumberAreNamedFirst(t *testing.T) {
	w := plant(t)
	w.add(t, "court", "north", org.CompoundKind, "")
	w.add(t, "group3 of court", "court", org.BuildingGroup, "3")
	d := w.deed(t)
	if _, err := w.Merge(t.Context(), d, w.units["garden"].ID, 0, w.units["court"].ID); !errors.Is(err, org.ErrTwin) || !strings.Contains(err.Error(), "group3") {
		t.Fatal(err)
	}
	if _, err := w.Change(t.Context(), d, w.units["group3"].ID, 0, org.Changes{Code: new("N3")}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Merge(t.Context(), d, w.units["garden"].ID, 0, w.units["court"].ID); err != nil {
		t.Fatal(err)
	}
}

func TestMerge_ACommunitysPartnersServeItsSuccessor(t *testing.T) {
	w := plant(t)
	both := []org.Partner{{CommunityID: w.units["north"].ID, Since: "2024-01-01"}, {CommunityID: w.units["south"].ID, Since: "2025-01-01"}}
	partner(t, w, 1, both...)
	partner(t, w, 2, both[:1]...)
	if _, err := w.Merge(t.Context(), w.deed(t), w.units["north"].ID, 0, w.units["south"].ID); err != nil {
		t.Fatal(err)
	}
	_, partners, err := w.AllWorkUnits(w.DB.Read(t.Context()))
	want := map[int64][]org.Partner{1: {{UnitID: 1, CommunityID: w.units["south"].ID, Since: "2025-01-01"}}, 2: {{UnitID: 2, CommunityID: w.units["south"].ID, Since: "2024-01-01"}}}
	if d := cmp.Diff(want, partners); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if u := w.again(t, "garden"); u.ParentID != w.units["south"].ID {
		t.Errorf("%+v", u)
	}
}

func TestSplit_TheNewOneStandsBesideWithWhatItTook(t *testing.T) {
	w := plant(t)
	w.add(t, "group5", "garden", org.BuildingGroup, "5")
	w.pass(time.Hour)
	before := w.now
	w.pass(time.Hour)
	made, err := w.Split(t.Context(), w.deed(t), w.units["garden"].ID, 0, org.Unit{Name: "garden south"}, &org.Compound{Governance: org.SelfRun}, []int64{w.units["group5"].ID})
	if err != nil {
		t.Fatal(err)
	}
	if made.Kind != org.CompoundKind || made.ParentID != w.units["north"].ID || w.again(t, "group5").ParentID != made.ID || w.again(t, "group3").ParentID != w.units["garden"].ID {
		t.Errorf("%+v", made)
	}
	for at, want := range map[time.Time]int{before: 1, w.now: 2, {}: 2} {
		page, err := w.List(t.Context(), org.Filter{Parent: w.units["north"].ID, At: at}, 10, "")
		if err != nil || len(page.Items) != want {
			t.Errorf("at %s: %v %+v", at, err, page.Items)
		}
	}
}

func TestChange_EveryFactOfACompound(t *testing.T) {
	w := plant(t)
	c := org.Changes{
		Name: new("garden two"), Code: new("G2"), Governance: new(org.SelfRun), Households: new(321), Lat: new(37.2), Lng: new(111.7), Datum: new("wgs84"),
		Aliases: &[]string{" g ", "g", "", "gg"}, Branch: new("branch of garden"), ConsultsSince: new("2025-03-01"),
	}
	if _, err := w.Change(t.Context(), w.deed(t), w.units["garden"].ID, 0, c); err != nil {
		t.Fatal(err)
	}
	got, err := w.Detail(t.Context(), w.units["garden"].ID)
	want := &org.Compound{
		OrgID: w.units["garden"].ID, Governance: org.SelfRun, Households: 321, Lat: 37.2, Lng: 111.7, Datum: "wgs84", Aliases: []string{"g", "gg"},
		Branch: "branch of garden", ConsultsSince: "2025-03-01",
	}
	if d := cmp.Diff(want, got.Compound); err != nil || d != "" || got.Name != "garden two" || got.Code != "G2" {
		t.Errorf("%v %+v %s", err, got.Unit, d)
	}
	if got.Children != 1 || got.Posts != 1 || got.Vacancies != 1 || len(got.Above) != 3 {
		t.Errorf("%+v", got)
	}
}

func TestParties_OneInEachSeatAtATime(t *testing.T) {
	w := plant(t)
	d := w.deed(t)
	id := w.units["garden"].ID
	party := func(k org.PartyKind, from, to string) org.Party {
		return org.Party{Kind: k, Name: "p", FromOn: from, ToOn: to}
	}
	version := int64(0)
	for name, c := range map[string]struct {
		parties []org.Party
		field   string
	}{
		"two committees now":               {[]org.Party{party(org.CommitteeParty, "2020-01-01", ""), party(org.CommitteeParty, "2024-01-01", "")}, "parties[1].from_on"},
		"two on one day":                   {[]org.Party{party(org.CommitteeParty, "2020-01-01", "2024-01-01"), party(org.CommitteeParty, "2024-01-01", "")}, "parties[1].from_on"},
		"both kinds of owners' committees": {[]org.Party{party(org.OwnersCommittee, "", ""), party(org.PropertyCommittee, "2024-01-01", "")}, "parties[1].from_on"},
		"a term backwards":                 {[]org.Party{party(org.CommitteeParty, "2024-01-01", "2023-01-01")}, "parties[0].to_on"},
		"a day that is none":               {[]org.Party{party(org.CommitteeParty, "2024-13-01", "")}, "parties[0].from_on"},
		"a kind not known":                 {[]org.Party{party("club", "", "")}, "parties[0].kind"},
		"no name":                          {[]org.Party{{Kind: org.CommitteeParty, Name: " "}}, "parties[0].name"},
	} {
		_, err := w.SetParties(t.Context(), d, id, version, c.parties, nil)
		if e, ok := errors.AsType[*errs.Error](err); !ok || !errors.Is(err, org.ErrInvalid) || len(e.Fields) != 1 || e.Fields[0].Name != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := []org.Party{
		party(org.CommitteeParty, "2020-01-01", "2023-12-31"), party(org.CommitteeParty, "2024-01-01", ""),
		party(org.PropertyCommittee, "2021-01-01", "2022-12-31"), party(org.OwnersCommittee, "2023-01-01", "2027-12-31"), party(org.PropertyCompany, "2024-05-01", ""),
	}
	u, err := w.SetParties(t.Context(), d, id, version, good, nil)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := w.Parties(t.Context(), id)
	if err != nil || len(kept) != 5 {
		t.Fatalf("%v %+v", err, kept)
	}
	// While a property company serves it, it is managed.
	if _, err := w.Change(t.Context(), d, id, u.Version, org.Changes{Governance: new(org.Unmanaged)}); !errors.Is(err, org.ErrInvalid) {
		t.Error(err)
	}
	for i := range kept {
		if kept[i].Kind == org.PropertyCompany {
			kept[i].ToOn = "2026-11-22"
		}
	}
	if u, err = w.SetParties(t.Context(), d, id, u.Version, kept, nil); err != nil {
		t.Fatal(err)
	}
	again, err := w.Parties(t.Context(), id)
	if d := cmp.Diff(kept, again); err != nil || d != "" {
		t.Errorf("ids are kept: %v %s", err, d)
	}
	if u, err = w.Change(t.Context(), d, id, u.Version, org.Changes{Governance: new(org.Unmanaged)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetParties(t.Context(), d, id, u.Version, append(kept, party(org.PropertyCompany, "2026-11-23", "")), nil); !errors.Is(err, org.ErrInvalid) {
		t.Error(err)
	}
	if _, err := w.SetParties(t.Context(), d, id, 0, nil, nil); !errors.Is(err, org.ErrStale) {
		t.Error(err)
	}
	if _, err := w.SetParties(t.Context(), d, w.units["north"].ID, 0, nil, nil); !errors.Is(err, org.ErrInvalid) {
		t.Error(err)
	}
}

package org_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/org"
)

// tree is a city with two communities, the first with a compound and posts.
type tree struct {
	*org.Service
	now   time.Time
	units map[string]org.Unit
	posts map[string]int64
	clerk org.Actor // of the city, once asked for
}

func emptyDB(t *testing.T) *db.DB { return dbtest.New(t) }

func plant(t *testing.T) *tree {
	t.Helper()
	w := &tree{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), units: map[string]org.Unit{}, posts: map[string]int64{}}
	w.Service = &org.Service{DB: dbtest.New(t), Now: func() time.Time { return w.now }}
	for _, u := range []struct {
		name, parent string
		kind         org.Kind
		code         string
		compound     *org.Compound
	}{
		{"city", "", org.City, "", nil},
		{"street", "city", org.Subdistrict, "", nil},
		{"north", "street", org.Community, "", nil},
		{"south", "street", org.Community, "", nil},
		{"garden", "north", org.CompoundKind, "", &org.Compound{Governance: org.Managed}},
		{"group3", "garden", org.BuildingGroup, "3", nil},
		{"household", "group3", org.HubHousehold, "1", nil},
		{"gas", "city", org.Department, "gas_company", nil},
	} {
		made, err := w.Add(t.Context(), org.Unit{ParentID: w.units[u.parent].ID, Kind: u.kind, Code: u.code, Name: u.name}, u.compound)
		if err != nil {
			t.Fatal(err)
		}
		w.units[u.name] = made
	}
	for name, p := range map[string]struct {
		unit string
		role org.Role
	}{
		"city": {"city", org.CitySecretary}, "street": {"street", org.SubdistrictSecretary}, "north": {"north", org.CommunitySecretary},
		"south": {"south", org.CommunitySecretary}, "branch": {"garden", org.BranchSecretary}, "leader": {"group3", org.GroupLeader}, "hub": {"household", org.HouseholdHub},
		"gas": {"gas", org.DepartmentDesk}, "clerk": {"north", org.Clerk},
	} {
		id, err := w.NewPost(t.Context(), w.units[p.unit].ID, p.role, name)
		if err != nil {
			t.Fatal(err)
		}
		w.posts[name] = id
	}
	return w
}

// holder is a person with these posts and no other.
func (w *tree) holder(t *testing.T, person int64, posts ...string) org.Actor {
	t.Helper()
	for _, p := range posts {
		if err := w.Seat(t.Context(), w.posts[p], person, 0); err != nil {
			t.Fatal(err)
		}
	}
	a, err := w.Actor(t.Context(), person, 0)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMay_EveryPermissionInsideAboveAndBeside(t *testing.T) {
	w := plant(t)
	all := []org.Permission{org.SeeTickets, org.Supervise, org.SeeRates}
	for i, c := range []struct {
		post, unit string
		want       []org.Permission
	}{
		{"city", "garden", all},
		{"street", "south", all},
		{"north", "garden", all},
		{"north", "group3", all},
		{"north", "street", nil},
		{"north", "south", nil},
		{"south", "garden", nil},
		{"branch", "garden", all},
		{"branch", "north", nil},
		{"leader", "group3", nil},
		{"leader", "garden", nil},
		{"gas", "garden", nil},
		{"clerk", "garden", []org.Permission{org.SeeRates}},
		{"clerk", "south", nil},
	} {
		a := w.holder(t, int64(1000+i), c.post)
		for _, p := range all {
			if got, want := a.May(p, w.units[c.unit].Path), slices.Contains(c.want, p); got != want {
				t.Errorf("%s may %s at %s: %t, want %t", c.post, p, c.unit, got, want)
			}
		}
	}
}

func TestOver_OnlyFromAHigherRank(t *testing.T) {
	w := plant(t)
	a := w.holder(t, 1, "branch")
	if _, ok := a.Over(org.Supervise, w.units["garden"].Path, org.BranchSecretary.Rank()); ok {
		t.Error("a branch secretary decides on a branch secretary")
	}
	if _, ok := a.Over(org.Supervise, w.units["garden"].Path, org.PropertyManager.Rank()); !ok {
		t.Error("a branch secretary does not stand above the property company")
	}
}

func TestActor_HoldsPostsWhileAppointed(t *testing.T) {
	w := plant(t)
	if a := w.holder(t, 1, "branch", "clerk"); len(a.Posts) != 2 {
		t.Fatalf("%+v", a)
	}
	w.now = w.now.Add(time.Hour)
	held, err := w.Tenures(t.Context(), w.holder(t, 2, "city"), w.posts["branch"])
	if err != nil || len(held) != 1 {
		t.Fatalf("%+v %v", held, err)
	}
	if err := w.Dismiss(t.Context(), w.holder(t, 2), held[0].ID, 0, ""); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Millisecond)
	if a := w.holder(t, 1); len(a.Posts) != 1 || a.Posts[0].Role != org.Clerk {
		t.Fatalf("%+v", a)
	}
	if people, err := w.Holders(t.Context(), []int64{w.posts["branch"], w.posts["clerk"]}); err != nil || !slices.Equal(people, []int64{1}) {
		t.Fatalf("%v %v", people, err)
	}
}

func TestDesk_IsTheChainTheBuildingsGroupWithItsHubsAndTheDepartments(t *testing.T) {
	w := plant(t)
	w.holder(t, 1, "leader")
	for building, want := range map[string][]string{
		"3": {"branch", "city", "clerk", "gas", "hub", "leader", "north", "street"},
		"9": {"branch", "city", "clerk", "gas", "north", "street"},
	} {
		d, err := w.Desk(t.Context(), w.units["garden"].ID, building)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range d.Posts {
			got = append(got, p.Title)
			if p.Filled != (p.Title == "leader") {
				t.Errorf("%s filled: %t", p.Title, p.Filled)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) || d.Governance != org.Managed {
			t.Errorf("building %s: %v (%s), want %v", building, got, d.Governance, want)
		}
	}
	if _, err := w.Desk(t.Context(), 42, ""); !errors.Is(err, org.ErrUnknownUnit) {
		t.Error(err)
	}
}

func TestBelow_IsWhatWithinSays(t *testing.T) {
	for _, path := range []string{"/", "/1/", "/1/23/", "/1/230/", "/1/2/", "/1/23/4/", "/1/23/400/5/", "/2/", "/12/"} {
		from, to := org.Below("/1/23/")
		if got, want := from <= path && path < to, org.Within(path, "/1/23/"); got != want {
			t.Errorf("%s below: %t, within: %t", path, got, want)
		}
	}
}

// partner makes a work unit that serves communities.
func partner(t *testing.T, w *tree, id int64, with ...org.Partner) {
	t.Helper()
	err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		if err := w.AddWorkUnits(tx, []org.WorkUnit{{ID: id, Kind: org.Organ, Name: fmt.Sprint("unit ", id)}}); err != nil {
			return err
		}
		return w.Pair(tx, id, slices.Clone(with))
	})
	if err != nil {
		t.Fatal(err)
	}
}

package org_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// stood is where a unit stood and what it was called.
type stood struct {
	Parent int64
	Name   string
	Path   string
}

// recorded is every state that the database keeps of the units.
type recorded struct {
	OrgID, ParentID, FromAt, ToAt int64
	Path, Name                    string
}

// TestTree_RandomChangesKeepItATreeAtEveryMoment lets a clerk do random things
// in a new subdistrict of the city each time.
func TestTree_RandomChangesKeepItATreeAtEveryMoment(t *testing.T) {
	w := plant(t)
	d := w.deed(t)
	ctx := t.Context()
	street := 0
	rapid.Check(t, func(rt *rapid.T) {
		street++
		top := w.add(t, fmt.Sprint("street ", street), "city", org.Subdistrict, "")
		for _, name := range []string{"north", "south"} {
			w.add(t, name, top.Name, org.Community, "")
		}
		for i, name := range []string{"court", "yard", "lane"} {
			w.add(t, name, []string{"north", "south", "south"}[i], org.CompoundKind, "")
			w.add(t, name+" 1", name, org.BuildingGroup, name+"1")
			w.add(t, name+" 2", name, org.BuildingGroup, name+"2")
			w.add(t, name+" hub", name+" 1", org.HubHousehold, name+"h")
		}
		tree := func() map[int64]stood {
			out := map[int64]stood{}
			for _, u := range unitsBelow(t, w, top) {
				out[u.ID] = stood{u.ParentID, u.Name, u.Path}
			}
			return out
		}
		moments := map[int64]map[int64]stood{w.now.UnixMilli(): tree()}
		w.pass(time.Millisecond)
		made := 0
		for range rapid.IntRange(1, 12).Draw(rt, "changes") {
			w.pass(time.Duration(rapid.IntRange(0, 3).Draw(rt, "hours")) * time.Hour)
			open := unitsBelow(t, w, top)
			u := rapid.SampledFrom(open).Draw(rt, "unit")
			other := rapid.SampledFrom(open).Draw(rt, "other")
			made++
			name, code := fmt.Sprint("made ", made), fmt.Sprint("m", made)
			facts := func(k org.Kind) *org.Compound {
				if k != org.CompoundKind {
					return nil
				}
				return &org.Compound{Governance: org.Unmanaged}
			}
			below := map[org.Kind]org.Kind{
				org.Subdistrict: org.Community, org.Community: org.CompoundKind, org.CompoundKind: org.BuildingGroup,
				org.BuildingGroup: org.HubHousehold, org.HubHousehold: org.LinkedHousehold,
			}
			var err error
			what := rapid.SampledFrom([]string{"add", "rename", "move", "move", "merge", "split", "close"}).Draw(rt, "what")
			if u.ID == top.ID {
				what = "add"
			}
			switch what {
			case "add":
				_, err = w.Establish(ctx, d, org.Unit{ParentID: u.ID, Kind: below[u.Kind], Name: name, Code: code}, facts(below[u.Kind]))
			case "rename":
				_, err = w.Change(ctx, d, u.ID, u.Version, org.Changes{Name: &name})
			case "move":
				_, err = w.Move(ctx, d, u.ID, u.Version, other.ID)
			case "merge":
				_, err = w.Merge(ctx, d, u.ID, u.Version, other.ID)
			case "split":
				var children []int64
				for _, c := range open {
					if c.ParentID == u.ID && rapid.Bool().Draw(rt, "taken") {
						children = append(children, c.ID)
					}
				}
				_, err = w.Split(ctx, d, u.ID, u.Version, org.Unit{Name: name, Code: code}, facts(u.Kind), children)
			case "close":
				_, err = w.Close(ctx, d, u.ID, u.Version)
			}
			if _, told := errors.AsType[*errs.Error](err); err != nil && !told {
				rt.Fatal(err)
			}
			if rapid.Bool().Draw(rt, "looked") { // else the next change may come within the same millisecond
				w.pass(time.Hour)
				moments[w.now.UnixMilli()] = tree()
				w.pass(time.Millisecond)
			}
		}

		var states []recorded
		if err := w.DB.Read(ctx).Raw("SELECT org_id, parent_id, path, name, from_at, to_at FROM org_history WHERE org_id > ? ORDER BY org_id, from_at", top.ID).Scan(&states).Error; err != nil {
			rt.Fatal(err)
		}
		// The states of a unit are all of time.
		for i, s := range states {
			first := i == 0 || states[i-1].OrgID != s.OrgID
			last := i == len(states)-1 || states[i+1].OrgID != s.OrgID
			if s.FromAt >= s.ToAt || first && s.FromAt != 0 || !first && s.FromAt != states[i-1].ToAt || last && s.ToAt != 253402300799000 {
				rt.Fatalf("states of %d do not partition time: %+v", s.OrgID, states)
			}
		}
		for _, at := range slices.Sorted(maps.Keys(moments)) {
			then := moments[at]
			// Every path is the parent's with the id, so there is no cycle.
			for id, u := range then {
				above := w.units["city"].Path
				if id != top.ID {
					above = then[u.Parent].Path
				}
				if above == "" || u.Path != fmt.Sprintf("%s%d/", above, id) {
					rt.Fatalf("%d at %d: %+v under %q", id, at, u, above)
				}
			}
		}
		// What was written down of a moment is what it was.
		at := rapid.SampledFrom(slices.Sorted(maps.Keys(moments))).Draw(rt, "moment")
		then := moments[at]
		got := map[int64]stood{top.ID: then[top.ID]}
		for todo := []int64{top.ID}; len(todo) > 0; todo = todo[1:] {
			page, err := w.List(ctx, org.Filter{Parent: todo[0], At: time.UnixMilli(at)}, 0, "")
			if err != nil {
				rt.Fatal(err)
			}
			for _, u := range page.Items {
				todo = append(todo, u.ID)
				got[u.ID] = stood{u.ParentID, u.Name, u.Path}
				if n := len(u.Above); n == 0 || u.Above[n-1].ID != u.ParentID || u.Above[n-1].Name != then[u.ParentID].Name {
					rt.Fatalf("%s stands under %+v, want %+v", u.Name, u.Above, then[u.ParentID])
				}
			}
		}
		if d := cmp.Diff(then, got); d != "" {
			rt.Fatalf("the tree at %d: %s", at, d)
		}
	})
}

// unitsBelow are all that are there below a unit, it included.
func unitsBelow(t *testing.T, w *tree, top org.Unit) []org.Unit {
	t.Helper()
	from, to := org.Below(top.Path)
	var out []org.Unit
	if err := w.DB.Read(t.Context()).Order("id").Find(&out, "path >= ? AND path < ? AND closed_at = 0", from, to).Error; err != nil {
		t.Fatal(err)
	}
	return out
}

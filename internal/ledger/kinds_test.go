package ledger_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db/dbtest"
	"fenlin/internal/ledger"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
	"fenlin/internal/secret"
	"fenlin/internal/worker"
)

// city is a city with two communities of one name, one with compounds and one without.
type city struct {
	*ledger.Service
	now   time.Time
	units map[string]org.Unit
}

func newCity(t testing.TB) *city {
	t.Helper()
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	keys, err := secret.NewKeyring(base64.StdEncoding.EncodeToString(raw))
	must(t, err)
	zone := time.FixedZone("CST", 8*3600)
	c := &city{now: time.Date(2026, 11, 23, 9, 0, 0, 0, zone), units: map[string]org.Unit{}}
	d, now := dbtest.New(t), func() time.Time { return c.now }
	o, m := &org.Service{DB: d, Now: now}, &member.Service{DB: d, Keys: keys, Now: now}
	c.Service = &ledger.Service{
		DB: d, Org: o, Members: m, Workers: &worker.Service{DB: d, Members: m, Now: now}, Outbox: outbox.Open(d, now), Keys: keys, Now: now, Location: zone,
	}
	for _, u := range []struct {
		key, above, name string
		kind             org.Kind
		code             string
		compound         *org.Compound
	}{
		{"city", "", "汾阳市", org.City, "141182", nil},
		{"street", "city", "文峰街道", org.Subdistrict, "141182001", nil},
		{"bridge", "city", "太和桥街道", org.Subdistrict, "141182002", nil},
		{"yongan", "street", "永安社区", org.Community, "141182001001", nil},
		{"nanxun", "street", "南薰社区", org.Community, "141182001002", nil},
		{"other", "bridge", "永安社区", org.Community, "141182002001", nil},
		{"fuxin", "yongan", "福馨苑小区", org.CompoundKind, "", &org.Compound{Governance: org.SelfRun, Households: 500, Datum: "gcj02", Branch: "福馨苑党支部", Aliases: []string{"福馨苑"}}},
		{"changrui", "yongan", "昌瑞绿洲小区", org.CompoundKind, "", &org.Compound{Governance: org.Managed, Datum: "gcj02", Branch: "昌瑞绿洲党支部"}},
		{"group3", "fuxin", "3号楼党小组", org.BuildingGroup, "3", nil},
	} {
		made, err := o.Add(t.Context(), org.Unit{ParentID: c.units[u.above].ID, Kind: u.kind, Code: u.code, Name: u.name}, u.compound)
		must(t, err)
		c.units[u.key] = made
	}
	must(t, d.Tx(t.Context(), func(tx *gorm.DB) error {
		return o.AddWorkUnits(tx, []org.WorkUnit{{ID: d.NewID(), Kind: org.Organ, Name: "汾阳市教育局"}})
	}))
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holder is somebody with one post of that role at a unit.
func (c *city) holder(unit string, role org.Role) org.Actor {
	u := c.units[unit]
	return org.Actor{Person: 1, Posts: []org.Post{{ID: 1, OrgID: u.ID, Role: role, Title: u.Name + "台账员", OrgKind: u.Kind, OrgName: u.Name, OrgPath: u.Path, Filled: true}}}
}

func (c *city) clerk() org.Actor { return c.holder("city", org.Clerk) }

// row is a row by the keys of its columns.
type row map[string]string

// with is the row with other cells.
func (r row) with(cells ...string) row {
	out := row{}
	for k, v := range r {
		out[k] = v
	}
	for i := 0; i < len(cells); i += 2 {
		out[cells[i]] = cells[i+1]
	}
	return out
}

// cells are rows of a kind, from line 2 on.
func cells(t testing.TB, kind ledger.Kind, rows []row) []ledger.Row {
	t.Helper()
	out := make([]ledger.Row, 0, len(rows))
	for i, r := range rows {
		one, seen := ledger.Row{Sheet: kind.Title, Line: i + 2}, 0
		for _, c := range kind.Columns {
			one.Cells = append(one.Cells, r[c.Key])
			if _, ok := r[c.Key]; ok {
				seen++
			}
		}
		if seen != len(r) {
			t.Fatalf("%v has cells without a column", r)
		}
		out = append(out, one)
	}
	return out
}

var errBad = errors.New("problems")

// apply imports rows as the engine does: with problems nothing is kept.
func (c *city) apply(t testing.TB, code string, by org.Actor, rows []ledger.Row) (out ledger.Outcome, problems []string) {
	t.Helper()
	kind, err := ledger.KindOf(code)
	must(t, err)
	err = c.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		var found []ledger.Problem
		var err error
		problems = nil
		if out, found, err = kind.Apply(t.Context(), c.Service, tx, by, rows); err != nil {
			return err
		}
		for _, p := range found {
			problems = append(problems, fmt.Sprintf("%d %s %s", p.Line, p.Column, p.Reason))
		}
		if len(found) > 0 {
			return errBad
		}
		return nil
	})
	if err != nil && !errors.Is(err, errBad) {
		t.Fatal(err)
	}
	return out, problems
}

// imports applies rows that are right.
func (c *city) imports(t testing.TB, code string, by org.Actor, rows ...row) ledger.Outcome {
	t.Helper()
	kind, err := ledger.KindOf(code)
	must(t, err)
	out, problems := c.apply(t, code, by, cells(t, kind, rows))
	if len(problems) > 0 {
		t.Fatalf("%s: %q", code, problems)
	}
	return out
}

// refused applies rows of which each problem begins as told, and nothing may be kept.
func (c *city) refused(t *testing.T, name, code string, by org.Actor, want []string, rows ...row) {
	t.Helper()
	kind, err := ledger.KindOf(code)
	must(t, err)
	before := c.dump(t)
	_, problems := c.apply(t, code, by, cells(t, kind, rows))
	ok := len(problems) == len(want)
	for i := range min(len(problems), len(want)) {
		ok = ok && strings.HasPrefix(problems[i], want[i])
	}
	if !ok {
		t.Errorf("%s: %q, want %q", name, problems, want)
	}
	if c.dump(t) != before {
		t.Errorf("%s: something was kept", name)
	}
}

// exported is what a person gets of a kind, as rows to import.
func (c *city) exported(t testing.TB, code string, by org.Actor) []ledger.Row {
	t.Helper()
	kind, err := ledger.KindOf(code)
	must(t, err)
	var out []ledger.Row
	must(t, kind.Export(t.Context(), c.Service, by, func(cells []string) error {
		if len(cells) != len(kind.Columns) {
			t.Errorf("%d cells for %d columns", len(cells), len(kind.Columns))
		}
		out = append(out, ledger.Row{Sheet: kind.Title, Line: len(out) + 2, Cells: slices.Clone(cells)})
		return nil
	}))
	return out
}

var ledgerTables = []string{
	"org_units", "org_history", "compounds", "compound_parties", "posts", "appointments", "people", "party_members", "member_history", "workers", "units", "unit_partners", "outbox",
}

// dump is all that imports may write.
func (c *city) dump(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for _, table := range ledgerTables {
		var rows []map[string]any
		must(t, c.DB.Read(context.Background()).Table(table).Order("1, 2, 3").Find(&rows).Error)
		fmt.Fprintln(&b, table, rows)
	}
	return b.String()
}

// steady says that a file, imported already, changes nothing more: not again,
// not with its rows in another order, not as it comes out of an export.
func (c *city) steady(t *testing.T, code string, by org.Actor, rows ...row) {
	t.Helper()
	kind, err := ledger.KindOf(code)
	must(t, err)
	before := c.dump(t)
	file := cells(t, kind, rows)
	turned := slices.Clone(file)
	slices.Reverse(turned)
	for name, rows := range map[string][]ledger.Row{"again": file, "in another order": turned, "as exported": c.exported(t, code, by)} {
		out, problems := c.apply(t, code, by, rows)
		if len(problems) > 0 || out != (ledger.Outcome{Same: len(rows)}) || len(rows) < len(file) {
			t.Errorf("%s: %+v of %d, %q", name, out, len(rows), problems)
		}
		if c.dump(t) != before {
			t.Errorf("%s: something has changed", name)
		}
	}
}

package org_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"fenlin/internal/org"
)

var update = flag.Bool("update", false, "write testdata/matrix.txt anew; read it before it is committed")

// TestMatrix_EveryPermissionOfEveryRoleInsideAboveBesideAndOutside compares
// what the one function answers with testdata/matrix.txt, which people have read.
func TestMatrix_EveryPermissionOfEveryRoleInsideAboveBesideAndOutside(t *testing.T) {
	// Two subdistricts of two communities of two compounds of two building groups, and a department.
	below := func(path string, n int) string { return fmt.Sprintf("%s%d/", path, n) }
	city := "/1/"
	at := map[org.Kind]string{org.City: city, org.Department: below(city, 9)}
	path := city
	for _, kind := range []org.Kind{org.Subdistrict, org.Community, org.CompoundKind, org.BuildingGroup, org.HubHousehold} {
		path = below(path, 2)
		at[kind] = path
	}
	outside := "/1/3/2/2/2/2/"
	var out bytes.Buffer
	fmt.Fprintln(&out, "# role, where its post stands, and where the thing is that it would act on: what it may there, and which posts it may fill there.")
	for _, r := range org.Roles {
		for _, kind := range r.Kinds {
			here := at[kind]
			actor := org.Actor{Person: 1, Posts: []org.Post{{ID: 1, Role: r.Role, OrgKind: kind, OrgPath: here}}}
			parent, beside := org.Unit{Path: here}.Chain(), ""
			above := ""
			if len(parent) > 1 {
				above = here[:len(here)-len(fmt.Sprintf("%d/", parent[0]))]
				beside = below(above, 5)
			}
			for _, where := range []struct{ name, path string }{
				{"its own unit", here}, {"inside", below(here, 2)}, {"above", above}, {"beside", beside}, {"outside", outside},
			} {
				if where.path == "" || kind == org.City && where.name == "outside" {
					continue
				}
				fmt.Fprintf(&out, "%-22s %-14s %-13s", r.Role, kind, where.name)
				none := true
				for _, p := range org.Permissions() {
					if actor.May(p, where.path) {
						fmt.Fprintf(&out, " %s", p)
						none = false
					}
				}
				for _, post := range org.Roles {
					if actor.MayAppoint(post.Role, where.path) {
						fmt.Fprintf(&out, " +%s", post.Role)
						none = false
					}
				}
				if none {
					fmt.Fprint(&out, " -")
				}
				fmt.Fprintln(&out)
			}
		}
	}
	if nobody := (org.Actor{Person: 1}); nobody.May(org.SeeTickets, city) || nobody.MayAppoint(org.HouseholdHub, city) {
		t.Error("somebody without a post may something")
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
		t.Errorf("who may what has changed; it is now\n%s", out.Bytes())
	}
}

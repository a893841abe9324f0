package org_test

import (
	"errors"
	"strings"
	"testing"

	"fenlin/internal/errs"
	"fenlin/internal/org"
)

func TestCodes_MadeListedAndTakenDownByWhoLooksAfterThePlace(t *testing.T) {
	w := plant(t)
	branch, south, gas := w.holder(t, 11, "branch"), w.holder(t, 12, "south"), w.holder(t, 13, "gas")
	lift := org.Code{Kind: org.FixtureCode, OrgID: w.units["garden"].ID, Building: " 3 ", Unit: "2", Name: "电梯", Category: "elevator"}
	made, err := w.PutUp(t.Context(), branch, "k1", lift)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.PutUp(t.Context(), branch, "k1", lift); err != nil || again.ID != made.ID {
		t.Errorf("again: %+v %v", again, err)
	}
	p, err := w.Posted(t.Context(), made.Scene())
	if err != nil || p.Spot() != "3号楼2单元电梯" || p.At.Name != "garden" || p.Category != "elevator" || len(made.Scene()) > 32 {
		t.Errorf("%+v %v", p, err)
	}
	if p, err := w.Posted(t.Context(), org.Code{OrgID: w.units["garden"].ID}.Scene()); err != nil || p.Kind != org.GateCode || p.At.Name != "garden" {
		t.Errorf("the gate's: %+v %v", p, err)
	}
	other := lift
	other.Name = "灭火器"
	for name, c := range map[string]struct {
		by   org.Actor
		key  string
		code org.Code
		want *errs.Error
	}{
		"another thing by the same request": {branch, "k1", other, org.ErrKeyReused},
		"a scope beside":                    {south, "", lift, org.ErrOutside},
		"a department":                      {gas, "", lift, org.ErrOutside},
		"a kind not known":                  {branch, "", org.Code{Kind: "sky", OrgID: lift.OrgID}, org.ErrInvalid},
		"a thing without a name":            {branch, "", org.Code{Kind: org.FixtureCode, OrgID: lift.OrgID}, org.ErrInvalid},
		"a building without a number":       {branch, "", org.Code{Kind: org.BuildingCode, OrgID: lift.OrgID, Unit: "2"}, org.ErrInvalid},
		"nowhere":                           {branch, "", org.Code{Kind: org.GateCode, OrgID: 42}, org.ErrUnknownUnit},
		"a gate of a street":                {w.holder(t, 14, "city"), "", org.Code{Kind: org.GateCode, OrgID: w.units["street"].ID}, org.ErrInvalid},
		"a long name":                       {branch, "", org.Code{Kind: org.GateCode, OrgID: lift.OrgID, Name: strings.Repeat("门", 21)}, org.ErrInvalid},
	} {
		if _, err := w.PutUp(t.Context(), c.by, c.key, c.code); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := w.PutUp(t.Context(), w.holder(t, 15, "street"), "", org.Code{Kind: org.PointCode, OrgID: w.units["north"].ID, Name: "党群服务站"}); err != nil {
		t.Errorf("a service point of a community: %v", err)
	}
	for _, c := range []struct {
		by      org.Actor
		unit    string
		revoked bool
		want    int
	}{{branch, "garden", false, 1}, {w.holder(t, 16, "north"), "north", false, 2}} {
		if list, err := w.Codes(t.Context(), c.by, org.CodeList{Unit: w.units[c.unit].ID, Limit: 10}); err != nil || len(list) != c.want {
			t.Errorf("%s: %d %v", c.unit, len(list), err)
		}
	}
	if _, err := w.Codes(t.Context(), branch, org.CodeList{Unit: w.units["north"].ID, Limit: 10}); !errors.Is(err, org.ErrOutside) {
		t.Errorf("a list above the scope: %v", err)
	}
	if err := w.TakeDown(t.Context(), south, made.Scene()); !errors.Is(err, org.ErrOutside) {
		t.Errorf("taken down by another: %v", err)
	}
	for range 2 {
		if err := w.TakeDown(t.Context(), branch, made.Scene()); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := w.Codes(t.Context(), branch, org.CodeList{Unit: w.units["garden"].ID, Limit: 10, Revoked: true}); err != nil || len(list) != 1 || list[0].RevokedAt == 0 {
		t.Errorf("%+v %v", list, err)
	}
	for scene, want := range map[string]*errs.Error{
		made.Scene(): org.ErrCodeRevoked, "code:1": org.ErrCodeUnknown, "code:": org.ErrCodeUnknown, "compound:7": org.ErrCodeUnknown, "compound:x": org.ErrCodeUnknown, "": org.ErrCodeUnknown, "c-1": org.ErrCodeUnknown,
	} {
		if _, err := w.Posted(t.Context(), scene); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", scene, err, want)
		}
	}
}

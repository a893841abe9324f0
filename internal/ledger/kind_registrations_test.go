package ledger_test

import (
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/ledger"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

// contact is somebody who answers for a new work unit and holds no post.
func (c *city) contact(t *testing.T, unit string) org.Actor {
	t.Helper()
	p, err := c.Members.Add(t.Context(), member.Person{Name: unit + "联系人"}, "o-"+unit)
	must(t, err)
	must(t, c.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return c.Org.AddWorkUnits(tx, []org.WorkUnit{{ID: c.DB.NewID(), Kind: org.Organ, Name: unit, ContactID: p.ID}})
	}))
	return org.Actor{Person: p.ID}
}

func TestRegistrations_AUnitRegistersItsOwnAndConfirmsByIt(t *testing.T) {
	c := newCity(t)
	by := c.contact(t, "市水利局")
	rows := []row{
		{"name": "李梅", "phone": "13833334444", "community": "南薰社区"},
		{"name": "赵云", "phone": "13855556666", "community": "文峰街道/永安社区"},
	}
	if out := c.imports(t, "registrations", by, rows...); out != (ledger.Outcome{Created: 2}) {
		t.Errorf("%+v", out)
	}
	if out := c.imports(t, "registrations", by, rows...); out != (ledger.Outcome{Same: 2}) {
		t.Errorf("again: %+v", out)
	}
	li, known, err := c.Members.ByPhone(t.Context(), "13833334444")
	must(t, err)
	r, err := c.Members.Registration(t.Context(), li.ID)
	if err != nil || !known || r.UnitAt == 0 || r.UnitBy != by.Person || r.DoneAt != 0 {
		t.Errorf("the unit's word: %+v %v", r, err)
	}
	if waits := r.Waits(c.now); len(waits) != 1 || waits[0] != member.TheCommunity {
		t.Errorf("waits for %v", waits)
	}
	// The community has the last word, and moving asks it anew.
	clerk := c.holder("nanxun", org.CommunitySecretary)
	if r, err = c.Members.Answer(t.Context(), clerk, li.ID, member.TheCommunity, true, ""); err != nil || r.DoneAt == 0 {
		t.Errorf("confirmed: %+v %v", r, err)
	}
	moved := rows[0].with("community", "文峰街道/永安社区")
	if out := c.imports(t, "registrations", by, moved, rows[1]); out != (ledger.Outcome{Changed: 1, Same: 1}) {
		t.Errorf("moved: %+v", out)
	}
	if out := c.exported(t, "registrations", by); len(out) != 2 || out[0].Cells[1] == "13833334444" {
		t.Errorf("%v", out)
	}
	c.steady(t, "registrations", by, moved, rows[1])

	// Its own alone; nobody's name is changed; whole or not at all.
	other := c.contact(t, "市林业局")
	c.refused(t, "another unit's", "registrations", other, []string{"2 工作单位 没有找到单位「市水利局」，或您不是它的联系人：请核对全称"}, rows[0].with("unit", "市水利局"))
	c.refused(t, "a compound", "registrations", other, []string{"2 居住社区 「福馨苑小区」不是社区"}, rows[0].with("community", "福馨苑小区"))
	if _, problems := c.apply(t, "registrations", other, cells(t, kindOf(t, "registrations"), []row{{"name": "张三", "phone": "13833334444", "community": "南薰社区"}})); len(problems) == 0 {
		t.Error("another name for a known phone passed")
	}
	if _, err := c.Template(t.Context(), other, "registrations"); err != nil {
		t.Error(err)
	}
	for _, code := range []string{"units", "members"} {
		if _, err := c.Template(t.Context(), other, code); err == nil {
			t.Errorf("a contact may have to do with %s", code)
		}
	}
	if out := c.imports(t, "registrations", c.clerk(), rows[1].with("unit", "市林业局")); out != (ledger.Outcome{Changed: 1}) {
		t.Errorf("the city: %+v", out)
	}
}

func kindOf(t *testing.T, code string) ledger.Kind {
	t.Helper()
	k, err := ledger.KindOf(code)
	must(t, err)
	return k
}

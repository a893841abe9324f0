package ledger_test

import (
	"testing"

	"fenlin/internal/ledger"
	"fenlin/internal/org"
)

var newCompound = row{
	"community": "南薰社区", "name": "学府小区", "code": "N-01", "governance": "有物业", "households": "520", "aliases": "学府、老学府",
	"branch": "学府小区党支部", "consults": "2025-03-01", "lat": "37.2612", "lng": "111.7853", "datum": "GCJ-02", "boundary": "37.2605,111.784; 37.2605,111.7866；37.2621，111.7866；37.2621,111.784；37.2605,111.784",
	"committee_name": "南薰社区居委会", "committee_contact": "李梅", "committee_phone": "13811110001", "committee_from": "2024-01-01", "committee_to": "2028-12-31",
	"owners_kind": "物管会", "owners_name": "学府小区物管会", "owners_contact": "周强", "owners_phone": "",
	"company_name": "安居物业", "company_contact": "赵云", "company_phone": "13811110003", "company_from": "2026-01-01", "company_to": "2026-12-31",
}

func TestCompounds_WithTheirThreePartiesInACommunityThatHadNone(t *testing.T) {
	c := newCity(t)
	second := newCompound.with("name", "书苑小区", "code", "", "branch", "", "governance", "无物业", "boundary", "", "owners_kind", "", "owners_name", "", "owners_contact", "")
	if out := c.imports(t, "compounds", c.clerk(), newCompound, second); out != (ledger.Outcome{Created: 2}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "compounds", c.clerk(), newCompound, second)
	place, err := c.Org.Places(t.Context())
	must(t, err)
	for _, p := range place {
		if p.Name == "学府小区" && (p.Community != "南薰社区" || p.Households != 520 || p.Branch != "学府小区党支部" || p.Lat != 37.2612 || len(p.Boundary) != 4 || p.Boundary[2] != [2]float64{37.2621, 111.7866} || len(p.Aliases) != 2) {
			t.Errorf("%+v", p)
		}
	}
	var contacts int
	must(t, c.DB.Read(t.Context()).Raw("SELECT COUNT(DISTINCT contact_id) FROM compound_parties WHERE contact_id <> 0").Scan(&contacts).Error)
	if contacts != 3 { // one committee and one company for both
		t.Errorf("%d contacts", contacts)
	}

	next := newCompound.with("name", "学府花园小区", "company_name", "宜家物业", "company_contact", "钱进", "company_phone", "13811110009", "company_from", "2027-01-01", "company_to", "2027-12-31", "households", "530")
	if out := c.imports(t, "compounds", c.clerk(), next, row{"community": "南薰社区", "name": "书苑小区", "governance": "无物业"}); out != (ledger.Outcome{Changed: 1, Same: 1}) {
		t.Errorf("changed: %+v", out)
	}
	c.steady(t, "compounds", c.clerk(), next)
	var companies []org.Party
	must(t, c.DB.Read(t.Context()).Raw("SELECT p.* FROM compound_parties p JOIN org_units u ON u.id = p.compound_id WHERE u.name = '学府花园小区' AND p.kind = 'property_company' ORDER BY p.id").Scan(&companies).Error)
	if len(companies) != 2 || companies[0].ToOn != "2026-12-31" || companies[1].Name != "宜家物业" {
		t.Errorf("%+v", companies)
	}
}

func TestCompounds_SaysWhatIsWrong(t *testing.T) {
	c := newCity(t)
	for name, f := range map[string]struct {
		by   org.Actor
		want []string
		rows []row
	}{
		"an unknown community":    {c.clerk(), []string{"2 社区 没有找到「云社区」"}, []row{newCompound.with("community", "云社区")}},
		"an ambiguous community":  {c.clerk(), []string{"2 社区 有 2 个叫「永安社区」的，请连上级一起写，如「文峰街道/永安社区」"}, []row{newCompound.with("community", "永安社区")}},
		"no community":            {c.clerk(), []string{"2 社区 「文峰街道」不是社区"}, []row{newCompound.with("community", "文峰街道")}},
		"twice":                   {c.clerk(), []string{"3 小区名称 与第 2 行是同一个小区"}, []row{newCompound, newCompound}},
		"latitude of nowhere":     {c.clerk(), []string{"2 纬度 应是 -90 到 90"}, []row{newCompound.with("lat", "137")}},
		"swapped":                 {c.clerk(), []string{"2 纬度 纬度和经度填反了"}, []row{newCompound.with("lat", "80.1", "lng", "30.1")}},
		"a border that is none":   {c.clerk(), []string{"2 边界 应写成 纬度,经度"}, []row{newCompound.with("boundary", "37.26 111.78")}},
		"a border of two":         {c.clerk(), []string{"2 边界 边界应有 3 到 200 个顶点"}, []row{newCompound.with("boundary", "37.26,111.78；37.27,111.78")}},
		"a border that crosses":   {c.clerk(), []string{"2 边界 边界不能自己相交"}, []row{newCompound.with("boundary", "37.2605,111.784；37.2621,111.7866；37.2605,111.7866；37.2621,111.784")}},
		"a border elsewhere":      {c.clerk(), []string{"2 边界 边界离小区的位置超过 2 公里"}, []row{newCompound.with("boundary", "37.3605,111.784；37.3605,111.7866；37.3621,111.7866")}},
		"half a place":            {c.clerk(), []string{"2 纬度 纬度和经度要一起填"}, []row{newCompound.with("lng", "")}},
		"a term that runs back":   {c.clerk(), []string{"2 物业公司合同止 合同止早于合同起"}, []row{newCompound.with("company_to", "2025-01-01")}},
		"a contact of nobody":     {c.clerk(), []string{"2 居委会联系人 请填写联系人的姓名"}, []row{newCompound.with("committee_contact", "")}},
		"a term of nobody":        {c.clerk(), []string{"2 物业公司名称 请填写名称"}, []row{newCompound.with("company_name", "")}},
		"one phone for two names": {c.clerk(), []string{"2 物业公司联系人 与第 2 行是同一个身份证号或手机号而姓名不同"}, []row{newCompound.with("company_phone", "13811110001")}},
		"a scope beside":          {c.holder("other", org.Clerk), []string{"2 社区 没有找到「南薰社区」"}, []row{newCompound}},
	} {
		c.refused(t, name, "compounds", f.by, f.want, f.rows...)
	}
}

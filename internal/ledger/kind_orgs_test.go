package ledger_test

import (
	"testing"

	"fenlin/internal/ledger"
	"fenlin/internal/org"
)

func unitRow(parent, kind, name, code string) row {
	return row{"parent": parent, "kind": kind, "name": name, "code": code}
}

func TestOrgs_ParentsInTheFileInAnyOrder(t *testing.T) {
	c := newCity(t)
	rows := []row{
		unitRow("福馨苑小区/5号楼党小组", "党员中心户", "王志强中心户", ""),
		unitRow("王志强中心户", "联户", "联户一组", ""),
		unitRow("福馨苑小区", "楼栋党小组", "5号楼党小组", ""),
		unitRow("新街道", "社区", "新城社区", "141182003001"),
		unitRow("汾阳市", "街道", "新街道", "141182003"),
		unitRow("汾阳市", "部门", "燃气公司", "gas_company"),
		unitRow("文峰街道", "社区", "永安社区", "141182001001"),
	}
	if out := c.imports(t, "orgs", c.clerk(), rows...); out != (ledger.Outcome{Created: 6, Same: 1}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "orgs", c.clerk(), rows...)
	var found []org.Unit
	must(t, c.DB.Read(t.Context()).Order("path").Find(&found, "name IN ?", []string{"联户一组", "5号楼党小组"}).Error)
	if len(found) != 2 || found[0].Code != "5" || !org.Within(found[1].Path, found[0].Path) || !org.Within(found[0].Path, c.units["fuxin"].Path) {
		t.Errorf("%+v", found)
	}
}

func TestOrgs_TheSameCodeUnderAnotherNameIsARename(t *testing.T) {
	c := newCity(t)
	rename := unitRow("文峰街道", "社区", "永宁社区", "141182001001")
	if out := c.imports(t, "orgs", c.clerk(), rename); out != (ledger.Outcome{Changed: 1}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "orgs", c.clerk(), rename)
	u, err := c.Org.Unit(t.Context(), c.units["yongan"].ID)
	if err != nil || u.Name != "永宁社区" || u.Path != c.units["yongan"].Path || u.Version != 1 {
		t.Errorf("%+v %v", u, err)
	}
	var names []string
	must(t, c.DB.Read(t.Context()).Raw("SELECT name FROM org_history WHERE org_id = ? ORDER BY from_at", u.ID).Scan(&names).Error)
	if len(names) != 2 || names[0] != "永安社区" || names[1] != "永宁社区" {
		t.Errorf("history %v", names)
	}
}

func TestOrgs_SaysWhatIsWrong(t *testing.T) {
	c := newCity(t)
	for name, f := range map[string]struct {
		by   org.Actor
		want []string
		rows []row
	}{
		"an unknown parent":       {c.clerk(), []string{"2 上级组织 没有找到「天上街道」"}, []row{unitRow("天上街道", "社区", "云社区", "")}},
		"an ambiguous parent":     {c.clerk(), []string{"2 上级组织 「3号楼党小组」不是小区"}, []row{unitRow("3号楼党小组", "楼栋党小组", "4号楼党小组", "")}},
		"a wrong kind above":      {c.clerk(), []string{"2 上级组织 「福馨苑小区」不是街道"}, []row{unitRow("福馨苑小区", "社区", "小社区", "")}},
		"a cycle":                 {c.clerk(), []string{"3 上级组织 上级组织绕了一圈", "2 上级组织 上级组织绕了一圈"}, []row{unitRow("乙街道", "社区", "甲社区", ""), unitRow("甲社区", "街道", "乙街道", "")}},
		"itself":                  {c.clerk(), []string{"2 上级组织 上级组织绕了一圈"}, []row{unitRow("甲社区", "社区", "甲社区", "")}},
		"twice":                   {c.clerk(), []string{"3 名称 与第 2 行是同一个组织"}, []row{unitRow("文峰街道", "社区", "甲社区", ""), unitRow("文峰街道", "社区", "甲社区", "")}},
		"a code of another":       {c.clerk(), []string{"2 编码 这个编码是「文峰街道/永安社区」的"}, []row{unitRow("太和桥街道", "社区", "甲社区", "141182001001")}},
		"a name of another":       {c.clerk(), []string{"2 名称 「文峰街道」下已有同名的社区"}, []row{unitRow("文峰街道", "社区", "南薰社区", "141182001001")}},
		"a group without number":  {c.clerk(), []string{"2 编码 请填写楼号"}, []row{unitRow("福馨苑小区", "楼栋党小组", "东楼党小组", "")}},
		"above the scope":         {c.holder("street", org.Clerk), []string{"2 上级组织 不在您负责的范围内"}, []row{unitRow("汾阳市", "街道", "新街道", "")}},
		"beside the scope":        {c.holder("street", org.Clerk), []string{"2 上级组织 没有找到「太和桥街道」"}, []row{unitRow("太和桥街道", "社区", "新社区", "")}},
		"one bad row among three": {c.clerk(), []string{"3 上级组织 没有找到"}, []row{unitRow("文峰街道", "社区", "甲社区", ""), unitRow("没有街道", "社区", "乙社区", ""), unitRow("文峰街道", "社区", "丙社区", "")}},
		"an ambiguous place":      {c.clerk(), []string{"2 上级组织 有 2 个叫「永宁小区」的，请连上级一起写，如「"}, []row{unitRow("永宁小区", "楼栋党小组", "1号楼党小组", "")}},
	} {
		if name == "an ambiguous place" {
			compound := row{"name": "永宁小区", "governance": "无物业"}
			c.imports(t, "compounds", c.clerk(), compound.with("community", "文峰街道/永安社区"), compound.with("community", "南薰社区"))
		}
		c.refused(t, name, "orgs", f.by, f.want, f.rows...)
	}
	c.imports(t, "orgs", c.clerk(), unitRow("文峰街道/永安社区/永宁小区", "楼栋党小组", "1号楼党小组", ""))
}

package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fenlin/internal/ledger"
	"fenlin/internal/org"
)

// idNumber makes the whole of an ID number from its first 17 digits.
func idNumber(first string) string {
	weights, sum := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}, 0
	for i, w := range weights {
		sum += w * int(first[i]-'0')
	}
	return first + string("10X98765432"[sum%11])
}

var (
	idWang = idNumber("14118219760504121") // male, 1976-05-04
	idLi   = idNumber("14118219880229002") // female, 1988-02-29
	idZhao = idNumber("14118219900101003") // male, 1990-01-01
)

var wang = row{
	"name": "王志强", "gender": "男", "ethnicity": "汉族", "birth": "1976-05-04", "id_number": idWang, "education": "大专", "phone": "13811112222",
	"category": "直管党员", "standing": "正式党员", "branch": "福馨苑党支部", "joined": "2001-07-01", "full": "2002-07-01", "job": "工人",
	"address": "福馨苑3号楼2单元501", "note": "老模范",
}

var partyRows = []row{
	wang,
	{"name": "李梅", "id_number": idLi, "category": "在职党员", "unit": "汾阳市教育局", "community": "南薰社区", "phone": "13833334444"},
	{"name": "赵云", "phone": "13855556666", "category": "流动党员", "standing": "预备党员", "branch": "文峰街道/永安社区", "flows": "由太原流入"},
}

func TestMembers_InChangedAndOut(t *testing.T) {
	c := newCity(t)
	if out := c.imports(t, "members", c.clerk(), partyRows...); out != (ledger.Outcome{Created: 3}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "members", c.clerk(), partyRows...)
	for _, r := range c.exported(t, "members", c.clerk()) {
		for _, cell := range r.Cells {
			for _, plain := range []string{idWang, idLi, "13811112222", "13833334444", "13855556666", "1976-05-04", "2单元501"} {
				if strings.Contains(cell, plain) {
					t.Errorf("an export shows %s", cell)
				}
			}
		}
	}
	// The scope of the export.
	if rows := c.exported(t, "members", c.holder("yongan", org.Clerk)); len(rows) != 2 {
		t.Errorf("%d of the community", len(rows))
	}
	if rows := c.exported(t, "members", c.holder("other", org.Clerk)); len(rows) != 0 {
		t.Errorf("%d of another community", len(rows))
	}

	moved := wang.with("branch", "昌瑞绿洲小区", "category", "离退休党员", "job", "")
	if out := c.imports(t, "members", c.clerk(), moved, partyRows[1]); out != (ledger.Outcome{Changed: 1, Same: 1}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "members", c.clerk(), moved)
	var history []string
	must(t, c.DB.Read(t.Context()).Raw("SELECT kind FROM member_history ORDER BY id").Scan(&history).Error)
	if !slices.Contains(history, "category") || !slices.Contains(history, "branch") {
		t.Errorf("history %v", history)
	}
}

func TestMembers_AnExportChangedInPlaceChangesThat(t *testing.T) {
	c := newCity(t)
	c.imports(t, "members", c.clerk(), partyRows...)
	kind, err := ledger.KindOf("members")
	must(t, err)
	at := func(key string) int {
		return slices.IndexFunc(kind.Columns, func(c ledger.Column) bool { return c.Key == key })
	}
	rows := c.exported(t, "members", c.clerk())
	for _, r := range rows {
		if r.Cells[0] == "王志强" {
			r.Cells[at("phone")], r.Cells[at("branch")] = "13877778888", "昌瑞绿洲小区"
		}
	}
	out, problems := c.apply(t, "members", c.clerk(), rows)
	if len(problems) > 0 || out != (ledger.Outcome{Changed: 1, Same: 2}) {
		t.Errorf("%+v %q", out, problems)
	}
	if p, ok, err := c.Members.ByPhone(t.Context(), "13877778888"); err != nil || !ok || p.Name != "王志强" {
		t.Errorf("%+v %v", p, err)
	}
}

func TestMembers_SaysWhatIsWrong(t *testing.T) {
	c := newCity(t)
	c.imports(t, "members", c.clerk(), partyRows...)
	zhang := wang.with("name", "张三", "id_number", idZhao, "phone", "13866667777", "birth", "", "joined", "2010-07-01", "full", "2011-07-01")
	c.imports(t, "compounds", c.clerk(), row{"community": "南薰社区", "name": "新苑小区", "governance": "无物业"})
	other := string("0123456789"[(idZhao[17]-'0'+1)%10])
	for name, f := range map[string]struct {
		by   org.Actor
		want []string
		rows []row
	}{
		"an unknown branch":          {c.clerk(), []string{"2 所在党支部 没有找到「云支部」"}, []row{zhang.with("branch", "云支部")}},
		"an ambiguous branch":        {c.clerk(), []string{"2 所在党支部 有 2 个叫「永安社区」的"}, []row{zhang.with("branch", "永安社区")}},
		"an unknown unit":            {c.clerk(), []string{"2 工作单位 没有找到单位「云局」"}, []row{zhang.with("unit", "云局")}},
		"an unknown community":       {c.clerk(), []string{"2 居住社区 没有找到「云社区」"}, []row{zhang.with("community", "云社区")}},
		"nowhere":                    {c.clerk(), []string{"2 所在党支部 请填写所在党支部，或居住社区"}, []row{zhang.with("branch", "")}},
		"an ID number twice":         {c.clerk(), []string{"3 姓名 与第 2 行是同一个身份证号"}, []row{zhang, zhang.with("name", "张四", "phone", "13866667778")}},
		"a person twice":             {c.clerk(), []string{"3 姓名 与第 2 行是同一个人"}, []row{zhang, zhang}},
		"an ID number of the table":  {c.clerk(), []string{"2 身份证号 身份证号已登记给 王**"}, []row{zhang.with("id_number", idWang, "gender", "")}},
		"a phone of the table":       {c.clerk(), []string{"2 联系电话 手机号已登记给 王**"}, []row{zhang.with("phone", "13811112222")}},
		"a wrong check digit":        {c.clerk(), []string{"2 身份证号 "}, []row{zhang.with("id_number", idZhao[:17]+other)}},
		"a birth against it":         {c.clerk(), []string{"2 出生日期 出生日期与身份证号里的不一致"}, []row{zhang.with("birth", "1990-01-02")}},
		"neither phone nor number":   {c.clerk(), []string{"2 身份证号 请填写身份证号或手机号"}, []row{zhang.with("phone", "", "id_number", "")}},
		"full before joined":         {c.clerk(), []string{"2 转正日期 转正日期在入党日期之前"}, []row{zhang.with("full", "2000-01-01")}},
		"a compound without branch":  {c.clerk(), []string{"2 所在党支部 「新苑小区」还没有党支部"}, []row{zhang.with("branch", "新苑小区")}},
		"joined as a child":          {c.clerk(), []string{"2 入党日期 入党时不满 18 岁"}, []row{zhang.with("joined", "2001-07-01")}},
		"moved from nowhere":         {c.clerk(), []string{"2 流入流出地 流动党员请填写"}, []row{zhang.with("category", "流动党员")}},
		"beside the scope":           {c.holder("other", org.Clerk), []string{"2 所在党支部 没有找到「福馨苑党支部」"}, []row{zhang}},
		"out of another's branch":    {c.holder("nanxun", org.Clerk), []string{"2 所在党支部 这名党员现在登记在您负责范围以外"}, []row{wang.with("branch", "南薰社区")}},
		"nothing to keep members by": {c.holder("city", org.Operator), []string{"2 所在党支部 没有找到"}, []row{zhang}},
	} {
		c.refused(t, name, "members", f.by, f.want, f.rows...)
	}
}

func TestMembers_OneBadRowOfManyWritesNothing(t *testing.T) {
	c := newCity(t)
	rows := manyMembers(3000)
	rows[2345]["branch"] = "云支部"
	c.refused(t, "one of many", "members", c.clerk(), []string{"2347 所在党支部 没有找到「云支部」"}, rows...)
	rows[2345]["branch"] = "福馨苑党支部"
	rows[2999]["id_number"] = rows[0]["id_number"]
	c.refused(t, "one of many, late", "members", c.clerk(), []string{"3001 姓名 与第 2 行是同一个身份证号"}, rows...)
}

// manyMembers are that many rows of people who differ.
func manyMembers(n int) []row {
	rows := make([]row, 0, n)
	for i := range n {
		id := idNumber(fmt.Sprintf("141182%04d%02d%02d%03d", 1950+i%50, 1+i/50%12, 1+i/600%28, i/16800*10+1))
		rows = append(rows, row{
			"name": fmt.Sprintf("党员%d", i), "id_number": id, "phone": fmt.Sprintf("139%08d", i), "category": "直管党员", "branch": "福馨苑党支部",
			"address": fmt.Sprintf("福馨苑%d号楼", i%20), "joined": "2021-07-01",
		})
	}
	return rows
}

var workerRows = []row{
	{"community": "南薰社区", "name": "王志强", "id_number": idWang, "phone": "13811112222", "kind": "社区书记", "education": "本科", "since": "2021-03-15", "note": "兼主任"},
	{"community": "南薰社区", "name": "李梅", "phone": "13833334444", "birth": "1988-02-29", "gender": "女", "kind": "大学生"},
	{"community": "文峰街道/永安社区", "name": "赵云", "id_number": idZhao, "kind": "两委成员"},
}

func TestWorkers_InChangedAndOut(t *testing.T) {
	c := newCity(t)
	if out := c.imports(t, "workers", c.clerk(), workerRows...); out != (ledger.Outcome{Created: 3}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "workers", c.clerk(), workerRows...)
	ages, err := c.Workers.Ages(t.Context(), "2026-05-03")
	slices.Sort(ages)
	if err != nil || !slices.Equal(ages, []int{36, 38, 49}) {
		t.Errorf("%v %v", ages, err)
	}
	if rows := c.exported(t, "workers", c.holder("nanxun", org.Clerk)); len(rows) != 2 {
		t.Errorf("%d of the community", len(rows))
	}
	moved := workerRows[0].with("community", "文峰街道/永安社区", "kind", "两委成员")
	if out := c.imports(t, "workers", c.clerk(), moved, workerRows[1]); out != (ledger.Outcome{Changed: 1, Same: 1}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "workers", c.clerk(), moved)
	// Whoever came as a graduate stays one in the city's count when elected.
	elected := workerRows[1].with("kind", "两委成员")
	for _, change := range []struct {
		row  row
		want string
	}{{workerRows[1], "是"}, {elected, "是"}, {elected.with("graduate", "否"), "否"}, {elected.with("graduate", "是"), "是"}} {
		c.imports(t, "workers", c.clerk(), change.row)
		c.steady(t, "workers", c.clerk(), change.row)
		if rows := c.exported(t, "workers", c.holder("nanxun", org.Clerk)); len(rows) != 1 || !slices.Contains(rows[0].Cells, change.want) {
			t.Errorf("after %v: %v", change.row, rows)
		}
	}
	for name, f := range map[string]struct {
		by   org.Actor
		want []string
		rows []row
	}{
		"an unknown community":    {c.clerk(), []string{"2 社区 没有找到「云社区」"}, []row{workerRows[0].with("community", "云社区")}},
		"a person twice":          {c.clerk(), []string{"3 姓名 与第 2 行是同一个人"}, []row{workerRows[0], workerRows[0]}},
		"beside the scope":        {c.holder("other", org.Clerk), []string{"2 社区 没有找到「南薰社区」"}, []row{workerRows[0]}},
		"out of another's":        {c.holder("nanxun", org.Clerk), []string{"2 社区 不在您负责的范围内"}, []row{workerRows[0]}},
		"an ID number of another": {c.clerk(), []string{"2 身份证号 身份证号已登记给 王**"}, []row{workerRows[2].with("id_number", idWang)}},
	} {
		c.refused(t, name, "workers", f.by, f.want, f.rows...)
	}
}

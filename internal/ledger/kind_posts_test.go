package ledger_test

import (
	"testing"
	"time"

	"fenlin/internal/ledger"
	"fenlin/internal/org"
)

var (
	secretary = row{
		"org": "福馨苑小区", "role": "小区党支部书记", "title": "福馨苑小区党支部书记", "name": "王志强", "phone": "13811112222", "id_number": idWang,
		"unit": "汾阳市教育局", "from": "2026-03-01", "to": "2029-02-28", "note": "文党发〔2026〕3号",
	}
	commissioner = row{"org": "文峰街道/永安社区", "role": "兼职委员", "name": "李梅", "phone": "13833334444", "from": "2026-01-01"}
)

func TestPosts_HoldersComeAndGo(t *testing.T) {
	c := newCity(t)
	rows := []row{
		secretary,
		commissioner,
		commissioner.with("name", "赵云", "phone", "13855556666"), // two posts of one title
		{"org": "福馨苑小区/3号楼党小组", "role": "楼栋党小组长", "name": "王志强", "phone": "13811112222"},
		{"org": "昌瑞绿洲小区", "role": "小区党支部书记"}, // vacant
	}
	if out := c.imports(t, "posts", c.clerk(), rows...); out != (ledger.Outcome{Created: 5}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "posts", c.clerk(), rows...)
	wang, ok, err := c.Members.ByPhone(t.Context(), "13811112222")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	posts := func(person int64) []org.Post {
		a, err := c.Org.Actor(t.Context(), person, 0)
		must(t, err)
		return a.Posts
	}
	if held := posts(wang.ID); len(held) != 2 || held[0].Title != "福馨苑小区党支部书记" || held[1].Title != "3号楼党小组长" {
		t.Errorf("%+v", held)
	}

	// Li Mei takes over from today on; the commissioner of that name is she.
	taken := row{"org": "福馨苑小区", "role": "小区党支部书记", "name": "李梅", "phone": "13833334444", "from": "2026-11-23"}
	left := row{"org": "福馨苑小区/3号楼党小组", "role": "楼栋党小组长"}
	c.now = c.now.Add(time.Hour)
	if out := c.imports(t, "posts", c.clerk(), taken, left, rows[4]); out != (ledger.Outcome{Changed: 2, Same: 1}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "posts", c.clerk(), taken, left)
	li, ok, err := c.Members.ByPhone(t.Context(), "13833334444")
	if err != nil || !ok || len(posts(li.ID)) != 2 || len(posts(wang.ID)) != 0 {
		t.Errorf("%+v %+v %v", posts(li.ID), posts(wang.ID), err)
	}
	var was struct{ FromAt, ToAt, UnitID int64 }
	must(t, c.DB.Read(t.Context()).Raw("SELECT a.* FROM appointments a JOIN posts p ON p.id = a.post_id WHERE a.person_id = ? AND p.role = 'branch_secretary'", wang.ID).Scan(&was).Error)
	if day(c, was.FromAt) != "2026-03-01" || day(c, was.ToAt) != "2026-11-23" || was.UnitID == 0 {
		t.Errorf("%+v", was)
	}
	// The vacancy is filled, and the term of one who stays is mended.
	filled := rows[4].with("name", "赵云", "phone", "13855556666")
	longer := taken.with("to", "2030-11-22", "title", "福馨苑党支部书记")
	if out := c.imports(t, "posts", c.clerk(), filled, longer); out != (ledger.Outcome{Changed: 2}) {
		t.Errorf("%+v", out)
	}
	c.steady(t, "posts", c.clerk(), filled, longer)
}

func day(c *city, ms int64) string {
	return time.UnixMilli(ms).In(c.Location).Format(time.DateOnly)
}

func TestPosts_SaysWhatIsWrong(t *testing.T) {
	c := newCity(t)
	c.imports(t, "posts", c.clerk(), secretary, row{"org": "文峰街道", "role": "街道党工委书记", "name": "钱进", "id_number": idLi})
	again := secretary.with("name", "赵云", "phone", "13855556666", "id_number", "")
	for name, f := range map[string]struct {
		by   org.Actor
		want []string
		rows []row
	}{
		"an unknown unit":             {c.clerk(), []string{"2 组织 没有找到「云小区」"}, []row{secretary.with("org", "云小区")}},
		"a post of another kind":      {c.clerk(), []string{"2 组织 「文峰街道」不是小区"}, []row{secretary.with("org", "文峰街道")}},
		"an unknown work unit":        {c.clerk(), []string{"2 派出单位 没有找到单位「云局」"}, []row{secretary.with("unit", "云局")}},
		"held twice":                  {c.clerk(), []string{"3 职务类别 与第 2 行是同一个职务"}, []row{secretary, again}},
		"one person twice":            {c.clerk(), []string{"3 任职人 与第 2 行是同一人的同一个职务"}, []row{commissioner, commissioner}},
		"before the one before":       {c.clerk(), []string{"2 任职日期 早于前任的任职日期 2026-03-01"}, []row{again.with("from", "2026-02-01")}},
		"a term that runs back":       {c.clerk(), []string{"2 届满日期 届满日期早于任职日期"}, []row{secretary.with("to", "2026-02-01")}},
		"a term that is over":         {c.clerk(), []string{"2 届满日期 届满日期已过"}, []row{secretary.with("to", "2026-10-01")}},
		"a phone of nobody":           {c.clerk(), []string{"2 任职人 请填写任职人"}, []row{secretary.with("name", "")}},
		"a name alone":                {c.clerk(), []string{"2 身份证号 请填写身份证号或手机号"}, []row{{"org": "昌瑞绿洲小区", "role": "小区党支部书记", "name": "王志强"}}},
		"an ID number of another":     {c.clerk(), []string{"2 身份证号 身份证号已登记给 王**"}, []row{again.with("id_number", idWang)}},
		"outside the appointer":       {c.holder("other", org.Clerk), []string{"2 组织 没有找到「福馨苑小区」"}, []row{again}},
		"nothing to appoint with":     {c.holder("city", org.Operator), []string{"2 组织 没有找到"}, []row{again}},
		"a post above one's own":      {c.holder("yongan", org.Clerk), []string{"2 职务类别 这个职务不由您任免"}, []row{{"org": "文峰街道/永安社区", "role": "社区党组织书记", "name": "赵云", "phone": "13855556666"}}},
		"a phone of one above":        {c.holder("street", org.Clerk), []string{"2 手机号 他担任「文峰街道党工委书记」"}, []row{again.with("name", "钱进", "phone", "13899998888", "id_number", idLi)}},
		"one bad row, and a good one": {c.clerk(), []string{"3 组织 没有找到「云小区」"}, []row{commissioner, secretary.with("org", "云小区")}},
	} {
		c.refused(t, name, "posts", f.by, f.want, f.rows...)
	}
	if _, ok, err := c.Members.ByPhone(t.Context(), "13899998888"); ok || err != nil {
		t.Error(ok, err)
	}
	if p, ok, err := c.Members.ByPhone(t.Context(), "13811112222"); err != nil || !ok || p.Name != "王志强" {
		t.Error(p, err)
	}
}

package chat_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"fenlin/internal/activity"
)

func TestCertificate_AWordIssuesOneOrSaysWhatIsMissing(t *testing.T) {
	c := newCity(t)
	c.Verify, c.Certificates = "https://fenlin.test/open/certificates/", "https://fenlin.test/app/#/certificates"
	check(t, c.text(t, "li", "证明"), "还没有可以证明的服务时长 | 签到、签退")
	id := c.event(t, "楼院清扫", 2, 0)
	li, err := c.Members.Person(t.Context(), c.town.Who["li"])
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Activities.SignUp(t.Context(), li, activity.Choice{Activity: id}); err != nil {
		t.Fatal(err)
	}
	c.town.Forward(24 * time.Hour)
	for _, out := range []bool{false, true} {
		if _, err := c.Activities.Tick(t.Context(), c.town.Actor("branch"), id, []activity.Mark{{Person: li.ID, Out: out}}); err != nil {
			t.Fatal(err)
		}
		c.town.Forward(time.Hour)
		if _, err := c.Activities.Ring(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Activities.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	said := c.text(t, "li", "开证明")
	check(t, said, "已开好，免费 | 编号：FYZM2026- | 2026-11-24 至 2026-11-24 | 1 次，共 1小时 | 出具单位：福馨苑小区 | https://fenlin.test/app/#/certificates | https://fenlin.test/open/certificates/")
	number := regexp.MustCompile(`FYZM\d{4}-\d{10}`)
	for _, word := range []string{"证明", "志愿证明", "服务证明", "我要开志愿服务记录证明", "帮我开一份志愿者证明"} {
		if again := c.text(t, "li", word); number.FindString(again) != number.FindString(said) {
			t.Errorf("%s: %s", word, again)
		}
	}
	if n := c.count(t); n != 0 {
		t.Errorf("%d tickets", n)
	}
	if said := c.text(t, "wang", "小区不给开居住证明"); strings.Contains(said, "服务时长") {
		t.Errorf("a report: %s", said)
	}
	if err := c.Members.Rename(t.Context(), li.ID, ""); err != nil {
		t.Fatal(err)
	}
	check(t, c.text(t, "li", "证明"), "真实姓名")
}

package notify_test

import (
	"testing"

	"fenlin/internal/member"
	"fenlin/internal/notify"
)

func TestCorrection_WhoKeepsTheLedgerIsToldAndWhoAskedInTheEnd(t *testing.T) {
	c := newCity(t)
	branch, community := c.Who["branch"], c.Who["community"]
	ask := func(person int64) int64 {
		t.Helper()
		must(t, c.Members.AskCorrection(t.Context(), person, member.FieldName, "李明"))
		c.drain(t)
		mine, err := c.Members.MyCorrections(t.Context(), person)
		must(t, err)
		return mine[0].ID
	}
	first := ask(branch)
	c.once(t, "community", "有人申请更正信息", "姓名")
	if told := c.told("branch"); len(told) != 0 {
		t.Errorf("who asked is told of it: %q", told)
	}
	must(t, c.Members.DecideCorrection(t.Context(), c.Actor("community"), first, false, "证件上不是这样"))
	c.drain(t)
	c.once(t, "branch", "您申请的更正没有办", "证件上不是这样")
	must(t, c.Members.DecideCorrection(t.Context(), c.Actor("community"), ask(branch), true, ""))
	c.drain(t)
	c.once(t, "branch", "您申请的更正已办好", "姓名")
	ask(community) // decided one level up: nobody decides on their own
	c.once(t, "subdistrict", "有人申请更正信息", "姓名")
	for kind, want := range map[string]string{"correction": "corrections", "correction_answer": "rights"} {
		if got := notify.PageOf(c.n, notify.Notice{Kind: kind, Number: "GZ5"}); got != "http://fenlin.test/app/#/"+want {
			t.Errorf("%s leads to %s", kind, got)
		}
	}
}

package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fenlin/internal/notify"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat/wechatsim"
)

// whole is a day on which all is well: one ticket, taken to its end.
func whole() (*people, *kept) {
	p := &people{
		strict: true, reported: map[string]string{"灯坏了": "FY261123-0001", "门坏了": ""},
		done: map[string][]string{"FY261123-0001": {"accept"}},
	}
	k := &kept{
		tickets: map[string][]string{"灯坏了": {"FY261123-0001"}, "去年的事": {"FY251101-0001", "FY251101-0002"}},
		events: map[string][]ticket.Event{"FY261123-0001": {
			{TicketID: 1, Seq: 1, Action: ticket.Submit}, {TicketID: 1, Seq: 2, Action: ticket.Dispatch}, {TicketID: 1, Seq: 3, Action: ticket.Accept},
		}},
	}
	for seq, title := range map[int]string{2: "新工单待签收", 3: "您的报事已签收"} {
		n := notice{notify.Notice{Key: fmt.Sprintf("1:%d:%d", seq, 70+seq), Number: "FY261123-0001", Title: title, Body: "公共照明：灯坏了，很久很久没有人来修", State: notify.Sent}, fmt.Sprint("o", seq)}
		k.notices = append(k.notices, n)
		k.received = append(k.received, card(n))
	}
	slices.SortFunc(k.notices, func(a, b notice) int { return strings.Compare(a.Key, b.Key) })
	slices.SortFunc(k.received, func(a, b wechatsim.Received) int { return strings.Compare(a.OpenID, b.OpenID) })
	return p, k
}

// card is a notice as its template shows it.
func card(n notice) wechatsim.Received {
	text := []rune(strings.ReplaceAll(n.Title+" "+n.Body, " ", ""))
	return wechatsim.Received{OpenID: n.OpenID, Kind: wechatsim.KindTemplate, Rows: []wechatsim.Row{{Key: "character_string1", Value: n.Number}, {Key: "thing2", Value: string(text[:19]) + "…"}}}
}

func TestJudge_FindsEveryLossAndEveryDouble(t *testing.T) {
	for name, c := range map[string]struct {
		plant         func(*people, *kept)
		lost, doubled int
		said          string
	}{
		"all is well":                             {func(*people, *kept) {}, 0, 0, ""},
		"an unacknowledged message has a ticket":  {func(_ *people, k *kept) { k.tickets["门坏了"] = []string{"FY261123-0002"} }, 0, 0, ""},
		"an unacknowledged message has two":       {func(_ *people, k *kept) { k.tickets["门坏了"] = []string{"FY261123-0002", "FY261123-0003"} }, 0, 1, "门坏了"},
		"a ticket is gone":                        {func(_ *people, k *kept) { delete(k.tickets, "灯坏了") }, 1, 0, "FY261123-0001"},
		"a ticket is another":                     {func(_ *people, k *kept) { k.tickets["灯坏了"] = []string{"FY261123-0009"} }, 1, 0, "FY261123-0001"},
		"two tickets of one message":              {func(_ *people, k *kept) { k.tickets["灯坏了"] = append(k.tickets["灯坏了"], "FY261123-0009") }, 0, 1, "FY261123-0009"},
		"an action is gone":                       {func(p *people, _ *kept) { p.done["FY261123-0001"] = []string{"accept", "contact"} }, 1, 0, "contact"},
		"an action happened twice":                {func(_ *people, k *kept) { e := k.events["FY261123-0001"]; k.events["FY261123-0001"] = append(e, e[2]) }, 0, 1, "accept"},
		"nobody is owed a notice":                 {func(_ *people, k *kept) { k.notices, k.received = k.notices[:1], k.received[:1] }, 1, 0, "nobody is told of accept"},
		"a notice is still owed":                  {func(_ *people, k *kept) { k.notices[0].State = notify.Owed }, 1, 0, "still owed"},
		"a notice was handed over and never came": {func(_ *people, k *kept) { k.received = k.received[1:] }, 1, 0, "came 0 times"},
		"a notice came twice":                     {func(_ *people, k *kept) { k.received = append(k.received, k.received[0]) }, 0, 1, "came 2 times"},
		"a notice came by two channels": {func(_ *people, k *kept) {
			n := k.notices[0]
			k.received = append(k.received, wechatsim.Received{OpenID: n.OpenID, Kind: wechatsim.KindCustomer, Text: fmt.Sprintf("【%s】%s\n福馨苑\n%s\n请看", n.Title, n.Number, n.Body)})
		}, 0, 1, "came 2 times"},
		"a notice for another came": {func(_ *people, k *kept) { r := k.received[0]; r.OpenID = "o9"; k.received = append(k.received, r) }, 0, 1, "for 0 notices"},
		"impossible, with the reason": {func(_ *people, k *kept) {
			k.notices[0].State, k.notices[0].Tries = notify.InApp, []notify.Try{{Channel: "wechat", Reason: "没有关注公众号"}}
		}, 0, 0, ""},
		"impossible, and nobody knows why": {func(_ *people, k *kept) { k.notices[0].State = notify.InApp }, 0, 0, "nobody knows why"},
		"work was given up": {func(_ *people, k *kept) {
			k.dead = []outbox.Event{{Topic: "notice.send", Key: "k", LastError: "away"}}
		}, 0, 0, "given up: notice.send"},
		"the log has a fault":      {func(_ *people, k *kept) { k.other = []string{"audit: changed"} }, 0, 0, "audit: changed"},
		"somebody could not go on": {func(p *people, _ *kept) { p.wrong("cannot sign in") }, 0, 0, "cannot sign in"},
	} {
		p, k := whole()
		c.plant(p, k)
		var row Row
		judge(&row, p, k)
		all := strings.Join(row.Wrong, "\n")
		if row.Lost != c.lost || row.Doubled != c.doubled || (c.said == "") != (len(row.Wrong) == 0) || !strings.Contains(all, c.said) {
			t.Errorf("%s: %d lost, %d doubled: %s", name, row.Lost, row.Doubled, all)
		}
	}
}

func TestStall_IsTheLongestTimeInWhichSomebodyWaitedAndNobodyWasAnswered(t *testing.T) {
	var s stall
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	s.begin(at(0))
	s.end(at(1), true)
	s.begin(at(100)) // nobody waited before
	s.begin(at(101))
	s.end(at(103), false) // gave up
	s.begin(at(104))
	s.end(at(105), true) // 5 s after the first began
	s.end(at(106), true)
	if s.longest != 5*time.Second {
		t.Errorf("%s", s.longest)
	}
	s.begin(at(200))
	s.end(at(210), false) // the only one gives up, and the next goes on waiting
	s.begin(at(212))
	s.end(at(215), true)
	if s.longest != 15*time.Second {
		t.Errorf("%s", s.longest)
	}
}

package chat_test

import (
	"sync/atomic"
	"testing"

	"fenlin/internal/chat"
	"fenlin/internal/member"
	"fenlin/internal/ticket"
)

func BenchmarkAnswer_Help(b *testing.B) {
	s := &chat.Service{}
	m := chat.Message{Kind: chat.KindText, Text: "帮助"}
	b.ReportAllocs()
	for b.Loop() {
		if r, err := s.Answer(b.Context(), m); err != nil || r.Text == "" {
			b.Fatal(err)
		}
	}
}

// What a report costs in the chat, beside the same report without a word said.
func BenchmarkAnswer_Report(b *testing.B) {
	c := newCity(b)
	var people atomic.Int64
	ready := func() (string, int64) { // a person reports so often only in a benchmark
		openid := "o-bench" + itoa(int(people.Add(1)))
		p, err := c.Members.Add(b.Context(), member.Person{CompoundID: c.town.Units["福馨苑小区"]}, openid)
		if err != nil {
			b.Fatal(err)
		}
		return openid, p.ID
	}
	const text = "3号楼2单元楼道灯坏了"
	b.Run("chat", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			openid, _ := ready()
			for n := 1; pb.Next(); n++ {
				if n%ticket.DailyReports == 0 {
					openid, _ = ready()
				}
				m := chat.Message{Key: openid + itoa(n), OpenID: openid, Kind: chat.KindText, Text: text + itoa(n)}
				if _, err := c.Answer(b.Context(), m); err != nil {
					b.Error(err)
				}
			}
		})
	})
	b.Run("ticket alone", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			openid, person := ready()
			for n := 1; pb.Next(); n++ {
				if n%ticket.DailyReports == 0 {
					openid, person = ready()
				}
				r := ticket.Report{Key: openid + itoa(n), Reporter: person, Home: c.town.Units["福馨苑小区"], Channel: "chat", Text: text + itoa(n)}
				if _, err := c.Tickets.Report(b.Context(), r); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

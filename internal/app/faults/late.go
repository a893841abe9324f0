package faults

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/ticket"
)

// latecomers are tickets all of whose clocks run out while the program is down.
func (s *stage) latecomers(ctx context.Context) ([]ticket.Ticket, error) {
	g, err := s.ground()
	if err != nil {
		return nil, err
	}
	defer g.Close()
	home, err := g.Members.ByOpenID(ctx, member.Account, neighbour(1), "")
	if err != nil {
		return nil, err
	}
	var late []ticket.Ticket
	var ids []int64
	for i := range 40 {
		who, err := g.Members.ByOpenID(ctx, member.Account, neighbour(9+i/20), "")
		if err != nil {
			return nil, err
		}
		t, err := g.Tickets.Report(ctx, ticket.Report{Reporter: who.ID, Home: home.CompoundID, Channel: "chat", Text: lamp(30, i)})
		if err != nil {
			return nil, err
		}
		late, ids = append(late, t), append(ids, t.ID)
	}
	ago := time.Now().Add(-time.Hour).UnixMilli()
	return late, g.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE tickets SET respond_warn = ?, respond_late = ?, due_warn = ?, due_late = ?, alarm_at = ? WHERE id IN ?", ago, ago+1, ago+2, ago+3, ago, ids).Error
	})
}

// spoken says whether each clock of each latecomer spoke up once, and whether
// whoever had to hear it is owed it once.
func (k *kept) spoken(row *Row, late []ticket.Ticket) {
	owed := map[string]int{}
	for _, n := range k.notices {
		owed[n.Number+" "+n.Title]++
	}
	for _, t := range late {
		var said []string
		for _, e := range k.events[t.Number][2:] {
			said = append(said, fmt.Sprint(e.Action, " ", e.Detail().Clock))
		}
		if got := strings.Join(said, ", "); got != "urge response, escalate response, urge finish, escalate finish" {
			row.wrong("%s: clocks said %s", t.Number, got)
		}
		for _, title := range []string{"请尽快联系报事人", "超过联系时限，已转上级", "超过联系时限，转由您办理", "办结时限将到", "超过办结时限，请督办", "超过办结时限"} {
			if n := owed[t.Number+" "+title]; n == 0 {
				row.lost("%s: %s is owed to nobody", t.Number, title)
			} else if n > 1 {
				row.doubled("%s: %s is owed %d times", t.Number, title, n)
			}
		}
	}
}

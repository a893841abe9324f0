package faults

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/app/apptest"
	"fenlin/internal/member"
	"fenlin/internal/notify"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat/wechatsim"
)

// Row is what one fault did.
type Row struct {
	Fault            string
	Times            int // how often it struck
	Acked            int // reports whose sender was told a number
	Lost, Doubled    int // tickets, actions and notices
	Stall            time.Duration
	Owed             int // notices
	Sent, Impossible int // of those; the reasons stand with each
	Note             string
	Wrong            []string // every loss and double, and whatever else should not be
	NotRun           string   // why the fault was not played; empty = it was
}

// kept is what a stage's database and WeChat hold when all is quiet.
type kept struct {
	tickets  map[string][]string       // sentence → numbers
	events   map[string][]ticket.Event // number → its log
	notices  []notice
	received []wechatsim.Received
	dead     []outbox.Event
	other    []string // what the program's own checks find
}

// notice is a notice with the account's openid of whom it is for.
type notice struct {
	notify.Notice

	OpenID string
}

// settled waits until nothing is left to do and reads what is kept.
func (s *stage) settled(ctx context.Context) (*kept, error) {
	g, err := s.ground()
	if err != nil {
		return nil, err
	}
	defer g.Close()
	if err := apptest.Quiet(ctx, g.DB, 4*time.Minute); err != nil {
		return nil, err
	}
	k := &kept{tickets: map[string][]string{}, events: map[string][]ticket.Event{}, received: s.sim.Sent()}
	if err := k.read(g.DB.Read(ctx)); err != nil {
		return nil, err
	}
	audit, err := g.Tickets.Verify(ctx)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	for _, f := range audit.Faults {
		k.other = append(k.other, fmt.Sprint("audit: ", f))
	}
	rebuilt, err := g.Stats.Rebuild(ctx, func(int, int) {})
	if err != nil {
		return nil, fmt.Errorf("rebuild: %w", err)
	}
	for _, d := range rebuilt.Differences {
		k.other = append(k.other, "rates: "+d)
	}
	if rebuilt.Waiting > 0 {
		k.other = append(k.other, fmt.Sprintf("rates: %d tickets could not be compared", rebuilt.Waiting))
	}
	return k, nil
}

func (k *kept) read(db *gorm.DB) error {
	var tickets []ticket.Ticket
	if err := db.Order("id").Find(&tickets).Error; err != nil {
		return err
	}
	numbers := map[int64]string{}
	for _, t := range tickets {
		k.tickets[t.Text] = append(k.tickets[t.Text], t.Number)
		numbers[t.ID] = t.Number
	}
	var events []ticket.Event
	if err := db.Order("ticket_id, seq").Find(&events).Error; err != nil {
		return err
	}
	for _, e := range events {
		k.events[numbers[e.TicketID]] = append(k.events[numbers[e.TicketID]], e)
	}
	var found []notify.Notice
	if err := db.Order("id").Find(&found).Error; err != nil {
		return err
	}
	var followers []struct {
		PersonID int64
		OpenID   string `gorm:"column:openid"`
	}
	if err := db.Raw("SELECT person_id, openid FROM identities WHERE app = ?", member.Account).Scan(&followers).Error; err != nil {
		return err
	}
	openids := map[int64]string{}
	for _, f := range followers {
		openids[f.PersonID] = f.OpenID
	}
	for _, n := range found {
		k.notices = append(k.notices, notice{n, openids[n.PersonID]})
	}
	return db.Find(&k.dead, "state = ?", outbox.Dead).Error
}

// judge holds what people were told against what is kept.
func judge(row *Row, p *people, k *kept) {
	known := map[string]bool{}
	for _, sentence := range slices.Sorted(maps.Keys(p.reported)) {
		known[sentence] = true
		number, filed := p.reported[sentence], k.tickets[sentence]
		if number != "" {
			row.Acked++
			if !slices.Contains(filed, number) {
				row.lost("%s of %q is not there: %v", number, sentence, filed)
			}
		}
		if len(filed) > 1 {
			row.doubled("%q is %v", sentence, filed)
		}
	}
	for number, actions := range p.done {
		for _, action := range actions {
			n := 0
			for _, e := range k.events[number] {
				if string(e.Action) == action {
					n++
				}
			}
			if n == 0 {
				row.lost("%s: %s is not in its log", number, action)
			} else if n > 1 {
				row.doubled("%s: %s is %d times in its log", number, action, n)
			}
		}
	}
	k.owed(row, p)
	k.heard(row)
	for _, e := range k.dead {
		row.wrong("given up: %s %s: %s", e.Topic, e.Key, e.LastError)
	}
	for _, o := range k.other {
		row.wrong("%s", o)
	}
	row.Wrong = append(row.Wrong, p.wrongs...)
	row.Stall = p.wait.longest
}

// owed says whether each event of the acknowledged tickets was made a notice for somebody.
func (k *kept) owed(row *Row, p *people) {
	told := map[string]bool{}
	for _, n := range k.notices {
		event, _, _ := cutLast(n.Key, ":")
		told[event] = true
	}
	for _, number := range p.reported {
		for _, e := range k.events[number] {
			if e.Action == ticket.Submit {
				continue // its sender was told in the reply
			}
			if !told[fmt.Sprintf("%d:%d", e.TicketID, e.Seq)] {
				row.lost("%s: nobody is told of %s", number, e.Action)
			}
		}
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// heard holds the notices against what people received.
func (k *kept) heard(row *Row) {
	received := map[string]int{}
	for _, r := range k.received {
		switch r.Kind {
		case wechatsim.KindTemplate, wechatsim.KindSubscription, wechatsim.KindMiniProgram:
			received[said(r.OpenID, r.Value("character_string1"), r.Value("thing2"))]++
		case wechatsim.KindCustomer:
			title, rest, _ := strings.Cut(strings.TrimPrefix(r.Text, "【"), "】")
			if lines := strings.Split(rest, "\n"); len(lines) > 2 {
				received[said(r.OpenID, lines[0], title+lines[2])]++
			}
		}
	}
	sent, all := map[string]int{}, map[string]int{}
	for _, n := range k.notices {
		key := said(n.OpenID, n.Number, n.Title+n.Body)
		row.Owed++
		all[key]++
		switch n.State {
		case notify.Sent:
			row.Sent++
			sent[key]++
		case notify.InApp:
			row.Impossible++
			if len(n.Tries) == 0 {
				row.wrong("%s was not sent, and nobody knows why", key)
			}
		case notify.Held, notify.Summed:
		case notify.Owed, notify.Sending:
			row.lost("%s is still %s", key, n.State)
		}
	}
	for key, n := range sent {
		if received[key] < n {
			row.lost("%s was sent %d times and came %d times", key, n, received[key])
		}
	}
	for key, n := range received {
		if n > all[key] {
			row.doubled("%s came %d times for %d notices", key, n, all[key])
		}
	}
}

// said names a message to somebody by what a template's card shows of it.
func said(openid, number, text string) string {
	r := []rune(strings.ReplaceAll(strings.TrimSuffix(text, "…"), " ", ""))
	return openid + " " + number + " " + string(r[:min(len(r), 19)])
}

func (r *Row) wrong(format string, args ...any) {
	r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...))
}

func (r *Row) lost(format string, args ...any) {
	r.Lost++
	r.wrong("lost: "+format, args...)
}

func (r *Row) doubled(format string, args ...any) {
	r.Doubled++
	r.wrong("doubled: "+format, args...)
}

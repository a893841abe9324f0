package chat_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"fenlin/internal/chat"
	"fenlin/internal/geo"
	"fenlin/internal/kv"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outage"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// city is a town with an account that people can talk to.
type city struct {
	*chat.Service
	town *tickettest.Town
	kv   *kv.Memory
	sent int

	crashes bool
	codes   map[string]org.Code // on the walls, by the name that a script gives them
}

// newCity adds compounds with names that are easily mistaken, and with places.
func newCity(t testing.TB) *city {
	t.Helper()
	w := tickettest.New(t)
	for i, name := range []string{"福鑫苑小区", "锦绣花园", "锦绣花园二期", "安泰苑小区", "永安小区", "永安家园", "迎宾花园"} {
		u, err := w.Org.Add(t.Context(), org.Unit{ParentID: w.Units["南薰社区"], Kind: org.CompoundKind, Name: name},
			&org.Compound{Governance: org.Unmanaged, Lat: 37.26 + float64(i)/100, Lng: 111.78, Datum: "gcj02", Aliases: []string{}})
		if err != nil {
			t.Fatal(err)
		}
		w.Units[name] = u.ID
	}
	store := kv.NewMemory()
	t.Cleanup(func() { _ = store.Close() })
	return &city{&chat.Service{Tickets: w.Service, Activities: w.Activities, Wishes: w.Wishes, Org: w.Org, Members: w.Members, KV: store, Now: w.Clock}, w, store, 0, false, nil}
}

// say sends a message as a person; people of the town are known by o-name.
func (c *city) say(t testing.TB, who string, m chat.Message) string {
	t.Helper()
	c.sent++
	m.OpenID, m.At = "o-"+who, c.town.Clock()
	if m.Key == "" {
		m.Key = fmt.Sprintf("wx:%d", c.sent)
	}
	r, err := c.Answer(t.Context(), m)
	if err != nil {
		t.Fatalf("%s: %+v: %v", who, m, err)
	}
	if len(r.Text) >= chat.MaxReply {
		t.Fatalf("%d bytes: %s", len(r.Text), r.Text)
	}
	return r.Text
}

func (c *city) text(t testing.TB, who, text string) string {
	t.Helper()
	return c.say(t, who, chat.Message{Kind: chat.KindText, Text: text})
}

// message reads what stands after a person's name in a script.
func (c *city) message(t testing.TB, said string) chat.Message {
	t.Helper()
	inner, ok := strings.CutPrefix(said, "[")
	if !ok {
		return chat.Message{Kind: chat.KindText, Text: strings.ReplaceAll(said, `\n`, "\n")}
	}
	kind, rest, _ := strings.Cut(strings.TrimSuffix(inner, "]"), " ")
	m := chat.Message{Kind: kind}
	switch kind {
	case chat.KindImage, chat.KindVideo:
		m.MediaID = "media" + strconv.Itoa(c.sent)
	case chat.KindVoice:
		m.Recognition = rest
	case chat.KindClick:
		m.EventKey = rest
	case chat.KindLocation:
		if _, err := fmt.Sscanf(rest, "%f,%f", &m.Lat, &m.Lng); err != nil {
			t.Fatal(err)
		}
		m.Label = "汾阳市英雄路"
	case chat.KindSubscribe, chat.KindScan:
		if code, ok := strings.CutPrefix(rest, "@"); ok {
			m.Scene = c.codes[code].Scene()
		} else if rest != "" {
			m.Scene = fmt.Sprintf("compound:%d", c.town.Units[rest])
		}
		if kind == chat.KindSubscribe && rest != "" {
			m.Scene, m.EventKey = "", "qrscene_"+m.Scene
		}
	}
	return m
}

// stage does what others do: time passes, a ticket is handled, the store forgets.
func (c *city) stage(t testing.TB, line string) {
	t.Helper()
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "forward":
		d, err := time.ParseDuration(rest)
		if err != nil {
			t.Fatal(err)
		}
		c.town.Forward(d)
	case "lose":
		if err := c.kv.Del(t.Context(), "chat:o-"+rest); err != nil {
			t.Fatal(err)
		}
	case "code": // name, compound, building, unit, thing, category
		part := append(strings.Fields(rest), "", "", "", "")
		code := org.Code{Kind: org.FixtureCode, OrgID: c.town.Units[part[1]], Building: part[2], Unit: part[3], Name: part[4], Category: part[5]}
		switch {
		case part[2] == "":
			code.Kind = org.GateCode
		case part[4] == "":
			code.Kind = org.BuildingCode
		}
		made, err := c.Org.PutUp(t.Context(), c.town.Actor("city"), "", code)
		if err != nil {
			t.Fatal(err)
		}
		if c.codes == nil {
			c.codes = map[string]org.Code{"nothing": {ID: 7}}
		}
		c.codes[part[0]] = made
	case "merge":
		from, into, _ := strings.Cut(rest, " ")
		c.handle(t, from, ticket.Merge, "FY261123-"+into)
	case "outage": // who, category, where, how long, why
		part := strings.Fields(rest)
		long, err := time.ParseDuration(part[3])
		if err != nil {
			t.Fatal(err)
		}
		now := c.town.Clock()
		_, err = c.Tickets.Outages.Announce(t.Context(), c.town.Actor(part[0]), outage.Draft{Category: part[1], Scope: []int64{c.town.Units[part[2]]}, From: now, To: now.Add(long), Text: part[4]})
		if err != nil {
			t.Fatal(err)
		}
	case "revoke":
		if err := c.Org.TakeDown(t.Context(), c.town.Actor("city"), c.codes[rest].Scene()); err != nil {
			t.Fatal(err)
		}
	case "border":
		name, at, _ := strings.Cut(rest, " ")
		var lat, lng float64
		if _, err := fmt.Sscanf(at, "%f,%f", &lat, &lng); err != nil {
			t.Fatal(err)
		}
		ring := geo.Ring{{lat - 0.001, lng - 0.001}, {lat - 0.001, lng + 0.001}, {lat + 0.001, lng + 0.001}, {lat + 0.001, lng - 0.001}}
		deed := org.Deed{By: c.town.Actor("city"), Reason: "测绘"}
		if _, err := c.Org.Change(t.Context(), deed, c.town.Units[name], 0, org.Changes{Boundary: &ring}); err != nil {
			t.Fatal(err)
		}
		c.Tickets.Relearn()
	case "accept", "contact":
		c.handle(t, rest, ticket.Action(word))
	case "asks": // what the reporter has to know
		for _, a := range []ticket.Action{ticket.Accept, ticket.Contact} {
			c.handle(t, rest, a)
		}
		c.town.Do(t, "branch", "FY261123-"+rest, ticket.Input{Action: ticket.Add, Wait: true, Note: "请告诉我们是哪一盏"})
	case "finish":
		for _, a := range []ticket.Action{ticket.Accept, ticket.Contact, ticket.Finish} {
			c.handle(t, rest, a)
		}
	default:
		t.Fatalf("no such stage: %s", line)
	}
}

// handle acts as whoever leads the ticket now.
func (c *city) handle(t testing.TB, number string, a ticket.Action, into ...string) {
	t.Helper()
	number = "FY261123-" + number
	city := c.town.Actor("city")
	full, err := c.Tickets.Get(t.Context(), city, number)
	if err != nil {
		t.Fatal(err)
	}
	for name, post := range c.town.Posts {
		if post == full.LeadPost {
			c.town.Do(t, name, number, ticket.Input{Action: a, Note: "已处理", Into: strings.Join(into, "")})
			return
		}
	}
	t.Fatalf("nobody leads %s", number)
}

// count is how many tickets there are.
func (c *city) count(t testing.TB) int {
	t.Helper()
	n, _ := c.counts(t)
	return n
}

// counts are how many tickets and events there are.
func (c *city) counts(t testing.TB) (tickets, events int) {
	t.Helper()
	a, err := c.Tickets.Verify(t.Context())
	if err != nil || len(a.Faults) > 0 {
		t.Fatalf("audit: %v %v", a.Faults, err)
	}
	return a.Tickets, a.Events
}

func (c *city) home(t testing.TB, who string) int64 {
	t.Helper()
	p, err := c.Members.ByOpenID(t.Context(), member.Account, "o-"+who, "")
	if err != nil {
		t.Fatal(err)
	}
	return p.CompoundID
}

// promised are the photos that tickets wait for, by media id.
func (c *city) promised(t testing.TB) []ticket.Media {
	t.Helper()
	var events []outbox.Event
	if err := c.Org.DB.Read(t.Context()).Find(&events, "topic = ?", ticket.TopicMedia).Error; err != nil {
		t.Fatal(err)
	}
	out := make([]ticket.Media, len(events))
	for i, e := range events {
		if err := e.Decode(&out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// away is a store that does not answer.
type away struct{ kv.Store }

var errAway = errors.New("the store is away")

func (away) Get(context.Context, string) (string, bool, error)        { return "", false, errAway }
func (away) Set(context.Context, string, string, time.Duration) error { return errAway }
func (away) Del(context.Context, ...string) error                     { return errAway }
func (away) SetNX(context.Context, string, string, time.Duration) (bool, error) {
	return false, errAway
}

func itoa(n int) string { return strconv.Itoa(n) }

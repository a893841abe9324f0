package wechatsim

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// The kinds of Received.
const (
	KindSent         = "sent"         // by the person, to the account
	KindReply        = "reply"        // passive reply
	KindTemplate     = "template"     // template message
	KindSubscription = "subscription" // the account's subscription message
	KindMiniProgram  = "miniprogram"  // the mini-program's subscription message
	KindCustomer     = "customer"     // customer-service message
	KindSystem       = "system"       // WeChat's own notice in the conversation
)

// Row is one line of a template's card.
type Row struct {
	Key   string `json:"key"`   // the parameter, such as thing1
	Label string `json:"label"` // from the template; may be empty
	Value string `json:"value"`
}

// Received is one entry of a person's conversation with the account.
type Received struct {
	ID         int64     `json:"id"` // grows with time, over all people
	OpenID     string    `json:"openid"`
	Name       string    `json:"name,omitempty"` // the person's, as far as known
	Org        string    `json:"org,omitempty"`
	At         time.Time `json:"at"`
	Kind       string    `json:"kind"` // one of the kinds above
	Type       string    `json:"type"` // text, image, voice, video, location, link, news, card, event
	Text       string    `json:"text,omitempty"`
	PicURL     string    `json:"pic_url,omitempty"`
	MediaID    string    `json:"media_id,omitempty"`
	Articles   []Article `json:"articles,omitempty"`
	TemplateID string    `json:"template_id,omitempty"`
	Title      string    `json:"title,omitempty"`
	Rows       []Row     `json:"rows,omitempty"`
	URL        string    `json:"url,omitempty"`  // of the card, on the web
	Page       string    `json:"page,omitempty"` // of the card, in the mini-program
	MsgID      int64     `json:"msgid,omitempty"`
}

// notice says that the entry came without the person's asking.
func (r Received) notice() bool {
	switch r.Kind {
	case KindTemplate, KindSubscription, KindMiniProgram, KindCustomer:
		return true
	}
	return false
}

// Value is the value of a card's parameter.
func (r Received) Value(key string) string {
	for _, row := range r.Rows {
		if row.Key == key {
			return row.Value
		}
	}
	return ""
}

// Outbox is what the account has sent to a person, oldest first.
func (s *Sim) Outbox(openid string) []Received {
	return slices.DeleteFunc(s.History(openid), func(r Received) bool { return r.Kind == KindSent })
}

// History is a person's whole conversation, both sides, oldest first.
func (s *Sim) History(openid string) []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.persons[openid]
	if !ok {
		return []Received{}
	}
	return append([]Received{}, p.history...)
}

// Sent is what the account has sent to anybody, oldest first.
func (s *Sim) Sent() []Received {
	s.mu.Lock()
	openids := slices.Collect(maps.Keys(s.persons))
	s.mu.Unlock()
	var all []Received
	for _, openid := range openids {
		all = append(all, s.Outbox(openid)...)
	}
	slices.SortFunc(all, func(a, b Received) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Notices is what the account last pushed to anybody, oldest first.
func (s *Sim) Notices() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received{}, s.notices...)
}

// Wait gives the first thing the account has sent or will send to the person
// that match accepts, or the context's error.
func (s *Sim) Wait(ctx context.Context, openid string, match func(Received) bool) (Received, error) {
	w := s.watch(0)
	defer s.unwatch(w)
	for {
		for _, r := range s.Outbox(openid) {
			if match(r) {
				return r, nil
			}
		}
		select {
		case <-w.news:
		case <-ctx.Done():
			return Received{}, ctx.Err()
		case <-s.ctx.Done():
			return Received{}, s.ctx.Err()
		}
	}
}

// record adds an entry to the person's conversation. The caller holds the lock.
func (s *Sim) record(p *person, r Received) Received {
	r.ID, r.At = s.nextID(), s.opt.Now()
	r.OpenID, r.Name, r.Org = p.OpenID, p.Name, p.Org
	p.history = keepLast(append(p.history, r), s.opt.Keep)
	if r.notice() {
		s.notices = keepLast(append(s.notices, r), keepNotices)
	}
	for w := range s.watchers {
		w.tell(r)
	}
	return r
}

func keepLast[T any](list []T, n int) []T {
	if len(list) <= n {
		return list
	}
	return append(list[:0], list[len(list)-n:]...)
}

// watcher hears of new entries: a wake-up, and the entries while there is room.
type watcher struct {
	news    chan struct{}
	entries chan Received
}

func (w *watcher) tell(r Received) {
	select {
	case w.news <- struct{}{}:
	default:
	}
	select {
	case w.entries <- r:
	default: // a reader this slow asks for the history again
	}
}

// watch begins to listen, with room for so many entries that nobody read yet.
func (s *Sim) watch(room int) *watcher {
	w := &watcher{news: make(chan struct{}, 1), entries: make(chan Received, room)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[w] = struct{}{}
	return w
}

func (s *Sim) unwatch(w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.watchers, w)
}

// Package chat is the city's account as people talk to it: it turns messages
// into reports and actions, and answers in words that a child understands.
// What was done is read back from the tickets, so a message that comes again
// is answered again and does nothing twice.
package chat

import (
	"context"
	"errors"
	"strings"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
	"fenlin/internal/kv"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/station"
	"fenlin/internal/ticket"
	"fenlin/internal/wish"
)

// The kinds of messages that Answer knows; all others get a hint.
const (
	KindText        = "text"
	KindImage       = "image"
	KindVoice       = "voice"
	KindVideo       = "video"
	KindLocation    = "location"
	KindLink        = "link"
	KindSubscribe   = "subscribe"
	KindUnsubscribe = "unsubscribe"
	KindScan        = "scan"
	KindClick       = "click"
	KindView        = "view"
	KindOther       = "other"
)

// Message is what a person sent to the account, or did with it.
type Message struct {
	Key         string // unique per message and the same for its retries
	OpenID      string
	Kind        string
	Text        string // of a text
	MediaID     string // of an image, voice or video
	PicURL      string
	Recognition string // what WeChat heard in a voice; often empty
	Label       string // of a location: its address
	Scene       string // of a subscribe or scan: what the code says, with or without qrscene_
	EventKey    string // of a click: a word; of a subscribe or scan: the scene when Scene is empty
	Lat, Lng    float64
	At          time.Time // when WeChat says it was sent
}

// Article is a card with a link.
type Article struct{ Title, Description, URL, PicURL string }

// Reply is the answer; the zero value is nothing to say.
type Reply struct {
	Text     string
	Articles []Article
}

// MaxReply is under what size a reply's text always is, in bytes of UTF-8.
const MaxReply = 1800

// Service holds the dialogs. Link gives the address of a ticket's page and may
// be nil; Privacy is that of the page about personal data, Verify that under which
// certificates are verified, and Certificates that where their owner takes the
// documents: each may be empty.
type Service struct {
	Tickets    *ticket.Service
	Activities *activity.Service
	Wishes     *wish.Service
	Points     *station.Service
	Org        *org.Service
	Members    *member.Service
	KV         kv.Store
	Now        func() time.Time
	Link       func(number string) string
	Privacy    string

	Verify, Certificates string
}

// Answer does what a message asks for and says what was done and what to do
// next. Messages of one person must come one at a time. What a person can mend
// is told in the reply; an error is a fault, and the message may come again.
func (s *Service) Answer(ctx context.Context, m Message) (Reply, error) {
	if text, ok := s.constant(m); ok {
		return Reply{Text: text}, nil
	}
	if m.Kind == KindUnsubscribe {
		return Reply{}, s.leave(ctx, m.OpenID)
	}
	who, err := s.Members.Follower(ctx, m.OpenID)
	if err != nil {
		return refuse(err)
	}
	c := &turn{Service: s, m: m, who: who, st: s.recall(ctx, m.OpenID)}
	if m.Key != "" && c.st.LastKey == m.Key {
		return Reply{Text: c.st.LastText}, nil
	}
	text, err := c.answer(ctx)
	if err != nil {
		told, ok := errors.AsType[*errs.Error](err)
		if !ok {
			return Reply{}, err
		}
		text = sorry(told)
		if told.Kind != errs.Invalid && c.st.Ask != askNothing {
			c.forget() // the question led nowhere
		}
	}
	text = clip(text)
	if c.dirty {
		c.st.LastKey, c.st.LastText = m.Key, text
		s.remember(ctx, m.OpenID, c.st)
	}
	return Reply{Text: text}, nil
}

func refuse(err error) (Reply, error) {
	if told, ok := errors.AsType[*errs.Error](err); ok {
		return Reply{Text: clip(sorry(told))}, nil
	}
	return Reply{}, err
}

// TurnAway is what somebody is told whose message there is no room for now.
// False: it must be taken all the same, because life may be in danger, because
// it tells of something that happened and will not be sent again, or because it
// was taken before and only its answer got lost.
func (s *Service) TurnAway(ctx context.Context, m Message) (text string, may bool) {
	switch m.Kind {
	case KindSubscribe, KindUnsubscribe, KindScan:
		return "", false
	}
	said := m.words()
	if parse(said).word == wordDanger || s.Tickets.Rules().Reader.Read(said, nil).Emergency {
		return "", false
	}
	if text, ok := s.constant(m); ok {
		return text, true
	}
	if _, _, done, err := s.Tickets.Requested(ctx, m.Key); done || err != nil {
		return "", false
	}
	return sayCrowded, true
}

// constant answers what needs no look at anything.
func (s *Service) constant(m Message) (string, bool) {
	switch m.Kind {
	case KindView:
		return "", true
	case KindText, KindClick, KindVoice:
		text := m.words()
		switch {
		case text == "" && m.Kind == KindVoice:
			return sayUnheard, true
		case text == "":
			return sayEmpty, true
		case len([]rune(text)) > ticket.MaxText:
			return sorry(ticket.ErrLongText), true
		}
		word := parse(text).word
		if word == wordPrivacy {
			return s.privacy(), true
		}
		return fixed[word], fixed[word] != ""
	case KindVideo:
		return sayVideo, true
	case KindLink:
		return sayLink, true
	case KindImage, KindLocation, KindSubscribe, KindUnsubscribe, KindScan:
		return "", false
	}
	return sayOther, true
}

// words is what the message says as text.
func (m Message) words() string {
	said := m.Text
	switch m.Kind {
	case KindVoice:
		said = m.Recognition
	case KindClick:
		said = m.EventKey
	}
	return clean(said)
}

// clean is a text that every store takes.
func clean(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", ""))
}

// turn is one message on its way to a reply.
type turn struct {
	*Service
	m     Message
	who   member.Person
	st    state
	dirty bool // st must be kept
}

func (c *turn) answer(ctx context.Context) (string, error) {
	switch c.m.Kind {
	case KindVoice:
		said, err := c.listen(ctx, c.m.words())
		return "听到：「" + short(c.m.words(), 60) + "」\n" + said, err
	case KindText, KindClick:
		return c.listen(ctx, c.m.words())
	case KindImage:
		return c.photo(ctx)
	case KindLocation:
		return c.location(ctx)
	case KindSubscribe, KindScan:
		return c.arrive(ctx)
	}
	return sayOther, nil
}

// listen answers words, however they came.
func (c *turn) listen(ctx context.Context, text string) (string, error) {
	in := parse(text)
	if c.st.Ask == askNothing && in.sentence() {
		return c.sentence(ctx, text) // does its own looking back, so that a clear report costs no more
	}
	if said, done, err := c.again(ctx); done || err != nil {
		return said, err
	}
	switch {
	case in.word != noWord:
		return c.command(ctx, in)
	case in.verdict != noVerdict || in.choice > 0:
		return c.pick(ctx, in, text)
	case c.st.Ask != askNothing:
		return c.reply(ctx, text)
	}
	return c.sentence(ctx, text)
}

// again answers a message that has done its work before.
func (c *turn) again(ctx context.Context) (string, bool, error) {
	t, e, done, err := c.Tickets.Requested(ctx, c.m.Key)
	if err != nil || !done {
		return "", false, err
	}
	said, err := c.told(ctx, t, e)
	return said, true, err
}

// act does an action and says what its event says.
func (c *turn) act(ctx context.Context, number string, in ticket.Input) (string, error) {
	by, err := c.actor(ctx)
	if err != nil {
		return "", err
	}
	in.Key = c.m.Key
	t, err := c.Tickets.Act(ctx, by, number, in)
	if err != nil {
		return "", err
	}
	said, done, err := c.again(ctx)
	if !done && err == nil { // a message without a key: the last event is what was just done
		var full ticket.Full
		if full, err = c.Tickets.View(ctx, by, t); err == nil {
			said, err = c.told(ctx, t, full.Events[len(full.Events)-1])
		}
	}
	if err == nil && c.st.Ask != askNothing {
		c.forget()
	}
	return said, err
}

func (c *turn) actor(ctx context.Context) (org.Actor, error) {
	return c.Org.Actor(ctx, c.who.ID, c.who.CompoundID)
}

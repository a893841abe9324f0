package chat

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/ticket"
	"fenlin/internal/understand"
)

// twice is within what time the same sentence of one person is one report.
const twice = time.Minute

// sentence answers what is no order: a problem is filed, an unclear one is
// asked about, all else gets a kind word.
func (c *turn) sentence(ctx context.Context, text string) (string, error) {
	text = strings.TrimSpace(reportPrefix.ReplaceAllString(text, ""))
	d := draft{Text: text, Scene: c.beside(ctx)}
	r, err := c.hear(ctx, d)
	if err != nil {
		return "", err
	}
	if r.Emergency || r.Clear && worth(r) || c.Tickets.Rules().Content.Advert(text) {
		if c.st.Ask != askNothing {
			c.forget() // a new problem takes the place of the question
		}
		return c.file(ctx, d, 0)
	}
	if said, done, err := c.again(ctx); done || err != nil {
		return said, err
	}
	if r.Intent != understand.Chatter {
		if said, done, err := c.replied(ctx, text); done || err != nil {
			return said, err
		}
	}
	switch {
	case onlyPlace(text, r):
		return c.offerHome(ctx, r.Compounds[:1])
	case worth(r):
		if said, done, err := c.still(ctx, text, r); done || err != nil {
			return said, err
		}
		c.st.Draft = d
		return c.askForKind(r), nil
	case r.Intent == understand.Chatter:
		return chatter(text), nil
	}
	return sayPuzzled, nil
}

// replied takes words that are no clear report for the answer to what a handler
// has asked of a ticket's reporter and waits for.
func (c *turn) replied(ctx context.Context, text string) (string, bool, error) {
	tickets, err := c.list(ctx, recent)
	if err != nil {
		return "", false, err
	}
	i := slices.IndexFunc(tickets, ticket.Ticket.Waiting)
	if i < 0 {
		return "", false, nil
	}
	said, err := c.act(ctx, tickets[i].Number, ticket.Input{Action: ticket.Add, Note: text})
	return said, true, err
}

// onlyPlace says that the text is a compound's name and hardly more.
func onlyPlace(text string, r understand.Reading) bool {
	const more = 3 // 我在, 住
	return len(r.Compounds) > 0 && r.Compounds[0].Confidence >= understand.Sure && !r.Clear &&
		len([]rune(fold(text))) <= len([]rune(r.Compounds[0].Name))+more
}

func worth(r understand.Reading) bool {
	return r.Intent == understand.Problem || r.Intent == understand.Question
}

func (c *turn) read(ctx context.Context, text string) (understand.Reading, error) {
	known, err := c.Tickets.Places(ctx)
	if err != nil {
		return understand.Reading{}, err
	}
	return c.Tickets.Rules().Reader.Read(text, known.Gazetteer), nil
}

// hear reads a draft as it was said: beside a code, or nowhere.
func (c *turn) hear(ctx context.Context, d draft) (understand.Reading, error) {
	if d.Scene == "" {
		return c.read(ctx, d.Text)
	}
	code, err := c.Org.Posted(ctx, d.Scene)
	if err != nil {
		return understand.Reading{}, err
	}
	known, err := c.Tickets.Places(ctx)
	if err != nil {
		return understand.Reading{}, err
	}
	return c.Tickets.Hear(d.Text, known, code.Code), nil
}

// beside is the scene of the code that the person has just scanned, if it still
// holds; else empty.
func (c *turn) beside(ctx context.Context) string {
	if c.st.Scene == "" {
		return ""
	}
	if _, err := c.Org.Posted(ctx, c.st.Scene); err != nil {
		return ""
	}
	return c.st.Scene
}

// file files a draft, in the compound given (0: the one it names, or home), or
// asks for the compound when there is none.
func (c *turn) file(ctx context.Context, d draft, compound int64) (string, error) {
	if said, ok, err := c.justFiled(ctx, d); ok || err != nil {
		return said, err
	}
	d.Compound, d.Moves = compound, d.Moves || c.st.Ask == askPlace
	report := ticket.Report{
		Key: c.m.Key, Reporter: c.who.ID, Home: c.who.CompoundID, Channel: "chat", Text: d.Text,
		Place: ticket.Place{OrgID: compound, Category: d.Category}, Point: d.Point, Scene: d.Scene, Sure: d.Sure || c.st.away,
	}
	t, err := c.Tickets.Report(ctx, report)
	if err != nil {
		if _, ok := errors.AsType[*errs.Error](err); !ok {
			return "", err
		}
		if said, done, err := c.again(ctx); done || err != nil {
			return said, err
		}
		switch {
		case errors.Is(err, ticket.ErrNoPlace):
			return c.askForPlace(ctx, d)
		case errors.Is(err, ticket.ErrAnnounced):
			return c.announced(d, err), nil
		case errors.Is(err, ticket.ErrAdvert):
			return c.advert(d), nil
		}
		return "", err
	}
	if t.Text != d.Text { // the message had done something else before
		said, _, err := c.again(ctx)
		return said, err
	}
	return c.filed(ctx, t)
}

// justFiled answers the same sentence sent twice in a row with the one ticket.
func (c *turn) justFiled(ctx context.Context, d draft) (string, bool, error) {
	t, err := c.Tickets.Mine(ctx, c.who.ID, "")
	switch {
	case errors.Is(err, ticket.ErrUnknown):
		return "", false, nil
	case err != nil || t.Text != d.Text || t.CreatedAt < c.Now().Add(-twice).UnixMilli() || !t.State.Open():
		return "", false, err
	}
	if said, done, err := c.again(ctx); done || err != nil {
		return said, done, err
	}
	said, err := c.filed(ctx, t)
	return "这件事刚才已经登记，不用重复报。\n" + said, true, err
}

// filed does what follows a report (the home, the photos that waited) and
// tells of it. Doing it again changes nothing.
func (c *turn) filed(ctx context.Context, t ticket.Ticket) (string, error) {
	bound := false
	if (c.st.Ask == askPlace || c.st.Draft.Moves) && c.st.Draft.Text == t.Text && (c.who.CompoundID == 0 || c.who.CompoundID == t.OrgID) {
		if err := c.Members.Live(ctx, c.who.ID, t.OrgID); err != nil {
			return "", err
		}
		bound = true
	}
	for _, p := range c.st.Photos {
		if err := c.await(ctx, t, p); err != nil {
			return "", err
		}
	}
	facts, err := c.facts(ctx, t)
	if err != nil {
		return "", err
	}
	said := c.sayFiled(t, facts, len(c.st.Photos), bound, c.who.CompoundID != 0)
	if c.st.Ask != askNothing || len(c.st.Photos) > 0 || c.st.Scene != "" {
		c.forget()
		c.st.Photos, c.st.Scene = nil, ""
	}
	if t.Emergency && facts.compound == "" {
		return c.askWhere(ctx, t, said)
	}
	more, err := c.known(ctx, t)
	if err == nil && c.st.Ask == askNothing && !t.Emergency {
		more, err = c.several(ctx, t)
	}
	return said + more, err
}

func (c *turn) await(ctx context.Context, t ticket.Ticket, p photo) error {
	return c.Tickets.Await(ctx, ticket.Media{TicketID: t.ID, Person: c.who.ID, MediaID: p.MediaID, Key: p.Key})
}

// askForKind offers the likeliest categories of the draft.
func (c *turn) askForKind(r understand.Reading) string {
	kinds := c.kinds(r, "")
	if len(kinds) == 1 {
		return c.ask(askKind, "没看出是哪一类问题。请换个说法写明哪里出了什么事，或回复数字：", kinds, "")
	}
	return c.ask(askKind, "这是哪一类问题？请回复数字：", kinds, "也可以换个说法重新写一句。")
}

const (
	otherKind = "other"
	likely    = 0.1 // the confidence from which a category is worth offering
	sureKind  = 0.6 // the confidence from which a word stands for its category
)

// kinds are the likely categories of a reading and 其他, without one that is
// known to be wrong.
func (c *turn) kinds(r understand.Reading, wrong string) []option {
	var out []option
	for _, g := range r.Guesses {
		if g.Code != otherKind && g.Code != wrong && g.Confidence >= likely {
			out = append(out, option{Label: g.Name, Code: g.Code})
		}
	}
	return append(out, option{Label: "其他", Code: otherKind})
}

// reply takes words as the answer to the question that stands, if they are one.
func (c *turn) reply(ctx context.Context, text string) (string, error) {
	if c.st.Ask == askMore {
		return c.act(ctx, c.st.Number, ticket.Input{Action: ticket.Add, Note: text})
	}
	if said, ok, err := c.wishSaid(ctx, noVerdict, fold(text)); ok || err != nil {
		return said, err
	}
	for _, o := range c.st.Options {
		if fold(text) == fold(o.Label) || len(c.st.Options) == 1 && c.st.Ask != askKnown && c.st.Ask != askOutage && c.st.Ask != askAdvert && c.st.Ask != askSplit && c.st.Ask != askSeat && c.st.Ask != askWish && c.st.Ask != askWishDo && yes[fold(text)] { // 好的 to those means that it is well
			return c.chosen(ctx, o)
		}
	}
	r, err := c.read(ctx, text)
	if err != nil {
		return "", err
	}
	switch {
	case r.Emergency:
		return c.sentence(ctx, text)
	case c.st.Ask == askWishText:
		return c.wishText(ctx, text)
	case c.st.Ask == askWishNote:
		return c.wishNoted(ctx, text)
	case c.st.Ask == askKind || c.st.Ask == askFixKind:
		if o, ok := c.namedKind(text, r); ok {
			return c.chosen(ctx, o)
		}
	case c.st.Ask == askFixPlace:
		if said, ok, err := c.namedSpot(ctx, text, r); ok || err != nil {
			return said, err
		}
	}
	if r.Clear && worth(r) {
		return c.sentence(ctx, text)
	}
	switch c.st.Ask {
	case askPlace, askHome, askFixPlace:
		if len(r.Compounds) > 0 || r.Intent != understand.Chatter {
			return c.namedPlace(ctx, text, r)
		}
	case askKind, askFix, askFixKind, askWithdraw, askVerdict, askMore, askKnown, askOutage, askAdvert, askSplit, askVisit, askActivity, askSeat, askWish, askWishDo, askWishNote, askWishText, askWishKind, askWishHow, askDigits, askFence, askOut, askNothing:
	}
	if r.Intent == understand.Chatter {
		return c.repeat("好的。"), nil
	}
	return c.repeat("没有看明白。"), nil
}

// shortAnswer is how long a category named in words may be, in characters.
const shortAnswer = 8

// namedKind is the category that a short answer names.
func (c *turn) namedKind(text string, r understand.Reading) (option, bool) {
	folded := fold(text)
	if len([]rune(folded)) > shortAnswer {
		return option{}, false
	}
	for _, k := range c.Tickets.Rules().Reader.Categories() {
		if strings.Contains(k.Name, folded) || strings.Contains(folded, k.Name) {
			return option{Label: k.Name, Code: k.Code}, true
		}
	}
	if g := r.Guesses[0]; g.Code != otherKind && g.Confidence >= sureKind {
		return option{Label: g.Name, Code: g.Code}, true
	}
	return option{}, false
}

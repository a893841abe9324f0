package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/station"
	"fenlin/internal/ticket"
)

// dialogLife is how long a question waits for its answer, and a photo for its report.
const dialogLife = 15 * time.Minute

// ask is what the account has asked and waits for.
type ask string

const (
	askNothing  ask = ""
	askKind     ask = "kind"     // of which category the draft is
	askPlace    ask = "place"    // in which compound the draft is
	askHome     ask = "home"     // where the person lives
	askFix      ask = "fix"      // what of a ticket is wrong
	askFixKind  ask = "fixkind"  // its right category
	askFixPlace ask = "fixplace" // its right place
	askWithdraw ask = "withdraw" // whether to withdraw a ticket that is not fresh
	askVerdict  ask = "verdict"  // how a finished or closed ticket was
	askMore     ask = "more"     // the text that adds to a ticket
	askKnown    ask = "known"    // whether a fresh ticket is what was told before
	askOutage   ask = "outage"   // whether to report what was announced
	askAdvert   ask = "advert"   // whether what reads like an advertisement is a report
	askActivity ask = "activity" // which activity to see
	askSeat     ask = "seat"     // what to do with an activity
	askVisit    ask = "visit"    // how a service point was
	askDigits   ask = "digits"   // the digits on the screen at an activity
	askFence    ask = "fence"    // where the person is, to check in
	askWish     ask = "wish"     // which wish to see
	askWishDo   ask = "wishdo"   // what to do with a wish
	askWishNote ask = "wishnote" // the words that belong to what is done with a wish
	askWishText ask = "wishtext" // what the person wishes
	askWishKind ask = "wishkind" // of which kind it is
	askWishHow  ask = "wishhow"  // whether others read whose it is
	askOut      ask = "out"      // whether to check out so soon
	askSplit    ask = "split"    // whether to report the second of two things apart
)

// option is one numbered answer.
type option struct {
	Label string `json:"l"`
	ID    int64  `json:"i,omitempty"` // a compound
	Code  string `json:"c,omitempty"`
}

// draft is a report that lacks something.
type draft struct {
	Text     string        `json:"text,omitempty"`
	Category string        `json:"category,omitempty"`
	Point    *ticket.Point `json:"point,omitempty"`
	Scene    string        `json:"scene,omitempty"`    // of the code beside which it was said
	Compound int64         `json:"compound,omitempty"` // that was chosen; 0: what the text says
	Sure     bool          `json:"sure,omitempty"`     // it is to be filed, whatever is known already
	Moves    bool          `json:"moves,omitempty"`    // the compound was asked for: it becomes the home
}

// photo is a picture that waits for its report.
type photo struct {
	Key     string `json:"key"`
	MediaID string `json:"media_id"`
	At      int64  `json:"at"`
}

// state is what the account remembers of a person's dialog. It may be lost at
// any time: then a question is forgotten, never a ticket.
type state struct {
	Ask     ask      `json:"ask,omitempty"`
	AskedAt int64    `json:"asked_at,omitempty"`
	Prompt  string   `json:"prompt,omitempty"`
	Options []option `json:"options,omitempty"`
	Draft   draft    `json:"draft"`
	Number  string   `json:"number,omitempty"` // of the ticket asked about; the id of an activity or wish; of a service point its scene

	Photos []photo `json:"photos,omitempty"`

	Scene   string `json:"scene,omitempty"` // of the code that was scanned: the next sentence is said beside it
	SceneAt int64  `json:"scene_at,omitempty"`

	LastKey  string `json:"last_key,omitempty"` // the message that changed this last, and its reply
	LastText string `json:"last_text,omitempty"`

	away bool // the store does not answer: what need not be asked is not asked
}

func stateKey(openid string) string { return "chat:" + openid }

// recall reads the dialog; without the store, or when it is lost, there is none.
func (s *Service) recall(ctx context.Context, openid string) state {
	var st state
	kept, ok, err := s.KV.Get(ctx, stateKey(openid))
	if err != nil {
		slog.WarnContext(ctx, "dialog not read", "error", err)
		st.away = true
		return st
	}
	if !ok {
		return st
	}
	if err := json.Unmarshal([]byte(kept), &st); err != nil {
		slog.WarnContext(ctx, "dialog not understood", "error", err)
		return state{}
	}
	oldest := s.Now().Add(-dialogLife).UnixMilli()
	if st.AskedAt < oldest {
		st.clear()
	}
	if st.SceneAt < oldest {
		st.Scene = ""
	}
	fresh := st.Photos[:0]
	for _, p := range st.Photos {
		if p.At >= oldest {
			fresh = append(fresh, p)
		}
	}
	st.Photos = fresh
	return st
}

// remember keeps the dialog as well as it can.
func (s *Service) remember(ctx context.Context, openid string, st state) {
	b, err := json.Marshal(st)
	if err == nil {
		err = s.KV.Set(ctx, stateKey(openid), string(b), dialogLife)
	}
	if err != nil {
		slog.WarnContext(ctx, "dialog not kept", "error", err)
	}
}

func (st *state) clear() {
	st.Ask, st.AskedAt, st.Prompt, st.Options, st.Draft, st.Number = askNothing, 0, "", nil, draft{}, ""
}

// forget ends the question.
func (c *turn) forget() {
	c.st.clear()
	c.dirty = true
}

// ask asks one question; the next answer is for it.
func (c *turn) ask(what ask, prompt string, options []option, tail string) string {
	var b strings.Builder
	b.WriteString(prompt)
	for i, o := range options {
		fmt.Fprintf(&b, "\n%d %s", i+1, o.Label)
	}
	if tail != "" {
		b.WriteString("\n" + tail)
	}
	c.st.Ask, c.st.AskedAt, c.st.Prompt, c.st.Options = what, c.Now().UnixMilli(), b.String(), options
	c.dirty = true
	return c.st.Prompt
}

// repeat asks the same again.
func (c *turn) repeat(why string) string { return why + "\n" + c.st.Prompt }

// command does one of the words that always work; it ends the question that stood.
func (c *turn) command(ctx context.Context, in input) (string, error) {
	stood := c.st
	if stood.Ask != askNothing {
		c.forget()
	}
	said, err := c.obey(ctx, in, stood)
	if err == nil && in.word != wordLeave && (stood.Ask == askKind || stood.Ask == askPlace) {
		said += "\n（刚才「" + short(stood.Draft.Text, 12) + "」还没有登记，要报请把小区和问题写在一句话里再发一次。）"
	}
	return said, err
}

func (c *turn) obey(ctx context.Context, in input, stood state) (string, error) {
	switch in.word {
	case wordCheck:
		if stood.Ask == askDigits && len(in.number) == 6 {
			return c.checkIn(ctx, activity.Scan{Code: in.number})
		}
		return c.check(ctx, in.number)
	case wordUrge:
		return c.urge(ctx, in.number)
	case wordAdd:
		return c.add(ctx, in)
	case wordFix:
		return c.fix(ctx, in.number)
	case wordWithdraw:
		if said, ok, err := c.wishWithdrawn(ctx, stood); in.number == "" && ok || err != nil {
			return said, err
		}
		return c.withdraw(ctx, in.number)
	case wordRate:
		return c.rate(ctx, in)
	case wordHome:
		return c.home(ctx, in.rest)
	case wordCertify:
		return c.certify(ctx)
	case wordLogin:
		return c.login(ctx)
	case wordDanger:
		return c.danger(ctx, in.number)
	case wordRemind:
		return c.remind(ctx, in.rest)
	case wordBrief:
		return c.brief(ctx, in.rest)
	case wordLeave:
		if stood.Ask == askNothing {
			return sayNothingToLeave, nil
		}
		return sayLeft, nil
	case wordActivity:
		return c.activities(ctx)
	case wordSignUp:
		return c.signUp(ctx, stood)
	case wordWish:
		return c.wishes(ctx)
	case wordMyWish:
		return c.myWishes(ctx)
	case wordWishFor:
		return c.wishFor(ctx, in.rest)
	case wordClaim:
		return c.claimWord(ctx, stood)
	case wordHours:
		return c.hours(ctx)
	case wordCheckIn:
		return c.checkWord(ctx, in.number)
	case wordHelp, wordReport, wordPrivacy, wordClose, noWord: // fixed answers
	}
	return sayHelp, nil
}

// pick takes a bare number or a verdict: an answer to the question that
// stands, or to the notice that asks whether a finished ticket is solved,
// whichever the person has read last.
func (c *turn) pick(ctx context.Context, in input, text string) (string, error) {
	v, note := in.verdict, ""
	if said, ok, err := c.wishSaid(ctx, in.verdict, ""); ok || err != nil {
		return said, err
	}
	if v == noVerdict && in.choice <= int(lastOfNumbers) {
		v = verdict(in.choice)
	}
	if v != noVerdict && c.st.Ask != askVerdict && c.st.Ask != askVisit {
		waiting, err := c.waiting(ctx)
		if err != nil {
			return "", err
		}
		if len(waiting) > 0 {
			if said, done, err := c.activityJudged(ctx, in.verdict, waiting[0].FinishedAt); done || err != nil {
				return said, err
			}
		}
		newer := len(waiting) > 0 && (c.st.Ask == askNothing || in.verdict != noVerdict || waiting[0].FinishedAt > c.st.AskedAt)
		if newer {
			if in.verdict == unsolved {
				note = text
			}
			return c.confirm(ctx, waiting[0], v, note)
		}
	}
	switch {
	case c.st.Ask == askVerdict:
		return c.judged(ctx, v, in.choice)
	case c.st.Ask == askVisit && in.verdict != noVerdict:
		return c.visitJudged(ctx, in.verdict)
	case in.verdict != noVerdict:
		return c.late(ctx, in.verdict, text)
	case c.st.Ask == askNothing:
		return sayNoQuestion, nil
	case c.st.Ask == askMore, c.st.Ask == askWishText, c.st.Ask == askWishNote:
		return c.repeat("只写数字看不明白。"), nil
	case in.choice > len(c.st.Options) && len(c.st.Options) == 0:
		return c.repeat("这里请写文字。"), nil
	case in.choice > len(c.st.Options):
		return c.repeat(fmt.Sprintf("没有第 %d 项，请再选一次。", in.choice)), nil
	}
	return c.chosen(ctx, c.st.Options[in.choice-1])
}

// chosen takes the option that a person chose.
func (c *turn) chosen(ctx context.Context, o option) (string, error) {
	switch c.st.Ask {
	case askKind:
		d := c.st.Draft
		d.Category = o.Code
		return c.file(ctx, d, 0)
	case askPlace:
		return c.file(ctx, c.st.Draft, o.ID)
	case askHome:
		return c.live(ctx, o.ID)
	case askFix:
		return c.fixing(ctx, o.Code)
	case askFixKind:
		return c.correct(ctx, c.st.Number, ticket.Place{Category: o.Code}, "类别应为"+o.Label)
	case askFixPlace:
		return c.correct(ctx, c.st.Number, ticket.Place{OrgID: o.ID}, "位置应为"+o.Label)
	case askWithdraw:
		return c.act(ctx, c.st.Number, ticket.Input{Action: ticket.Withdraw})
	case askKnown:
		return c.act(ctx, c.st.Number, ticket.Input{Action: ticket.Merge, Into: o.Code})
	case askOutage, askAdvert:
		d := c.st.Draft
		d.Sure = true
		return c.file(ctx, d, d.Compound)
	case askSplit:
		return c.file(ctx, c.st.Draft, c.st.Draft.Compound)
	case askVisit:
		return c.visited(ctx, station.Verdict(o.Code))
	case askActivity:
		return c.oneActivity(ctx, o.ID)
	case askSeat:
		return c.seat(ctx, o)
	case askWish:
		return c.oneWish(ctx, o.ID)
	case askWishDo:
		return c.wishDeed(ctx, o)
	case askWishKind:
		return c.wishKind(o.Code), nil
	case askWishHow:
		return c.wishPosted(ctx, o.Code)
	case askOut:
		return c.leaveNow(ctx, o)
	case askVerdict, askMore, askWishText, askWishNote, askDigits, askFence, askNothing: // answered elsewhere
	}
	return sayNoQuestion, nil
}

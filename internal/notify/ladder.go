package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/link"
	"fenlin/internal/member"
	"fenlin/internal/outbox"
	"fenlin/internal/wechat"
	"fenlin/internal/wish"
)

// What WeChat did not refuse, because it is away, busy or has had enough of us,
// is tried again in growing pauses, and after patience no more.
const (
	patience = 48 * time.Hour
	shortest = 2 * time.Second
	longest  = 10 * time.Minute
	// A template that may have gone out is repeated no longer than this: WeChat
	// knows a repetition by its key for ten minutes.
	remembered = 9 * time.Minute
)

// notAgain is why a notice of unknown fate is left to the app: that somebody is
// told twice is worse, and another channel would tell them twice as well.
const notAgain = "没有得到答复，结果不明，不再重发"

// rung is one channel of the ladder.
type rung struct {
	name string
	app  member.App // whose openid it takes
	// idempotent channels know a repetition by the notice's key, for a while;
	// what may have gone out by another is not sent a second time.
	idempotent bool
	// template is the message's; one of a subscription takes a consent for each sending.
	template     string
	subscription bool
	send         func(ctx context.Context, openid, template string, n Notice) error
}

// send takes one notice up the ladder until a channel takes it.
func (s *Service) send(ctx context.Context, e outbox.Event) error {
	var p send
	if err := e.Decode(&p); err != nil {
		return err
	}
	var n Notice
	if err := s.DB.Read(ctx).Take(&n, p.NoticeID).Error; err != nil {
		return err
	}
	if n.State == Sent || n.State == InApp {
		return nil
	}
	known, err := s.Members.Identities(ctx, n.PersonID)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		n.Tries = append(n.Tries, Try{"wechat", "没有关注公众号"})
		return s.settle(ctx, n, InApp, "")
	}
	for _, r := range s.ladder() {
		to := known[r.app].OpenID
		if to == "" || tried(n, r.name) {
			continue
		}
		if n.State == Sending && n.Channel == r.name && (!r.idempotent || s.Now().Sub(time.UnixMilli(n.SentAt)) >= remembered) {
			n.Tries = append(n.Tries, Try{r.name, notAgain})
			return s.settle(ctx, n, InApp, "")
		}
		if !r.idempotent {
			begun, err := s.begin(ctx, &n, r, to)
			if err != nil {
				return err
			}
			if !begun {
				n.Tries = append(n.Tries, Try{r.name, "没有剩下的订阅次数"})
				continue
			}
		}
		err := r.send(ctx, to, r.template, n)
		if err == nil {
			return s.settle(ctx, n, Sent, r.name)
		}
		said, _ := errors.AsType[*wechat.APIError](err)
		if r.subscription && !wechat.Unsure(err) {
			if err := s.unspent(ctx, r, to, wechat.Code(err)); err != nil {
				return err
			}
		}
		later := s.later(ctx, n.Key, n.CreatedAt, err)
		switch {
		case wechat.Refused(err):
			n.Tries = append(n.Tries, Try{r.name, fmt.Sprintf("%d %s", said.Code, said.Msg)})
		case wechat.Unsure(err) && !r.idempotent:
			n.Tries = append(n.Tries, Try{r.name, notAgain})
			return s.settle(ctx, n, InApp, "")
		case wechat.Unsure(err) || r.idempotent && n.State == Sending:
			if n.State != Sending {
				n.SentAt = s.Now().UnixMilli()
			}
			return errors.Join(s.later(ctx, n.Key, n.SentAt, err), s.settle(ctx, n, Sending, r.name))
		case later != nil:
			return errors.Join(later, s.settle(ctx, n, Owed, ""))
		default:
			n.Tries = append(n.Tries, Try{r.name, "微信两天没有应答"})
		}
	}
	return s.settle(ctx, n, InApp, "")
}

// ladder is the channels in use, the best first.
func (s *Service) ladder() []rung {
	t := s.Members.Templates
	all := []rung{
		{"template", member.Account, true, t.Followers, false, s.byTemplate},
		{"subscription", member.Account, false, t.Account, true, s.bySubscription},
		{"mini_subscription", member.MiniProgram, false, t.MiniProgram, true, s.byMiniSubscription},
	}
	all = slices.DeleteFunc(all, func(r rung) bool { return r.template == "" })
	return append(all, rung{"customer_service", member.Account, false, "", false, s.byMessage})
}

// begin notes that a notice is handed to a channel, and takes a consent from
// one that needs it: false when there is none. Of two who hold the notice at
// once, as when a clock jumps over a lease, one does.
func (s *Service) begin(ctx context.Context, n *Notice, r rung, openid string) (begun bool, err error) {
	before := *n
	n.State, n.Channel, n.SentAt = Sending, r.name, s.Now().UnixMilli()
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		begun = true
		if r.subscription {
			if begun, err = s.Members.Spend(tx, r.app, openid); err != nil || !begun {
				return err
			}
		}
		taken := tx.Model(&Notice{}).Where("id = ? AND state = ? AND channel = ?", n.ID, before.State, before.Channel).Select("State", "Channel", "Tries", "SentAt").Updates(*n)
		if taken.Error == nil && taken.RowsAffected == 0 {
			return outbox.Snooze(shortest) // to see what became of it
		}
		return taken.Error
	})
	if !begun {
		n.State, n.Channel, n.SentAt = before.State, before.Channel, before.SentAt
	}
	return begun, err
}

// unspent gives the consent back that a sending did not use; WeChat's word (its
// errcode) that there is none counts more than ours.
func (s *Service) unspent(ctx context.Context, r rung, openid string, errcode int) error {
	if errcode == wechat.CodeNoConsent {
		return s.Members.Unsubscribed(ctx, r.app, openid, r.template)
	}
	return s.Members.Subscribed(ctx, r.app, openid, r.template)
}

// later is when to try again what began at an epoch millisecond and failed
// with err: an error for the outbox, or nil when it is no use.
func (s *Service) later(ctx context.Context, key string, began int64, err error) error {
	age := s.Now().Sub(time.UnixMilli(began))
	if wechat.Refused(err) || age >= patience {
		return nil
	}
	slog.WarnContext(ctx, "WeChat or the store of photos is waited for", "key", key, "error", err)
	return outbox.Snooze(min(max(age/2, shortest), longest))
}

func tried(n Notice, channel string) bool {
	for _, t := range n.Tries {
		if t.Channel == channel {
			return true
		}
	}
	return false
}

// settle writes how far a notice has come, also when the time for its sending is up.
func (s *Service) settle(ctx context.Context, n Notice, state State, channel string) error {
	set := Notice{State: state, Channel: channel, Tries: n.Tries}
	switch state {
	case Sent:
		set.SentAt = s.Now().UnixMilli()
	case Sending:
		set.SentAt = n.SentAt
	case Owed, InApp, Held, Summed:
	}
	return s.DB.Tx(context.WithoutCancel(ctx), func(tx *gorm.DB) error {
		return tx.Model(&Notice{}).Where("id = ?", n.ID).Select("State", "Channel", "Tries", "SentAt").Updates(set).Error
	})
}

func (s *Service) byTemplate(ctx context.Context, openid, template string, n Notice) error {
	return s.WeChat.SendTemplate(ctx, openid, template, s.page(n), s.fields(n), n.Key)
}

func (s *Service) bySubscription(ctx context.Context, openid, template string, n Notice) error {
	return s.WeChat.SendSubscription(ctx, openid, template, s.page(n), s.fields(n))
}

// byMiniSubscription leads to the mini-program's page that opens addresses of the phone's pages.
func (s *Service) byMiniSubscription(ctx context.Context, openid, template string, n Notice) error {
	page := "pages/home/home"
	if _, link, of := strings.Cut(s.page(n), "#"); of {
		page = "pages/home/open?link=" + url.QueryEscape(link)
	}
	return s.WeChat.SendMiniSubscription(ctx, openid, template, page, s.fields(n))
}

func (s *Service) byMessage(ctx context.Context, openid, _ string, n Notice) error {
	return s.WeChat.SendText(ctx, openid, fmt.Sprintf("【%s】%s\n%s\n%s\n%s", n.Title, n.Number, n.Place, n.Body, n.Next))
}

// leads says where notices lead: those of a kind, or those whose number begins
// so, with what follows. All others are of a ticket.
var leads = []struct {
	kind, number string
	page         link.Page
}{
	{kindCertificate, "", link.Certificates},
	{kindRegistration, "", link.Register},
	{kindAsked, "", link.Registrations},
	{kindPartner, "", link.Partnerships},
	{kindCorrection, "", link.Corrections},
	{kindCorrectionAnswer, "", link.Rights},
	{"", activityNumber, link.Activity},
	{"", wish.Number, link.Wish},
	{"", projectNumber, link.Project},
	{"", agreementNumber, link.Agreement},
}

// page is where a notice leads.
func (s *Service) page(n Notice) string {
	if n.Kind == kindBrief {
		return s.board()
	}
	for _, l := range leads {
		if l.kind != "" && l.kind == n.Kind {
			return l.page.At(s.Site)
		}
		if id, of := strings.CutPrefix(n.Number, l.number); of && l.number != "" {
			return l.page.At(s.Site, id)
		}
	}
	return link.Ticket.At(s.Site, n.Number)
}

func (s *Service) board() string { return s.Site + "/board/" }

// fields fill the template; WeChat allows 20 characters in a thing.
func (s *Service) fields(n Notice) map[string]string {
	return map[string]string{
		"character_string1": n.Number,
		"thing2":            clip(n.Title+" "+n.Body, 20),
		"thing3":            clip(n.Place, 20),
		"time4":             time.UnixMilli(n.CreatedAt).In(s.Location).Format("2006年1月2日 15:04"),
		"thing5":            clip(n.Next, 20),
	}
}

// clip shortens a text to n characters, first by its spaces.
func clip(text string, n int) string {
	if len([]rune(text)) > n {
		text = strings.ReplaceAll(text, " ", "")
	}
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}

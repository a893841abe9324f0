package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"

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
)

// rung is one channel of the ladder.
type rung struct {
	name string
	// idempotent channels know a repetition by the notice's key; after a crash
	// the others are not tried a second time, so that nobody is told twice.
	idempotent bool
	ready      bool
	send       func(ctx context.Context, openid string, n Notice) error
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
	openid, err := s.Members.OpenID(ctx, n.PersonID, member.Account)
	if err != nil {
		return err
	}
	if openid == "" {
		n.Tries = append(n.Tries, Try{"wechat", "没有关注公众号"})
		return s.settle(ctx, n, InApp, "")
	}
	for _, r := range s.ladder() {
		if !r.ready || tried(n, r.name) {
			continue
		}
		if n.State == Sending && n.Channel == r.name {
			n.Tries = append(n.Tries, Try{r.name, "上次发送时中断，结果不明，不再重发"})
			continue
		}
		if !r.idempotent {
			if err := s.settle(ctx, n, Sending, r.name); err != nil {
				return err
			}
		}
		err := r.send(ctx, openid, n)
		if err == nil {
			return s.settle(ctx, n, Sent, r.name)
		}
		said, answered := errors.AsType[*wechat.APIError](err)
		later := s.later(ctx, n.Key, n.CreatedAt, err)
		switch {
		case wechat.Refused(err):
			n.Tries = append(n.Tries, Try{r.name, fmt.Sprintf("%d %s", said.Code, said.Msg)})
		case !answered && !r.idempotent: // nobody knows whether it went out
			n.Tries = append(n.Tries, Try{r.name, "没有得到答复，不再重发"})
		case later != nil:
			return errors.Join(later, s.settle(ctx, n, Owed, ""))
		default:
			n.Tries = append(n.Tries, Try{r.name, "微信两天没有应答"})
		}
	}
	return s.settle(ctx, n, InApp, "")
}

func (s *Service) ladder() []rung {
	return []rung{
		{"template", true, s.Templates.Template != "", s.byTemplate},
		{"subscription", false, s.Templates.Subscription != "", s.bySubscription},
		{"customer_service", false, true, s.byMessage},
	}
}

// later is when to try again what began at an epoch millisecond and failed
// with err: an error for the outbox, or nil when it is no use.
func (s *Service) later(ctx context.Context, key string, began int64, err error) error {
	age := s.Now().Sub(time.UnixMilli(began))
	if wechat.Refused(err) || age >= patience {
		return nil
	}
	slog.WarnContext(ctx, "WeChat is waited for", "key", key, "error", err)
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

func (s *Service) settle(ctx context.Context, n Notice, state State, channel string) error {
	set := Notice{State: state, Channel: channel, Tries: n.Tries}
	if state == Sent {
		set.SentAt = s.Now().UnixMilli()
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Model(&Notice{}).Where("id = ?", n.ID).Select("State", "Channel", "Tries", "SentAt").Updates(set).Error
	})
}

func (s *Service) byTemplate(ctx context.Context, openid string, n Notice) error {
	return s.WeChat.SendTemplate(ctx, openid, s.Templates.Template, s.page(n), s.fields(n), n.Key)
}

func (s *Service) bySubscription(ctx context.Context, openid string, n Notice) error {
	return s.WeChat.SendSubscription(ctx, openid, s.Templates.Subscription, s.page(n), s.fields(n))
}

func (s *Service) byMessage(ctx context.Context, openid string, n Notice) error {
	return s.WeChat.SendText(ctx, openid, fmt.Sprintf("【%s】%s\n%s\n%s\n%s", n.Title, n.Number, n.Place, n.Body, n.Next))
}

// page is where a notice leads.
func (s *Service) page(n Notice) string {
	if n.Kind == kindBrief {
		return s.Board
	}
	if n.Kind == kindCertificate {
		return s.Certificates
	}
	if id, of := strings.CutPrefix(n.Number, activityNumber); of {
		return s.Activity + id
	}
	if id, of := strings.CutPrefix(n.Number, wish.Number); of {
		return s.Wish + id
	}
	if n.Kind == kindRegistration {
		return s.Duty
	}
	if page, of := s.listPage(n.Number); of {
		return page
	}
	return s.Link(n.Number)
}

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

package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"fenlin/internal/member"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat"
)

const (
	// checkedFor is how long after a person came WeChat takes what they wrote.
	checkedFor = 2 * time.Hour
	// forum is WeChat's scene for what others read.
	forum = 3
)

// check has WeChat look at a report's words, so that others may read them. The
// ticket itself waits for nothing.
func (s *Service) check(ctx context.Context, e outbox.Event) error {
	var c ticket.Check
	if err := e.Decode(&c); err != nil {
		return err
	}
	t, ok, err := s.Tickets.Unjudged(ctx, c)
	if errors.Is(err, ticket.ErrUnknown) {
		return outbox.Cancel(err)
	}
	if err != nil || !ok {
		return err
	}
	said, err := s.judged(ctx, e.Key, t.ReporterID, t.CreatedAt, t.Text)
	if err != nil {
		return err
	}
	return s.Tickets.Judge(ctx, t, said)
}

// judged is what WeChat says of words that a person wrote at an epoch
// millisecond. When it refuses, or is away until it no longer takes them, it is
// Unjudged and the words of our own rules decide alone; until then the error
// has the outbox come back.
func (s *Service) judged(ctx context.Context, key string, person, written int64, text string) (ticket.Judged, error) {
	said, err := s.asked(ctx, person, text)
	age := s.Now().Sub(time.UnixMilli(written))
	if err != nil && !wechat.Refused(err) && age < checkedFor {
		slog.WarnContext(ctx, "WeChat's content check is waited for", "key", key, "error", err)
		return said, outbox.Snooze(min(max(age/2, shortest), longest))
	}
	if err != nil {
		slog.WarnContext(ctx, "WeChat did not check a text", "key", key, "error", err)
	}
	return said, nil
}

// asked is what WeChat says, Unjudged when it cannot be asked about this person.
func (s *Service) asked(ctx context.Context, person int64, text string) (ticket.Judged, error) {
	if person == 0 {
		return ticket.Unjudged, nil
	}
	known, err := s.Members.Identities(ctx, person)
	if err != nil || len(known) == 0 {
		return ticket.Unjudged, err
	}
	check, openid := s.WeChat.CheckMiniText, known[member.MiniProgram].OpenID
	if openid == "" {
		check, openid = s.WeChat.CheckText, known[member.Account].OpenID
	}
	verdict, err := check(ctx, openid, forum, text)
	if err != nil {
		return ticket.Unjudged, err
	}
	return map[wechat.Verdict]ticket.Judged{wechat.Pass: ticket.Passed, wechat.Review: ticket.Doubtful, wechat.Risky: ticket.Risky}[verdict], nil
}

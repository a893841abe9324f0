package member

import (
	"context"

	"gorm.io/gorm"
)

// Templates are the ids of WeChat's message templates by which people are
// told; an empty one is not used. Their fields are character_string1 (number),
// thing2 (what), thing3 (where), time4 (when), thing5 (what to do next).
type Templates struct {
	Followers   string // of the account's template messages, for whoever follows it
	Account     string // of its subscription messages; like the mini-program's, each takes one consent
	MiniProgram string
}

func (t Templates) subscription(app App) string {
	if app == MiniProgram {
		return t.MiniProgram
	}
	return t.Account
}

// maxCredits bounds what a phone can claim. WeChat keeps its own count, and its
// word (Spent) is the last.
const maxCredits = 100

// Identity is what an app of WeChat's calls a person.
type Identity struct {
	App     App
	OpenID  string `gorm:"column:openid"`
	Credits int    // subscription messages that WeChat still lets us send
	Follows bool   // the account: they have written to it
}

// Identities are those of a person, or of who took over, by app: the newest of each.
func (s *Service) Identities(ctx context.Context, person int64) (map[App]Identity, error) {
	var found []Identity
	err := s.DB.Read(ctx).Raw(`SELECT app, openid, credits, follows FROM identities
WHERE person_id IN (?, (SELECT united_with FROM people WHERE id = ?)) ORDER BY id`, person, person).Scan(&found).Error
	out := make(map[App]Identity, len(found))
	for _, i := range found {
		out[i.App] = i
	}
	return out, err
}

// Subscription is a message that a person can be asked to agree to.
type Subscription struct {
	App      App
	Template string
	Credits  int // how many more of them may be sent
}

// Subscriptions are those to ask a person for: none where the account's
// template messages reach them without being asked.
func (s *Service) Subscriptions(ctx context.Context, person int64) ([]Subscription, error) {
	if s.Templates.Account == "" && s.Templates.MiniProgram == "" {
		return nil, nil
	}
	known, err := s.Identities(ctx, person)
	if err != nil {
		return nil, err
	}
	if known[Account].Follows && s.Templates.Followers != "" {
		return nil, nil
	}
	var out []Subscription
	for _, app := range []App{Account, MiniProgram} {
		if i, ok := known[app]; ok && s.Templates.subscription(app) != "" {
			out = append(out, Subscription{app, s.Templates.subscription(app), i.Credits})
		}
	}
	return out, nil
}

// Subscribed counts a consent that somebody gave in an app; another template
// than ours counts nothing.
func (s *Service) Subscribed(ctx context.Context, app App, openid, template string) error {
	return s.credit(ctx, "UPDATE identities SET credits = credits + 1 WHERE app = ? AND openid = ? AND credits < ?", app, openid, template, maxCredits)
}

// Unsubscribed forgets the consents that somebody took back, or that WeChat says are spent.
func (s *Service) Unsubscribed(ctx context.Context, app App, openid, template string) error {
	return s.credit(ctx, "UPDATE identities SET credits = 0 WHERE app = ? AND openid = ?", app, openid, template)
}

func (s *Service) credit(ctx context.Context, update string, app App, openid, template string, args ...any) error {
	if template == "" || template != s.Templates.subscription(app) {
		return nil
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error { return tx.Exec(update, append([]any{app, openid}, args...)...).Error })
}

// Spend takes one consent, if there is one, as part of the caller's transaction.
func (s *Service) Spend(tx *gorm.DB, app App, openid string) (bool, error) {
	done := tx.Exec("UPDATE identities SET credits = credits - 1 WHERE app = ? AND openid = ? AND credits > 0", app, openid)
	return done.RowsAffected == 1, done.Error
}

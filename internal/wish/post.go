package wish

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// Draft is a wish as somebody writes it.
type Draft struct {
	Key        string // of the request; used before it returns what it made then
	Org        int64  // a compound or community; 0: where the wisher lives
	Kind       string
	Text       string
	ForWhom    ForWhom // empty: Self
	Anonymous  bool
	SharePhone bool
	Until      time.Time // zero: the usual time from now
}

// Make posts a wish. Nobody else reads it before its words were checked and the
// community found that the need is real; one that the community posts itself is
// open as soon as its words have passed. Errors: ErrInvalid, ErrMoney,
// ErrManyWishes, ErrKeyReused, org.ErrUnknownUnit, org.ErrOutside.
func (s *Service) Make(ctx context.Context, by org.Actor, d Draft) (Wish, error) {
	w, err := s.draft(ctx, by, d)
	if err != nil {
		return w, err
	}
	for range slotTries {
		if before, known, err := s.posted(ctx, by, w); known || err != nil {
			return before, err
		}
		err = s.DB.Tx(ctx, func(tx *gorm.DB) error { return s.insert(tx, &w) })
		if !errors.Is(err, gorm.ErrDuplicatedKey) {
			s.Outbox.Wake()
			return w, err
		}
	}
	return w, errs.ErrBusy
}

// draft checks what somebody writes.
func (s *Service) draft(ctx context.Context, by org.Actor, d Draft) (Wish, error) {
	r, now := s.Rules(), s.Now()
	w := Wish{
		ID: s.DB.NewID(), Kind: d.Kind, Text: strings.Join(strings.Fields(d.Text), " "), ForWhom: d.ForWhom, Anonymous: d.Anonymous, SharePhone: d.SharePhone,
		State: Submitted, Version: 1, WisherID: by.Person, CreatedAt: now.UnixMilli(), Until: d.Until.UnixMilli(),
	}
	if d.Until.IsZero() {
		w.Until = w.CreatedAt + days(r.Days.Usual)
	}
	if w.ForWhom == "" {
		w.ForWhom = Self
	}
	if d.Key != "" {
		w.RequestKey = &d.Key
	}
	_, known := r.Kind(w.Kind)
	if err := r.Words(w.Text); err != nil {
		return w, err
	}
	switch {
	case !known:
		return w, ErrInvalid.At("kind", "请选择心愿的类别")
	case w.ForWhom.Name() == "":
		return w, ErrInvalid.At("for_whom", "请选是本人的、替邻居的，还是社区代困难家庭的")
	case w.Until < w.CreatedAt+days(r.Days.Least) || w.Until > w.CreatedAt+days(r.Days.Most):
		return w, ErrInvalid.At("until", fmt.Sprintf("请给认领的人留 %d 到 %d 天", r.Days.Least, r.Days.Most))
	}
	place, err := s.place(ctx, by, d.Org)
	if err != nil {
		return w, err
	}
	w.OrgID = place.ID
	if w.ForWhom == Household {
		post, ok := by.Over(org.ManageWishes, place.Path, -1) // of any rank
		if !ok {
			return w, org.ErrOutside
		}
		w.PostID, w.ByTitle, w.SharePhone = post.ID, post.Title, false
		return w, nil
	}
	if w.SharePhone {
		p, err := s.Members.Person(ctx, by.Person)
		if err != nil {
			return w, err
		}
		if p.Phone == "" {
			return w, ErrInvalid.At("share_phone", "请先绑定手机号，或不选这一项，由社区联系您")
		}
	}
	return w, nil
}

// place is where a wish is: the compound or community that is given, or home.
func (s *Service) place(ctx context.Context, by org.Actor, id int64) (org.Unit, error) {
	if id == 0 {
		id = by.Home
	}
	if id == 0 {
		return org.Unit{}, ErrInvalid.At("org_id", "请选择小区或社区")
	}
	now, err := s.Org.Successor(ctx, id)
	if err != nil {
		return org.Unit{}, err
	}
	u, err := s.Org.Unit(ctx, now)
	if err == nil && (u.ClosedAt != 0 || u.Kind != org.CompoundKind && u.Kind != org.Community) {
		err = ErrInvalid.At("org_id", "请选择小区或社区")
	}
	return u, err
}

// posted is the wish that the same request made before.
func (s *Service) posted(ctx context.Context, by org.Actor, w Wish) (Wish, bool, error) {
	if w.RequestKey == nil {
		return w, false, nil
	}
	var found []Wish
	err := s.DB.Read(ctx).Find(&found, "request_key = ?", *w.RequestKey).Error
	if err != nil || len(found) == 0 {
		return w, false, err
	}
	if found[0].WisherID != by.Person || found[0].Text != w.Text {
		return w, true, ErrKeyReused
	}
	return found[0], true, nil
}

func (s *Service) insert(tx *gorm.DB, w *Wish) error {
	if w.ForWhom != Household {
		slot, err := freeSlot(tx, "posted_slot", "wisher_id", w.WisherID, s.Rules().Posted)
		if err != nil {
			return err
		}
		if slot == nil {
			return ErrManyWishes.Say(fmt.Sprintf("您已有 %d 个心愿还没有了结，请等它们实现，或撤回一个再许", s.Rules().Posted))
		}
		w.PostedSlot = slot
	}
	if err := tx.Create(w).Error; err != nil {
		return err
	}
	e := Event{ID: s.DB.NewID(), WishID: w.ID, Seq: w.Version, Action: Post, ToState: w.State, ActorID: w.WisherID, ActorTitle: titleOf(*w, wisher), At: w.CreatedAt}
	if err := tx.Create(&e).Error; err != nil {
		return err
	}
	return s.Outbox.Add(tx, checkEvent(w.ID, s.Now()), timer(w.ID, timeExpire, w.Until), timer(w.ID, timeCheck, w.CreatedAt+days(s.Rules().CheckDays)))
}

// slotTries is how often a slot is looked for when others take them meanwhile.
const slotTries = 5

// freeSlot is the first number of a person that is free, nil when none is. The
// column's unique key keeps two requests apart.
func freeSlot(tx *gorm.DB, column, whose string, person int64, most int) (*string, error) {
	var taken []string
	if err := tx.Raw("SELECT "+column+" FROM wishes WHERE "+whose+" = ? AND "+column+" IS NOT NULL", person).Scan(&taken).Error; err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for _, t := range taken {
		used[t] = true
	}
	for n := range most {
		if slot := fmt.Sprintf("%d:%d", person, n+1); !used[slot] {
			return &slot, nil
		}
	}
	return nil, nil
}

// TopicCheck asks whether a wish's words may be shown to others; payload Check.
const TopicCheck = "wish.check"

// Check names a wish whose words are to be looked at.
type Check struct {
	Wish int64 `json:"wish"`
}

// Unjudged is a wish whose words nobody has looked at yet, or false.
func (s *Service) Unjudged(ctx context.Context, c Check) (Wish, bool, error) {
	w, err := s.Of(ctx, c.Wish)
	return w, err == nil && w.Content == ticket.Unjudged && w.Text != "", err
}

// Judge keeps what the check says of a wish's words, once. The desk is told that
// there is one to look at; what the community posted itself is open when its
// words have passed.
func (s *Service) Judge(ctx context.Context, w Wish, said ticket.Judged) error {
	verdict, why := s.content().Judge(w.Text, said)
	posts, err := s.deskOf(ctx, w, 0)
	if err != nil {
		return err
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		did := tx.Exec("UPDATE wishes SET content = ?, content_why = ? WHERE id = ? AND content = ''", verdict, why, w.ID)
		if did.Error != nil || did.RowsAffected == 0 {
			return did.Error
		}
		now, err := one(tx, w.ID)
		if err != nil || now.State != Submitted {
			return err
		}
		if r, ok := find(now, Publish, system); ok && now.ForWhom == Household && verdict == ticket.Passed {
			_, err := s.move(tx, now, r, Input{}, Event{ActorTitle: now.ByTitle})
			return err
		}
		return s.tell(tx, now, LetterNew, nil, posts, "")
	})
	s.Outbox.Wake()
	return err
}

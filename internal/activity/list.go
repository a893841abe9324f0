package activity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// View says which activities a list is of.
type View string

// The views.
const (
	Upcoming  View = "upcoming"  // published and not over, the soonest first
	Past      View = "past"      // over, the newest first
	MyOwn     View = "mine"      // for which the person signed up, the newest first
	Organised View = "organised" // by the person's posts or with their help, the newest first
)

// Listing says which activities a list is of.
type Listing struct {
	View   View
	Unit   int64 // those held by it, above it or below it; 0: all
	State  State // only of this state; empty: of any
	From   Source
	Series int64
	After  Cursor
	Limit  int
}

// Cursor is where a page ends.
type Cursor struct{ At, ID int64 }

// List are activities as somebody may see them; a Person of 0 is anybody.
// Errors: org.ErrUnknownUnit.
func (s *Service) List(ctx context.Context, by org.Actor, l Listing) ([]Full, error) {
	q := s.DB.Read(ctx).Model(&Activity{}).Select("activities.*")
	switch l.View {
	case Upcoming:
		q = q.Where("activities.state IN ? AND activities.ends_at > ?", open, s.Now().UnixMilli())
	case Past:
		q = q.Where("activities.state IN ?", []State{Done, Archived})
	case MyOwn:
		q = q.Joins("JOIN activity_signups g ON g.activity_id = activities.id AND g.person_id = ? AND g.state <> ?", by.Person, Withdrawn)
	case Organised:
		posts := []int64{-1}
		for _, p := range by.Posts {
			posts = append(posts, p.ID)
		}
		q = q.Where("activities.post_id IN ? OR activities.id IN (SELECT activity_id FROM activity_helpers WHERE person_id = ?)", posts, by.Person)
	}
	if l.Unit != 0 {
		now, err := s.Org.Successor(ctx, l.Unit)
		if err != nil {
			return nil, err
		}
		u, err := s.Org.Unit(ctx, now)
		if err != nil {
			return nil, err
		}
		from, to := org.Below(u.Path)
		q = q.Where("activities.org_id IN (SELECT id FROM org_units WHERE id IN ? OR path >= ? AND path < ?)", u.Chain(), from, to)
	}
	if l.State != "" {
		q = q.Where("activities.state = ?", l.State)
	}
	if l.From.Kind != "" {
		q = q.Where("activities.source_kind = ? AND activities.source_ref = ?", l.From.Kind, l.From.Ref)
	}
	if l.Series != 0 {
		q = q.Where("activities.series_id = ?", l.Series)
	}
	order, beyond := "activities.starts_at DESC, activities.id DESC", "activities.starts_at < ? OR activities.starts_at = ? AND activities.id < ?"
	if l.View == Upcoming {
		order, beyond = "activities.starts_at, activities.id", "activities.starts_at > ? OR activities.starts_at = ? AND activities.id > ?"
	}
	if l.After != (Cursor{}) {
		q = q.Where(beyond, l.After.At, l.After.At, l.After.ID)
	}
	var found []Activity
	if err := q.Order(order).Limit(l.Limit).Find(&found).Error; err != nil {
		return nil, err
	}
	return s.complete(ctx, by, found)
}

// Show is one activity as somebody may see it: a draft by who organises it
// alone. Errors: ErrUnknown.
func (s *Service) Show(ctx context.Context, by org.Actor, id int64) (Full, error) {
	a, err := one(s.DB.Read(ctx), id)
	if err != nil {
		return Full{}, err
	}
	if a.State == Drafted && !organises(by, a) {
		return Full{}, ErrUnknown
	}
	all, err := s.complete(ctx, by, []Activity{a})
	if err != nil {
		return Full{}, err
	}
	if all[0].Verdicts, err = s.verdicts(ctx, id); err != nil {
		return Full{}, err
	}
	all[0].Photos, err = photos(s.DB.Read(ctx), id)
	return all[0], err
}

// complete adds what belongs to activities.
func (s *Service) complete(ctx context.Context, by org.Actor, list []Activity) ([]Full, error) {
	out := make([]Full, len(list))
	if len(list) == 0 {
		return out, nil
	}
	ids, units := make([]int64, len(list)), make([]int64, len(list))
	for i, a := range list {
		ids[i], units[i] = a.ID, a.OrgID
	}
	var slots []Slot
	var held []org.Unit
	var mine []SignUp
	var helped []int64
	var waiting []struct {
		SlotID int64
		N      int
	}
	r := s.DB.Read(ctx)
	for _, err := range []error{
		r.Order("seq").Find(&slots, "activity_id IN ?", ids).Error,
		r.Find(&held, "id IN ?", units).Error,
		r.Find(&mine, "activity_id IN ? AND person_id = ?", ids, by.Person).Error,
		r.Raw("SELECT activity_id FROM activity_helpers WHERE activity_id IN ? AND person_id = ?", ids, by.Person).Scan(&helped).Error,
		r.Raw("SELECT slot_id, COUNT(*) AS n FROM activity_signups WHERE activity_id IN ? AND state = ? GROUP BY slot_id", ids, Waiting).Scan(&waiting).Error,
	} {
		if err != nil {
			return nil, err
		}
	}
	for i, a := range list {
		f := &out[i]
		f.Activity, f.Waiting = a, map[int64]int{}
		f.Organise = organises(by, a)
		f.Runs = f.Organise || slices.Contains(helped, a.ID)
		for _, sl := range slots {
			if sl.ActivityID == a.ID {
				f.Slots = append(f.Slots, sl)
			}
		}
		for _, w := range waiting {
			f.Waiting[w.SlotID] = w.N
		}
		for _, u := range held {
			if u.ID == a.OrgID {
				f.Unit = u
			}
		}
		for _, g := range mine {
			if g.ActivityID == a.ID {
				f.Mine = g
			}
		}
	}
	return out, nil
}

// Verdict is what somebody thought of an activity, as with tickets.
type Verdict string

// The verdicts.
const (
	Satisfied    Verdict = "satisfied"
	Basic        Verdict = "basic"
	Dissatisfied Verdict = "dissatisfied"
)

// VerdictCount is how many gave a verdict, of those who took part or of residents.
type VerdictCount struct {
	TookPart bool
	Verdict  Verdict
	N        int
}

// ErrNotOver is a verdict on what is not over.
var ErrNotOver = errs.New(errs.Conflict, "activity_not_over", "活动结束后再评价")

// Rate keeps what a person thought of an activity that is over, once; said
// again it replaces what was said. Errors: ErrUnknown, ErrNotOver, ErrInvalid.
func (s *Service) Rate(ctx context.Context, person, activity int64, v Verdict, note string) error {
	a, err := one(s.DB.Read(ctx), activity)
	if err != nil {
		return err
	}
	if a.State != Done && a.State != Archived {
		return ErrNotOver
	}
	if note = strings.TrimSpace(note); len([]rune(note)) > maxNote {
		return ErrInvalid.At("note", fmt.Sprintf("请控制在 %d 字以内", maxNote))
	}
	mine, err := s.Mine(ctx, activity, person)
	if err != nil {
		return err
	}
	row := map[string]any{"activity_id": activity, "person_id": person, "took_part": mine.State == Seated, "verdict": v, "note": note, "created_at": s.Now().UnixMilli()}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Table("activity_feedback").Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "activity_id"}, {Name: "person_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"took_part", "verdict", "note", "created_at"}),
		}).Create(row).Error
	})
}

// Unrated is the activity that a person took part in, that ended last and of
// which they have said nothing yet; zero: none ended lately.
func (s *Service) Unrated(ctx context.Context, person int64) (Activity, error) {
	since := s.Now().AddDate(0, 0, -s.Rules().Rate)
	var found []Activity
	err := s.DB.Read(ctx).Raw(`SELECT a.* FROM activity_checkins c JOIN activities a ON a.id = c.activity_id
WHERE c.person_id = ? AND c.in_at > ? AND c.state <> ? AND a.state IN ? AND a.ends_at > ?
AND NOT EXISTS (SELECT 1 FROM activity_feedback f WHERE f.activity_id = a.id AND f.person_id = c.person_id) ORDER BY a.ends_at DESC, a.id DESC LIMIT 1`,
		person, since.AddDate(0, 0, -2).UnixMilli(), PairRefused, []State{Done, Archived}, since.UnixMilli()).Scan(&found).Error // one lasts a day at most
	if err != nil || len(found) == 0 {
		return Activity{}, err
	}
	return found[0], nil
}

func (s *Service) verdicts(ctx context.Context, id int64) ([]VerdictCount, error) {
	var out []VerdictCount
	err := s.DB.Read(ctx).Raw("SELECT took_part, verdict, COUNT(*) AS n FROM activity_feedback WHERE activity_id = ? GROUP BY took_part, verdict ORDER BY took_part DESC, verdict", id).Scan(&out).Error
	return out, err
}

// helper is a person who helps to run an activity. A map would do for SQLite
// alone: MySQL's words for "do nothing" need a key.
type helper struct {
	ActivityID int64 `gorm:"primaryKey;autoIncrement:false"`
	PersonID   int64 `gorm:"primaryKey;autoIncrement:false"`
	CreatedAt  int64 `gorm:"autoCreateTime:false"`
}

// TableName is gorm's.
func (helper) TableName() string { return "activity_helpers" }

// Help lets somebody who signed up help to run an activity, or no longer.
// Errors: ErrUnknown, ErrNotYours, ErrNoSignUp.
func (s *Service) Help(ctx context.Context, by org.Actor, activity, person int64, yes bool) error {
	a, err := one(s.DB.Read(ctx), activity)
	if err != nil {
		return err
	}
	if !organises(by, a) {
		return ErrNotYours
	}
	g, err := s.Mine(ctx, activity, person)
	if err != nil {
		return err
	}
	if yes && g.State != Seated {
		return ErrNoSignUp.Say("帮手请从已报名的人里选")
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if !yes {
			return tx.Exec("DELETE FROM activity_helpers WHERE activity_id = ? AND person_id = ?", activity, person).Error
		}
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&helper{activity, person, s.Now().UnixMilli()}).Error
	})
}

package activity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

// Share is what an activity is worth to one who had a seat, as its organiser
// sees it: of this activity alone.
type Share struct {
	SignUp
	Person member.Person
	Credit
	Ruling  Ruling // of a day that was over the limit; empty: none
	Version int    // of what the organiser said; 0: nothing
	Pairs   []Pair // the oldest first
}

// Shares are those of an activity in the order of the sign-ups, for who
// organises it; after is the last sign-up of the page before.
// Errors: ErrUnknown, ErrOrganiser.
func (s *Service) Shares(ctx context.Context, by org.Actor, activity, after int64, limit int) ([]Share, error) {
	a, err := one(s.DB.Read(ctx), activity)
	if err != nil {
		return nil, err
	}
	if !organises(by, a) {
		return nil, ErrOrganiser
	}
	var rows []SignUp
	if err := s.DB.Read(ctx).Order("id").Limit(limit).Find(&rows, "activity_id = ? AND state = ? AND id > ?", activity, Seated, after).Error; err != nil {
		return nil, err
	}
	return s.shares(ctx, a, rows)
}

func (s *Service) shares(ctx context.Context, a Activity, rows []SignUp) ([]Share, error) {
	ids := make([]int64, len(rows))
	for i, g := range rows {
		ids[i] = g.PersonID
	}
	people, err := s.Members.People(ctx, ids)
	if err != nil {
		return nil, err
	}
	worth, err := s.tallies(ctx, a, ids)
	if err != nil {
		return nil, err
	}
	pairs, err := s.pairsOf(ctx, a.ID, ids)
	out := make([]Share, len(rows))
	for i, g := range rows {
		t := worth[g.PersonID]
		out[i] = Share{g, people[g.PersonID], t.raw.heed(t.word), t.word.Verdict, t.word.Version, pairs[g.PersonID]}
		if a.State != Done && a.State != Archived {
			out[i].Why = whyNotOver
		}
	}
	return out, err
}

// share is that of one person.
func (s *Service) share(ctx context.Context, a Activity, person int64) (Share, error) {
	g, err := s.Mine(ctx, a.ID, person)
	if err != nil {
		return Share{}, err
	}
	all, err := s.shares(ctx, a, []SignUp{g})
	if err != nil {
		return Share{}, err
	}
	return all[0], nil
}

// Manual is minutes that an organiser enters for who came and has no pair.
type Manual struct {
	Person  int64
	Minutes int // 0 takes them back
	Reason  string
	Version int // of what was said before; 0 of what was never said, or whatever it is now
}

// Enter keeps manual minutes (补录) apart from what is counted: no more than the
// activity was long, once for a person and activity; entered again they are
// replaced. Errors: ErrUnknown, ErrOrganiser, ErrState, ErrTooLate, ErrInvalid,
// ErrNotSeated, ErrHasPair, ErrStale.
func (s *Service) Enter(ctx context.Context, by org.Actor, activity int64, m Manual) (Share, error) {
	a, err := s.amendable(ctx, by, activity, m.Reason)
	if err != nil {
		return Share{}, err
	}
	long := int((a.EndsAt - a.StartsAt) / time.Minute.Milliseconds())
	switch {
	case a.State == Running:
		return Share{}, ErrState.Say("活动还在进行，结束后再补录时长")
	case m.Minutes < 0 || m.Minutes > long:
		return Share{}, ErrInvalid.At("minutes", fmt.Sprintf("补录的时长应在 0 到 %d 分钟之间，不超过活动本身", long))
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := holdSeat(tx, a.ID, m.Person); err != nil {
			return err
		}
		var pairs int64
		if err := tx.Raw("SELECT COUNT(*) FROM activity_checkins WHERE activity_id = ? AND person_id = ? AND state IN ?", a.ID, m.Person, []PairState{PairOK, PairClaimed}).Scan(&pairs).Error; err != nil {
			return err
		}
		said, err := saidOf(tx, a.ID, m.Person)
		switch {
		case err != nil || said.Manual == m.Minutes:
			return err
		case pairs > 0 && m.Minutes > 0:
			return ErrHasPair
		}
		c := Correction{What: HourManual, BeforeMinutes: said.Manual, AfterMinutes: m.Minutes}
		said.Manual = m.Minutes
		return s.say(tx, by, a, said, m.Version, c, m.Reason)
	})
	s.Outbox.Wake()
	if err != nil {
		return Share{}, err
	}
	return s.share(ctx, a, m.Person)
}

// Ruled is an organiser's decision on the hours of a person's day that was over
// the limit.
type Ruled struct {
	Person  int64
	Ruling  Ruling
	Minutes int    // that were looked at: no longer so, it is stale
	Reason  string // of a refusal
}

// Rule decides on what waits for a review: each organiser on the part of their
// own activity. Decided otherwise later, the later holds. Errors: ErrUnknown,
// ErrOrganiser, ErrInvalid, ErrNoReview, ErrStale, ErrNotSeated.
func (s *Service) Rule(ctx context.Context, by org.Actor, activity int64, d Ruled) (Share, error) {
	a, err := one(s.DB.Read(ctx), activity)
	if err != nil {
		return Share{}, err
	}
	c := Correction{What: HourConfirm, AfterMinutes: d.Minutes}
	switch {
	case !organises(by, a):
		return Share{}, ErrOrganiser
	case d.Ruling == Denied:
		c = Correction{What: HourRefuse, BeforeMinutes: d.Minutes}
	case d.Ruling != Granted:
		return Share{}, ErrInvalid.At("confirmed", "请说明是否计入")
	}
	if d.Ruling == Denied || d.Reason != "" {
		if err := s.reasoned(d.Reason); err != nil {
			return Share{}, err
		}
	}
	worth, err := s.tallies(ctx, a, []int64{d.Person})
	if err != nil {
		return Share{}, err
	}
	t := worth[d.Person]
	switch {
	case !t.raw.Review:
		return Share{}, ErrNoReview
	case t.raw.Minutes != d.Minutes:
		return Share{}, ErrStale
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := holdSeat(tx, a.ID, d.Person); err != nil {
			return err
		}
		said, err := saidOf(tx, a.ID, d.Person)
		if err != nil || said.Verdict == d.Ruling && said.Judged == d.Minutes {
			return err
		}
		said.Verdict, said.Judged = d.Ruling, d.Minutes
		return s.say(tx, by, a, said, t.word.Version, c, d.Reason)
	})
	s.Outbox.Wake()
	if err != nil {
		return Share{}, err
	}
	return s.share(ctx, a, d.Person)
}

// saidOf is what was said of a person's hours in an activity.
func saidOf(tx *gorm.DB, activity, person int64) (word, error) {
	w := word{ActivityID: activity, PersonID: person}
	var found []word
	err := tx.Find(&found, "activity_id = ? AND person_id = ?", activity, person).Error
	if len(found) > 0 {
		w = found[0]
	}
	return w, err
}

// say keeps a changed word with its correction; version is the one that was
// read, 0 whatever it is.
func (s *Service) say(tx *gorm.DB, by org.Actor, a Activity, w word, version int, c Correction, reason string) error {
	if version != 0 && version != w.Version {
		return ErrStale
	}
	w.Version++
	var err error
	if w.Version == 1 {
		err = tx.Create(&w).Error
	} else {
		did := tx.Model(&word{}).Where("activity_id = ? AND person_id = ? AND version = ?", w.ActivityID, w.PersonID, w.Version-1).
			Updates(map[string]any{"manual": w.Manual, "verdict": w.Verdict, "judged": w.Judged, "version": w.Version})
		if err = did.Error; err == nil && did.RowsAffected == 0 {
			err = ErrStale
		}
	}
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = ErrStale
	}
	if err != nil {
		return err
	}
	c.ID, c.ActivityID, c.PersonID, c.CreatedAt = s.DB.NewID(), a.ID, w.PersonID, s.Now().UnixMilli()
	return s.keep(tx, by, a, &c, reason)
}

// ToReview is a person's part of a day that was over the limit, of one activity.
type ToReview struct {
	Activity Activity
	Person   member.Person
	Minutes  int
}

// ReviewCursor is where a page of reviews ends.
type ReviewCursor struct {
	Cursor
	Person int64
}

// String is the cursor as the API shows it.
func (c ReviewCursor) String() string {
	if c == (ReviewCursor{}) {
		return ""
	}
	return fmt.Sprintf("%d-%d-%d", c.At, c.ID, c.Person)
}

// ParseReviewCursor reads what String wrote; false: it did not.
func ParseReviewCursor(text string) (c ReviewCursor, ok bool) {
	if text == "" {
		return c, true
	}
	var rest string
	n, _ := fmt.Sscanf(text, "%d-%d-%d%s", &c.At, &c.ID, &c.Person, &rest)
	return c, n == 3
}

// reviewedAtOnce is how many activities a page of reviews looks at.
const reviewedAtOnce = 50

// Reviews are what waits for a review in the activities that somebody
// organises, the newest first. A page may be short, even empty, and yet not the
// last: only an empty cursor ends the list.
func (s *Service) Reviews(ctx context.Context, by org.Actor, after ReviewCursor, limit int) ([]ToReview, ReviewCursor, error) {
	var end ReviewCursor
	posts := make([]int64, 0, len(by.Posts))
	for _, p := range by.Posts {
		posts = append(posts, p.ID)
	}
	if len(posts) == 0 {
		return nil, end, nil
	}
	q := s.DB.Read(ctx).Where("post_id IN ? AND state IN ?", posts, []State{Done, Archived})
	if after != end {
		q = q.Where("starts_at < ? OR starts_at = ? AND id <= ?", after.At, after.At, after.ID)
	}
	var list []Activity
	if err := q.Order("starts_at DESC, id DESC").Limit(reviewedAtOnce).Find(&list).Error; err != nil || len(list) == 0 {
		return nil, end, err
	}
	found, err := s.waiting(ctx, list)
	if err != nil {
		return nil, end, err
	}
	found = slices.DeleteFunc(found, func(r ToReview) bool { return r.Activity.ID == after.ID && r.Person.ID <= after.Person })
	more := len(list) == reviewedAtOnce
	if len(found) > limit {
		found = found[:limit]
		end = ReviewCursor{Cursor{found[limit-1].Activity.StartsAt, found[limit-1].Activity.ID}, found[limit-1].Person.ID}
	} else if last := list[len(list)-1]; more {
		end = ReviewCursor{Cursor{last.StartsAt, last.ID}, 1<<63 - 1}
	}
	ids := make([]int64, len(found))
	for i, r := range found {
		ids[i] = r.Person.ID
	}
	people, err := s.Members.People(ctx, ids)
	for i := range found {
		found[i].Person = people[found[i].Person.ID]
	}
	return found, end, err
}

// waiting is what waits for a review in some activities, in their order and by
// person, of whom only the id is told.
func (s *Service) waiting(ctx context.Context, list []Activity) ([]ToReview, error) {
	place := map[int64]int{}
	of := scope{from: list[0].StartsAt, to: list[0].StartsAt + 1}
	ids := make([]int64, len(list))
	for i, a := range list {
		place[a.ID], ids[i] = i, a.ID
		of.from, of.to = min(of.from, a.StartsAt), max(of.to, a.StartsAt+1)
	}
	var people []int64
	err := s.DB.Read(ctx).Raw("SELECT DISTINCT person_id FROM activity_checkins WHERE activity_id IN ? ORDER BY person_id", ids).Scan(&people).Error
	if err != nil {
		return nil, err
	}
	var out []ToReview
	for some := range slices.Chunk(people, loadBatch) {
		of.people = some
		err := s.count(s.DB.Read(ctx), of, func(t tally) {
			i, mine := place[t.ID]
			if c := t.raw.heed(t.word); mine && c.Review {
				out = append(out, ToReview{list[i], member.Person{ID: t.person}, c.Minutes})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b ToReview) int {
		return cmp.Or(cmp.Compare(place[a.Activity.ID], place[b.Activity.ID]), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	return out, nil
}

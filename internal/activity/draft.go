package activity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// The most characters of a text.
const (
	maxTitle, maxPlace, maxSlot = 60, 60, 20
	maxAbout, maxNote           = 600, 120
	maxAge                      = 70
	maxAccept                   = 7 * 24 * 60 // minutes
)

// ErrBelow is a capacity under what is taken.
var ErrBelow = errs.New(errs.Conflict, "capacity_below_taken", "名额不能少于已报名的人数").At("slots", "名额不能少于已报名的人数")

// SlotDraft is a post of an activity as its organiser writes it.
type SlotDraft struct {
	ID       int64 // of a post that is there; 0: a new one
	Name     string
	Capacity int
}

// Draft is an activity to be made, or what is to be changed of one: nil stays as it is.
type Draft struct {
	Org           *int64
	Point         *int64
	Title         *string
	Kind          *string
	About         *string
	Place         *string
	At            *geo.Point
	Fence         *int
	Strict        *bool
	Starts, Ends  *time.Time
	Until         *time.Time // of signing up; nil of a new one: the beginning
	MinAge        *int
	Audience      *Audience
	AcceptMinutes *int
	Overlapping   *bool
	Risky         *bool
	Insurance     *string
	Summary       *string
	Slots         *[]SlotDraft // of a changed one: all of them
	Source        Source       // of a new one
}

// Repeat makes a series: more occasions, so many days apart.
type Repeat struct {
	Days  int
	Times int // in all
}

// Make makes drafts: one, or the occasions of a series. A request with a key
// that was used before returns what it made then. Errors: ErrInvalid,
// org.ErrOutside, org.ErrUnknownUnit, ErrKeyReused.
func (s *Service) Make(ctx context.Context, by org.Actor, key string, d Draft, r Repeat) ([]Activity, error) {
	now := s.Now().UnixMilli()
	a := Activity{State: Drafted, CreatedAt: now, ByID: by.Person, Audience: Everybody, Version: 1, Source: d.Source}
	if d.Org == nil {
		return nil, ErrInvalid.At("org_id", "请选择由哪个组织举办")
	}
	unit, err := s.Org.Unit(ctx, *d.Org)
	if err != nil {
		return nil, err
	}
	post, ok := holderOf(by, unit)
	if !ok {
		return nil, org.ErrOutside
	}
	a.OrgID, a.PostID, a.ByTitle = unit.ID, post.ID, post.Title
	if d.Slots == nil {
		return nil, ErrInvalid.At("slots", "请写名额")
	}
	s.fill(&a, d)
	if a.SignupUntil == 0 {
		a.SignupUntil = a.StartsAt
	}
	if err := s.check(a); err != nil {
		return nil, err
	}
	if err := s.checkSlots(*d.Slots); err != nil {
		return nil, err
	}
	if err := s.checkSource(ctx, by, a.Source); err != nil {
		return nil, err
	}
	if r.Times == 0 {
		r.Times = 1
	}
	if most := s.Rules().Series.Most; r.Times < 1 || r.Times > most || r.Times > 1 && (r.Days < 1 || r.Days > 366) {
		return nil, ErrInvalid.At("repeat", fmt.Sprintf("系列活动最多 %d 次，间隔 1 到 366 天", most))
	}
	var made []Activity
	var slots []Slot
	for i := range r.Times {
		one := a
		one.ID = s.DB.NewID()
		one.StartsAt, one.EndsAt, one.SignupUntil = s.later(a.StartsAt, i*r.Days), s.later(a.EndsAt, i*r.Days), s.later(a.SignupUntil, i*r.Days)
		if i == 0 && key != "" {
			one.RequestKey = &key
		}
		if r.Times > 1 {
			one.SeriesID = one.ID
			if i > 0 {
				one.SeriesID = made[0].ID
			}
		}
		made = append(made, one)
		for seq, sl := range *d.Slots {
			slots = append(slots, Slot{ID: s.DB.NewID(), ActivityID: one.ID, Seq: seq + 1, Name: strings.TrimSpace(sl.Name), Capacity: sl.Capacity})
		}
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.CreateInBatches(made, loadBatch).Error; err != nil {
			return err
		}
		return tx.CreateInBatches(slots, loadBatch).Error
	})
	if key == "" || !errors.Is(err, gorm.ErrDuplicatedKey) {
		return made, err
	}
	var before []Activity
	if err := s.DB.Read(ctx).Order("starts_at, id").Find(&before, "request_key = ? OR series_id IN (SELECT id FROM activities WHERE request_key = ?)", key, key).Error; err != nil {
		return nil, err
	}
	if len(before) != len(made) || before[0].Title != made[0].Title || before[0].StartsAt != made[0].StartsAt {
		return nil, ErrKeyReused
	}
	return before, nil
}

// holderOf is the post by which an actor may hold activities at a unit.
func holderOf(by org.Actor, unit org.Unit) (org.Post, bool) {
	for _, p := range by.Posts {
		if (org.Actor{Posts: []org.Post{p}}).May(org.HoldActivities, unit.Path) {
			return p, true
		}
	}
	return org.Post{}, false
}

// later is days after a time, at the same hour by the city's clock.
func (s *Service) later(at int64, days int) int64 {
	return time.UnixMilli(at).In(s.Location).AddDate(0, 0, days).UnixMilli()
}

func set[T any](into *T, from *T) {
	if from != nil {
		*into = *from
	}
}

// fill puts what a draft says into an activity.
func (s *Service) fill(a *Activity, d Draft) {
	for _, t := range []struct {
		into *string
		from *string
	}{{&a.Title, d.Title}, {&a.About, d.About}, {&a.Place, d.Place}, {&a.Insurance, d.Insurance}, {&a.Summary, d.Summary}} {
		if t.from != nil {
			*t.into = strings.TrimSpace(*t.from)
		}
	}
	set(&a.Kind, d.Kind)
	set(&a.PointID, d.Point)
	set(&a.Fence, d.Fence)
	set(&a.Strict, d.Strict)
	set(&a.MinAge, d.MinAge)
	set(&a.Audience, d.Audience)
	set(&a.AcceptMinutes, d.AcceptMinutes)
	set(&a.Overlapping, d.Overlapping)
	set(&a.Risky, d.Risky)
	if d.At != nil {
		at := d.At.In(geo.GCJ02)
		a.Lat, a.Lng = &at.Lat, &at.Lng
	}
	for _, t := range []struct {
		into *int64
		from *time.Time
	}{{&a.StartsAt, d.Starts}, {&a.EndsAt, d.Ends}, {&a.SignupUntil, d.Until}} {
		if t.from != nil {
			*t.into = t.from.UnixMilli()
		}
	}
}

// check says what is wrong with an activity.
func (s *Service) check(a Activity) error {
	r, now := s.Rules(), s.Now()
	starts, ends := time.UnixMilli(a.StartsAt), time.UnixMilli(a.EndsAt)
	for _, t := range []struct {
		name, text string
		least      int
		most       int
		what       string
	}{
		{"title", a.Title, 2, maxTitle, "活动名称"},
		{"about", a.About, 0, maxAbout, "活动说明"},
		{"place", a.Place, 2, maxPlace, "地点"},
		{"insurance", a.Insurance, 0, maxNote, "保险说明"},
		{"summary", a.Summary, 0, maxAbout, "活动小结"},
	} {
		if n := len([]rune(t.text)); n < t.least || n > t.most {
			return ErrInvalid.At(t.name, fmt.Sprintf("%s请写 %d 到 %d 字", t.what, t.least, t.most))
		}
		if strings.ContainsFunc(t.text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
			return ErrInvalid.At(t.name, t.what+"里有不能显示的字符，请重新填写")
		}
	}
	_, known := r.Kind(a.Kind)
	switch {
	case !known:
		return ErrInvalid.At("kind", "请选择活动类别")
	case a.StartsAt == 0:
		return ErrInvalid.At("starts_at", "请写开始时间")
	case !ends.After(starts):
		return ErrInvalid.At("ends_at", "结束时间应晚于开始时间，请核对是否填反了")
	case ends.Sub(starts) > time.Duration(r.Hours.Most)*time.Hour:
		return ErrInvalid.At("ends_at", fmt.Sprintf("一次活动最长 %d 小时，更长的请分成几次", r.Hours.Most))
	case a.State == Drafted && !starts.After(now):
		return ErrInvalid.At("starts_at", "开始时间已经过去")
	case starts.After(now.AddDate(0, 0, r.AheadDays)):
		return ErrInvalid.At("starts_at", fmt.Sprintf("最早提前 %d 天安排", r.AheadDays))
	case a.SignupUntil > a.EndsAt:
		return ErrInvalid.At("signup_until", "报名截止时间不能晚于活动结束")
	case a.MinAge < 0 || a.MinAge > maxAge:
		return ErrInvalid.At("min_age", fmt.Sprintf("最小年龄应在 0 到 %d 之间", maxAge))
	case a.Audience != Everybody && a.Audience != Members:
		return ErrInvalid.At("audience", "请选择面向所有人还是党员")
	case a.AcceptMinutes < 0 || a.AcceptMinutes > maxAccept:
		return ErrInvalid.At("accept_minutes", "候补确认时间应在 0 分钟到 7 天之间")
	case a.Risky && a.Insurance == "":
		return ErrInvalid.At("insurance", "有风险的活动请写明怎样上保险")
	}
	return s.checkFence(a)
}

// checkFence says what is wrong with where an activity is.
func (s *Service) checkFence(a Activity) error {
	if (a.Lat == nil) != (a.Lng == nil) {
		return ErrInvalid.At("location", "位置要有经度和纬度")
	}
	if a.Lat != nil {
		if err := (geo.Point{Lat: *a.Lat, Lng: *a.Lng}).Check(); err != nil {
			return ErrInvalid.At("location", "这个位置不对，请在地图上重新选")
		}
	}
	f := s.Rules().Fence
	switch {
	case a.Fence == 0 && a.Strict:
		return ErrInvalid.At("fence", "要求到现场签到的活动请设签到范围")
	case a.Fence == 0:
		return nil
	case a.Fence < f.Least || a.Fence > f.Most:
		return ErrInvalid.At("fence", fmt.Sprintf("签到范围应在 %d 到 %d 米之间；不按位置签到请填 0", f.Least, f.Most))
	case a.Lat == nil:
		return ErrInvalid.At("location", "按位置签到的活动请在地图上选好地点")
	}
	return nil
}

func (s *Service) checkSlots(slots []SlotDraft) error {
	r := s.Rules()
	if len(slots) < 1 || len(slots) > r.Slots.Most {
		return ErrInvalid.At("slots", fmt.Sprintf("岗位应有 1 到 %d 个", r.Slots.Most))
	}
	seen := map[string]bool{}
	for i, sl := range slots {
		name := strings.TrimSpace(sl.Name)
		switch {
		case name == "" || len([]rune(name)) > maxSlot || strings.ContainsFunc(name, unicode.IsControl):
			return ErrInvalid.At(fmt.Sprintf("slots[%d].name", i), fmt.Sprintf("岗位名称请写 1 到 %d 字", maxSlot))
		case seen[name]:
			return ErrInvalid.At(fmt.Sprintf("slots[%d].name", i), "岗位名称重复了")
		case sl.Capacity < 1 || sl.Capacity > r.Capacity.Most:
			return ErrInvalid.At(fmt.Sprintf("slots[%d].capacity", i), fmt.Sprintf("名额应在 1 到 %d 之间", r.Capacity.Most))
		}
		seen[name] = true
	}
	return nil
}

// checkSource says whether what an activity comes from is there.
func (s *Service) checkSource(ctx context.Context, by org.Actor, from Source) error {
	switch from.Kind {
	case "":
		return nil
	case "ticket":
		_, err := s.Tickets.Get(ctx, by, from.Ref)
		if errors.Is(err, ticket.ErrUnknown) {
			err = ErrInvalid.At("source", "没有找到这件工单，请核对工单号")
		}
		return err
	}
	known, ok := s.Sources[from.Kind]
	if !ok {
		return ErrInvalid.At("source", "只能来自工单、微心愿或项目")
	}
	err := known(ctx, by, from.Ref)
	if told, ours := errors.AsType[*errs.Error](err); ours && told.Kind == errs.NotFound {
		err = ErrInvalid.At("source", told.Message)
	}
	return err
}

// Change changes an activity that is not over; who signed up is told when time
// or place move. Of one that is over only the summary changes.
// Errors: ErrUnknown, ErrNotYours, ErrStale, ErrState, ErrInvalid, ErrBelow.
func (s *Service) Change(ctx context.Context, by org.Actor, id int64, version int, d Draft) error {
	before, err := one(s.DB.Read(ctx), id)
	if err != nil {
		return err
	}
	if !organises(by, before) {
		return ErrNotYours
	}
	if version != 0 && version != before.Version {
		return ErrStale
	}
	a := before
	s.fill(&a, d)
	late := before.State == Done || before.State == Archived
	switch {
	case before.State == Cancelled:
		return ErrState
	case late:
		only := before
		only.Summary = a.Summary
		a, d.Slots = only, nil
	case before.State == Running && (a.StartsAt != before.StartsAt || a.OrgID != before.OrgID):
		return ErrState.Say("活动已经开始，不能再改开始时间")
	case before.State == Published && a.StartsAt != before.StartsAt && a.StartsAt <= s.Now().UnixMilli():
		return ErrInvalid.At("starts_at", "开始时间已经过去")
	case a.EndsAt != before.EndsAt && a.EndsAt <= s.Now().UnixMilli():
		return ErrInvalid.At("ends_at", "结束时间已经过去")
	}
	if d.Until == nil && before.SignupUntil == before.StartsAt {
		a.SignupUntil = a.StartsAt
	}
	if err := s.check(a); err != nil {
		return err
	}
	if d.Slots != nil {
		if err := s.checkSlots(*d.Slots); err != nil {
			return err
		}
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		a.Version = before.Version + 1
		did := tx.Model(&Activity{}).Where("id = ? AND version = ?", id, before.Version).Select(
			"Title", "Kind", "About", "Place", "Lat", "Lng", "Fence", "Strict", "PointID", "StartsAt", "EndsAt", "SignupUntil", "MinAge", "Audience",
			"AcceptMinutes", "Overlapping", "Risky", "Insurance", "Summary", "Version",
		).Updates(&a)
		if did.Error != nil {
			return did.Error
		}
		if did.RowsAffected == 0 {
			return ErrStale
		}
		if d.Slots != nil {
			if err := s.reshape(tx, a, *d.Slots); err != nil {
				return err
			}
		}
		moved := a.StartsAt != before.StartsAt || a.EndsAt != before.EndsAt || a.Place != before.Place
		if !moved || !slices.Contains(open, a.State) {
			return nil
		}
		if err := s.plan(tx, a); err != nil {
			return err
		}
		return s.tellMoved(tx, a)
	})
	s.Outbox.Wake()
	return err
}

// reshape makes an activity's posts as a draft says. A post with people stays;
// its capacity never falls below them.
func (s *Service) reshape(tx *gorm.DB, a Activity, drafts []SlotDraft) error {
	var before []Slot
	if err := tx.Order("seq").Find(&before, "activity_id = ?", a.ID).Error; err != nil {
		return err
	}
	seq := 0
	kept := map[int64]bool{}
	for _, b := range before {
		seq = max(seq, b.Seq)
	}
	for i, d := range drafts {
		name := strings.TrimSpace(d.Name)
		if d.ID == 0 {
			seq++
			made := Slot{ID: s.DB.NewID(), ActivityID: a.ID, Seq: seq, Name: name, Capacity: d.Capacity}
			if err := tx.Create(&made).Error; err != nil {
				return err
			}
			continue
		}
		if !slices.ContainsFunc(before, func(b Slot) bool { return b.ID == d.ID }) {
			return ErrSlot
		}
		kept[d.ID] = true
		slot, _, err := hold(tx, d.ID, 0)
		if err != nil {
			return err
		}
		if d.Capacity < slot.Taken {
			return ErrBelow.Say(fmt.Sprintf("「%s」已有 %d 人报名，名额不能少于 %d", slot.Name, slot.Taken, slot.Taken)).At(fmt.Sprintf("slots[%d].capacity", i), "少于已报名的人数")
		}
		if err := tx.Exec("UPDATE activity_slots SET name = ?, capacity = ? WHERE id = ? AND taken <= ?", name, d.Capacity, d.ID, d.Capacity).Error; err != nil {
			return err
		}
		slot.Capacity = d.Capacity
		if err := s.moveUp(tx, slot, a); err != nil {
			return err
		}
	}
	for _, b := range before {
		if kept[b.ID] {
			continue
		}
		if _, _, err := hold(tx, b.ID, 0); err != nil {
			return err
		}
		var n int64
		if err := tx.Raw("SELECT COUNT(*) FROM activity_signups WHERE slot_id = ?", b.ID).Scan(&n).Error; err != nil {
			return err
		}
		if n > 0 {
			return ErrBelow.Say("「" + b.Name + "」已有人报名，不能去掉")
		}
		if err := tx.Exec("DELETE FROM activity_slots WHERE id = ?", b.ID).Error; err != nil {
			return err
		}
	}
	return nil
}

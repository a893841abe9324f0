package outage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// Errors a person may see.
var (
	ErrUnknown   = errs.New(errs.NotFound, "outage_unknown", "没有找到这条公告")
	ErrInvalid   = errs.New(errs.Invalid, "invalid", "填写有误，请检查后再提交")
	ErrOverlap   = errs.New(errs.Conflict, "outage_overlap", "同一地方同一时间已有同类公告，请先改那一条，或把它结束")
	ErrEnded     = errs.New(errs.Conflict, "outage_ended", "这条公告已经结束，不能再改")
	ErrKeyReused = errs.New(errs.Conflict, "key_reused", "这个请求编号已用于另一次办理，请刷新后重试")
)

// The most that is taken.
const (
	maxText  = 200 // characters
	maxScope = 50  // units
)

// Notice is what was announced. Times are epoch milliseconds.
type Notice struct {
	ID           int64
	Category     string
	FromAt, ToAt int64
	EndedAt      int64 // when it was said to be over, or taken back; 0: not
	Text         string
	ByID         int64
	ByTitle      string // the post that announced it
	CreatedAt    int64
	RequestKey   *string
	Scope        []org.Unit `gorm:"-"` // where it holds: these and all below them
	Asked        int64      `gorm:"-"` // how many people have asked about it
}

// TableName is gorm's.
func (Notice) TableName() string { return "outages" }

// scope is a unit in which a notice holds.
type scope struct {
	OutageID int64 `gorm:"primaryKey;autoIncrement:false"`
	OrgID    int64 `gorm:"primaryKey;autoIncrement:false"`
}

// TableName is gorm's.
func (scope) TableName() string { return "outage_scopes" }

// asker is a person who asked about a notice.
type asker struct {
	OutageID int64 `gorm:"primaryKey;autoIncrement:false"`
	PersonID int64 `gorm:"primaryKey;autoIncrement:false"`
	AskedAt  int64
}

// TableName is gorm's.
func (asker) TableName() string { return "outage_askers" }

// Service announces. Build it with every field.
type Service struct {
	DB  *db.DB
	Org *org.Service
	Now func() time.Time

	rules atomic.Pointer[Rules]
}

// Adopt puts rules in force.
func (s *Service) Adopt(r *Rules) { s.rules.Store(r) }

// Rules are those in force.
func (s *Service) Rules() *Rules { return s.rules.Load() }

// Draft is an outage to be announced.
type Draft struct {
	Key      string // makes a repeated request the same notice; empty = none
	Category string
	Scope    []int64 // units
	From, To time.Time
	Text     string
}

// Announce makes a notice. Whoever may announce at each of the places may, and
// the desk of the department that answers for the kind. Errors: ErrInvalid,
// org.ErrUnknownUnit, org.ErrOutside, ErrOverlap, ErrKeyReused.
func (s *Service) Announce(ctx context.Context, by org.Actor, d Draft) (Notice, error) {
	kind, ok := s.Rules().Kind(d.Category)
	if !ok {
		return Notice{}, ErrInvalid.At("category", "能公告的有："+s.names())
	}
	n := Notice{ID: s.DB.NewID(), Category: d.Category, FromAt: d.From.UnixMilli(), ToAt: d.To.UnixMilli(), Text: d.Text, ByID: by.Person, CreatedAt: s.Now().UnixMilli()}
	if d.Key != "" {
		n.RequestKey = &d.Key
	}
	if err := s.check(&n); err != nil {
		return Notice{}, err
	}
	slices.Sort(d.Scope)
	d.Scope = slices.Compact(d.Scope)
	if len(d.Scope) == 0 || len(d.Scope) > maxScope {
		return Notice{}, ErrInvalid.At("scope", fmt.Sprintf("请选择停的是哪里：1 到 %d 个小区、社区或街道，或全市", maxScope))
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := s.Org.Hold(tx); err != nil { // two at once would not see each other
			return err
		}
		if err := tx.Find(&n.Scope, "id IN ?", d.Scope).Error; err != nil {
			return err
		}
		if len(n.Scope) != len(d.Scope) {
			return org.ErrUnknownUnit
		}
		for _, u := range n.Scope {
			if !slices.Contains([]org.Kind{org.City, org.Subdistrict, org.Community, org.CompoundKind}, u.Kind) || u.ClosedAt != 0 {
				return ErrInvalid.At("scope", "只能选没有撤销的小区、社区、街道或全市")
			}
		}
		title, err := s.may(by, n, kind)
		if err != nil {
			return err
		}
		n.ByTitle = title
		var scopes []scope
		for _, u := range n.Scope {
			scopes = append(scopes, scope{n.ID, u.ID})
		}
		if err := s.overlaps(tx, n); err != nil {
			return err
		}
		if err := tx.Create(&n).Error; err != nil {
			return err
		}
		return tx.Create(&scopes).Error
	})
	if d.Key == "" || !errors.Is(err, gorm.ErrDuplicatedKey) && !errors.Is(err, ErrOverlap) {
		return n, err
	}
	var made Notice // perhaps this same request made it before
	if found := s.DB.Read(ctx).Limit(1).Find(&made, "request_key = ?", d.Key); found.Error != nil || found.RowsAffected == 0 {
		return n, errors.Join(found.Error, err)
	}
	if made.Category != n.Category || made.FromAt != n.FromAt || made.ByID != n.ByID {
		return made, ErrKeyReused
	}
	return s.Notice(ctx, made.ID)
}

func (s *Service) names() string {
	var out []string
	for _, k := range s.Rules().Kinds {
		out = append(out, k.Name)
	}
	return strings.Join(out, "、")
}

// check says what is wrong with a notice by itself.
func (s *Service) check(n *Notice) error {
	n.Text = strings.TrimSpace(n.Text)
	now := s.Now()
	from, to := time.UnixMilli(n.FromAt), time.UnixMilli(n.ToAt)
	switch {
	case n.Text == "":
		return ErrInvalid.At("text", "请写明为什么停、停哪里、什么时候恢复")
	case len([]rune(n.Text)) > maxText:
		return ErrInvalid.At("text", fmt.Sprintf("公告请控制在 %d 字以内", maxText))
	case strings.ContainsFunc(n.Text, unicode.IsControl):
		return ErrInvalid.At("text", "公告里有不能显示的字符，请重新填写")
	case !to.After(from):
		return ErrInvalid.At("to", "结束时间应晚于开始时间，请核对是否填反了")
	case !to.After(now):
		return ErrInvalid.At("to", "这段时间已经过去，不用再公告")
	case to.Sub(from) > s.Rules().longest():
		return ErrInvalid.At("to", fmt.Sprintf("一次公告最长 %d 天", s.Rules().MaxDays))
	case from.After(now.Add(s.Rules().ahead())):
		return ErrInvalid.At("from", fmt.Sprintf("最早提前 %d 天公告", s.Rules().AheadDays))
	}
	return nil
}

// may says who announces: the title of the post that lets them.
func (s *Service) may(by org.Actor, n Notice, kind Kind) (string, error) {
	for _, u := range n.Scope {
		if !by.Announces(u.Path, kind.Department) {
			return "", org.ErrOutside
		}
	}
	for _, p := range by.Posts {
		one := org.Actor{Posts: []org.Post{p}}
		if !slices.ContainsFunc(n.Scope, func(u org.Unit) bool { return !one.Announces(u.Path, kind.Department) }) {
			return p.Title, nil
		}
	}
	return by.Posts[0].Title, nil // several posts together
}

// May says that somebody may change a notice that is not over, or end it.
func (s *Service) May(by org.Actor, n Notice) bool {
	kind, _ := s.Rules().Kind(n.Category)
	_, err := s.may(by, n, kind)
	return err == nil && len(by.Posts) > 0 && n.EndedAt == 0 && n.ToAt > s.Now().UnixMilli()
}

// Offer is a kind that somebody may announce, and the highest place where.
type Offer struct {
	Kind
	At org.Unit
}

// Desk are the kinds that somebody may announce, in the order of the rules.
func (s *Service) Desk(ctx context.Context, by org.Actor) ([]Offer, error) {
	over, secretary := by.Scope(org.Announce)
	var out []Offer
	for _, k := range s.Rules().Kinds {
		unit := over.OrgID
		for _, p := range by.Posts {
			if p.Role == org.DepartmentDesk && k.Department != "" && p.OrgCode == k.Department {
				d, err := s.Org.Unit(ctx, p.OrgID)
				if err != nil {
					return nil, err
				}
				unit = d.ParentID // all that stands under the same unit
			}
		}
		if unit == 0 && !secretary {
			continue
		}
		at, err := s.Org.Unit(ctx, unit)
		if err != nil {
			return nil, err
		}
		out = append(out, Offer{k, at})
	}
	return out, nil
}

// overlaps says that another notice of the category holds somewhere in the
// same place at some of the same time.
func (s *Service) overlaps(tx *gorm.DB, n Notice) error {
	var others []struct {
		ID   int64
		Path string
		Name string
	}
	err := tx.Raw(`SELECT o.id, u.path, u.name FROM outages o JOIN outage_scopes s ON s.outage_id = o.id JOIN org_units u ON u.id = s.org_id
WHERE o.to_at > ? AND o.category = ? AND o.from_at < ? AND o.ended_at = 0 AND o.id <> ?`, n.FromAt, n.Category, n.ToAt, n.ID).Scan(&others).Error
	if err != nil {
		return err
	}
	for _, other := range others {
		for _, u := range n.Scope {
			if org.Within(u.Path, other.Path) || org.Within(other.Path, u.Path) {
				return ErrOverlap.Say("「" + other.Name + "」这段时间已有同类公告，请先改那一条，或把它结束")
			}
		}
	}
	return nil
}

// Changes are what is to be changed of a notice; nil stays as it is.
type Changes struct {
	To   *time.Time
	Text *string
	End  bool // it is over now
}

// Change changes a notice that has not ended. Errors: those of Announce,
// ErrUnknown, ErrEnded.
func (s *Service) Change(ctx context.Context, by org.Actor, id int64, c Changes) (Notice, error) {
	n, err := s.Notice(ctx, id)
	if err != nil {
		return n, err
	}
	kind, _ := s.Rules().Kind(n.Category)
	if _, err := s.may(by, n, kind); err != nil {
		return n, err
	}
	now := s.Now().UnixMilli()
	if n.EndedAt != 0 || n.ToAt <= now {
		if c.End {
			return n, nil
		}
		return n, ErrEnded
	}
	if c.To != nil {
		n.ToAt = c.To.UnixMilli()
	}
	if c.Text != nil {
		n.Text = *c.Text
	}
	if err := s.check(&n); err != nil {
		return n, err
	}
	if c.End {
		n.EndedAt = now
	}
	return n, s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := s.Org.Hold(tx); err != nil {
			return err
		}
		if !c.End {
			if err := s.overlaps(tx, n); err != nil {
				return err
			}
		}
		took := tx.Exec("UPDATE outages SET to_at = ?, text = ?, ended_at = ? WHERE id = ? AND ended_at = 0", n.ToAt, n.Text, n.EndedAt, id)
		if took.Error == nil && took.RowsAffected == 0 && !c.End {
			return ErrEnded
		}
		return took.Error
	})
}

// Notice returns one. Errors: ErrUnknown.
func (s *Service) Notice(ctx context.Context, id int64) (Notice, error) {
	var n []Notice
	if err := s.DB.Read(ctx).Find(&n, "id = ?", id).Error; err != nil {
		return Notice{}, err
	}
	if len(n) == 0 {
		return Notice{}, ErrUnknown
	}
	return n[0], s.complete(ctx, n)
}

// Over is the notice that holds now for a category at a unit, by the unit's
// path, or false.
func (s *Service) Over(ctx context.Context, path, category string) (Notice, bool, error) {
	var found []Notice
	now := s.Now().UnixMilli()
	err := s.DB.Read(ctx).Raw(`SELECT o.* FROM outage_scopes s JOIN outages o ON o.id = s.outage_id
WHERE s.org_id IN ? AND o.category = ? AND o.from_at <= ? AND o.to_at > ? AND o.ended_at = 0 ORDER BY o.to_at DESC LIMIT 1`,
		org.Unit{Path: path}.Chain(), category, now, now).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return Notice{}, false, err
	}
	return found[0], true, nil
}

// Ask counts a person who asks about a notice, once.
func (s *Service) Ask(ctx context.Context, id, person int64) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&asker{id, person, s.Now().UnixMilli()}).Error
	})
}

// Listing says which notices a list is of.
type Listing struct {
	Unit  int64 // those that hold there, above it or somewhere below it; 0: all
	Past  bool  // also those that are over
	After int64 // below this id; 0: from the newest
	Limit int
}

// List are notices, the newest first. They are public. Errors: org.ErrUnknownUnit.
func (s *Service) List(ctx context.Context, l Listing) ([]Notice, error) {
	q := s.DB.Read(ctx).Model(&Notice{}).Select("outages.*")
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
		q = q.Where("outages.id IN (SELECT s.outage_id FROM outage_scopes s JOIN org_units u ON u.id = s.org_id WHERE s.org_id IN ? OR u.path >= ? AND u.path < ?)", u.Chain(), from, to)
	}
	if !l.Past {
		q = q.Where("outages.to_at > ? AND outages.ended_at = 0", s.Now().UnixMilli())
	}
	if l.After != 0 {
		q = q.Where("outages.id < ?", l.After)
	}
	var out []Notice
	if err := q.Order("outages.id DESC").Limit(l.Limit).Scan(&out).Error; err != nil {
		return nil, err
	}
	return out, s.complete(ctx, out)
}

// complete tells of notices where they hold and how many asked.
func (s *Service) complete(ctx context.Context, list []Notice) error {
	var ids []int64
	for _, n := range list {
		ids = append(ids, n.ID)
	}
	if len(ids) == 0 {
		return nil
	}
	var units []struct {
		org.Unit
		OutageID int64
	}
	if err := s.DB.Read(ctx).Raw("SELECT u.*, s.outage_id FROM outage_scopes s JOIN org_units u ON u.id = s.org_id WHERE s.outage_id IN ? ORDER BY u.path", ids).Scan(&units).Error; err != nil {
		return err
	}
	var asked []struct{ OutageID, N int64 }
	if err := s.DB.Read(ctx).Raw("SELECT outage_id, COUNT(*) AS n FROM outage_askers WHERE outage_id IN ? GROUP BY outage_id", ids).Scan(&asked).Error; err != nil {
		return err
	}
	for i := range list {
		for _, u := range units {
			if u.OutageID == list[i].ID {
				list[i].Scope = append(list[i].Scope, u.Unit)
			}
		}
		for _, a := range asked {
			if a.OutageID == list[i].ID {
				list[i].Asked = a.N
			}
		}
	}
	return nil
}

// Unite gives what one person asked to another, as part of the caller's
// transaction: they are found to be the same.
func (s *Service) Unite(tx *gorm.DB, from, to int64) error {
	return db.Unite(tx, "outage_askers", from, to, "outage_id")
}

// Forget drops what a person asked, as part of the caller's transaction.
func (s *Service) Forget(tx *gorm.DB, person int64) error {
	return tx.Exec("DELETE FROM outage_askers WHERE person_id = ?", person).Error
}

// Expire drops who asked about notices that were over before a moment.
func (s *Service) Expire(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "outages WHERE to_at < ? AND EXISTS (SELECT 1 FROM outage_askers a WHERE a.outage_id = outages.id)", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("DELETE FROM outage_askers WHERE outage_id IN ?", ids)
		},
	})
}

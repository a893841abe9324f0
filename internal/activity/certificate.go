package activity

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

// Errors of certificates.
var (
	ErrNoName       = errs.New(errs.Conflict, "name_missing", "证明上要写您的姓名。请先在小程序或网页「我的」里填写真实姓名，再来开证明")
	ErrNothing      = errs.New(errs.Conflict, "nothing_to_certify", "这段时间还没有可以证明的服务时长。参加活动时请签到、签退，活动结束、时长计入以后再来开；近期的活动请看「活动」")
	ErrMuch         = errs.New(errs.Conflict, "certificate_long", "这段时间的活动太多，一份证明写不下，请选短一点的起止日期分开来开")
	ErrCertificate  = errs.New(errs.NotFound, "certificate_unknown", "没有找到这份证明，请核对编号和校验码")
	ErrNotValid     = errs.New(errs.Conflict, "certificate_revoked", "这份证明已撤销，不能再下载，请重新开一份")
	ErrMayNotRevoke = errs.New(errs.NotFound, "certificate_unknown", "您负责的范围内没有这份证明，请核对编号")
)

// certifiedMost is how many activities one certificate lists: some thirty sheets.
const certifiedMost = 500

// Certificate is a certificate of volunteer service (志愿服务记录证明) as it was
// issued, beside what Certified says of the person. Order 67 of the Ministry of
// Civil Affairs (民政部令第67号《志愿服务记录与证明出具办法（试行）》, in force since
// 2021-02-01), article 3, asks that it be true, correct, complete, free of charge
// and in time: it is made of the record alone, for nothing, at once. Who recorded
// certifies (谁记录谁证明): the unit that it names is the smallest that covers all
// that it lists. Its fields are those that the four authorities gave such
// certificates in 民发〔2015〕149号: who the person is, what was served when and
// for how long, who issues it, its number and day.
type Certificate struct {
	ID        int64
	Number    string // FYZM2026-1234567846
	Token     string // names its page for the public
	PersonID  int64  // 0: forgotten
	OrgID     int64  // the unit that issues it
	OrgName   string // as it was called then
	FromDay   string // 2006-01-02
	ToDay     string
	Count     int `gorm:"column:activities"`
	Minutes   int // by check-in and check-out
	Manual    int `gorm:"column:manual_minutes"` // beside them, written down by hand
	Snapshot  string
	IssuedAt  int64
	RevokedAt int64 // 0: it is valid

	RevokedWhy   Why
	RevokedNote  string // in the words of whoever revoked it; the public does not read it
	RevokedBy    int64
	RevokedTitle string
	SameKey      *string
	RequestKey   *string
}

// TableName is gorm's.
func (Certificate) TableName() string { return "certificates" }

// Certified is what a certificate says of a person. It is stored sealed, and
// never made anew, so that the certificate stays as it was.
type Certified struct {
	Name     string          `json:"name"`
	Document string          `json:"document,omitempty"` // 身份证号 or 手机号; empty: neither is known
	Masked   string          `json:"masked,omitempty"`   // its number
	Items    []CertifiedItem `json:"items"`              // oldest first
}

// CertifiedItem is one activity of a certificate.
type CertifiedItem struct {
	Activity int64  `json:"activity"`
	Day      string `json:"day"` // 2006-01-02
	Title    string `json:"title"`
	Place    string `json:"place"`
	Content  string `json:"content"` // its kind, and the post that the person had
	Minutes  int    `json:"minutes"`
	Manual   int    `json:"manual,omitempty"` // beside them
	By       string `json:"by"`               // the post that recorded it
}

// Days is a period of whole days, 2006-01-02. Empty: from the first activity,
// until today.
type Days struct{ From, To string }

// certifiable is how many minutes of an activity a certificate may tell of, and
// how many beside them that were written down by hand. What waits for a review
// does not count.
func certifiable(v Served) (minutes, manual int) {
	return v.Counts(), v.Manual
}

// Certify issues a certificate over a period, or gives the one that is there: of
// the request with that key, or with the same content of the same day. Errors:
// ErrNoName, ErrInvalid, ErrNothing, ErrMuch, ErrKeyReused.
func (s *Service) Certify(ctx context.Context, p member.Person, key string, days Days) (Certificate, error) {
	if p.Name == "" {
		return Certificate{}, ErrNoName
	}
	asked := days
	if err := days.check(s.day(s.Now().UnixMilli())); err != nil {
		return Certificate{}, err
	}
	if key != "" {
		if before, ok, err := s.issuedBefore(ctx, p.ID, Certificate{RequestKey: &key}, asked); ok || err != nil {
			return before, err
		}
	}
	who, err := s.identity(p)
	if err != nil {
		return Certificate{}, err
	}
	for range 3 {
		var c Certificate
		err := s.DB.Tx(ctx, func(tx *gorm.DB) (err error) {
			if err := holdPerson(tx, p.ID); err != nil {
				return err
			}
			if c, err = s.draw(ctx, tx, p.ID, who, days); err != nil {
				return err
			}
			if key != "" {
				c.RequestKey = &key
			}
			return tx.Create(&c).Error
		})
		if !errors.Is(err, gorm.ErrDuplicatedKey) {
			return c, err
		}
		if before, ok, err := s.issuedBefore(ctx, p.ID, c, asked); ok || err != nil {
			return before, err
		}
		// Only the number was taken: another one is drawn.
	}
	return Certificate{}, errs.ErrBusy
}

// check fills in today, and says what is wrong with a period.
func (d *Days) check(today string) error {
	d.To = cmp.Or(d.To, today)
	for field, day := range map[string]string{"from": d.From, "to": d.To} {
		if _, err := time.Parse(time.DateOnly, day); err != nil && day != "" {
			return ErrInvalid.At(field, "日期请写成 2026-11-23 的样子")
		}
	}
	switch {
	case d.To > today:
		return ErrInvalid.At("to", "还没有到这一天，请选今天或更早")
	case d.From > d.To:
		return ErrInvalid.At("from", "开始日期晚于结束日期，请改一下")
	}
	return nil
}

func (s *Service) day(ms int64) string {
	return time.UnixMilli(ms).In(s.Location).Format(time.DateOnly)
}

// identity is who a certificate is of: an ID number, or else a phone, masked.
func (s *Service) identity(p member.Person) (Certified, error) {
	fields, err := s.Members.MaskedFields(p)
	out := Certified{Name: p.Name}
	for _, f := range []string{member.FieldPhone, member.FieldIDNumber} {
		if fields[f] != "" {
			out.Document, out.Masked = member.FieldTitle(f), fields[f]
		}
	}
	return out, err
}

// holdPerson makes issuing and correcting wait for each other, so that nothing
// is certified that was corrected a moment before.
func holdPerson(tx *gorm.DB, person int64) error {
	return tx.Exec("UPDATE people SET digest_hour = digest_hour WHERE id = ?", person).Error
}

// draw makes a certificate of the record as it is. Errors: ErrNothing, ErrMuch.
func (s *Service) draw(ctx context.Context, tx *gorm.DB, person int64, who Certified, days Days) (Certificate, error) {
	c := Certificate{ID: s.DB.NewID(), PersonID: person, IssuedAt: s.Now().UnixMilli()}
	served, err := s.hours(tx, person)
	if err != nil {
		return c, err
	}
	var units []int64
	posts, err := postsOf(tx, person)
	if err != nil {
		return c, err
	}
	for _, v := range slices.Backward(served) {
		minutes, manual := certifiable(v)
		day := s.day(v.StartsAt)
		if minutes+manual == 0 || day < days.From || day > days.To {
			continue
		}
		kind, _ := s.Rules().Kind(v.Kind)
		content := kind.Name
		if post := posts[v.ID]; post != "" {
			content += "：" + post
		}
		who.Items = append(who.Items, CertifiedItem{v.ID, day, v.Title, v.Place, content, minutes, manual, v.ByTitle})
		units = append(units, v.OrgID)
		c.Minutes += minutes
		c.Manual += manual
	}
	switch c.Count = len(who.Items); {
	case c.Count == 0:
		return c, ErrNothing
	case c.Count > certifiedMost:
		return c, ErrMuch
	}
	unit, err := s.issuer(ctx, units)
	if err != nil {
		return c, err
	}
	c.OrgID, c.OrgName = unit.ID, unit.Name
	c.FromDay, c.ToDay = cmp.Or(days.From, who.Items[0].Day), days.To
	text, err := json.Marshal(who)
	if err != nil {
		return c, err
	}
	same := s.Members.Keys.Index("certificates.same", fmt.Sprint(person, c.OrgID, c.FromDay, c.ToDay, s.day(c.IssuedAt), string(text)))
	c.SameKey, c.Snapshot = &same, s.Members.Keys.Seal(string(text), snapshotPlace(c.ID))
	c.Number, c.Token = newNumber(s.Now().In(s.Location).Year()), newToken()
	return c, nil
}

// snapshotPlace names where a sealed certificate stands.
func snapshotPlace(id int64) string { return fmt.Sprintf("certificates.snapshot/%d", id) }

// postsOf are the posts (岗位) that a person had, by activity.
func postsOf(tx *gorm.DB, person int64) (map[int64]string, error) {
	var rows []struct {
		ActivityID int64
		Name       string
	}
	err := tx.Raw("SELECT g.activity_id, sl.name FROM activity_signups g JOIN activity_slots sl ON sl.id = g.slot_id WHERE g.person_id = ?", person).Scan(&rows).Error
	out := make(map[int64]string, len(rows))
	for _, r := range rows {
		out[r.ActivityID] = r.Name
	}
	return out, err
}

// issuers are the kinds of units that issue: a group of a building, or a
// household, has no seal.
var issuers = map[org.Kind]bool{org.City: true, org.Subdistrict: true, org.Community: true, org.CompoundKind: true, org.Department: true}

// issuer is the smallest unit that covers all of some units and may issue.
func (s *Service) issuer(ctx context.Context, ids []int64) (org.Unit, error) {
	held, err := s.Org.Units(ctx, ids)
	if err != nil {
		return org.Unit{}, err
	}
	first, ok := held[ids[0]]
	if !ok {
		return org.Unit{}, org.ErrUnknownUnit
	}
	above, err := s.Org.Units(ctx, first.Chain())
	if err != nil {
		return org.Unit{}, err
	}
	for _, id := range first.Chain() {
		u := above[id]
		covers := issuers[u.Kind] && u.ClosedAt == 0
		for _, h := range held {
			covers = covers && org.Within(h.Path, u.Path)
		}
		if covers {
			return u, nil
		}
	}
	return s.Org.Root(ctx)
}

// issuedBefore is the certificate that was issued for the request of c, or with
// its content, if there is one. Error: ErrKeyReused.
func (s *Service) issuedBefore(ctx context.Context, person int64, c Certificate, asked Days) (Certificate, bool, error) {
	for _, by := range []struct {
		column string
		key    *string
	}{{"request_key", c.RequestKey}, {"same_key", c.SameKey}} {
		if by.key == nil {
			continue
		}
		before, err := s.certificate(ctx, "person_id = ? AND "+by.column+" = ?", person, *by.key)
		switch {
		case errors.Is(err, ErrCertificate):
			continue
		case err == nil && (asked.From != "" && asked.From != before.FromDay || asked.To != "" && asked.To != before.ToDay):
			err = ErrKeyReused
		}
		return before, true, err
	}
	return c, false, nil
}

// Length is a time as people write it: 2小时30分.
func Length(minutes int) string {
	switch h, m := minutes/60, minutes%60; {
	case h == 0:
		return fmt.Sprintf("%d分", m)
	case m == 0:
		return fmt.Sprintf("%d小时", h)
	default:
		return fmt.Sprintf("%d小时%d分", h, m)
	}
}

// Certificates are those of a person, the newest first, before the one with that
// id (0: the latest).
func (s *Service) Certificates(ctx context.Context, person, before int64, limit int) ([]Certificate, error) {
	q := s.DB.Read(ctx).Where("person_id = ?", person)
	if before != 0 {
		q = q.Where("id < ?", before)
	}
	var out []Certificate
	return out, q.Order("id DESC").Limit(limit).Find(&out).Error
}

// Whole is a certificate with all that it says, for the person whose it is.
// Errors: ErrCertificate, ErrNotValid.
func (s *Service) Whole(ctx context.Context, person int64, number string) (Certificate, Certified, error) {
	c, err := s.certificate(ctx, "number = ? AND person_id = ?", number, person)
	if err == nil && c.RevokedAt != 0 {
		err = ErrNotValid
	}
	if err != nil {
		return c, Certified{}, err
	}
	said, err := s.opened(c)
	return c, said, err
}

// certificate is the one for which a condition holds. Error: ErrCertificate.
func (s *Service) certificate(ctx context.Context, where string, args ...any) (Certificate, error) {
	var found []Certificate
	if err := s.DB.Read(ctx).Where(where, args...).Limit(1).Find(&found).Error; err != nil {
		return Certificate{}, err
	}
	if len(found) == 0 {
		return Certificate{}, ErrCertificate
	}
	return found[0], nil
}

func (s *Service) opened(c Certificate) (Certified, error) {
	var out Certified
	text, err := s.Members.Keys.Open(c.Snapshot, snapshotPlace(c.ID))
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal([]byte(text), &out)
}

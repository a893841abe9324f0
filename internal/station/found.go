package station

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"gorm.io/gorm"

	"fenlin/internal/geo"
	"fenlin/internal/org"
)

// The most that is taken.
const (
	maxName    = 40 // characters
	maxAddress = 60
	maxNote    = 60
	maxUses    = 60
	maxRooms   = 40
	maxSeats   = 2000
	maxOpening = 14
)

var (
	aClock = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$|^24:00$`)
	aPhone = regexp.MustCompile(`^[0-9-]{5,20}$`)
)

// Draft is what is to be known of a point.
type Draft struct {
	Key           string // makes a repeated request the same point; empty = none
	Org           int64
	Kind          Kind
	Name, Address string
	Place         *geo.Point // of any datum; nil: not known
	Phone         string
	Opening       []Hours
	OpeningNote   string
	Demonstration bool
	PassedOn      string
	RewardedOn    string
	UpgradedOn    string
	Rooms         []Room // by their names; ids are not looked at
}

// apply makes a point what a draft says.
func (d Draft) apply(p *Point) {
	p.Name, p.Address, p.Phone, p.OpeningNote = strings.TrimSpace(d.Name), strings.TrimSpace(d.Address), strings.TrimSpace(d.Phone), strings.TrimSpace(d.OpeningNote)
	p.Opening, p.Demonstration, p.PassedOn, p.RewardedOn, p.UpgradedOn = append([]Hours{}, d.Opening...), d.Demonstration, d.PassedOn, d.RewardedOn, d.UpgradedOn
	p.Lat, p.Lng = 0, 0
	if d.Place != nil {
		at := d.Place.In(geo.GCJ02)
		p.Lat, p.Lng = at.Lat, at.Lng
	}
	p.Rooms = nil
	for _, r := range d.Rooms {
		p.Rooms = append(p.Rooms, Room{Name: strings.TrimSpace(r.Name), Seats: r.Seats, Uses: strings.TrimSpace(r.Uses)})
	}
}

// check says what is wrong with a draft, each in its field.
func (d Draft) check(now time.Time) error {
	if d.Place != nil {
		if err := org.CheckPoint(*d.Place); err != nil {
			return err
		}
	}
	var p Point
	d.apply(&p)
	refused := ErrInvalid
	wrong := func(is bool, field, say string) {
		if is {
			refused = refused.At(field, say)
		}
	}
	text := func(field, what, text string, least, most int) {
		n := len([]rune(text))
		wrong(n < least || n > most, field, fmt.Sprintf("%s请写 %d 到 %d 个字", what, least, most))
		wrong(strings.ContainsFunc(text, unicode.IsControl), field, what+"里有不能显示的字符")
	}
	text("name", "名称", p.Name, 2, maxName)
	text("address", "地址", p.Address, 0, maxAddress)
	text("opening_note", "说明", p.OpeningNote, 0, maxNote)
	wrong(p.Phone != "" && !aPhone.MatchString(p.Phone), "phone", "电话请只写数字和短横线，例如 0358-7222222")
	for _, f := range []struct{ field, day string }{{"passed_on", p.PassedOn}, {"rewarded_on", p.RewardedOn}, {"upgraded_on", p.UpgradedOn}} {
		day, err := time.ParseInLocation(time.DateOnly, f.day, now.Location())
		wrong(f.day != "" && err != nil, f.field, "日期请按 2026-06-01 的样子填写")
		wrong(f.day != "" && err == nil && day.After(now), f.field, "日期还没有到")
	}
	wrong(p.RewardedOn != "" && p.PassedOn == "", "rewarded_on", "通过验收以后才有奖补，请填写验收日期")
	wrong(len(p.Opening) > maxOpening, "opening", fmt.Sprintf("开放时间最多写 %d 段", maxOpening))
	for i, h := range p.Opening {
		field := fmt.Sprintf("opening[%d]", i)
		wrong(len(h.Days) == 0 || slices.ContainsFunc(h.Days, func(d int) bool { return d < 1 || d > 7 }), field+".days", "请选星期几：1 是星期一，7 是星期日")
		wrong(!aClock.MatchString(h.From) || !aClock.MatchString(h.To), field+".from", "时间请按 09:00 的样子填写")
		wrong(aClock.MatchString(h.From) && aClock.MatchString(h.To) && h.From >= h.To, field+".to", "结束时间应晚于开始时间")
	}
	wrong(len(p.Rooms) > maxRooms, "rooms", fmt.Sprintf("房间最多 %d 个", maxRooms))
	seen := map[string]bool{}
	for i, r := range p.Rooms {
		field := fmt.Sprintf("rooms[%d]", i)
		text(field+".name", "房间名称", r.Name, 1, 20)
		text(field+".uses", "用途", r.Uses, 0, maxUses)
		wrong(seen[r.Name], field+".name", "房间名称重复了")
		wrong(r.Seats < 0 || r.Seats > maxSeats, field+".seats", fmt.Sprintf("座位请填 0 到 %d", maxSeats))
		seen[r.Name] = true
	}
	if len(refused.Fields) > 0 {
		return refused
	}
	return nil
}

// kinds says at which units a kind of point may be.
var kinds = map[Kind][]org.Kind{
	Center:  {org.City, org.Subdistrict, org.Community},
	Station: {org.CompoundKind},
}

// Found makes a point. Errors: ErrInvalid, org.ErrPoint, org.ErrUnknownUnit,
// org.ErrOutside, ErrKeyReused.
func (s *Service) Found(ctx context.Context, by org.Actor, d Draft) (Point, error) {
	if err := d.check(s.Now().In(s.Location)); err != nil {
		return Point{}, err
	}
	u, err := s.Org.Unit(ctx, d.Org)
	if err != nil {
		return Point{}, err
	}
	switch {
	case !by.May(org.ManagePoints, u.Path):
		return Point{}, org.ErrOutside
	case u.ClosedAt != 0 || !slices.Contains(kinds[d.Kind], u.Kind):
		return Point{}, ErrInvalid.At("org_id", "服务中心请选市、街道或社区，服务站请选小区")
	}
	p := Point{ID: s.DB.NewID(), OrgID: d.Org, Kind: d.Kind, Version: 1, CreatedAt: s.Now().UnixMilli()}
	if d.Key != "" {
		p.RequestKey = &d.Key
	}
	d.apply(&p)
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&p).Error; err != nil {
			return err
		}
		return s.furnish(tx, p)
	})
	if d.Key == "" || !errors.Is(err, gorm.ErrDuplicatedKey) {
		return p, err
	}
	var made []Point // this same request made it before
	if err := s.DB.Read(ctx).Find(&made, "request_key = ?", d.Key).Error; err != nil || len(made) == 0 {
		return Point{}, errors.Join(err, ErrKeyReused)
	}
	if made[0].OrgID != p.OrgID || made[0].Kind != p.Kind || made[0].Name != p.Name {
		return Point{}, ErrKeyReused
	}
	return s.Point(ctx, made[0].ID)
}

// furnish makes the rooms of a point those that it says; one that keeps its name
// keeps its id.
func (s *Service) furnish(tx *gorm.DB, p Point) error {
	var there []Room
	if err := tx.Find(&there, "point_id = ?", p.ID).Error; err != nil {
		return err
	}
	for i := range p.Rooms {
		r := &p.Rooms[i]
		r.PointID = p.ID
		if at := slices.IndexFunc(there, func(old Room) bool { return old.Name == r.Name }); at >= 0 {
			r.ID = there[at].ID
			there = slices.Delete(there, at, at+1)
			if err := tx.Model(&Room{}).Where("id = ?", r.ID).Updates(map[string]any{"seats": r.Seats, "uses": r.Uses}).Error; err != nil {
				return err
			}
			continue
		}
		r.ID = s.DB.NewID()
		if err := tx.Create(r).Error; err != nil {
			return err
		}
	}
	for _, gone := range there {
		if err := tx.Delete(&gone).Error; err != nil {
			return err
		}
	}
	return nil
}

// Change makes a point what a draft says, its unit and kind excepted.
// Errors: those of Found, ErrUnknown, ErrStale, ErrClosed.
func (s *Service) Change(ctx context.Context, by org.Actor, id, version int64, d Draft) (Point, error) {
	if err := d.check(s.Now().In(s.Location)); err != nil {
		return Point{}, err
	}
	err := s.alter(ctx, by, id, version, func(tx *gorm.DB, p Point) error {
		d.apply(&p)
		changed := tx.Model(&Point{}).Where("id = ?", id).Select("Name", "Address", "Lat", "Lng", "Phone", "Opening", "OpeningNote", "Demonstration", "PassedOn", "RewardedOn", "UpgradedOn").Updates(p)
		if changed.Error != nil {
			return changed.Error
		}
		return s.furnish(tx, p)
	})
	if err != nil {
		return Point{}, err
	}
	return s.Point(ctx, id)
}

// Close ends a point; what visitors said of it stays. Errors: ErrUnknown,
// org.ErrOutside; a closed one is closed already.
func (s *Service) Close(ctx context.Context, by org.Actor, id int64) error {
	err := s.alter(ctx, by, id, 0, func(tx *gorm.DB, _ Point) error {
		return tx.Exec("UPDATE service_points SET closed_at = ? WHERE id = ?", s.Now().UnixMilli(), id).Error
	})
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// alter takes a point for a change by somebody who looks after it; version 0 is any.
func (s *Service) alter(ctx context.Context, by org.Actor, id, version int64, change func(tx *gorm.DB, p Point) error) error {
	p, err := s.Managed(ctx, by, id)
	if err == nil && p.ClosedAt != 0 {
		err = ErrClosed
	}
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		took := tx.Exec("UPDATE service_points SET version = version + 1 WHERE id = ? AND closed_at = 0 AND (version = ? OR ? = 0)", id, version, version)
		if took.Error != nil {
			return took.Error
		}
		if took.RowsAffected == 0 {
			return ErrStale
		}
		return change(tx, p)
	})
}

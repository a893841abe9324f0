package org

import (
	"context"
	"errors"
	"slices"

	"gorm.io/gorm"

	"fenlin/internal/errs"
)

// Errors of posts and appointments.
var (
	ErrUnknownPost  = errs.New(errs.NotFound, "post_unknown", "没有找到这个职务，或不在您负责的范围内")
	ErrPostHeld     = errs.New(errs.Conflict, "post_held", "这个职务在这段时间已有人担任，请先办理原任职者的卸任")
	ErrMayNot       = errs.New(errs.Forbidden, "appointment_outside", "这个职务不由您任免，请报有任免权的上级")
	ErrPeriod       = errs.New(errs.Invalid, "period", "任职的起止时间不正确").At("to", "结束时间要在开始时间之后")
	ErrPostTitle    = errs.New(errs.Invalid, "post_invalid", "职务不完整").At("title", "请填写职务名称")
	ErrPostPlace    = errs.New(errs.Invalid, "post_place", "这一级组织没有这种职务").At("role", "这一级组织没有这种职务")
	ErrAppointment  = errs.New(errs.NotFound, "appointment_unknown", "没有找到这次任职，或已经结束")
	ErrPostOccupied = errs.New(errs.Conflict, "post_occupied", "还有人担任这个职务，请先办理卸任")
)

// Roles are the roles that posts have, with their names and the kinds of units
// where such posts stand.
var Roles = []struct {
	Role  Role
	Name  string
	Kinds []Kind
}{
	{CitySecretary, "市级党组织负责人", []Kind{City}},
	{SubdistrictSecretary, "街道党工委书记", []Kind{Subdistrict}},
	{DepartmentDesk, "部门受理岗", []Kind{Department}},
	{CommunitySecretary, "社区党组织书记", []Kind{Community}},
	{Commissioner, "兼职委员", []Kind{Community}},
	{GridWorker, "网格员", []Kind{Community, CompoundKind}},
	{BranchSecretary, "小区党支部书记", []Kind{CompoundKind}},
	{PropertyManager, "物业经理", []Kind{CompoundKind}},
	{GroupLeader, "楼栋党小组长", []Kind{BuildingGroup}},
	{HouseholdHub, "党员中心户", []Kind{HubHousehold, BuildingGroup}},
	{Clerk, "台账员", []Kind{City, Subdistrict, Community}},
	{PrivacyOfficer, "个人信息保护负责人", []Kind{City}},
	{Operator, "系统运维", []Kind{City}},
}

// StandsAt says whether units of a kind have posts of the role.
func (r Role) StandsAt(kind Kind) bool {
	for _, known := range Roles {
		if known.Role == r {
			return slices.Contains(known.Kinds, kind)
		}
	}
	return false
}

// appointedBy is the rank that whoever fills a post must have, where it is not
// simply a rank above the post's own.
var appointedBy = map[Role]int{
	PropertyManager: CommunitySecretary.Rank(),   // the community deals with the company
	Commissioner:    SubdistrictSecretary.Rank(), // the subdistrict sends them
	DepartmentDesk:  CitySecretary.Rank(),
}

// inPerson are the posts that the city's secretary alone fills, no clerk for them.
var inPerson = map[Role]bool{CitySecretary: true, Clerk: true, Operator: true, PrivacyOfficer: true}

// clerkFor is whose papers the clerk of a unit writes: the unit's secretary's.
var clerkFor = map[Kind]Role{City: CitySecretary, Subdistrict: SubdistrictSecretary, Community: CommunitySecretary}

// appoints is the rank with which the holder of a post appoints; 0 = not at all.
func (p Post) appoints() int {
	switch p.Role {
	case BranchSecretary, CommunitySecretary, SubdistrictSecretary, CitySecretary:
		return p.Role.Rank()
	case Clerk:
		return clerkFor[p.OrgKind].Rank()
	default:
		return 0
	}
}

// MayAppoint says whether the actor may fill or empty a post of that role at
// the unit with that path: whoever stands above the post within their subtree,
// or the clerk who writes for them.
func (a Actor) MayAppoint(role Role, path string) bool {
	need := appointedBy[role]
	if need == 0 {
		need = role.Rank() + 1
	}
	return slices.ContainsFunc(a.Posts, func(p Post) bool {
		if inPerson[role] {
			return p.Role == CitySecretary && Within(path, p.OrgPath)
		}
		return p.appoints() >= need && Within(path, p.OrgPath)
	})
}

// Appointment is a person in a post for a time.
type Appointment struct {
	ID       int64
	PostID   int64
	PersonID int64
	UnitID   int64  // the work unit that sends them (双向进入、交叉任职); 0 = none
	FromAt   int64  // epoch milliseconds; may be to come
	ToAt     int64  // the moment when it ends; 0 = open
	ByID     int64  // who appointed them; 0 = the ledger's founding
	Note     string // the paper, 任命文件
}

// TableName is gorm's.
func (Appointment) TableName() string { return "appointments" }

// CreatePost makes a post at a unit. Errors: ErrMayNot, ErrPostTitle,
// ErrPostPlace, ErrUnknownUnit.
func (s *Service) CreatePost(ctx context.Context, by Actor, unit int64, role Role, title string) (Post, error) {
	u, err := s.Unit(ctx, unit)
	switch {
	case err != nil:
		return Post{}, err
	case u.ClosedAt != 0:
		return Post{}, ErrUnknownUnit
	case !role.StandsAt(u.Kind):
		return Post{}, ErrPostPlace
	case !by.MayAppoint(role, u.Path):
		return Post{}, ErrMayNot
	case title == "":
		return Post{}, ErrPostTitle
	}
	id, err := s.NewPost(ctx, unit, role, title)
	return Post{ID: id, OrgID: unit, Role: role, Title: title, OrgKind: u.Kind, OrgCode: u.Code, OrgName: u.Name, OrgPath: u.Path}, err
}

// ClosePost takes a post away that nobody holds or is to hold. Errors:
// ErrUnknownPost, ErrMayNot, ErrPostOccupied, ErrStale.
func (s *Service) ClosePost(ctx context.Context, by Actor, post int64) error {
	now := s.Now().UnixMilli()
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		p, version, err := s.post(tx, by, post)
		if err != nil {
			return err
		}
		held, err := overlapping(tx, p.ID, now, 0)
		if err != nil {
			return err
		}
		if len(held) > 0 {
			return ErrPostOccupied
		}
		if err := touch(tx, p.ID, version); err != nil {
			return err
		}
		return tx.Exec("UPDATE posts SET closed_at = ? WHERE id = ?", now, p.ID).Error
	})
}

// Who finds or makes the person to be appointed, in the same transaction.
type Who func(tx *gorm.DB) (person int64, err error)

// Appoint puts a person in a post for a time, from now on when FromAt is 0. The
// same appointment again is the same. Errors: ErrUnknownPost, ErrMayNot,
// ErrPeriod, ErrPostHeld, ErrStale, ErrWorkUnit, those of who.
func (s *Service) Appoint(ctx context.Context, by Actor, a Appointment, who Who) (Appointment, error) {
	now := s.Now().UnixMilli()
	if a.FromAt == 0 {
		a.FromAt = now
	}
	if a.ToAt != 0 && (a.ToAt <= a.FromAt || a.ToAt <= now) {
		return a, ErrPeriod
	}
	a.ID, a.ByID = s.DB.NewID(), by.Person
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		p, version, err := s.post(tx, by, a.PostID)
		if err != nil {
			return err
		}
		if a.PersonID, err = who(tx); err != nil {
			return err
		}
		if a.UnitID != 0 {
			if err := tx.Take(&WorkUnit{}, "id = ? AND closed_at = 0", a.UnitID).Error; err != nil {
				return unknownWorkUnit(err)
			}
		}
		held, err := overlapping(tx, p.ID, a.FromAt, a.ToAt)
		if err != nil {
			return err
		}
		for _, h := range held {
			if len(held) == 1 && h.PersonID == a.PersonID && h.UnitID == a.UnitID && h.ToAt == a.ToAt && h.FromAt <= a.FromAt {
				a = h
				return nil
			}
		}
		if len(held) > 0 {
			return ErrPostHeld
		}
		if err := touch(tx, p.ID, version); err != nil {
			return err
		}
		return tx.Create(&a).Error
	})
	return a, err
}

// Dismiss ends an appointment at a moment, now when it is 0: whoever may appoint
// does, or the holder. Errors: ErrAppointment, ErrMayNot, ErrPeriod, ErrStale.
func (s *Service) Dismiss(ctx context.Context, by Actor, appointment, at int64, note string) error {
	now := s.Now().UnixMilli()
	if at == 0 {
		at = now
	}
	if at < now {
		return ErrPeriod.Say("卸任时间不能在过去")
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		var a Appointment
		err := tx.Take(&a, "id = ? AND (to_at = 0 OR to_at > ?)", appointment, now).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return ErrAppointment
		}
		if err != nil {
			return err
		}
		p, version, err := s.post(tx, by, a.PostID)
		if errors.Is(err, ErrMayNot) && a.PersonID == by.Person {
			err = nil
		}
		if err != nil {
			return err
		}
		if err := touch(tx, p.ID, version); err != nil {
			return err
		}
		// One that has not begun ends where it begins: it never was.
		return tx.Model(&Appointment{}).Where("id = ?", a.ID).Updates(map[string]any{"to_at": max(at, a.FromAt), "note": join(a.Note, note)}).Error
	})
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	text := []rune(a + "；" + b)
	return string(text[:min(len(text), 255)])
}

// post is a post with its version, if the actor may fill it. With ErrMayNot it
// is given all the same.
func (s *Service) post(tx *gorm.DB, by Actor, id int64) (Post, int64, error) {
	var found []struct {
		Post
		Version int64
	}
	err := tx.Raw(`SELECT p.id, p.org_id, p.role, p.title, p.version, u.kind AS org_kind, u.code AS org_code, u.name AS org_name, u.path AS org_path
FROM posts p JOIN org_units u ON u.id = p.org_id WHERE p.id = ? AND p.closed_at = 0 AND u.closed_at = 0`, id).Scan(&found).Error
	switch {
	case err != nil:
		return Post{}, 0, err
	case len(found) == 0:
		return Post{}, 0, ErrUnknownPost
	case !by.MayAppoint(found[0].Role, found[0].OrgPath):
		return found[0].Post, found[0].Version, ErrMayNot
	}
	return found[0].Post, found[0].Version, nil
}

// overlapping are the appointments to a post within a time; to 0 is open.
func overlapping(tx *gorm.DB, post, from, to int64) ([]Appointment, error) {
	q := tx.Where("post_id = ? AND (to_at = 0 OR to_at > ?) AND from_at <> to_at", post, from)
	if to != 0 {
		q = q.Where("from_at < ?", to)
	}
	var out []Appointment
	return out, q.Order("from_at").Find(&out).Error
}

// touch lets one of those win who change a post's holders at once.
func touch(tx *gorm.DB, post, version int64) error {
	done := tx.Exec("UPDATE posts SET version = version + 1 WHERE id = ? AND version = ?", post, version)
	if done.Error == nil && done.RowsAffected == 0 {
		return ErrStale
	}
	return done.Error
}

// Tenure is a post with who holds it now.
type Tenure struct {
	Post
	Appointment Appointment // the zero value when nobody holds it
	VacantSince int64       // the last one's end; 0 = nobody ever held it, or somebody does
}

// Listing is a question for posts.
type Listing struct {
	Unit    int64
	Subtree bool // with all units below
	Vacant  bool // only those that nobody holds
	After   int64
	Limit   int
}

// ListPosts returns posts of a unit with who holds them, by id. Errors:
// ErrUnknownUnit, ErrOutside.
func (s *Service) ListPosts(ctx context.Context, by Actor, q Listing) ([]Tenure, error) {
	u, err := s.Unit(ctx, q.Unit)
	if err != nil {
		return nil, err
	}
	if !by.May(SeeOrg, u.Path) {
		return nil, ErrOutside
	}
	now := s.Now().UnixMilli()
	where, args := "p.org_id = ?", []any{u.ID}
	if q.Subtree {
		from, to := Below(u.Path)
		where, args = "u.path >= ? AND u.path < ?", []any{from, to}
	}
	if q.Vacant {
		where += " AND a.id IS NULL"
	}
	var rows []struct {
		Post
		Holding     Appointment `gorm:"embedded;embeddedPrefix:a_"`
		VacantSince int64
	}
	err = s.DB.Read(ctx).Raw(`SELECT p.id, p.org_id, p.role, p.title, u.kind AS org_kind, u.code AS org_code, u.name AS org_name, u.path AS org_path,
a.id IS NOT NULL AS filled, COALESCE(a.id, 0) AS a_id, COALESCE(a.person_id, 0) AS a_person_id, COALESCE(a.unit_id, 0) AS a_unit_id, COALESCE(a.from_at, 0) AS a_from_at,
COALESCE(a.to_at, 0) AS a_to_at, COALESCE(a.note, '') AS a_note,
CASE WHEN a.id IS NULL THEN COALESCE((SELECT MAX(b.to_at) FROM appointments b WHERE b.post_id = p.id AND b.to_at <= ? AND b.from_at <> b.to_at), 0) ELSE 0 END AS vacant_since
FROM posts p JOIN org_units u ON u.id = p.org_id LEFT JOIN appointments a ON a.post_id = p.id AND a.from_at <= ? AND (a.to_at = 0 OR a.to_at > ?)
WHERE `+where+` AND p.closed_at = 0 AND u.closed_at = 0 AND p.id > ? ORDER BY p.id LIMIT ?`, append(append([]any{now, now, now}, args...), q.After, q.Limit)...).Scan(&rows).Error
	out := make([]Tenure, 0, len(rows))
	for _, r := range rows {
		r.Holding.PostID = r.ID
		out = append(out, Tenure{r.Post, r.Holding, r.VacantSince})
	}
	return out, err
}

// Tenures are all who ever held a post or are to hold it, the latest first.
// Errors: ErrUnknownPost.
func (s *Service) Tenures(ctx context.Context, by Actor, post int64) ([]Appointment, error) {
	found, err := s.Posts(ctx, []int64{post})
	if err != nil {
		return nil, err
	}
	p, ok := found[post]
	if !ok || !by.May(SeeOrg, p.OrgPath) {
		return nil, ErrUnknownPost
	}
	var out []Appointment
	return out, s.DB.Read(ctx).Where("post_id = ? AND from_at <> to_at", post).Order("from_at DESC, id DESC").Find(&out).Error
}

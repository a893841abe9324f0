package org

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/errs"
)

// Errors of work units.
var (
	ErrWorkUnit      = errs.New(errs.Invalid, "unit_unknown", "没有找到这个单位").At("unit_id", "没有找到这个单位")
	ErrWorkUnitGone  = errs.New(errs.NotFound, "unit_unknown", "没有找到这个单位")
	ErrWorkUnitName  = errs.New(errs.Invalid, "unit_invalid", "单位的信息不正确")
	ErrWorkUnitTaken = errs.New(errs.Conflict, "unit_name_taken", "已有同名的单位").At("name", "已有同名的单位")
	ErrPartner       = errs.New(errs.Invalid, "partner_unknown", "没有找到这个社区").At("communities", "只能结对社区")
)

func unknownWorkUnit(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ErrWorkUnit
	}
	return err
}

// WorkUnitKind says what a work unit is.
type WorkUnitKind string

// The kinds of work units.
const (
	Organ      WorkUnitKind = "organ"      // 机关单位
	Enterprise WorkUnitKind = "enterprise" // 企业
	Social     WorkUnitKind = "social"     // 社会组织
)

// WorkUnit is a 单位: where members work and who sends people into posts. It
// stands outside the tree.
type WorkUnit struct {
	ID        int64
	Kind      WorkUnitKind
	Code      string // 统一社会信用代码; empty when not told
	Name      string // unique
	ContactID int64  // a person; 0 = none
	Sample    bool
	CreatedAt int64
	ClosedAt  int64 // 0 while it is there
}

// TableName is gorm's.
func (WorkUnit) TableName() string { return "units" }

// Partner says that a work unit serves a community (结对共建).
type Partner struct {
	UnitID      int64
	CommunityID int64
	Since       string // 2006-01-02
}

// TableName is gorm's.
func (Partner) TableName() string { return "unit_partners" }

// creditDigits are the digits of a 统一社会信用代码 (GB 32100-2015): no I, O, S, V, Z.
const creditDigits = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// IsCreditCode says whether a text can be a 统一社会信用代码: 18 digits, the last
// of which follows from the others (GB 32100-2015, MOD 31).
func IsCreditCode(code string) bool {
	if len(code) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := range 17 {
		value := strings.IndexByte(creditDigits, code[i])
		if value < 0 {
			return false
		}
		sum += value * weight
		weight = weight * 3 % 31
	}
	return strings.IndexByte(creditDigits, code[17]) == (31-sum%31)%31
}

// WorkUnits returns work units that are there, by id; search is a part of the
// name. Whoever holds a post may see them: ErrOutside.
func (s *Service) WorkUnits(ctx context.Context, by Actor, kind WorkUnitKind, search string, after int64, limit int) ([]WorkUnit, error) {
	if len(by.Posts) == 0 {
		return nil, ErrOutside
	}
	q := s.DB.Read(ctx).Where("closed_at = 0 AND id > ?", after).Order("id").Limit(limit)
	if kind != "" {
		q = q.Where("kind = ?", kind)
	}
	if search != "" {
		q = q.Scopes(nameHas(search))
	}
	var out []WorkUnit
	return out, q.Find(&out).Error
}

// NamedLike are at most limit work units of whose name search is a part: for
// people who say where they work. Their names are public.
func (s *Service) NamedLike(ctx context.Context, search string, limit int) ([]WorkUnit, error) {
	var out []WorkUnit
	return out, s.DB.Read(ctx).Where("closed_at = 0").Scopes(nameHas(search)).Order("id").Limit(limit).Find(&out).Error
}

func nameHas(search string) func(*gorm.DB) *gorm.DB {
	return func(q *gorm.DB) *gorm.DB {
		return q.Where("name LIKE ?", "%"+strings.NewReplacer("%", "", "_", "", `\`, "").Replace(search)+"%")
	}
}

// Answers are the work units whose contact a person is, by name.
func (s *Service) Answers(ctx context.Context, person int64) ([]WorkUnit, error) {
	var out []WorkUnit
	return out, s.DB.Read(ctx).Order("name").Find(&out, "contact_id = ? AND closed_at = 0", person).Error
}

// WorkUnit returns a work unit with the communities that it serves. Errors:
// ErrOutside, ErrWorkUnitGone.
func (s *Service) WorkUnit(ctx context.Context, by Actor, id int64) (WorkUnit, []Unit, error) {
	var u WorkUnit
	if len(by.Posts) == 0 {
		return u, nil, ErrOutside
	}
	if err := s.DB.Read(ctx).Take(&u, id).Error; err != nil {
		if errors.Is(err, gorm.ErrRecordNotFound) {
			err = ErrWorkUnitGone
		}
		return u, nil, err
	}
	var partners []Unit
	return u, partners, s.DB.Read(ctx).Raw("SELECT u.* FROM unit_partners p JOIN org_units u ON u.id = p.community_id WHERE p.unit_id = ? ORDER BY u.name", id).Scan(&partners).Error
}

// KeepWorkUnit makes a work unit (ID 0) or changes one, with the communities that
// it serves unless partners is nil. Errors: ErrOutside, ErrWorkUnitGone,
// ErrWorkUnitName, ErrWorkUnitTaken, ErrPartner.
func (s *Service) KeepWorkUnit(ctx context.Context, by Actor, u WorkUnit, partners []int64) (WorkUnit, error) {
	root, err := s.Root(ctx)
	if err != nil {
		return u, err
	}
	u.Name, u.Code = strings.TrimSpace(u.Name), strings.ToUpper(strings.TrimSpace(u.Code))
	switch {
	case !by.May(ManageOrg, root.Path):
		return u, ErrOutside
	case u.Name == "":
		return u, ErrWorkUnitName.At("name", "请填写单位名称")
	case u.Code != "" && !IsCreditCode(u.Code):
		return u, ErrWorkUnitName.At("code", "统一社会信用代码不正确，请对照登记证书填写 18 位")
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if u.ID == 0 {
			u.ID = s.DB.NewID()
			if err := s.AddWorkUnits(tx, []WorkUnit{u}); err != nil {
				return err
			}
		} else if err := tx.Model(&WorkUnit{}).Where("id = ?", u.ID).
			Updates(map[string]any{"kind": u.Kind, "code": u.Code, "name": u.Name, "closed_at": u.ClosedAt}).Error; err != nil {
			return err
		}
		if partners == nil {
			return nil
		}
		var known int64
		if err := tx.Model(&Unit{}).Where("id IN ? AND kind = ? AND closed_at = 0", partners, Community).Count(&known).Error; err != nil {
			return err
		}
		if int(known) != len(partners) {
			return ErrPartner
		}
		var before []Partner
		if err := tx.Find(&before, "unit_id = ?", u.ID).Error; err != nil {
			return err
		}
		pairs := make([]Partner, 0, len(partners))
		for _, c := range partners {
			p := Partner{CommunityID: c, Since: s.Now().Format("2006-01-02")}
			if i := slices.IndexFunc(before, func(b Partner) bool { return b.CommunityID == c }); i >= 0 {
				p.Since = before[i].Since
			}
			pairs = append(pairs, p)
		}
		return s.Pair(tx, u.ID, pairs)
	})
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		err = ErrWorkUnitTaken
	}
	return u, err
}

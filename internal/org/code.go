package org

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/errs"
)

// Errors of codes that a person may see.
var (
	ErrCodeUnknown = errs.New(errs.NotFound, "code_unknown", "没有找到这个二维码的地方，可能印错了或已经撤下。请直接写一句话报事，写明小区和楼号")
	ErrCodeRevoked = errs.New(errs.NotFound, "code_revoked", "这个二维码已经停用。请直接写一句话报事，写明小区和楼号")
	ErrKeyReused   = errs.New(errs.Conflict, "key_reused", "这个请求编号已用于另一次办理，请刷新后重试")
	ErrManyCodes   = errs.New(errs.TooMany, "too_many_codes", "这个小区的二维码太多了，请先停用不用的")
)

// CodeKind is what a code is put up at.
type CodeKind string

// The kinds of codes.
const (
	GateCode     CodeKind = "gate"     // 大门
	BuildingCode CodeKind = "building" // 楼栋、单元门口
	PointCode    CodeKind = "point"    // 党群服务点
	FixtureCode  CodeKind = "fixture"  // 设施：电梯、消防栓、路灯
)

// CodeKinds are the kinds with their names.
var CodeKinds = []struct {
	Kind CodeKind
	Name string
}{{GateCode, "大门"}, {BuildingCode, "楼栋"}, {PointCode, "服务点"}, {FixtureCode, "设施"}}

// Code is a code that is put up at a place. Times are epoch milliseconds.
type Code struct {
	ID             int64
	Kind           CodeKind
	OrgID          int64 // the compound; of a service point perhaps a community
	Building, Unit string
	Name           string // of the gate, the point or the thing: 南门, 电梯
	Category       string // what is likely wrong there, as understand's codes; empty: anything
	Note           string // for those who look after it: where it hangs
	Content        string // what WeChat wants the picture to say; empty: not asked yet
	MadeBy         int64
	CreatedAt      int64
	RevokedAt      int64 // 0: it holds
	RequestKey     *string
}

// TableName is gorm's.
func (Code) TableName() string { return "place_codes" }

const (
	compoundScene = "compound:" // a compound's gate, by the compound's id: there since the first version
	codeScene     = "code:"
	maxCodes      = 2000 // of one unit, that hold
)

// Scene is what WeChat tells when the code is scanned.
func (c Code) Scene() string {
	if c.ID == 0 {
		return compoundScene + strconv.FormatInt(c.OrgID, 10)
	}
	return codeScene + strconv.FormatInt(c.ID, 10)
}

// Spot is where in its compound the code is, as people say it: 3号楼2单元电梯.
func (c Code) Spot() string {
	var b strings.Builder
	if c.Building != "" {
		b.WriteString(c.Building + "号楼")
	}
	if c.Unit != "" {
		b.WriteString(c.Unit + "单元")
	}
	return b.String() + c.Name
}

// Posted is a code with the unit that it stands for now.
type Posted struct {
	Code
	At Unit // the unit that took the code's unit up, when it was merged
}

// Posted returns what a scene stands for. Errors: ErrCodeUnknown,
// ErrCodeRevoked, ErrUnknownUnit of a compound that is gone.
func (s *Service) Posted(ctx context.Context, scene string) (Posted, error) {
	var p Posted
	if rest, ok := strings.CutPrefix(scene, compoundScene); ok {
		id, err := strconv.ParseInt(rest, 10, 64)
		if err != nil {
			return p, ErrCodeUnknown
		}
		place, err := s.Place(ctx, id)
		if errors.Is(err, ErrUnknownUnit) {
			err = ErrCodeUnknown
		}
		return Posted{Code{Kind: GateCode, OrgID: id}, place.Unit}, err
	}
	rest, ok := strings.CutPrefix(scene, codeScene)
	id, err := strconv.ParseInt(rest, 10, 64)
	if !ok || err != nil {
		return p, ErrCodeUnknown
	}
	if err := s.DB.Read(ctx).Take(&p.Code, id).Error; err != nil {
		if errors.Is(err, gorm.ErrRecordNotFound) {
			err = ErrCodeUnknown
		}
		return p, err
	}
	now, err := s.Successor(ctx, p.OrgID)
	if err != nil {
		return p, err
	}
	if p.At, err = s.Unit(ctx, now); err != nil {
		return p, err
	}
	if p.RevokedAt != 0 || p.At.ClosedAt != 0 {
		return p, ErrCodeRevoked
	}
	return p, nil
}

// PutUp makes a code; a request with a key that was used before returns the code
// that it made then. The category is the caller's to check. Errors: ErrInvalid,
// ErrUnknownUnit, ErrOutside, ErrClosed, ErrManyCodes, ErrKeyReused.
func (s *Service) PutUp(ctx context.Context, by Actor, key string, c Code) (Code, error) {
	if err := c.check(); err != nil {
		return Code{}, err
	}
	c.ID, c.MadeBy, c.CreatedAt = s.DB.NewID(), by.Person, s.Now().UnixMilli()
	if key != "" {
		c.RequestKey = &key
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
		u, err := unitOf(tx, c.OrgID)
		switch {
		case err != nil:
			return err
		case !by.May(ManageCodes, u.Path):
			return ErrOutside
		case u.ClosedAt != 0:
			return ErrClosed
		case u.Kind != CompoundKind && (c.Kind != PointCode || u.Kind != Community):
			return ErrInvalid.At("org_id", "请选择一个小区；服务点也可以选社区")
		}
		var there int64
		if err := tx.Model(&Code{}).Where("org_id = ? AND revoked_at = 0", c.OrgID).Count(&there).Error; err != nil {
			return err
		}
		if there >= maxCodes {
			return ErrManyCodes
		}
		return tx.Create(&c).Error
	})
	if !errors.Is(err, gorm.ErrDuplicatedKey) {
		return c, err
	}
	var made Code
	if err := s.DB.Read(ctx).Take(&made, "request_key = ?", key).Error; err != nil {
		return made, err
	}
	if made.Kind != c.Kind || made.OrgID != c.OrgID || made.Building != c.Building || made.Unit != c.Unit || made.Name != c.Name {
		return made, ErrKeyReused
	}
	return made, nil
}

func (c *Code) check() error {
	for _, part := range []*string{&c.Building, &c.Unit, &c.Name, &c.Note} {
		*part = strings.TrimSpace(*part)
	}
	for _, f := range []struct {
		field, called, text string
		most                int
	}{{"building", "楼号", c.Building, 16}, {"unit", "单元", c.Unit, 16}, {"name", "名称", c.Name, 20}, {"note", "备注", c.Note, 200}} {
		if err := plain(f.field, f.called, f.text, f.most); err != nil {
			return err
		}
	}
	known := false
	for _, k := range CodeKinds {
		known = known || k.Kind == c.Kind
	}
	switch {
	case !known:
		return ErrInvalid.At("kind", "请选择大门、楼栋、服务点或设施")
	case c.Kind == BuildingCode && c.Building == "":
		return ErrInvalid.At("building", "请填写楼号，例如 3")
	case c.Kind == FixtureCode && c.Name == "":
		return ErrInvalid.At("name", "请填写设施的名称，例如 电梯")
	case c.Kind == PointCode && c.Name == "":
		return ErrInvalid.At("name", "请填写服务点的名称")
	case c.Unit != "" && c.Building == "":
		return ErrInvalid.At("building", "写了单元，请也填写楼号")
	}
	return nil
}

// CodeList says which codes a list is of.
type CodeList struct {
	Unit    int64 // with all below it
	Revoked bool  // also those that are revoked
	After   int64
	Limit   int
}

// Codes are the codes of a subtree in the order in which they were made.
// Errors: ErrUnknownUnit, ErrOutside.
func (s *Service) Codes(ctx context.Context, by Actor, l CodeList) ([]Posted, error) {
	u, err := s.Unit(ctx, l.Unit)
	if err != nil {
		return nil, err
	}
	if !by.May(ManageCodes, u.Path) {
		return nil, ErrOutside
	}
	from, to := Below(u.Path)
	q := s.DB.Read(ctx).Table("place_codes c").Select("c.*").Joins("JOIN org_units u ON u.id = c.org_id").
		Where("u.path >= ? AND u.path < ? AND c.id > ?", from, to, l.After)
	if !l.Revoked {
		q = q.Where("c.revoked_at = 0")
	}
	var codes []Code
	if err := q.Order("c.id").Limit(l.Limit).Scan(&codes).Error; err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(codes))
	for _, c := range codes {
		ids = append(ids, c.OrgID)
	}
	slices.Sort(ids)
	units, err := s.Units(ctx, slices.Compact(ids))
	out := make([]Posted, 0, len(codes))
	for _, c := range codes {
		out = append(out, Posted{c, units[c.OrgID]})
	}
	return out, err
}

// TakeDown revokes a code: whoever scans it is told so. Doing it again changes
// nothing. That of a compound itself is not ours to revoke. Errors:
// ErrCodeUnknown, ErrOutside, ErrInvalid.
func (s *Service) TakeDown(ctx context.Context, by Actor, scene string) error {
	if strings.HasPrefix(scene, compoundScene) {
		return ErrInvalid.Say("小区自带的二维码不能停用；小区撤销后它自己就失效")
	}
	id, err := strconv.ParseInt(strings.TrimPrefix(scene, codeScene), 10, 64)
	if err != nil {
		return ErrCodeUnknown
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		var c Code
		if err := tx.Take(&c, id).Error; err != nil {
			if errors.Is(err, gorm.ErrRecordNotFound) {
				return ErrCodeUnknown
			}
			return err
		}
		u, err := unitOf(tx, c.OrgID)
		if err != nil {
			return err
		}
		if !by.May(ManageCodes, u.Path) {
			return ErrOutside
		}
		return tx.Exec("UPDATE place_codes SET revoked_at = ? WHERE id = ? AND revoked_at = 0", s.Now().UnixMilli(), id).Error
	})
}

// KeepContent keeps what WeChat wants the picture of a code to say.
func (s *Service) KeepContent(ctx context.Context, id int64, content string) error {
	if len(content) > 200 {
		return fmt.Errorf("org: the content of a code has %d bytes", len(content))
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE place_codes SET content = ? WHERE id = ?", content, id).Error
	})
}

package org

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"gorm.io/gorm"
)

// The most that is taken.
const (
	maxName       = 60 // characters
	maxCode       = 64
	maxReason     = 200
	maxAliases    = 20
	maxHouseholds = 100_000
)

// check says what is wrong with a unit by itself, and with the facts of a compound.
func (u *Unit) check(c *Compound) error {
	u.Name, u.Code = strings.TrimSpace(u.Name), strings.TrimSpace(u.Code)
	if _, known := under[u.Kind]; !known {
		return ErrInvalid.At("kind", "没有这类组织")
	}
	if err := plain("name", "名称", u.Name, maxName); err != nil {
		return err
	}
	if u.Name == "" {
		return ErrInvalid.At("name", "请填写名称")
	}
	if err := plain("code", "编码", u.Code, maxCode); err != nil {
		return err
	}
	switch {
	case u.Code == "" && u.Kind == BuildingGroup:
		return ErrInvalid.At("code", "请填写楼号，例如 3：报事里写到这栋楼时，按楼号找到党小组")
	case u.Code == "" && u.Kind == Department:
		return ErrInvalid.At("code", "请填写派单规则里用的部门编码")
	case u.Kind == CompoundKind && c == nil:
		return ErrInvalid.At("governance", "请选择小区的管理方式")
	case u.Kind != CompoundKind && c != nil:
		return ErrInvalid.Say("只有小区才有管理方式、户数、位置、边界、别名、党支部和会商日期")
	case c == nil:
		return nil
	}
	return c.check()
}

func (f *Compound) check() error {
	if !slices.Contains([]Governance{Managed, SelfRun, Unmanaged}, f.Governance) {
		return ErrInvalid.At("governance", "请选择管理方式：有物业、自办物业或无物业")
	}
	if f.Households < 0 || f.Households > maxHouseholds {
		return ErrInvalid.At("households", fmt.Sprintf("户数应在 0 到 %d 之间", maxHouseholds))
	}
	if field, problem := f.PlaceProblem(); problem != "" {
		return ErrInvalid.At(field, problem)
	}
	aliases := []string{}
	for _, a := range f.Aliases {
		if a = strings.TrimSpace(a); a == "" || slices.Contains(aliases, a) {
			continue
		}
		if err := plain("aliases", "别名", a, maxName); err != nil {
			return err
		}
		aliases = append(aliases, a)
	}
	if len(aliases) > maxAliases {
		return ErrInvalid.At("aliases", fmt.Sprintf("别名最多 %d 个", maxAliases))
	}
	f.Aliases = aliases
	f.Branch = strings.TrimSpace(f.Branch)
	if err := plain("branch", "党支部名称", f.Branch, maxName); err != nil {
		return err
	}
	if !day(f.ConsultsSince) {
		return ErrInvalid.At("consults_since", "日期应写成 2025-03-01 的样子")
	}
	return nil
}

// plain says what is wrong with a text that people see on one line.
func plain(field, called, text string, most int) error {
	switch {
	case len([]rune(text)) > most:
		return ErrInvalid.At(field, fmt.Sprintf("%s请控制在 %d 字以内", called, most))
	case strings.ContainsFunc(text, unicode.IsControl):
		return ErrInvalid.At(field, called+"里有不能显示的字符，请重新填写")
	}
	return nil
}

// day says that a text is a day or empty.
func day(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return text == "" || err == nil
}

// fits says why a unit, new or not, cannot stand under a parent. Under no
// parent (id 0) stands the root alone.
func fits(tx *gorm.DB, u, parent Unit) error {
	switch {
	case parent.ClosedAt != 0:
		return ErrClosed.Say("上级「" + parent.Name + "」已经撤销或并入别处，请另选上级")
	case parent.ID == 0 && !slices.Contains(roots, u.Kind):
		return ErrKind.Say("最上级只能是省、地级市或市").At("parent_id", "请选择上级")
	case parent.ID != 0 && !slices.Contains(under[u.Kind], parent.Kind):
		return ErrKind.Say(KindNames[u.Kind]+"不能设在"+KindNames[parent.Kind]+"之下；"+mayStand(u.Kind)).At("parent_id", "上级的类型不对")
	}
	same := tx.Session(&gorm.Session{}).Model(&Unit{}).Where("parent_id = ? AND closed_at = 0 AND id <> ?", parent.ID, u.ID)
	if parent.ID != 0 { // there is one root
		same = same.Where("kind = ? AND (name = ? OR code <> '' AND code = ?)", u.Kind, u.Name, u.Code)
	}
	var twins []Unit
	if err := same.Limit(1).Find(&twins).Error; err != nil || len(twins) == 0 {
		return err
	}
	field, what := "name", "同名的"
	if twins[0].Name != u.Name {
		field, what = "code", "同编码的"
	}
	if parent.ID == 0 {
		return ErrTwin.Say("已有最上级组织「" + twins[0].Name + "」")
	}
	return ErrTwin.Say("「"+parent.Name+"」下已有"+what+KindNames[u.Kind]+"「"+twins[0].Name+"」，请换一个，或先改那一个、把两个合并").At(field, "已有"+what+KindNames[u.Kind])
}

func mayStand(k Kind) string {
	if len(under[k]) == 0 {
		return "它只能是最上级"
	}
	var names []string
	for _, p := range under[k] {
		names = append(names, KindNames[p])
	}
	return "请选择一个" + strings.Join(names, "或")
}

package member

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// check holds each row against itself, and takes birth and gender from the ID number.
func (r *resolving) check() {
	today := r.service.Now()
	for i := range r.named {
		n := &r.named[i]
		if b := whole(n.Birth); b != "" {
			if err := CheckBirth(b, today); err != nil {
				r.misfit(i, FieldBirth, saying(err))
			}
		}
		if p := whole(n.Phone); p != "" {
			if err := CheckPhone(p); err != nil {
				r.misfit(i, FieldPhone, saying(err))
			}
		}
		id := whole(n.IDNumber)
		if id == "" {
			continue
		}
		n.IDNumber = strings.ToUpper(id)
		birth, gender, err := CheckIDNumber(n.IDNumber)
		if err == nil {
			err = CheckBirth(birth, today)
		}
		if err != nil {
			r.misfit(i, FieldIDNumber, saying(err))
			continue
		}
		if b := whole(n.Birth); b != "" && b != birth {
			r.misfit(i, FieldBirth, "出生日期与身份证号里的不一致，请核对")
		}
		if n.Gender != "" && n.Gender != gender {
			r.misfit(i, FieldIDNumber, "性别与身份证号里的不一致，请核对")
		}
		if !masked(n.Birth) {
			n.Birth = birth
		}
		n.Gender = gender
	}
}

const selectPeople = "SELECT * FROM people WHERE "

// look reads everybody whom the rows may mean.
func (r *resolving) look(tx *gorm.DB) error {
	keys := r.service.Keys
	for _, by := range []struct {
		column, field string
		of            func(Named) string
		into          map[string]*someone
	}{
		{"id_index", FieldIDNumber, func(n Named) string { return whole(n.IDNumber) }, r.byID},
		{"phone_index", FieldPhone, func(n Named) string { return whole(n.Phone) }, r.byPhone},
	} {
		plain := map[string]string{} // by blind index
		for _, n := range r.named {
			if text := by.of(n); text != "" {
				indexes := keys.Indexes(by.field, text)
				r.indexes[by.field+text] = indexes[0]
				for _, index := range indexes {
					plain[index] = text
				}
			}
		}
		found, err := db.Lookup[someone](tx, selectPeople+by.column+" IN ?", slices.Collect(maps.Keys(plain)))
		if err != nil {
			return err
		}
		for i := range found {
			p := r.met(&found[i])
			index := p.PhoneIndex
			if by.field == FieldIDNumber {
				index = p.IDIndex
			}
			by.into[plain[index]] = p
		}
	}
	return r.lookAmong(tx)
}

// lookAmong reads those whom rows may mean by their place.
func (r *resolving) lookAmong(tx *gorm.DB) error {
	missing := map[int64]bool{}
	for _, n := range r.named {
		if n.ByPlace() {
			for _, id := range n.Among {
				missing[id] = r.people[id] == nil
			}
		}
	}
	maps.DeleteFunc(missing, func(_ int64, absent bool) bool { return !absent })
	found, err := db.Lookup[someone](tx, selectPeople+"id IN ?", slices.Collect(maps.Keys(missing)))
	for i := range found {
		r.met(&found[i])
	}
	return err
}

// ByPlace says that the row has no whole number that would tell whom it means.
func (n Named) ByPlace() bool {
	return masked(n.IDNumber) || n.IDNumber == "" && whole(n.Phone) == ""
}

func (r *resolving) met(p *someone) *someone {
	if known := r.people[p.ID]; known != nil {
		return known
	}
	r.people[p.ID] = p
	return p
}

func (r *resolving) make() *someone {
	p := &someone{fresh: true}
	if len(r.ids) == 0 {
		r.ids = r.service.DB.NewIDs(min(len(r.named), 1000))
	}
	p.ID, r.ids, p.CreatedAt = r.ids[0], r.ids[1:], r.service.Now().UnixMilli()
	return r.met(p)
}

// find says whom each row means and takes what it tells. Rows that say more
// come first, those with a phone alone last, because the file may give a phone
// to another person: so the order of the rows does not matter.
func (r *resolving) find() error {
	bad := make([]bool, len(r.named))
	for _, m := range r.misfits {
		bad[m.Index] = true
	}
	passes := []func(int, Named) (*someone, error){r.byBoth, r.byIDNumber, r.byItsPlace, r.byItsPhone}
	for pass, whose := range passes {
		if pass == len(passes)-1 {
			r.hand()
		}
		for i, n := range r.named {
			if r.of[i] != nil || bad[i] {
				continue
			}
			before := len(r.misfits)
			p, err := whose(i, n)
			if err != nil {
				return err
			}
			if bad[i] = len(r.misfits) > before; p == nil || bad[i] {
				continue
			}
			r.of[i] = p
			if err := r.take(i, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *resolving) byBoth(i int, n Named) (*someone, error) {
	if whole(n.Phone) == "" {
		return nil, nil
	}
	return r.byIDNumber(i, n)
}

func (r *resolving) byIDNumber(_ int, n Named) (*someone, error) {
	id := whole(n.IDNumber)
	if id == "" {
		return nil, nil
	}
	p := r.byID[id]
	if p == nil {
		// Perhaps known by phone alone until now, under the same name.
		p = r.byPhone[whole(n.Phone)]
		if p == nil || p.IDIndex != "" || p.said[itsIDNumber] != "" || p.Name != "" && p.Name != n.Name {
			p = r.make()
		}
		r.byID[id] = p
	}
	return p, nil
}

func (r *resolving) byItsPlace(i int, n Named) (*someone, error) {
	if !n.ByPlace() {
		return nil, nil
	}
	var fitting []*someone
	for _, id := range n.Among {
		p := r.people[id]
		if p == nil || p.Name != n.Name || slices.Contains(fitting, p) {
			continue
		}
		fits, err := r.fits(p, n)
		if err != nil {
			return nil, err
		}
		if fits {
			fitting = append(fitting, p)
		}
	}
	switch {
	case len(fitting) == 1:
		return fitting[0], nil
	case len(fitting) > 1:
		r.misfit(i, FieldIDNumber, fmt.Sprintf("有 %d 位同名的人都可能是他，请填写完整的身份证号", len(fitting)))
	case masked(n.IDNumber):
		r.misfit(i, FieldIDNumber, "带星号的身份证号与已登记的不一致，请填写完整的身份证号")
	case masked(n.Phone):
		r.misfit(i, FieldPhone, "带星号的手机号与已登记的不一致，请填写完整的手机号")
	case n.Fresh:
		return r.make(), nil
	default:
		r.misfit(i, FieldIDNumber, "请填写身份证号或手机号，只凭姓名认不准是谁")
	}
	return nil, nil
}

// fits says that nothing a row tells speaks against a person whom its place suggests.
func (r *resolving) fits(p *someone, n Named) (bool, error) {
	for _, f := range []struct{ field, sealed, told string }{
		{FieldIDNumber, p.IDNumber, n.IDNumber}, {FieldPhone, p.Phone, n.Phone}, {FieldBirth, p.Birth, n.Birth},
	} {
		if !masked(f.told) && (f.field != FieldBirth || f.told == "" || f.sealed == "") {
			continue
		}
		plain, err := r.service.OpenField(p.ID, f.field, f.sealed)
		if err != nil {
			return false, err
		}
		if f.told != plain && f.told != MaskField(f.field, plain) {
			return false, nil
		}
	}
	return true, nil
}

func (r *resolving) byItsPhone(_ int, n Named) (*someone, error) {
	phone := whole(n.Phone)
	p := r.byPhone[phone]
	if p == nil || leaves(p, phone) {
		p = r.make()
		r.byPhone[phone] = p
	}
	return p, nil
}

// leaves says that a row gives a person another phone than this.
func leaves(p *someone, phone string) bool { return p.new[itsPhone] && p.said[itsPhone] != phone }

func masked(text string) bool { return strings.Contains(text, "*") }

// whole is the text unless it is a mask.
func whole(text string) string {
	if masked(text) {
		return ""
	}
	return text
}

package member

import (
	"sync"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/secret"
)

// take keeps in mind what a row tells of its person, and finds what contradicts.
func (r *resolving) take(i int, p *someone) error {
	for f, told := range r.named[i].tells() {
		if told == "" || p.by[f] != 0 && p.said[f] == told {
			continue
		}
		known, same, err := r.known(p, f, told)
		if err != nil {
			return err
		}
		if masked(told) && f != itsName {
			if told != MaskField(fieldNames[f], known) {
				r.misfit(i, fieldNames[f], "带星号的内容与已登记的不一致：要改请填写完整，不改请保留导出时的样子")
				continue
			}
			told, same = known, true
		}
		switch {
		case p.by[f] != 0 && p.said[f] != told:
			r.against(i, p.by[f]-1, fieldNames[f], contradictions[f])
			return nil // one is enough: it may be another person altogether
		case p.by[f] != 0:
		case same, r.mayTell(i, p, f):
			p.said[f], p.by[f], p.new[f] = told, i+1, !same
		}
	}
	if r.named[i].Member && !p.Member {
		p.Member, p.joins = true, true
	}
	return nil
}

// contradictions are what is wrong with two rows of one person, or with one
// phone of two; the caller says before it which row the other is.
var contradictions = [itsAll]string{
	"是同一个身份证号或手机号而姓名不同，请核对", "是同一个人而手机号不同，请核对", "手机号相同而身份证号不同，请核对",
	"是同一个人而出生日期不同，请核对", "是同一个人而性别不同，请核对", "是同一个人而住址不同，请核对",
}

// known is what is kept of a person, when it is needed, and whether a row tells the same.
func (r *resolving) known(p *someone, f int, told string) (plain string, same bool, err error) {
	switch {
	case p.fresh:
		return "", false, nil
	case f == itsName:
		return "", p.Name == told, nil
	case f == itsGender:
		return "", p.Gender == told, nil
	case f == itsPhone && !masked(told): // the index has told
		return "", r.byPhone[told] == p && p.PhoneIndex != "", nil
	case f == itsIDNumber && !masked(told):
		return "", r.byID[told] == p && p.IDIndex != "", nil
	}
	sealed := [itsAll]string{itsPhone: p.Phone, itsIDNumber: p.IDNumber, itsBirth: p.Birth, itsAddress: p.Address}[f]
	plain, err = r.service.OpenField(p.ID, fieldNames[f], sealed)
	return plain, plain == told, err
}

// mayTell says that a row may change what is known; else there is a misfit.
func (r *resolving) mayTell(i int, p *someone, f int) bool {
	byID := whole(r.named[i].IDNumber) != ""
	switch {
	case f == itsName && p.Name != "" && byID:
		r.misfit(i, FieldIDNumber, "身份证号已登记给 "+secret.MaskName(p.Name)+"，请核对")
	case f == itsName && p.Name != "":
		r.misfit(i, FieldPhone, "手机号已登记给 "+secret.MaskName(p.Name)+"，请核对；号码没有错的，请本人先在“我的”里改成真实姓名")
	case (f == itsBirth || f == itsGender) && p.IDIndex != "" && !byID:
		r.misfit(i, fieldNames[f], "与已登记的身份证号里的不一致，请核对")
	default:
		return true
	}
	return false
}

// hand gives phones to those whom the rows met until now give them to, and
// finds those that stay with somebody else.
func (r *resolving) hand() {
	for i, p := range r.of {
		if p == nil || p.by[itsPhone] != i+1 || !p.new[itsPhone] {
			continue
		}
		phone := p.said[itsPhone]
		q := r.byPhone[phone]
		switch {
		case q == nil || leaves(q, phone):
			r.byPhone[phone] = p
		case q == p:
		case q.by[itsPhone] == 0:
			r.misfit(i, FieldPhone, "手机号已登记给 "+secret.MaskName(q.Name)+"，请核对；号码没有错的，请那个人先在“我的”里解绑")
		case q.said[itsName] == p.said[itsName]:
			r.against(i, q.by[itsPhone]-1, FieldPhone, contradictions[itsIDNumber])
		default:
			r.against(i, q.by[itsPhone]-1, FieldPhone, "是同一个手机号而姓名不同，请核对")
		}
	}
}

// keep writes what is new, and only that.
func (r *resolving) keep(tx *gorm.DB) error {
	var fresh []*someone
	var moved [][]any
	changed := [itsAll + 1][][]any{}
	done := make(map[*someone]bool, len(r.people))
	for _, p := range r.of {
		if done[p] {
			continue
		}
		done[p] = true
		if p.fresh {
			fresh = append(fresh, p)
			continue
		}
		for f := range itsAll {
			if !p.new[f] {
				continue
			}
			if f == itsPhone && p.PhoneIndex != "" {
				moved = append(moved, []any{p.ID, nil})
			}
			changed[f] = append(changed[f], append([]any{p.ID}, r.values(p, f)...))
		}
		if p.joins {
			changed[itsAll] = append(changed[itsAll], []any{p.ID, true})
		}
	}
	// Phones that go from one to another are free for a moment.
	if err := db.Update(tx, "people", "id", []string{"phone_index"}, moved); err != nil {
		return err
	}
	if err := db.Insert(tx, "people", peopleColumns, r.rows(fresh)); err != nil {
		return err
	}
	for f, rows := range changed {
		if err := db.Update(tx, "people", "id", columnsOf[f], rows); err != nil {
			return err
		}
	}
	return nil
}

// columnsOf are the columns of what rows tell, in the order of tells, and at
// the end whether somebody is a Party member.
var columnsOf = [itsAll + 1][]string{{"name"}, {"phone", "phone_index"}, {"id_number", "id_index"}, {"birth"}, {"gender"}, {"address"}, {"member"}}

var peopleColumns = []string{
	"id", "name", "phone", "phone_index", "id_number", "id_index", "birth", "gender", "address", "member",
	"compound_id", "sample", "created_at", "closed_at",
}

// sealBatch is how many people one goroutine seals.
const sealBatch = 2000

// rows are people new, in the order of peopleColumns; many are sealed at once.
func (r *resolving) rows(fresh []*someone) [][]any {
	rows := make([][]any, len(fresh))
	var all sync.WaitGroup
	for from := 0; from < len(fresh); from += sealBatch {
		all.Go(func() {
			for i := from; i < min(from+sealBatch, len(fresh)); i++ {
				rows[i] = r.row(fresh[i])
			}
		})
	}
	all.Wait()
	return rows
}

// row is somebody new, in the order of peopleColumns.
func (r *resolving) row(p *someone) []any {
	row := make([]any, 1, len(peopleColumns))
	row[0] = p.ID
	for f := range itsAll {
		row = append(row, r.values(p, f)...)
	}
	return append(row, p.Member, 0, false, p.CreatedAt, 0)
}

// values are the values of columnsOf.
func (r *resolving) values(p *someone, f int) []any {
	told := p.said[f]
	switch f {
	case itsName, itsGender:
		return []any{told}
	case itsPhone, itsIDNumber:
		var index any // a unique key: nothing is NULL
		if told != "" {
			index = r.indexes[fieldNames[f]+told]
		}
		return []any{r.service.SealField(p.ID, fieldNames[f], told), index}
	}
	return []any{r.service.SealField(p.ID, fieldNames[f], told)}
}

// saying is what an error tells a person.
func saying(err error) string { return errs.From(err).Message }

package member_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/member"
)

// idNumber makes the whole of an ID number from its first 17 digits.
func idNumber(first string) string {
	weights, sum := []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}, 0
	for i, w := range weights {
		sum += w * int(first[i]-'0')
	}
	return first + string("10X98765432"[sum%11])
}

var (
	idWang = idNumber("14118219760504121") // male, 1976-05-04
	idLi   = idNumber("14118219880229002") // female, 1988-02-29
	idZhao = idNumber("14118219900101003") // male, 1990-01-01
)

const (
	phoneWang = "13811112222"
	phoneLi   = "13833334444"
	phoneZhao = "13855556666"
)

// told is what Resolve said of one file: the misfits in short, or whom the rows mean.
func resolve(t *testing.T, s *member.Service, named ...member.Named) (people []member.Resolved, misfits []string) {
	t.Helper()
	err := s.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		found, wrong, err := s.Resolve(tx, named)
		for _, m := range wrong {
			misfits = append(misfits, fmt.Sprintf("%d %s %d %s", m.Index, m.Field, m.Other, m.Reason))
		}
		people = found
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return people, misfits
}

func mustResolve(t *testing.T, s *member.Service, named ...member.Named) []member.Resolved {
	t.Helper()
	people, misfits := resolve(t, s, named...)
	if len(misfits) > 0 || len(people) != len(named) {
		t.Fatalf("%v", misfits)
	}
	return people
}

func TestResolve_FindsByIDNumberElseByPhoneElseMakes(t *testing.T) {
	s, _ := newService(t)
	old, young := newKey(), newKey()
	s.Keys = ring(t, old)
	wang := member.Named{Name: "王志强", IDNumber: strings.ToLower(idWang), Phone: phoneWang, Address: "福馨苑3号楼"}
	li := member.Named{Name: "李梅", Phone: phoneLi}
	first := mustResolve(t, s, wang, li)
	if !first[0].New || !first[1].New || first[0].PersonID == first[1].PersonID || !first[0].Reached {
		t.Fatalf("%+v", first)
	}
	p, err := s.Person(t.Context(), first[0].PersonID)
	if err != nil || p.Name != "王志强" || p.Gender != "male" || p.Member || strings.Contains(p.IDNumber+p.Birth+p.Address+p.Phone, "1976") {
		t.Fatalf("%+v %v", p, err)
	}
	if birth, err := s.OpenField(p.ID, member.FieldBirth, p.Birth); err != nil || birth != "1976-05-04" {
		t.Errorf("birth %q %v", birth, err)
	}
	s.Keys = ring(t, young, old) // a rotation is due
	same := func(what string, rows ...member.Named) {
		t.Helper()
		for i, p := range mustResolve(t, s, rows...) {
			if p.New || p.Changed || p.Reached || p.PersonID != first[i%2].PersonID {
				t.Errorf("%s: row %d: %+v", what, i, p)
			}
		}
	}
	same("again", wang, li, wang, li)
	same("fewer fields", member.Named{Name: "王志强", IDNumber: idWang}, li, member.Named{Name: "王志强", Phone: phoneWang})
	among := []int64{first[1].PersonID, first[0].PersonID}
	same("masks", member.Named{Name: "王志强", IDNumber: idWang[:4] + "**********" + idWang[14:], Phone: "138****2222", Among: among}, member.Named{Name: "李梅", Phone: "138****4444", Among: among})
	same("by their place", member.Named{Name: "王志强", Among: among}, member.Named{Name: "李梅", Among: among})

	changed := mustResolve(t, s, member.Named{Name: "王志强", IDNumber: idWang[:4] + "**********" + idWang[14:], Phone: phoneZhao, Among: among}, member.Named{Name: "李梅", Phone: phoneLi, IDNumber: idLi, Member: true})
	for i, p := range changed {
		if p.New || !p.Changed || p.PersonID != first[i].PersonID || p.Reached != (i == 0) {
			t.Errorf("changed, row %d: %+v", i, p)
		}
	}
	if p, ok, err := s.ByPhone(t.Context(), phoneZhao); err != nil || !ok || p.ID != first[0].PersonID {
		t.Errorf("the new phone: %+v %v", p, err)
	}
	if _, ok, _ := s.ByPhone(t.Context(), phoneWang); ok {
		t.Error("the old phone still opens the account")
	}
	if p, err := s.Person(t.Context(), first[1].PersonID); err != nil || !p.Member || p.Gender != "female" {
		t.Errorf("%+v %v", p, err)
	}
}

func TestResolve_TheOrderOfRowsDoesNotMatter(t *testing.T) {
	rows := []member.Named{
		{Name: "王志强", IDNumber: idWang},
		{Name: "王志强", Phone: phoneWang},
		{Name: "王志强", Phone: phoneWang, IDNumber: idWang},
		// Phones that were noted crosswise.
		{Name: "李梅", IDNumber: idLi, Phone: phoneZhao},
		{Name: "赵云", IDNumber: idZhao, Phone: phoneLi},
	}
	for range 2 {
		slices.Reverse(rows)
		s, _ := newService(t)
		met := person(t, s, "王志强", phoneWang) // known by phone alone
		known := mustResolve(t, s, member.Named{Name: "李梅", IDNumber: idLi, Phone: phoneLi}, member.Named{Name: "赵云", IDNumber: idZhao, Phone: phoneZhao})
		ids := map[string]int64{"王志强": met.ID, "李梅": known[0].PersonID, "赵云": known[1].PersonID}
		for i, p := range mustResolve(t, s, rows...) {
			if p.New || p.PersonID != ids[rows[i].Name] {
				t.Errorf("%+v is %+v", rows[i], p)
			}
		}
		if p, ok, err := s.ByPhone(t.Context(), phoneLi); err != nil || !ok || p.ID != ids["赵云"] {
			t.Errorf("%+v %v", p, err)
		}
	}
}

func TestResolve_SaysWhatContradicts(t *testing.T) {
	s, _ := newService(t)
	known := mustResolve(t, s, member.Named{Name: "王志强", IDNumber: idWang, Phone: phoneWang}, member.Named{Name: "李梅", Phone: phoneLi, Birth: "1988-01-01"})
	before := rowsOf(t, s)
	among := []int64{known[0].PersonID, known[1].PersonID}
	for name, c := range map[string]struct {
		rows []member.Named
		want []string
	}{
		"an ID number of another name":   {[]member.Named{{Name: "王志", IDNumber: idWang}}, []string{"0 id_number -1 身份证号已登记给 王**"}},
		"a phone of another name":        {[]member.Named{{Name: "王志", Phone: phoneLi}}, []string{"0 phone -1 手机号已登记给 李*"}},
		"a phone of another person":      {[]member.Named{{Name: "赵云", IDNumber: idZhao, Phone: phoneWang}}, []string{"0 phone -1 手机号已登记给 王**"}},
		"a phone of a namesake":          {[]member.Named{{Name: "王志强", IDNumber: idZhao, Phone: phoneWang}}, []string{"0 phone -1 手机号已登记给 王**"}},
		"one ID number, two names":       {[]member.Named{{Name: "赵云", IDNumber: idZhao}, {Name: "赵芸", IDNumber: idZhao}}, []string{"1 name 0 是同一个身份证号"}},
		"one phone, two names":           {[]member.Named{{Name: "赵云", Phone: phoneZhao}, {Name: "赵芸", Phone: phoneZhao}}, []string{"1 name 0 是同一个身份证号或手机号而姓名不同"}},
		"one phone, two ID numbers":      {[]member.Named{{Name: "赵云", Phone: phoneZhao, IDNumber: idZhao}, {Name: "赵云", Phone: phoneZhao, IDNumber: idLi}}, []string{"1 phone 0 手机号相同而身份证号不同"}},
		"one person, two phones":         {[]member.Named{{Name: "赵云", Phone: phoneZhao, IDNumber: idZhao}, {Name: "赵云", Phone: "13899990000", IDNumber: idZhao}}, []string{"1 phone 0 是同一个人而手机号不同"}},
		"a birth against the ID number":  {[]member.Named{{Name: "赵云", IDNumber: idZhao, Birth: "1990-01-02"}}, []string{"0 birth -1 出生日期与身份证号里的不一致"}},
		"a gender against the ID number": {[]member.Named{{Name: "赵云", IDNumber: idZhao, Gender: "female"}}, []string{"0 id_number -1 性别与身份证号"}},
		"a birth against what is known":  {[]member.Named{{Name: "王志强", Phone: phoneWang, Birth: "1976-05-05"}}, []string{"0 birth -1 与已登记的身份证号里的不一致"}},
		"a wrong check digit":            {[]member.Named{{Name: "赵云", IDNumber: idZhao[:17] + string("0123456789"[(idZhao[17]-'0'+1)%10])}}, []string{"0 id_number -1 "}},
		"a name alone":                   {[]member.Named{{Name: "王志强"}}, []string{"0 id_number -1 请填写身份证号或手机号"}},
		"another name in the place":      {[]member.Named{{Name: "王志", Among: among}}, []string{"0 id_number -1 请填写身份证号或手机号"}},
		"a mask of nobody":               {[]member.Named{{Name: "王志强", Phone: "138****0000", Among: among}}, []string{"0 phone -1 带星号的手机号与已登记的不一致"}},
		"a mask of another's phone":      {[]member.Named{{Name: "王志强", IDNumber: idWang, Phone: "138****4444"}}, []string{"0 phone -1 带星号的内容与已登记的不一致"}},
		"another birth in the place":     {[]member.Named{{Name: "李梅", Birth: "1989-01-01", Among: among}}, []string{"0 id_number -1 请填写身份证号或手机号"}},
	} {
		people, got := resolve(t, s, c.rows...)
		if len(got) != len(c.want) || len(people) > 0 {
			t.Errorf("%s: %q, want %q", name, got, c.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], c.want[i]) {
				t.Errorf("%s: %q, want %q", name, got[i], c.want[i])
			}
		}
	}
	if after := rowsOf(t, s); after != before {
		t.Errorf("%d people became %d", before, after)
	}
	twins := mustResolve(t, s, member.Named{Name: "双儿", Fresh: true}, member.Named{Name: "双儿", Fresh: true})
	_, got := resolve(t, s, member.Named{Name: "双儿", Fresh: true, Among: []int64{twins[0].PersonID, twins[1].PersonID}})
	if len(got) != 1 || !strings.Contains(got[0], "有 2 位同名的人") {
		t.Errorf("%q", got)
	}
}

func rowsOf(t *testing.T, s *member.Service) (n int) {
	t.Helper()
	if err := s.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM people").Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

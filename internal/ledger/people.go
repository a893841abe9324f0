package ledger

import (
	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/member"
)

// resolve finds or makes the people whom rows name. Whoever has a person's
// phone signs in as them, so the phone of somebody with a post is changed only
// by those who may give them each of their posts.
func (sh *sheet) resolve(tx *gorm.DB, named []member.Named) ([]member.Resolved, []member.Misfit, error) {
	found, misfits, err := sh.Members.Resolve(tx, named)
	if err != nil || len(misfits) > 0 {
		return found, misfits, err
	}
	var reached []int64
	for _, r := range found {
		if r.Reached && !r.New {
			reached = append(reached, r.PersonID)
		}
	}
	if len(reached) == 0 {
		return found, nil, nil
	}
	held, err := sh.Org.PostsOf(tx, reached)
	if err != nil {
		return nil, nil, err
	}
	for i, r := range found {
		for _, p := range held[r.PersonID] {
			if r.Reached && !r.New && !sh.by.MayAppoint(p.Role, p.OrgPath) {
				reason := "他担任「" + p.Title + "」，手机号要由能任免这个职务的人来改，或由本人绑定"
				misfits = append(misfits, member.Misfit{Index: i, Field: member.FieldPhone, Reason: reason, Other: -1})
				break
			}
		}
	}
	return found, misfits, nil
}

// people finds or makes the people of a ledger with one row a person.
func (sh *sheet) people(tx *gorm.DB, named []member.Named) ([]member.Resolved, error) {
	if len(sh.problems) > 0 {
		return nil, nil
	}
	found, misfits, err := sh.resolve(tx, named)
	if err != nil {
		return nil, err
	}
	rows := make([]int, len(named))
	for i := range rows {
		rows[i] = i
	}
	sh.misfits(misfits, rows, personKeys)
	row := make(map[int64]int, len(found))
	for i, r := range found {
		if earlier, twice := row[r.PersonID]; twice {
			sh.wrong(i, "name", "与"+sh.line(i, earlier)+"是同一个人，请删去一行")
		}
		row[r.PersonID] = i
	}
	return found, nil
}

// roster are those whom a ledger lists already, by name.
type roster map[string][]listedAt

// listedAt is somebody and the units that they are listed at.
type listedAt struct {
	person int64
	units  []int64
}

func (r roster) add(name string, person int64, units ...int64) {
	r[name] = append(r[name], listedAt{person, units})
}

// among are those whom a row without a whole number may mean: with a mask all
// of that name, with nothing only those of that name listed at the same units.
func (r roster) among(n member.Named, units ...int64) []int64 {
	var out []int64
	for _, one := range r[n.Name] {
		same := true
		for i, u := range units {
			same = same && (u == 0 || u == one.units[i])
		}
		if same || n.IDNumber != "" || n.Phone != "" {
			out = append(out, one.person)
		}
	}
	return out
}

// shown is a person as an export shows them.
type shown struct{ name, gender, phone, idNumber, birth, address string }

// shown are people as exports show them: names whole, the rest masked.
func (s *Service) shown(tx *gorm.DB, ids []int64) (map[int64]shown, error) {
	found, err := db.Lookup[member.Person](tx, "SELECT * FROM people WHERE id IN ?", ids)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]shown, len(found))
	for _, p := range found {
		one := shown{name: p.Name, gender: titleOf(genders, p.Gender)}
		for _, f := range []struct {
			field, sealed string
			into          *string
		}{
			{member.FieldPhone, p.Phone, &one.phone},
			{member.FieldIDNumber, p.IDNumber, &one.idNumber},
			{member.FieldBirth, p.Birth, &one.birth},
			{member.FieldAddress, p.Address, &one.address},
		} {
			plain, err := s.Members.OpenField(p.ID, f.field, f.sealed)
			if err != nil {
				return nil, err
			}
			*f.into = member.MaskField(f.field, plain)
		}
		out[p.ID] = one
	}
	return out, nil
}

// senders are the names of the work units that are there.
func (s *Service) senders(tx *gorm.DB) (map[int64]string, error) {
	units, err := s.Org.WorkUnitsNow(tx)
	out := make(map[int64]string, len(units))
	for name, u := range units {
		out[u.ID] = name
	}
	return out, err
}

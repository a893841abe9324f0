package member

import (
	"cmp"
	"slices"

	"gorm.io/gorm"
)

// Named is a person as a row of a ledger names them, in plain text. An empty
// field is not told: what is known of it stays. A field with stars in it is a
// mask and has to fit what is known.
type Named struct {
	Name     string
	Phone    string
	IDNumber string
	Birth    string // 2006-01-02
	Gender   string // male or female
	Address  string
	Member   bool // a Party member

	// Among are the people whom the row may mean without a whole phone or ID
	// number, because it stands in their place: the holder of the post, the
	// members of the branch. By name alone nobody else is meant.
	Among []int64
	// Fresh lets a row without a phone and an ID number mean somebody new.
	Fresh bool
}

// Resolved is the person whom a row means.
type Resolved struct {
	PersonID int64
	New      bool // was not known
	Changed  bool // something known of them has changed
	Reached  bool // their phone has changed: whoever has it signs in as them

	Birth     string   // in plain text when the row tells it, itself or by the ID number
	Corrected []string // titles of what has changed of somebody known
}

// Misfit says why a row cannot be brought together with a person.
type Misfit struct {
	Index  int    // of the row
	Field  string // FieldName or one of the personal fields
	Reason string // Chinese
	Other  int    // the row that it contradicts; -1 = what is known
}

// FieldName and FieldGender name what is not sealed in a Misfit.
const (
	FieldName   = "name"
	FieldGender = "gender"
)

// Resolve finds the people whom rows mean, by ID number, else by phone, makes
// those unknown and keeps what is new of the others, as part of the caller's
// transaction. With misfits nothing is kept and nothing returned but them.
func (s *Service) Resolve(tx *gorm.DB, named []Named) ([]Resolved, []Misfit, error) {
	r := &resolving{
		service: s, named: slices.Clone(named), of: make([]*someone, len(named)),
		byID: map[string]*someone{}, byPhone: map[string]*someone{}, people: map[int64]*someone{}, indexes: map[string]string{},
	}
	r.check()
	if err := r.look(tx); err != nil {
		return nil, nil, err
	}
	if err := r.find(); err != nil {
		return nil, nil, err
	}
	if len(r.misfits) > 0 {
		slices.SortStableFunc(r.misfits, func(a, b Misfit) int { return cmp.Compare(a.Index, b.Index) })
		return nil, r.misfits, nil
	}
	out := make([]Resolved, len(named))
	for i, p := range r.of {
		out[i] = Resolved{
			PersonID: p.ID, New: p.fresh, Changed: p.joins || slices.Contains(p.new[:], true), Reached: p.new[itsPhone],
			Birth: p.said[itsBirth], Corrected: p.corrected(),
		}
	}
	return out, nil, r.keep(tx)
}

// What a row tells of a person, in the order of tells.
const (
	itsName = iota
	itsPhone
	itsIDNumber
	itsBirth
	itsGender
	itsAddress
	itsAll
)

var fieldNames = [itsAll]string{FieldName, FieldPhone, FieldIDNumber, FieldBirth, FieldGender, FieldAddress}

// fieldTitles are fieldNames for people.
var fieldTitles = [itsAll]string{"姓名", FieldTitle(FieldPhone), FieldTitle(FieldIDNumber), FieldTitle(FieldBirth), "性别", FieldTitle(FieldAddress)}

// corrected are the titles of what has changed of somebody known.
func (p *someone) corrected() []string {
	var out []string
	for f, changed := range p.new {
		if changed && !p.fresh {
			out = append(out, fieldTitles[f])
		}
	}
	return out
}

func (n Named) tells() [itsAll]string {
	return [itsAll]string{n.Name, n.Phone, n.IDNumber, n.Birth, n.Gender, n.Address}
}

// someone is a person of the table, or one to be made.
type someone struct {
	Person
	PhoneIndex string
	IDIndex    string

	fresh bool
	said  [itsAll]string // what rows tell, in plain text
	by    [itsAll]int    // the first row that tells it, counted from 1
	new   [itsAll]bool   // it is not what is known
	joins bool           // is known as a Party member from now on
}

// resolving is the work of one Resolve.
type resolving struct {
	service *Service
	named   []Named
	of      []*someone // whom each row means; nil: nobody, there is a misfit

	byID    map[string]*someone // by the ID number in plain text
	byPhone map[string]*someone
	people  map[int64]*someone
	misfits []Misfit
	ids     []int64           // for those to be made
	indexes map[string]string // blind ones by the newest key, by field and plain text
}

func (r *resolving) misfit(i int, field, reason string) {
	r.misfits = append(r.misfits, Misfit{i, field, reason, -1})
}

// against is a misfit of a row with another one of the file.
func (r *resolving) against(i, other int, field, reason string) {
	r.misfits = append(r.misfits, Misfit{max(i, other), field, reason, min(i, other)})
}

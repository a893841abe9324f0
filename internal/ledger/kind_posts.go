package ledger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

// roleTitles are the words for the roles.
func roleTitles() []named[org.Role] {
	out := make([]named[org.Role], 0, len(org.Roles))
	for _, r := range org.Roles {
		out = append(out, named[org.Role]{r.Role, r.Name})
	}
	return out
}

// oneOf are the roles of which a unit has one post only, with what stands after
// the unit's name in the post's title; other titles end with the role's name.
var oneOf = map[org.Role]string{
	org.SubdistrictSecretary: "党工委书记", org.CommunitySecretary: "党组织书记", org.BranchSecretary: "党支部书记", org.GroupLeader: "长", org.HouseholdHub: "",
}

var everyKind = []org.Kind{org.City, org.Subdistrict, org.Department, org.Community, org.CompoundKind, org.BuildingGroup, org.HubHousehold, org.LinkedHousehold}

func posts() Kind {
	return Kind{
		Code: "posts", Title: "职务台账",
		Columns: []Column{
			{Key: "org", Title: "组织", Required: true, Width: 24, Example: "福馨苑小区", Help: "职务所在的街道、社区、小区、楼栋党小组等；重名时连上级一起写。"},
			{Key: "role", Title: "职务类别", Required: true, Type: Choice, OneOf: titles(roleTitles()), Width: 18, Example: "小区党支部书记"},
			{Key: "title", Title: "职务名称", Width: 24, Example: "福馨苑小区党支部书记", Help: "不填时按组织名称和职务类别起名。"},
			{Key: "name", Title: "任职人", Width: 10, Max: 60, Example: "王志强", Help: "留空表示这个职务现在没有人担任；原来有人的，就此卸任。"},
			{Key: "phone", Title: "手机号", Type: Phone, Width: 14, Example: "13812345678", Help: "任职人用微信绑定这个手机号后，就能办理工单。"},
			{Key: "id_number", Title: "身份证号", Type: IDNumber, Width: 20},
			{Key: "unit", Title: "派出单位", Width: 22, Example: "市住房和城乡建设局", Help: "双向进入、交叉任职的派出单位，须已在单位台账里。"},
			{Key: "from", Title: "任职日期", Type: Day, Width: 12, Example: "2026-03-01", Help: "不填为导入当时。"},
			{Key: "to", Title: "届满日期", Type: Day, Width: 12, Help: "到这一天为止；没有任期的不填。"},
			{Key: "note", Title: "任命文件", Width: 24, Max: 255, Example: "文党发〔2026〕3号"},
		},
		Apply: alone(applyPosts), Export: exportPosts,
	}
}

func applyPosts(_ context.Context, s *Service, tx *gorm.DB, by org.Actor, rows []Row) (Outcome, []Problem, error) {
	b := &postBook{sheet: s.sheet(posts(), by, rows), wanted: make([]wanted, len(rows)), free: map[seatKey][]*org.Term{}}
	if err := b.read(tx); err != nil {
		return Outcome{}, nil, err
	}
	if err := b.name(tx); err != nil {
		return Outcome{}, nil, err
	}
	if len(b.problems) == 0 {
		b.match()
	}
	if len(b.problems) > 0 {
		return Outcome{}, b.problems, nil
	}
	for i := range rows {
		b.change(i)
	}
	if len(b.problems) > 0 {
		return Outcome{}, b.problems, nil
	}
	return b.Outcome, nil, s.Org.SeatAll(tx, by.Person, b.terms)
}

// postBook is the ledger of posts on its way into the tables.
type postBook struct {
	*sheet
	wanted []wanted
	free   map[seatKey][]*org.Term // posts that no row means yet
	terms  org.Terms
}

// seatKey is where posts stand that a row may mean.
type seatKey struct {
	unit int64
	role org.Role
}

// wanted is what a row says.
type wanted struct {
	seatKey
	path   string
	one    bool   // a unit has one such post
	title  string // empty: as it is
	normal string // the title of a post that is made
	person member.Resolved
	sender int64     // the work unit
	term   *org.Term // the post that it means; nil: one to be made
}

// read finds the unit, the role and the sender of each row.
func (b *postBook) read(tx *gorm.DB) error {
	p, err := b.places(tx, b.by)
	if err != nil {
		return err
	}
	senders, err := b.Org.WorkUnitsNow(tx)
	if err != nil {
		return err
	}
	units := map[int64]bool{}
	for i := range b.rows {
		w := &b.wanted[i]
		role, kinds := roleOf(b.cell(i, "role"))
		w.title = b.cell(i, "title")
		if u, reason := p.find(b.cell(i, "org"), kinds...); u == nil {
			b.wrong(i, "org", reason)
		} else {
			w.seatKey, w.path = seatKey{u.ID, role}, u.Path
			if w.normal, w.one = oneOf[role]; !w.one {
				w.normal = b.cell(i, "role")
			}
			w.normal = u.Name + w.normal
			units[u.ID] = true
		}
		if name := b.cell(i, "unit"); name != "" {
			unit, ok := senders[name]
			if !ok {
				b.wrong(i, "unit", "没有找到单位「"+name+"」：请核对名称，或先导入单位台账")
			}
			w.sender = unit.ID
		}
		b.days(i)
	}
	ids := make([]int64, 0, len(units))
	for id := range units {
		ids = append(ids, id)
	}
	terms, err := b.Org.TermsOf(tx, ids)
	for i := range terms {
		key := seatKey{terms[i].OrgID, terms[i].Role}
		b.free[key] = append(b.free[key], &terms[i])
	}
	return err
}

// roleOf is the role that a word names, with the kinds of units that have such posts.
func roleOf(title string) (org.Role, []org.Kind) {
	for _, r := range org.Roles {
		if r.Name == title {
			return r.Role, r.Kinds
		}
	}
	return "", nil
}

// days holds the days of a row against each other.
func (b *postBook) days(i int) {
	from, to, today := b.cell(i, "from"), b.cell(i, "to"), b.day(b.Now().UnixMilli())
	if b.cell(i, "name") == "" {
		for _, key := range []string{"phone", "id_number", "from", "to"} {
			if b.cell(i, key) != "" {
				b.wrong(i, "name", "请填写任职人；没有人担任的，手机号、身份证号和日期也请留空")
				return
			}
		}
		return
	}
	switch {
	case to != "" && from != "" && to < from:
		b.wrong(i, "to", "届满日期早于任职日期，请核对")
	case to != "" && to < today:
		b.wrong(i, "to", "届满日期已过：还在任的请改为新的届满日期或留空，已卸任的请把任职人留空")
	}
}

// name finds the people of the rows: the holders of the posts of that unit and
// role are those whom a name may mean.
func (b *postBook) name(tx *gorm.DB) error {
	var named []member.Named
	var rows []int
	for i, w := range b.wanted {
		name := b.cell(i, "name")
		if b.bad[i] || name == "" {
			continue
		}
		n := member.Named{Name: name, Phone: b.cell(i, "phone"), IDNumber: b.cell(i, "id_number")}
		for _, t := range b.free[w.seatKey] {
			if t.PersonID != 0 {
				n.Among = append(n.Among, t.PersonID)
			}
		}
		named, rows = append(named, n), append(rows, i)
	}
	found, misfits, err := b.resolve(tx, named)
	if err != nil {
		return err
	}
	b.misfits(misfits, rows, map[string]string{member.FieldName: "name", member.FieldPhone: "phone", member.FieldIDNumber: "id_number"})
	for k, r := range found {
		b.wanted[rows[k]].person = r
	}
	return nil
}

// match says which post each row means: that of the title which the person
// holds, else one of the title, else the only one of the unit; else a new one.
func (b *postBook) match() {
	first := map[seatKey]int{}
	held := map[[2]int64]int{}
	for i, w := range b.wanted {
		earlier, again := first[w.seatKey]
		if again && w.one {
			b.wrong(i, "role", "与"+b.line(i, earlier)+"是同一个职务，一个职务只能由一人担任")
		}
		first[w.seatKey] = i
		if w.person.PersonID == 0 {
			continue
		}
		key := [2]int64{w.unit, w.person.PersonID}
		if earlier, again := held[key]; again && b.wanted[earlier].role == w.role && b.titled(earlier) == b.titled(i) {
			b.wrong(i, "name", "与"+b.line(i, earlier)+"是同一人的同一个职务，请删去一行")
		}
		held[key] = i
	}
	for _, means := range []func(wanted, *org.Term) bool{
		func(w wanted, t *org.Term) bool {
			return t.Title == cmp.Or(w.title, w.normal) && t.PersonID == w.person.PersonID
		},
		func(w wanted, t *org.Term) bool { return w.title == "" && t.PersonID == w.person.PersonID },
		func(w wanted, t *org.Term) bool { return t.Title == cmp.Or(w.title, w.normal) },
		func(w wanted, _ *org.Term) bool { return w.one },
	} {
		for i := range b.wanted {
			w := &b.wanted[i]
			if w.term != nil {
				continue
			}
			free := b.free[w.seatKey]
			if at := slices.IndexFunc(free, func(t *org.Term) bool { return means(*w, t) }); at >= 0 {
				w.term = free[at]
				b.free[w.seatKey] = slices.Delete(free, at, at+1)
			}
		}
	}
}

func (b *postBook) titled(i int) string { return cmp.Or(b.wanted[i].title, b.wanted[i].normal) }

// change compares a row with its post.
func (b *postBook) change(i int) {
	w, now := b.wanted[i], b.Now().UnixMilli()
	t, changed := org.Term{}, w.person.Changed
	if w.term != nil {
		t = *w.term
	} else {
		t = org.Term{Post: b.DB.NewID(), OrgID: w.unit, Role: w.role, Title: b.titled(i)}
		b.terms.Made, changed = append(b.terms.Made, t), true
	}
	if w.title != "" && w.title != t.Title {
		t.Title = w.title
		b.terms.Retitled, changed = append(b.terms.Retitled, t), true
	}
	next := t
	if next.PersonID = w.person.PersonID; next.PersonID != t.PersonID {
		next.UnitID, next.FromAt, next.ToAt, next.Note = 0, 0, 0, ""
	}
	mended := false
	set(&next.UnitID, w.sender, &mended)
	set(&next.Note, b.cell(i, "note"), &mended)
	if to := b.cell(i, "to"); to != "" {
		set(&next.ToAt, b.morning(dayAfter(to)), &mended)
	}
	if from := b.cell(i, "from"); from != b.day(next.FromAt) {
		set(&next.FromAt, b.morning(from), &mended)
	}
	switch {
	case next.PersonID == 0 && t.PersonID != 0:
		b.end(t, now)
		changed = true
	case next.PersonID == 0:
	case next.PersonID == t.PersonID:
		if mended {
			b.terms.Mended, changed = append(b.terms.Mended, next), true
		}
	default:
		next.FromAt = cmp.Or(next.FromAt, now)
		if t.PersonID != 0 {
			if b.day(next.FromAt) == b.day(t.FromAt) {
				next.FromAt = max(next.FromAt, t.FromAt)
			}
			if next.FromAt < t.FromAt {
				b.wrong(i, "from", "早于前任的任职日期 "+b.day(t.FromAt)+"，请核对")
			}
			b.end(t, next.FromAt)
		}
		b.terms.Begun, changed = append(b.terms.Begun, next), true
	}
	if changed && !b.by.MayAppoint(w.role, w.path) {
		b.wrong(i, "role", "这个职务不由您任免，请报有任免权的上级")
	}
	b.count(w.term == nil, changed)
}

// end ends all who hold a post or are to hold it; who has not begun never did.
func (b *postBook) end(t org.Term, at int64) {
	for _, h := range append([]org.Holding{{Appointment: t.Appointment, FromAt: t.FromAt}}, t.Earlier...) {
		b.terms.Ended = append(b.terms.Ended, org.Holding{Appointment: h.Appointment, FromAt: max(at, h.FromAt)})
	}
}

func dayAfter(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return ""
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly)
}

func exportPosts(ctx context.Context, s *Service, by org.Actor, each func(cells []string) error) error {
	tx := s.DB.Read(ctx)
	p, err := s.places(tx, by)
	if err != nil {
		return err
	}
	senders, err := s.senders(tx)
	if err != nil {
		return err
	}
	terms, err := s.Org.TermsOf(tx, p.ids(everyKind...))
	if err != nil {
		return err
	}
	of, people := map[int64][]org.Term{}, make([]int64, 0, len(terms))
	for _, t := range terms {
		of[t.OrgID], people = append(of[t.OrgID], t), append(people, t.PersonID)
	}
	holders, err := s.shown(tx, people)
	if err != nil {
		return err
	}
	titles := roleTitles()
	for _, u := range p.list {
		for _, t := range of[u.ID] {
			h, to := holders[t.PersonID], ""
			if t.ToAt != 0 {
				to = s.day(t.ToAt - 1)
			}
			cells := []string{p.reference(u), titleOf(titles, t.Role), t.Title, h.name, h.phone, h.idNumber, senders[t.UnitID], s.day(t.FromAt), to, t.Note}
			if err := each(cells); err != nil {
				return err
			}
		}
	}
	return nil
}

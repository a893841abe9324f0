package ledger

import (
	"context"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

var standings = []named[string]{{"full", "正式党员"}, {"probationary", "预备党员"}}

// categories are the words for the four categories.
func categories() []named[member.Category] {
	out := make([]named[member.Category], 0, len(member.Categories))
	for _, c := range member.Categories {
		out = append(out, named[member.Category]{c.Code, c.Name})
	}
	return out
}

func members() Kind {
	return Kind{
		Code: "members", Title: "党员台账",
		Columns: []Column{
			{Key: "name", Title: "姓名", Required: true, Max: 60, Example: "王志强"},
			{Key: "gender", Title: "性别", Type: Choice, OneOf: titles(genders), Help: "填了身份证号的可以不填。", Example: "男"},
			{Key: "ethnicity", Title: "民族", Max: 20, Example: "汉族"},
			{Key: "birth", Title: "出生日期", Type: Day, Masked: true, Help: "填了身份证号的可以不填；填了要与身份证号一致。", Example: "1976-05-04"},
			{Key: "id_number", Title: "身份证号", Type: IDNumber, Width: 22, Help: "18 位。靠它认出是不是同一个人；没有的，手机号必填。"},
			{Key: "education", Title: "学历", Type: Choice, OneOf: titles(educations()), Example: "大专"},
			{Key: "phone", Title: "联系电话", Type: Phone, Width: 14, Help: "本人的手机号，11 位。", Example: "13812345678"},
			{Key: "category", Title: "党员类别", Required: true, Type: Choice, OneOf: titles(categories()), Width: 12, Help: "从下拉列表中选择。", Example: "直管党员"},
			{Key: "standing", Title: "正式/预备", Type: Choice, OneOf: titles(standings), Width: 12, Help: "不填为正式党员。", Example: "正式党员"},
			{Key: "branch", Title: "所在党支部", Width: 24, Help: "小区党支部的名称，或小区、社区的名称。不填时登记在居住社区。", Example: "福馨苑小区党支部"},
			{Key: "joined", Title: "入党日期", Type: Day, Width: 12, Example: "2001-07-01"},
			{Key: "full", Title: "转正日期", Type: Day, Width: 12, Example: "2002-07-01"},
			{Key: "unit", Title: "工作单位", Width: 24, Help: "单位的全称，须已在单位台账里。", Example: "汾阳市教育局"},
			{Key: "job", Title: "职务", Max: 60, Example: "科员"},
			{Key: "community", Title: "居住社区", Width: 16, Help: "在职党员填报到的社区。", Example: "南薰社区"},
			{Key: "address", Title: "家庭住址", Width: 28, Max: 200, Masked: true},
			{Key: "flows", Title: "流入流出地", Width: 18, Help: "流动党员填从哪里流入或流出到哪里。"},
			{Key: "note", Title: "备注", Width: 20, Max: 255},
		},
		Apply: alone(applyMembers), Export: exportMembers,
	}
}

// personKeys are the columns of personal fields.
var personKeys = map[string]string{
	member.FieldName: "name", member.FieldGender: "gender", member.FieldBirth: "birth", member.FieldIDNumber: "id_number",
	member.FieldPhone: "phone", member.FieldAddress: "address",
}

func applyMembers(ctx context.Context, s *Service, tx *gorm.DB, by org.Actor, rows []Row) (Outcome, []Problem, error) {
	b := &memberBook{sheet: s.sheet(members(), by, rows), now: make([]member.PartyMember, len(rows)), educations: educations(), categories: categories()}
	if err := b.read(tx); err != nil {
		return Outcome{}, nil, err
	}
	people, err := b.find(tx)
	if err != nil || len(b.problems) > 0 {
		return Outcome{}, b.problems, err
	}
	Progress(ctx, len(rows)/2)
	changes, err := b.compare(tx, people)
	if err != nil || len(b.problems) > 0 {
		return Outcome{}, b.problems, err
	}
	return b.Outcome, nil, s.Members.KeepParty(tx, by.Person, changes, "导入党员台账", b.naming())
}

// memberBook is the ledger of Party members on its way into the tables.
type memberBook struct {
	*sheet
	*branches
	now        []member.PartyMember // what each row tells
	educations []named[string]
	categories []named[member.Category]
	units      map[string]org.WorkUnit
}

// naming tells the names of places and work units as the history keeps them.
func (b *memberBook) naming() func(int64) string {
	names := make(map[int64]string, len(b.units))
	for name, u := range b.units {
		names[u.ID] = name
	}
	return func(id int64) string {
		if u := b.byID[id]; u != nil {
			return u.Name
		}
		return names[id]
	}
}

// read finds the branch, the work unit and the community of each row.
func (b *memberBook) read(tx *gorm.DB) (err error) {
	if b.branches, err = b.Service.branches(tx, b.by); err != nil {
		return err
	}
	if b.units, err = b.Org.WorkUnitsNow(tx); err != nil {
		return err
	}
	for i := range b.rows {
		m := &b.now[i]
		if text := b.cell(i, "branch"); text != "" {
			if u, reason := b.branch(text); u != nil {
				m.BranchID = u.ID
			} else {
				b.wrong(i, "branch", reason)
			}
		}
		if text := b.cell(i, "community"); text != "" {
			if u, reason := b.places.find(text, org.Community); u != nil {
				m.CommunityID = u.ID
			} else {
				b.wrong(i, "community", reason)
			}
		}
		if name := b.cell(i, "unit"); name != "" {
			unit, ok := b.units[name]
			if !ok {
				b.wrong(i, "unit", "没有找到单位「"+name+"」：请核对名称，或先导入单位台账")
			}
			m.UnitID = unit.ID
		}
		m.Category = codeOf(b.categories, b.cell(i, "category"))
		m.Ethnicity, m.Education, m.Job = b.cell(i, "ethnicity"), codeOf(b.educations, b.cell(i, "education")), b.cell(i, "job")
		m.JoinedOn, m.FullOn, m.Flows, m.Note = b.cell(i, "joined"), b.cell(i, "full"), b.cell(i, "flows"), b.cell(i, "note")
	}
	return nil
}

// find brings the rows together with people.
func (b *memberBook) find(tx *gorm.DB) ([]member.Resolved, error) {
	var listed roster
	people := make([]member.Named, len(b.rows))
	for i := range b.rows {
		n := member.Named{
			Name: b.cell(i, "name"), Phone: b.cell(i, "phone"), IDNumber: b.cell(i, "id_number"), Birth: b.cell(i, "birth"),
			Gender: codeOf(genders, b.cell(i, "gender")), Address: b.cell(i, "address"), Member: true,
		}
		if n.ByPlace() {
			if listed == nil {
				known, err := b.Members.PartyIn(tx, b.ids(everyKind...))
				if err != nil {
					return nil, err
				}
				listed = roster{}
				for _, m := range known {
					listed.add(m.Name, m.PersonID, m.BranchID, m.CommunityID)
				}
			}
			n.Among = listed.among(n, b.now[i].BranchID, b.now[i].CommunityID)
		}
		people[i] = n
	}
	return b.people(tx, people)
}

// compare says what the rows change.
func (b *memberBook) compare(tx *gorm.DB, people []member.Resolved) ([]member.PartyChange, error) {
	var ids []int64
	for _, p := range people {
		if !p.New {
			ids = append(ids, p.PersonID)
		}
	}
	known, err := b.Members.PartyOf(tx, ids)
	if err != nil {
		return nil, err
	}
	changes := make([]member.PartyChange, 0, len(people))
	for i, p := range people {
		told := b.now[i]
		was, listed := known[p.PersonID]
		next, changed := was, false
		set(&next.PersonID, p.PersonID, &changed)
		set(&next.Category, told.Category, &changed)
		set(&next.BranchID, told.BranchID, &changed)
		set(&next.UnitID, told.UnitID, &changed)
		set(&next.CommunityID, told.CommunityID, &changed)
		set(&next.Ethnicity, told.Ethnicity, &changed)
		set(&next.Education, told.Education, &changed)
		set(&next.Job, told.Job, &changed)
		set(&next.JoinedOn, told.JoinedOn, &changed)
		set(&next.FullOn, told.FullOn, &changed)
		set(&next.Flows, told.Flows, &changed)
		set(&next.Note, told.Note, &changed)
		if text := b.cell(i, "standing"); text != "" && next.Probationary != (codeOf(standings, text) == "probationary") {
			next.Probationary, changed = !next.Probationary, true
		}
		if next.LeftAt != 0 {
			next.LeftAt, changed = 0, true
		}
		if next.BranchID == 0 {
			set(&next.BranchID, next.CommunityID, &changed)
		}
		if changed || p.Changed {
			b.mayKeep(i, was, next, p.Birth)
			changes = append(changes, member.PartyChange{Was: was, Now: next, Corrected: p.Corrected})
		}
		b.count(!listed, changed || p.Changed)
	}
	return changes, nil
}

// checked are the columns of what an entry's own check names.
var checked = map[string]string{"category": "category", "flows": "flows", "education": "education", "joined_on": "joined", "full_on": "full"}

// mayKeep finds what is wrong with an entry, and what of it is outside the
// importer's scope, before or after.
func (b *memberBook) mayKeep(i int, was, next member.PartyMember, birth string) {
	if err := next.Check(birth, b.Now()); err != nil {
		for _, f := range errs.From(err).Fields {
			b.wrong(i, checked[f.Name], f.Message)
		}
	}
	at := b.byID[next.BranchID]
	switch {
	case next.BranchID == 0:
		b.wrong(i, "branch", "请填写所在党支部，或居住社区")
	case at == nil || !b.by.May(org.ManageMembers, at.Path):
		b.wrong(i, "branch", "不在您负责的范围内")
	case at.Kind == org.CompoundKind && b.known[at.ID].Branch == "":
		b.wrong(i, "branch", "「"+at.Name+"」还没有党支部：请填所在社区，或先在小区台账里填写党支部名称")
	case was.BranchID != 0 && was.BranchID != next.BranchID:
		if at := b.byID[was.BranchID]; at == nil || !b.by.May(org.ManageMembers, at.Path) {
			b.wrong(i, "branch", "这名党员现在登记在您负责范围以外的支部，请由共同的上级办理转接")
		}
	}
}

func exportMembers(ctx context.Context, s *Service, by org.Actor, each func(cells []string) error) error {
	tx := s.DB.Read(ctx)
	b, err := s.branches(tx, by)
	if err != nil {
		return err
	}
	listed, err := s.Members.PartyIn(tx, b.ids(everyKind...))
	if err != nil {
		return err
	}
	senders, err := s.senders(tx)
	if err != nil {
		return err
	}
	words, kinds := educations(), categories()
	for chunk := range slices.Chunk(listed, 1000) {
		var ids []int64
		for _, m := range chunk {
			ids = append(ids, m.PersonID)
		}
		people, err := s.shown(tx, ids)
		if err != nil {
			return err
		}
		for _, m := range chunk {
			p, standing := people[m.PersonID], "full"
			if m.Probationary {
				standing = "probationary"
			}
			cells := []string{
				p.name, p.gender, m.Ethnicity, p.birth, p.idNumber, titleOf(words, m.Education), p.phone, titleOf(kinds, m.Category),
				titleOf(standings, standing), b.branchName(m.BranchID), m.JoinedOn, m.FullOn, senders[m.UnitID], m.Job, b.name(m.CommunityID),
				p.address, m.Flows, m.Note,
			}
			if err := each(cells); err != nil {
				return err
			}
		}
	}
	return nil
}

// branches are the places of a scope, found by the names of their branches too.
type branches struct {
	*places
	known    map[int64]org.Compound
	byBranch map[string][]*org.Unit
}

func (s *Service) branches(tx *gorm.DB, by org.Actor) (*branches, error) {
	p, err := s.places(tx, by)
	if err != nil {
		return nil, err
	}
	b := &branches{places: p, byBranch: map[string][]*org.Unit{}}
	if b.known, err = s.Org.CompoundsOf(tx, p.ids(org.CompoundKind)); err != nil {
		return nil, err
	}
	for id, c := range b.known {
		if c.Branch != "" {
			b.byBranch[c.Branch] = append(b.byBranch[c.Branch], b.byID[id])
		}
	}
	return b, nil
}

// branch is the compound or community whose branch a cell names; else why not.
func (b *branches) branch(text string) (*org.Unit, string) {
	if found := b.byBranch[text]; len(found) == 1 {
		return found[0], ""
	}
	u, reason := b.find(text, org.CompoundKind, org.Community)
	for _, end := range []string{"党支部", "支部", "党总支", "党委", "党组织"} {
		if u == nil && strings.HasSuffix(text, end) {
			u, _ = b.find(strings.TrimSuffix(text, end), org.CompoundKind, org.Community)
		}
	}
	return u, reason
}

// branchName is how branch finds the unit.
func (b *branches) branchName(id int64) string {
	if name := b.known[id].Branch; len(b.byBranch[name]) == 1 {
		return name
	}
	return b.name(id)
}

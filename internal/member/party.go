package member

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// Category is the kind of a Party member in the city's ledger.
type Category string

// The four categories.
const (
	InService Category = "in_service" // 在职党员: works in a unit, lives and serves in a community
	Resident  Category = "resident"   // 直管党员: belongs to the compound's branch
	Retired   Category = "retired"    // 离退休党员
	Mobile    Category = "mobile"     // 流动党员: came from or went to another place
)

// Categories are the four with their names, in the order of ledgers.
var Categories = []struct {
	Code Category
	Name string
}{{InService, "在职党员"}, {Resident, "直管党员"}, {Retired, "离退休党员"}, {Mobile, "流动党员"}}

// Name is the category as people read it.
func (c Category) Name() string {
	for _, k := range Categories {
		if k.Code == c {
			return k.Name
		}
	}
	return ""
}

// Educations are the codes of education with their names, lowest first.
var Educations = []struct{ Code, Name string }{
	{"none", "无"},
	{"primary", "小学"},
	{"junior", "初中"},
	{"senior", "高中或中专"},
	{"college", "大专"},
	{"bachelor", "本科"},
	{"master", "硕士"},
	{"doctor", "博士"},
}

func isEducation(code string) bool {
	return code == "" || slices.ContainsFunc(Educations, func(e struct{ Code, Name string }) bool { return e.Code == code })
}

// PartyMember is a person's entry in the ledger of Party members. Days are
// 2006-01-02; an empty one is not known.
type PartyMember struct {
	PersonID     int64 `gorm:"primaryKey"`
	Category     Category
	Probationary bool   // 预备党员
	BranchID     int64  // the compound, or the community, whose branch they belong to
	UnitID       int64  // the work unit of an in-service member; 0 = not known yet
	CommunityID  int64  // where an in-service member lives and serves; 0 = not known yet
	Ethnicity    string // 民族
	Education    string // one of Educations
	Job          string // 职务
	JoinedOn     string // 入党日期
	FullOn       string // 转正日期
	Flows        string // 流入地或流出地 of a mobile member
	Note         string
	Version      int64
	CreatedAt    int64
	LeftAt       int64 // 0 while in the ledger
}

// TableName is gorm's.
func (PartyMember) TableName() string { return "party_members" }

// Errors of the ledger.
var (
	ErrNotMember    = errs.New(errs.NotFound, "member_unknown", "台账里没有这位党员，或不在您负责的范围内")
	ErrListed       = errs.New(errs.Conflict, "member_listed", "这位党员已在台账里，请直接修改或转接")
	ErrStale        = errs.New(errs.Conflict, "stale", "已被他人修改，请刷新后再试")
	ErrMember       = errs.New(errs.Invalid, "member_invalid", "党员信息不完整或不正确")
	ErrBranch       = errs.New(errs.Invalid, "branch_unknown", "没有这个党支部").At("branch_id", "请选择有党支部的小区，或社区")
	ErrTransferBoth = errs.New(errs.Forbidden, "transfer_outside", "转出和转入的党支部要都在您负责的范围内，请由共同的上级办理")
	ErrReason       = errs.New(errs.Invalid, "reason_missing", "请写明原因").At("reason", "请写明原因")
)

// adult is how old whoever joins the Party must be, in years (党章 art. 1).
const adult = 18

// Check says what is wrong with an entry of somebody born on birth (empty: not
// known), as of today; each field that is wrong is named. Error: ErrMember.
func (m PartyMember) Check(birth string, today time.Time) error {
	wrong := ErrMember
	bad := func(field, message string) { wrong = wrong.At(field, message) }
	if m.Category.Name() == "" {
		bad("category", "请选择在职、直管、离退休或流动")
	}
	if m.Category == Mobile && m.Flows == "" {
		bad("flows", "流动党员请填写流入地或流出地")
	}
	if !isEducation(m.Education) {
		bad("education", "没有这种学历")
	}
	joined, err := day(m.JoinedOn)
	switch {
	case err != nil:
		bad("joined_on", "入党日期不正确，请按 1999-07-01 的样子填写")
	case joined.After(today):
		bad("joined_on", "入党日期在今天之后")
	case !joined.IsZero() && birth != "":
		if born, err := day(birth); err == nil && joined.Before(born.AddDate(adult, 0, 0)) {
			bad("joined_on", fmt.Sprintf("入党时不满 %d 岁，请核对", adult))
		}
	}
	full, err := day(m.FullOn)
	switch {
	case err != nil:
		bad("full_on", "转正日期不正确，请按 2000-07-01 的样子填写")
	case full.IsZero():
	case m.Probationary:
		bad("full_on", "预备党员还没有转正日期")
	case full.After(today):
		bad("full_on", "转正日期在今天之后")
	case full.Before(joined):
		bad("full_on", "转正日期在入党日期之前")
	}
	if len(wrong.Fields) > 0 {
		return wrong
	}
	return nil
}

// day reads 2006-01-02; nothing is the zero time.
func day(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, text)
}

// Change is one line of a member's history.
type Change struct {
	ID       int64
	PersonID int64
	Kind     ChangeKind
	Was      string
	Became   string
	Reason   string
	ByID     int64
	At       int64
}

// TableName is gorm's.
func (Change) TableName() string { return "member_history" }

// ChangeKind says what changed.
type ChangeKind string

// The kinds of changes.
const (
	Entered    ChangeKind = "entered"    // came into the ledger
	ToBranch   ChangeKind = "branch"     // moved to another branch
	ToCategory ChangeKind = "category"   // 类别变更
	ToUnit     ChangeKind = "unit"       // another work unit
	ToHome     ChangeKind = "community"  // another community of residence
	Corrected  ChangeKind = "corrected"  // another field
	Left       ChangeKind = "left"       // left the ledger
	ToStanding ChangeKind = "membership" // 转正
)

// Differences are what changed from one entry to the next, in words; names
// tells the names of branches, communities and work units.
func Differences(was, became PartyMember, names func(id int64) string) []Change {
	var out []Change
	differ := func(kind ChangeKind, a, b string) {
		if a != b {
			out = append(out, Change{PersonID: became.PersonID, Kind: kind, Was: clip(a), Became: clip(b)})
		}
	}
	differ(ToBranch, names(was.BranchID), names(became.BranchID))
	differ(ToCategory, was.Category.Name(), became.Category.Name())
	differ(ToUnit, names(was.UnitID), names(became.UnitID))
	differ(ToHome, names(was.CommunityID), names(became.CommunityID))
	differ(ToStanding, standing(was), standing(became))
	for _, f := range []struct{ title, a, b string }{
		{"民族", was.Ethnicity, became.Ethnicity},
		{"学历", was.Education, became.Education},
		{"职务", was.Job, became.Job},
		{"入党日期", was.JoinedOn, became.JoinedOn},
		{"转正日期", was.FullOn, became.FullOn},
		{"流入流出地", was.Flows, became.Flows},
		{"备注", was.Note, became.Note},
	} {
		if f.a != f.b {
			differ(Corrected, f.title+"："+f.a, f.title+"："+f.b)
		}
	}
	return out
}

func standing(m PartyMember) string {
	if m.Probationary {
		return "预备党员"
	}
	return "正式党员"
}

// maxWords is what a line of history keeps of a value, in characters.
const maxWords = 120

func clip(text string) string {
	if r := []rune(text); len(r) > maxWords {
		return string(r[:maxWords])
	}
	return text
}

// Entry is a member's entry with the person and the names that belong to it.
type Entry struct {
	PartyMember
	Person    Person
	Branch    string
	Unit      string
	Community string
	paths     []string // of the branch and of the community of residence
}

// seen says whether the actor has the permission over the branch, or over the
// community where the member lives and serves.
func (e Entry) seen(by org.Actor, p org.Permission) bool {
	return slices.ContainsFunc(e.paths, func(path string) bool { return path != "" && by.May(p, path) })
}

// Managed says that the actor may change the entry, look at its fields in full and end it.
func (e Entry) Managed(by org.Actor) bool { return e.LeftAt == 0 && e.seen(by, org.ManageMembers) }

// Remarked says that the actor writes the yearly remark of the community where the member lives and serves.
func (e Entry) Remarked(by org.Actor) bool {
	return e.LeftAt == 0 && e.CommunityID != 0 && by.May(org.ManageMembers, e.paths[1])
}

const selectEntries = `SELECT m.*, b.name AS branch_name, b.path AS branch_path, c.name AS community_name, c.path AS community_path, w.name AS unit_name,
p.name, p.phone, p.id_number, p.birth, p.address, p.gender
FROM party_members m JOIN people p ON p.id = m.person_id
LEFT JOIN org_units b ON b.id = m.branch_id LEFT JOIN org_units c ON c.id = m.community_id LEFT JOIN units w ON w.id = m.unit_id `

type entryRow struct {
	PartyMember
	BranchName, BranchPath, CommunityName, CommunityPath, UnitName string
	Name, Phone, IDNumber, Birth, Address, Gender                  string
}

func (r entryRow) entry() Entry {
	return Entry{
		PartyMember: r.PartyMember, Branch: r.BranchName, Unit: r.UnitName, Community: r.CommunityName, paths: []string{r.BranchPath, r.CommunityPath},
		Person: Person{ID: r.PersonID, Name: r.Name, Phone: r.Phone, IDNumber: r.IDNumber, Birth: r.Birth, Address: r.Address, Gender: r.Gender, Member: true},
	}
}

// Entry returns a member's entry if the actor may see it, or ErrNotMember.
func (s *Service) Entry(ctx context.Context, by org.Actor, person int64) (Entry, error) {
	e, err := s.entry(s.DB.Read(ctx), person)
	if err == nil && !e.seen(by, org.SeeMembers) && by.Person != person {
		err = ErrNotMember
	}
	return e, err
}

func (s *Service) entry(tx *gorm.DB, person int64) (Entry, error) {
	var rows []entryRow
	if err := tx.Raw(selectEntries+"WHERE m.person_id = ?", person).Scan(&rows).Error; err != nil {
		return Entry{}, err
	}
	if len(rows) == 0 {
		return Entry{}, ErrNotMember
	}
	return rows[0].entry(), nil
}

// History returns what happened to a member's entry, the latest first.
// Error: ErrNotMember.
func (s *Service) History(ctx context.Context, by org.Actor, person int64) ([]Change, error) {
	if _, err := s.Entry(ctx, by, person); err != nil {
		return nil, err
	}
	var out []Change
	return out, s.DB.Read(ctx).Where("person_id = ?", person).Order("id DESC").Find(&out).Error
}

// uniteEntries gives from's entry in the ledger to the person to, or closes it
// when to has one: the ledger held one person twice.
func (s *Service) uniteEntries(tx *gorm.DB, from, to int64) error {
	_, err := s.entry(tx, to)
	if errors.Is(err, ErrNotMember) {
		return tx.Exec("UPDATE party_members SET person_id = ? WHERE person_id = ?", to, from).Error
	}
	if err != nil {
		return err
	}
	return tx.Exec("UPDATE party_members SET left_at = ?, version = version + 1 WHERE person_id = ? AND left_at = 0", s.Now().UnixMilli(), from).Error
}

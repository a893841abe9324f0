package ledger

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/worker"
)

var workerKinds = []named[worker.Kind]{{worker.Secretary, "社区书记"}, {worker.Committee, "两委成员"}, {worker.Graduate, "大学生"}}

// Whether somebody came as a graduate, whatever they are now.
const yes, no = "是", "否"

func workers() Kind {
	return Kind{
		Code: "workers", Title: "社区工作者台账",
		Columns: []Column{
			{Key: "community", Title: "社区", Required: true, Width: 16, Help: "所在社区；重名时连街道一起写，如 文峰街道/永安社区。", Example: "永安社区"},
			{Key: "name", Title: "姓名", Required: true, Max: 60, Example: "王志强"},
			{Key: "gender", Title: "性别", Type: Choice, OneOf: titles(genders), Help: "填了身份证号的可以不填。", Example: "男"},
			{Key: "id_number", Title: "身份证号", Type: IDNumber, Width: 22, Help: "18 位。靠它认出是不是同一个人；没有的，手机号必填。"},
			{Key: "birth", Title: "出生日期", Type: Day, Masked: true, Help: "填了身份证号的可以不填；填了要与身份证号一致。", Example: "1986-05-04"},
			{Key: "phone", Title: "手机号", Type: Phone, Width: 14, Help: "本人的手机号，11 位。", Example: "13812345678"},
			{Key: "kind", Title: "岗位", Required: true, Type: Choice, OneOf: titles(workerKinds), Width: 12, Help: "从下拉列表中选择。", Example: "两委成员"},
			{Key: "education", Title: "学历", Type: Choice, OneOf: titles(educations()), Example: "大专"},
			{Key: "graduate", Title: "大学生", Type: Choice, OneOf: []string{yes, no}, Help: "以大学生身份招来的填“是”，后来当选两委成员的也填；岗位是大学生的可以不填。", Example: "否"},
			{Key: "since", Title: "上岗日期", Type: Day, Width: 12, Example: "2021-03-15"},
			{Key: "note", Title: "备注", Width: 20, Max: 255},
		},
		Apply: alone(applyWorkers), Export: exportWorkers,
	}
}

func applyWorkers(_ context.Context, s *Service, tx *gorm.DB, by org.Actor, rows []Row) (Outcome, []Problem, error) {
	b := &workerBook{sheet: s.sheet(workers(), by, rows), now: make([]worker.Worker, len(rows)), educations: educations()}
	people, err := b.find(tx)
	if err != nil || len(b.problems) > 0 {
		return Outcome{}, b.problems, err
	}
	fresh, changed, err := b.compare(tx, people)
	if err != nil || len(b.problems) > 0 {
		return Outcome{}, b.problems, err
	}
	if err := s.Workers.Load(tx, fresh); err != nil {
		return Outcome{}, nil, err
	}
	return b.Outcome, nil, s.Workers.Change(tx, changed)
}

// workerBook is the ledger of workers on its way into the table.
type workerBook struct {
	*sheet
	*places
	now        []worker.Worker // what each row tells
	educations []named[string]
}

// find brings the rows together with people.
func (b *workerBook) find(tx *gorm.DB) (_ []member.Resolved, err error) {
	if b.places, err = b.Service.places(tx, b.by); err != nil {
		return nil, err
	}
	var listed roster
	people := make([]member.Named, len(b.rows))
	for i := range b.rows {
		w := &b.now[i]
		if u, reason := b.places.find(b.cell(i, "community"), org.Community); u != nil {
			w.CommunityID = u.ID
		} else {
			b.wrong(i, "community", reason)
		}
		w.Kind, w.Education = codeOf(workerKinds, b.cell(i, "kind")), codeOf(b.educations, b.cell(i, "education"))
		w.Since, w.Note = b.cell(i, "since"), b.cell(i, "note")
		n := member.Named{
			Name: b.cell(i, "name"), Phone: b.cell(i, "phone"), IDNumber: b.cell(i, "id_number"), Birth: b.cell(i, "birth"),
			Gender: codeOf(genders, b.cell(i, "gender")),
		}
		if n.ByPlace() {
			if listed == nil {
				known, err := b.Workers.In(tx, b.ids(org.Community))
				if err != nil {
					return nil, err
				}
				listed = roster{}
				for _, w := range known {
					listed.add(w.Name, w.PersonID, w.CommunityID)
				}
			}
			n.Among = listed.among(n, w.CommunityID)
		}
		people[i] = n
	}
	return b.people(tx, people)
}

// compare says what the rows change.
func (b *workerBook) compare(tx *gorm.DB, people []member.Resolved) (fresh, changes []worker.Worker, err error) {
	var ids []int64
	for _, p := range people {
		if !p.New {
			ids = append(ids, p.PersonID)
		}
	}
	known, err := b.Workers.Of(tx, ids)
	if err != nil {
		return nil, nil, err
	}
	for i, p := range people {
		told := b.now[i]
		was, listed := known[p.PersonID]
		next, changed := was, false
		set(&next.PersonID, p.PersonID, &changed)
		set(&next.CommunityID, told.CommunityID, &changed)
		set(&next.Kind, told.Kind, &changed)
		set(&next.Education, told.Education, &changed)
		if text := b.cell(i, "graduate"); text != "" {
			next.Graduate = text == yes
		}
		next.Graduate = next.Graduate || next.Kind == worker.Graduate
		changed = changed || next.Graduate != was.Graduate
		set(&next.Since, told.Since, &changed)
		set(&next.Note, told.Note, &changed)
		if next.LeftAt != 0 {
			next.LeftAt, changed = 0, true
		}
		if changed || p.Changed {
			for _, id := range []int64{next.CommunityID, was.CommunityID} {
				if at := b.byID[id]; id != 0 && (at == nil || !b.by.May(org.ManageMembers, at.Path)) {
					b.wrong(i, "community", "不在您负责的范围内，或此人现在登记在您负责范围以外的社区")
					break
				}
			}
		}
		b.count(!listed, changed || p.Changed)
		switch {
		case !listed:
			fresh = append(fresh, next)
		case changed:
			changes = append(changes, next)
		}
	}
	return fresh, changes, nil
}

func exportWorkers(ctx context.Context, s *Service, by org.Actor, each func(cells []string) error) error {
	tx := s.DB.Read(ctx)
	p, err := s.places(tx, by)
	if err != nil {
		return err
	}
	listed, err := s.Workers.In(tx, p.ids(org.Community))
	if err != nil {
		return err
	}
	words := educations()
	for chunk := range slices.Chunk(listed, 1000) {
		var ids []int64
		for _, w := range chunk {
			ids = append(ids, w.PersonID)
		}
		people, err := s.shown(tx, ids)
		if err != nil {
			return err
		}
		for _, w := range chunk {
			h := people[w.PersonID]
			graduate := no
			if w.Graduate {
				graduate = yes
			}
			cells := []string{
				p.name(w.CommunityID), h.name, h.gender, h.idNumber, h.birth, h.phone, titleOf(workerKinds, w.Kind),
				titleOf(words, w.Education), graduate, w.Since, w.Note,
			}
			if err := each(cells); err != nil {
				return err
			}
		}
	}
	return nil
}

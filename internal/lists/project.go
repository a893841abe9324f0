package lists

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/org"
)

const (
	maxJoined = 10 // needs, and resources, of one project
	maxLength = 3  // years of a project
)

// Proposal is a project that a unit claims needs with, or for which a community
// asks a unit's resources.
type Proposal struct {
	Needs          []int64 // of one community, one at least
	Resources      []int64 // of one unit; a claim without any says in About what the unit brings
	Unit           int64   // of a claim without resources
	Title          string  // empty: that of the first need
	About          string
	StartOn, EndOn string
}

// Propose makes a project, which holds its needs until the other side has
// answered: of two that want one need, one gets it. A request with a key that
// was used before returns what it made then. Errors: ErrInvalid, ErrUnknown,
// ErrNotYours, ErrTaken, ErrClaimed, ErrKeyReused.
func (s *Service) Propose(ctx context.Context, by org.Actor, key string, d Proposal) (Project, error) {
	slices.Sort(d.Needs) // in one order, so that two projects never wait for each other
	slices.Sort(d.Resources)
	d.Needs, d.Resources = slices.Compact(d.Needs), slices.Compact(d.Resources)
	if made, ok, err := s.proposed(ctx, key, d); ok || err != nil { // its own needs are taken by now
		return made, err
	}
	p := Project{
		ID: s.DB.NewID(), Title: strings.TrimSpace(d.Title), About: strings.TrimSpace(d.About), StartOn: d.StartOn, EndOn: d.EndOn,
		State: Proposed, Version: 1, CreatedAt: s.Now().UnixMilli(),
	}
	if err := s.join(ctx, by, &p, d); err != nil {
		return p, err
	}
	path, err := s.pathOf(ctx, p.OrgID)
	if err != nil {
		return p, err
	}
	u, err := s.unitOf(ctx, p.UnitID)
	if err != nil {
		return p, err
	}
	may := p.stand().speaks(by, path, u.ContactID)
	switch {
	case may&unit != 0:
		p.AskedBy = TheUnit
	case may&community != 0:
		p.AskedBy = TheCommunity
	default:
		return p, ErrNotYours.Say("只有单位的联系人可以认领需求，只有社区可以请单位提供资源")
	}
	if p.AskedBy == TheCommunity && len(d.Resources) == 0 {
		return p, ErrInvalid.At("resource_ids", "请选择希望单位提供的资源")
	}
	if len(d.Resources) == 0 && len([]rune(p.About)) < 5 {
		return p, ErrInvalid.At("about", "没有选资源时，请用 5 个字以上写明单位打算怎样做")
	}
	if err := s.checkProject(p, Project{}); err != nil {
		return p, err
	}
	if key != "" {
		p.RequestKey = &key
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&p).Error; err != nil {
			return err
		}
		for _, id := range d.Needs {
			if err := tx.Exec("INSERT INTO list_project_needs (project_id, need_id, claim_key) VALUES (?, ?, ?)", p.ID, id, claimKey(id, p.UnitID)).Error; err != nil {
				if errors.Is(err, gorm.ErrDuplicatedKey) {
					err = ErrClaimed
				}
				return err
			}
			if err := claim(tx, id); err != nil {
				return err
			}
		}
		for _, id := range d.Resources {
			if err := tx.Exec("INSERT INTO list_project_resources (project_id, resource_id) VALUES (?, ?)", p.ID, id).Error; err != nil {
				return err
			}
		}
		if err := s.log(tx, Projects, p.ID, speaker(by, may, sidesOf[p.AskedBy], path, u), Event{Action: Create, ToState: Proposed, Note: p.About}); err != nil {
			return err
		}
		if err := s.ask(tx, Projects, p.ID, 1); err != nil {
			return err
		}
		if err := s.plan(tx, Timer{Projects, p.ID, waitsForAnswer, p.CreatedAt + s.days(s.Rules().AnswerDays)}); err != nil {
			return err
		}
		return s.tell(tx, Projects, p.ID, LetterProposed, other(p.AskedBy), "")
	})
	s.Outbox.Wake()
	if errors.Is(err, gorm.ErrDuplicatedKey) || errors.Is(err, ErrTaken) || errors.Is(err, ErrClaimed) { // the same request may have been first
		if made, ok, wrong := s.proposed(ctx, key, d); ok || wrong != nil {
			return made, wrong
		}
	}
	return p, err
}

// proposed is what a request with a key made before, if it did. Error: ErrKeyReused.
func (s *Service) proposed(ctx context.Context, key string, d Proposal) (Project, bool, error) {
	var before []Project
	if key == "" {
		return Project{}, false, nil
	}
	if err := s.DB.Read(ctx).Find(&before, "request_key = ?", key).Error; err != nil || len(before) == 0 {
		return Project{}, false, err
	}
	needs, _, err := s.Joined(ctx, []int64{before[0].ID})
	if err != nil {
		return Project{}, false, err
	}
	if !slices.EqualFunc(needs[before[0].ID], d.Needs, func(j Joined, id int64) bool { return j.ID == id }) {
		return Project{}, false, ErrKeyReused
	}
	return before[0], true, nil
}

// claimKey is unique while a claim is alive.
func claimKey(need, unit int64) string { return fmt.Sprintf("%d-%d", need, unit) }

var sidesOf = map[Side]sides{TheCommunity: community, TheUnit: unit}

func other(side Side) Side {
	return map[Side]Side{TheUnit: TheCommunity, TheCommunity: TheUnit}[side]
}

// join finds what a project joins, and whose it is.
func (s *Service) join(ctx context.Context, by org.Actor, p *Project, d Proposal) error {
	if len(d.Needs) == 0 || len(d.Needs) > maxJoined {
		return ErrInvalid.At("need_ids", "请选择 1 到 10 个需求")
	}
	if len(d.Resources) > maxJoined {
		return ErrInvalid.At("resource_ids", "最多选择 10 个资源")
	}
	for i, id := range d.Needs {
		n, err := take[Need](s.DB.Read(ctx), id)
		if err != nil {
			return err
		}
		path, _, err := s.parties(ctx, n.stand())
		switch {
		case err != nil:
			return err
		case n.State == Drafted || !n.stand().seen() && n.stand().speaks(by, path, 0) == 0:
			return ErrUnknown
		case n.State != Open:
			return ErrTaken
		case i > 0 && n.CommunityID != p.CommunityID:
			return ErrInvalid.At("need_ids", "一个项目里的需求应是同一个社区的")
		}
		p.CommunityID = n.CommunityID
		if p.OrgID == 0 {
			p.OrgID = n.OrgID
		} else if p.OrgID != n.OrgID {
			p.OrgID = n.CommunityID
		}
		if p.Title == "" {
			p.Title = n.Title
		}
	}
	p.UnitID = d.Unit
	for i, id := range d.Resources {
		r, err := take[Resource](s.DB.Read(ctx), id)
		if err != nil {
			return err
		}
		_, u, err := s.parties(ctx, r.stand())
		switch {
		case err != nil:
			return err
		case !r.stand().seen() && r.stand().speaks(by, "", u.ContactID) == 0:
			return ErrUnknown
		case r.State != Open || r.ToOn != "" && r.ToOn < s.today():
			return ErrState.Say("资源「" + r.Title + "」现在不能提供，请换一个")
		case len(r.Places) > 0 && !slices.Contains(r.Places, p.CommunityID):
			return ErrInvalid.At("resource_ids", "资源「"+r.Title+"」不面向这个社区，请换一个")
		case (i > 0 || d.Unit != 0) && r.UnitID != p.UnitID:
			return ErrInvalid.At("resource_ids", "一个项目里的资源应是同一个单位的")
		}
		p.UnitID = r.UnitID
	}
	if p.UnitID == 0 {
		return ErrInvalid.At("unit_id", "请选择单位或资源")
	}
	return nil
}

func (s *Service) checkProject(p, was Project) error {
	if err := first(worded("title", "标题", p.Title, 2, maxTitle), worded("about", "说明", p.About, 0, maxAbout), dated("start_on", p.StartOn), dated("end_on", p.EndOn)); err != nil {
		return err
	}
	switch {
	case p.EndOn != "" && p.StartOn > p.EndOn:
		return ErrInvalid.At("end_on", "完成日期应不早于开始日期，请核对是否填反了")
	case p.EndOn != "" && p.EndOn != was.EndOn && p.EndOn < s.today():
		return ErrInvalid.At("end_on", "完成日期已经过去")
	case p.EndOn > s.Now().In(s.Location).AddDate(maxLength, 0, 0).Format("2006-01-02"):
		return ErrInvalid.At("end_on", "一个项目最长 3 年")
	}
	return nil
}

// ProjectDraft is what is to be changed of a project: nil stays as it is.
type ProjectDraft struct {
	Title, About, StartOn, EndOn *string
}

// ChangeProject changes a project that is not carried out yet, by either side;
// while it waits for an answer, by who proposed it. Errors: ErrUnknown,
// ErrNotYours, ErrStale, ErrState, ErrInvalid.
func (s *Service) ChangeProject(ctx context.Context, by org.Actor, id int64, version int, d ProjectDraft) error {
	was, err := take[Project](s.DB.Read(ctx), id)
	if err != nil {
		return err
	}
	w, err := s.mayChange(ctx, by, was.stand(), version, Change)
	if err != nil {
		return err
	}
	p := was
	trimmed(&p.Title, d.Title)
	trimmed(&p.About, d.About)
	set(&p.StartOn, d.StartOn)
	set(&p.EndOn, d.EndOn)
	if err := s.checkProject(p, was); err != nil {
		return err
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		values := map[string]any{"title": p.Title, "about": p.About, "start_on": p.StartOn, "end_on": p.EndOn}
		return changeThing[Project](s, tx, was.stand(), w, values, p.Title != was.Title || p.About != was.About)
	})
	s.Outbox.Wake()
	return err
}

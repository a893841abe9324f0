package app

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/lists"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// sampleLists is the file's `lists`.
type sampleLists struct {
	Compound string
	Needs    []struct {
		Title, Kind, About  string
		People, Wants, Days int
	}
	Resources []struct {
		Title, Kind, About, Amount string
		Quantity, Days             int
	}
	Project struct {
		About, Progress string
		Days            int
	}
	Agreement map[string]string
}

// threeLists adds what a community needs, what its partners can give, a project
// that is under way and an agreement.
func (p *samplePlan) threeLists(now time.Time) error {
	f := &p.file.Lists
	var at org.Unit
	for _, u := range p.of(org.CompoundKind) {
		if u.Name == f.Compound {
			at = p.units[u.ParentID]
		}
	}
	j := slices.IndexFunc(p.tree.Seats, func(s org.Seat) bool { return s.Role == org.CommunitySecretary && s.OrgID == at.ID })
	var partners []org.WorkUnit
	for _, pair := range p.tree.Partners {
		if pair.CommunityID == at.ID {
			partners = append(partners, p.tree.WorkUnits[slices.IndexFunc(p.tree.WorkUnits, func(u org.WorkUnit) bool { return u.ID == pair.UnitID })])
		}
	}
	if j < 0 || len(partners) < len(f.Resources) || len(f.Needs) == 0 || len(f.Resources) == 0 {
		return fmt.Errorf("lists: %s has no secretary, too few partners, or nothing is needed or given", at.Name)
	}
	seat, made := p.tree.Seats[j], now.UnixMilli()
	day := func(n int) string { return now.In(p.location).AddDate(0, 0, n).Format(time.DateOnly) }
	log := func(l lists.List, id int64, side lists.Side, a lists.Action, to lists.State, note string) {
		e := lists.Event{ID: p.newID(), List: l, RefID: id, At: made, ActorID: seat.Holder, ActorTitle: seat.Title, Side: side, Action: a, ToState: to, Note: note, Photos: []int64{}}
		if side == lists.TheUnit {
			i := slices.IndexFunc(p.lists.Resources, func(r lists.Resource) bool { return r.ID == id })
			e.ActorID, e.ActorTitle = partners[max(i, 0)].ContactID, partners[max(i, 0)].Name
		}
		p.lists.Events = append(p.lists.Events, e)
	}
	for _, n := range f.Needs {
		need := lists.Need{
			ID: p.newID(), OrgID: at.ID, CommunityID: at.ID, Title: n.Title, Kind: n.Kind, About: n.About, People: n.People, Wants: max(n.Wants, 1), WantedOn: day(n.Days),
			State: lists.Open, Content: ticket.Passed, Sample: true, CreatedAt: made,
		}
		p.lists.Needs = append(p.lists.Needs, need)
		log(lists.Needs, need.ID, lists.TheCommunity, lists.Publish, lists.Open, "")
	}
	for i, r := range f.Resources {
		resource := lists.Resource{
			ID: p.newID(), UnitID: partners[i].ID, Title: r.Title, Kind: r.Kind, About: r.About, Amount: r.Amount, Quantity: r.Quantity, FromOn: day(0), ToOn: day(r.Days),
			State: lists.Open, Content: ticket.Passed, Sample: true, CreatedAt: made,
		}
		p.lists.Resources = append(p.lists.Resources, resource)
		log(lists.Resources, resource.ID, lists.TheUnit, lists.Publish, lists.Open, "")
	}
	first := &p.lists.Needs[0]
	first.State, first.Taken = lists.Matched, first.Wants
	project := lists.Project{
		ID: p.newID(), OrgID: at.ID, CommunityID: at.ID, UnitID: partners[0].ID, Title: first.Title, About: f.Project.About, StartOn: day(0), EndOn: day(f.Project.Days),
		AskedBy: lists.TheUnit, State: lists.Running, NotedAt: made, Content: ticket.Passed, Sample: true, CreatedAt: made,
	}
	p.lists.Projects = []lists.Project{project}
	log(lists.Projects, project.ID, lists.TheUnit, lists.Create, lists.Proposed, project.About)
	log(lists.Projects, project.ID, lists.TheCommunity, lists.Agree, lists.Agreed, "")
	log(lists.Projects, project.ID, lists.TheUnit, lists.Progress, lists.Running, f.Project.Progress)
	p.lists.Events[len(p.lists.Events)-1].Day = day(0)
	agreement := lists.Agreement{
		ID: p.newID(), CommunityID: at.ID, UnitID: partners[0].ID, ProjectID: project.ID, FromOn: day(0), ToOn: day(365), State: lists.Running,
		UnitAt: made, CommunityAt: made, DocumentID: p.newID(), Content: ticket.Passed, Sample: true, CreatedAt: made,
	}
	for _, code := range slices.Sorted(maps.Keys(f.Agreement)) {
		agreement.Items = append(agreement.Items, lists.Item{Code: code, Words: f.Agreement[code]})
	}
	p.lists.Agreements = []lists.Agreement{agreement}
	for _, side := range []lists.Side{lists.TheCommunity, lists.TheUnit} {
		log(lists.Agreements, agreement.ID, side, lists.Confirm, lists.Running, "")
	}
	return nil
}

// blankPaper is a PDF with one empty page: what the sample agreement was signed on.
const blankPaper = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"

// paper keeps the documents of the sample agreements.
func (s *Sample) paper(tx *gorm.DB, l lists.Sample) error {
	for _, a := range l.Agreements {
		p := ticket.Photo{ID: a.DocumentID, Holder: lists.Holder(lists.Agreements, a.ID), Content: []byte(blankPaper), CreatedAt: a.CreatedAt}
		if err := tx.Create(&p).Error; err != nil {
			return err
		}
	}
	return nil
}

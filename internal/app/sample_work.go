package app

import (
	"fmt"
	"slices"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/consult"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/station"
	"fenlin/internal/ticket"
	"fenlin/internal/wish"
	"fenlin/internal/worker"
)

// employ makes workers of Party members whom the communities' branches manage:
// the secretaries, the members of the committees, the graduates. The ages of
// the committees bring about the mean of all.
func (p *samplePlan) employ() error {
	f := p.file.Workers
	communities := p.of(org.Community)
	waiting := map[int64][]int{} // members that may work, by community
	secretaries := map[int64]int{}
	busy := map[int64]bool{}
	for _, s := range p.tree.Seats {
		busy[s.Holder] = true
	}
	for i, e := range p.enlisted {
		switch {
		case e.category != member.Resident:
		case e.home.ID == 0:
			secretaries[e.community] = i
		case !busy[p.people[e.person].ID]:
			waiting[e.home.ParentID] = append(waiting[e.home.ParentID], i)
		}
	}
	sum := 0
	employed := func(i int, community int64, kind worker.Kind, graduate bool, age int, education, since string) {
		e := &p.enlisted[i]
		e.age, e.education = age, education
		sum += age
		p.workers = append(p.workers, worker.Worker{
			PersonID: p.people[e.person].ID, CommunityID: community, Kind: kind, Graduate: graduate, Education: education, Since: since, Sample: true,
		})
	}
	next := func(n int) (i int, community int64, err error) {
		community = communities[n%len(communities)].ID
		if len(waiting[community]) == 0 {
			return 0, 0, fmt.Errorf("nobody is left in %s to work there", communities[n%len(communities)].Name)
		}
		i = waiting[community][0]
		waiting[community] = waiting[community][1:]
		return i, community, nil
	}
	const elected = "2021-12-20"
	for n, c := range communities {
		employed(secretaries[c.ID], c.ID, worker.Secretary, false, 42+n%12, "college", elected)
	}
	for n := range f.Graduates {
		i, community, err := next(n)
		if err != nil {
			return err
		}
		employed(i, community, worker.Graduate, true, 23+n%6, [...]string{"bachelor", "bachelor", "master"}[n%3], p.file.Day.plus(-880+n*5))
	}
	for n := range f.Committee {
		i, community, err := next(f.Graduates + n)
		if err != nil {
			return err
		}
		if n < f.GraduatesElected {
			employed(i, community, worker.Committee, true, 29+n, "bachelor", elected)
			continue
		}
		// The first of those left get what is over when the rest is shared out.
		left := f.Committee - n
		rest := f.MeanAge*(len(communities)+f.Graduates+f.Committee) - sum
		education := [...]string{"college", "bachelor", "college"}[n%3]
		if share(n, f.BelowCollege, f.Committee) > 0 {
			education = "senior"
		}
		age := rest/left + [...]int{-7, 3, -2, 6, 0, 5, -5}[n%7]
		if left <= 7 {
			age = rest / left
		}
		employed(i, community, worker.Committee, false, age, education, elected)
	}
	return nil
}

// servicePoints adds the centres and stations, and what was done there in the year.
func (p *samplePlan) servicePoints() {
	f, day := &p.file.Points, p.file.Day
	add := func(u org.Unit, kind station.Kind, what string, demonstration int) *station.Point {
		point := station.Point{
			ID: p.newID(), OrgID: u.ID, Kind: kind, Name: u.Name + what, Demonstration: demonstration > 0, Opening: f.Opening, Sample: true, CreatedAt: day.UnixMilli(),
		}
		if kind == station.Center || point.Demonstration {
			for _, r := range f.Rooms {
				r.ID, r.PointID = p.newID(), point.ID
				point.Rooms = append(point.Rooms, r)
			}
		}
		p.points = append(p.points, point)
		return &p.points[len(p.points)-1]
	}
	const center, stop = "党群服务中心", "党群服务站"
	add(p.of(org.City)[0], station.Center, center, 1)
	communities := p.of(org.Community)
	for i, u := range communities {
		point := add(u, station.Center, center, share(i, f.DemonstrationCommunities, len(communities)))
		if share(i, f.CentersUpgraded, len(communities)) > 0 {
			point.UpgradedOn = day.plus(-250 + i*3)
		}
	}
	var branches []org.Unit
	for _, c := range p.tree.Compounds {
		if c.Branch != "" {
			branches = append(branches, p.units[c.OrgID])
		}
	}
	for i, u := range branches {
		point := add(u, station.Station, stop, share(i, f.DemonstrationCompounds, len(branches)))
		if share(i, f.StationsRewarded, len(branches)) > 0 {
			point.PassedOn, point.RewardedOn = day.plus(-240+i), day.plus(-40)
		}
	}
	a := &p.file.Activities
	first := time.Date(day.Year(), 1, 4, 9, 0, 0, 0, p.location)
	for i := range a.Count {
		point := p.points[i%len(p.points)]
		starts := first.AddDate(0, 0, i*355/a.Count).Add(time.Duration(i%3*5) * time.Hour)
		p.activities = append(p.activities, activity.Activity{
			ID: p.newID(), OrgID: point.OrgID, PointID: point.ID, Title: a.Titles[i%len(a.Titles)], State: activity.Done,
			StartsAt: starts.UnixMilli(), EndsAt: starts.Add(2 * time.Hour).UnixMilli(), Sample: true, CreatedAt: starts.AddDate(0, 0, -7).UnixMilli(),
		})
	}
}

// upcoming adds the activities for which people may sign up from now on.
func (p *samplePlan) upcoming(now time.Time) error {
	for _, u := range p.file.Activities.Upcoming {
		j := slices.IndexFunc(p.tree.Seats, func(s org.Seat) bool { return s.Role == u.By && p.units[s.OrgID].Name == u.Org })
		if j < 0 {
			return fmt.Errorf("activity %s: %s has no %s", u.Title, u.Org, u.By)
		}
		seat := p.tree.Seats[j]
		y, m, d := now.In(p.location).Date()
		starts := time.Date(y, m, d+u.Days, u.Hour, 0, 0, 0, p.location)
		a := activity.Activity{
			ID: p.newID(), OrgID: seat.OrgID, Title: u.Title, Kind: u.Kind, About: u.About, Place: u.Place, State: activity.Published, Audience: activity.Everybody,
			StartsAt: starts.UnixMilli(), EndsAt: starts.Add(time.Duration(u.Hours) * time.Hour).UnixMilli(), SignupUntil: starts.UnixMilli(), AcceptMinutes: u.Accept,
			PostID: seat.ID, ByID: seat.Holder, ByTitle: seat.Title, PublishedAt: now.UnixMilli(), Sample: true, CreatedAt: now.UnixMilli(),
		}
		p.activities = append(p.activities, a)
		for seq, sl := range u.Slots {
			p.slots = append(p.slots, activity.Slot{ID: p.newID(), ActivityID: a.ID, Seq: seq + 1, Name: sl.Name, Capacity: sl.Capacity})
		}
	}
	return nil
}

// wish adds wishes that the branches post for households, open from now on.
func (p *samplePlan) wish(now time.Time) error {
	for _, f := range p.file.Wishes {
		j := slices.IndexFunc(p.tree.Seats, func(s org.Seat) bool { return s.Role == org.BranchSecretary && p.units[s.OrgID].Name == f.Org })
		if j < 0 {
			return fmt.Errorf("wish %s: %s has no branch secretary", f.Text, f.Org)
		}
		seat := p.tree.Seats[j]
		p.wishes = append(p.wishes, wish.Wish{
			ID: p.newID(), OrgID: seat.OrgID, Kind: f.Kind, Text: f.Text, ForWhom: wish.Household, State: wish.Open, Content: ticket.Passed, Until: now.AddDate(0, 0, f.Days).UnixMilli(),
			WisherID: seat.Holder, PostID: seat.ID, ByTitle: seat.Title, PublishedAt: now.UnixMilli(), Sample: true, CreatedAt: now.UnixMilli(),
		})
	}
	return nil
}

// selfRun adds what is done for the compound that its residents run, and the
// problems that they told last year, each from first to last.
func (p *samplePlan) selfRun() error {
	f := &p.file.SelfRun
	var compound org.Unit
	for _, u := range p.of(org.CompoundKind) {
		if u.Name == f.Compound {
			compound = u
		}
	}
	for _, name := range f.Items {
		p.items = append(p.items, consult.Item{ID: p.newID(), CompoundID: compound.ID, Name: name, Sample: true, CreatedAt: p.file.Day.UnixMilli()})
	}
	for _, t := range f.Past {
		at, err := time.ParseInLocation("2006-01-02 15:04", t.At, p.location)
		if err != nil {
			return err
		}
		reporter := org.Actor{Person: p.people[p.somebody(compound.ID, false)].ID, Home: compound.ID}
		finished := at.Add(time.Duration(t.Hours) * time.Hour)
		past := ticket.Past{
			Report: ticket.Report{
				Reporter: reporter.Person, Home: compound.ID, Channel: "api", Text: t.Text,
				Place: ticket.Place{OrgID: compound.ID, Category: t.Category, Building: t.Building},
			},
			At: at, Desk: p.desk(compound, t.Building), Lead: p.holderOf,
			Steps: []ticket.Step{
				{At: at.Add(25 * time.Minute), ByLead: true, Input: ticket.Input{Action: ticket.Accept}},
				{At: at.Add(70 * time.Minute), ByLead: true, Input: ticket.Input{Action: ticket.Contact}},
				{At: finished, ByLead: true, Input: ticket.Input{Action: ticket.Finish, Note: t.Note}},
			},
		}
		end := ticket.Step{At: finished.Add(ticket.ConfirmWindow), Input: ticket.Input{Action: ticket.Close, Note: "到时自动办理"}}
		if t.Rated != "" {
			solved := true
			end = ticket.Step{At: finished.Add(5 * time.Hour), By: reporter, Input: ticket.Input{Action: ticket.Confirm, Solved: &solved, Satisfaction: t.Rated}}
		}
		past.Steps = append(past.Steps, end)
		p.past = append(p.past, past)
	}
	return nil
}

// desk is org's Desk of the plan.
func (p *samplePlan) desk(place org.Unit, building string) org.Desk {
	d := org.Desk{Unit: place}
	for _, c := range p.tree.Compounds {
		if c.OrgID == place.ID {
			d.Governance = c.Governance
		}
	}
	for _, s := range p.tree.Seats {
		u := p.units[s.OrgID]
		group := p.within(u.ID, org.BuildingGroup)
		above := u.Kind != org.Department && org.Within(place.Path, u.Path)
		if above || u.Kind == org.Department || group.ID != 0 && group.ParentID == place.ID && group.Code == building {
			d.Posts = append(d.Posts, p.postOf(s))
		}
	}
	return d
}

func (p *samplePlan) postOf(s org.Seat) org.Post {
	u := p.units[s.OrgID]
	return org.Post{ID: s.ID, OrgID: u.ID, Role: s.Role, Title: s.Title, OrgKind: u.Kind, OrgCode: u.Code, OrgName: u.Name, OrgPath: u.Path, Filled: s.Holder != 0}
}

// holderOf is whoever holds a post.
func (p *samplePlan) holderOf(post int64) org.Actor {
	for _, s := range p.tree.Seats {
		if s.ID == post {
			return org.Actor{Person: s.Holder, Posts: []org.Post{p.postOf(s)}}
		}
	}
	return org.Actor{}
}

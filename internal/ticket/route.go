package ticket

import (
	"context"
	"time"

	"fenlin/internal/org"
	"fenlin/internal/routing"
	"fenlin/internal/understand"
)

// places is the city's compounds as sentences name them.
type places struct {
	Gazetteer *understand.Gazetteer
	ByID      map[int64]org.Place // also by the ids of compounds that these took up
	List      []org.Place
	codes     map[int64]string // of the units from the compounds upward that have one
	at        time.Time
}

// placesLife is how old the names of compounds may be.
const placesLife = time.Minute

// Places returns the city's compounds, a minute old or as much more as it takes
// to learn them. One request learns them anew; those beside it go on with what is
// known: thousands of compounds take a moment and a hundred megabytes.
func (s *Service) Places(ctx context.Context) (*places, error) { //nolint:revive // read by its fields alone
	now := s.Now()
	fresh := func(p *places) bool { return p != nil && now.Sub(p.at) < placesLife }
	p := s.places.Load()
	if fresh(p) {
		return p, nil
	}
	if p == nil {
		s.learning.Lock()
	} else if !s.learning.TryLock() {
		return p, nil
	}
	defer s.learning.Unlock()
	if p = s.places.Load(); fresh(p) { // while we waited
		return p, nil
	}
	return s.learnPlaces(ctx, now)
}

func (s *Service) learnPlaces(ctx context.Context, now time.Time) (*places, error) {
	list, err := s.Org.Places(ctx)
	if err != nil {
		return nil, err
	}
	p := &places{ByID: make(map[int64]org.Place, len(list)), List: list, at: now}
	named := make([]understand.Place, len(list))
	for i, c := range list {
		p.ByID[c.OrgID] = c
		named[i] = understand.Place{ID: c.OrgID, Name: c.Name, Aliases: c.Aliases}
	}
	merged, err := s.Org.Merged(ctx)
	if err != nil {
		return nil, err
	}
	for id, successor := range merged {
		if c, ok := p.ByID[successor]; ok {
			p.ByID[id] = c
		}
	}
	if p.codes, err = s.Org.UnitCodes(ctx); err != nil {
		return nil, err
	}
	p.Gazetteer = understand.NewGazetteer(named)
	if len(list) > 0 { // a city still being seeded is read again
		s.places.Store(p)
	}
	return p, nil
}

// Relearn has the next question read the city's compounds anew.
func (s *Service) Relearn() {
	if p := s.places.Load(); p != nil {
		old := *p
		old.at = time.Time{}
		s.places.Store(&old)
	}
}

// stand puts a place in a compound that is there: of one that was merged, in
// the one that took it up.
func (k *places) stand(p *Place) error {
	c, ok := k.ByID[p.OrgID]
	if p.OrgID != 0 && !ok {
		return org.ErrUnknownUnit
	}
	p.OrgID = c.OrgID
	return nil
}

// Facts are what routing looks at for a problem at a place.
func (s *Service) Facts(ctx context.Context, p Place, emergency bool) (routing.Facts, org.Desk, error) {
	desk, err := s.Org.Desk(ctx, p.OrgID, p.Building)
	if err != nil {
		return routing.Facts{}, desk, err
	}
	known, err := s.Places(ctx)
	if err != nil {
		return routing.Facts{}, desk, err
	}
	return known.facts(desk, p, emergency), desk, nil
}

// facts are facts with the codes of the units above the place, which rules may name.
func (k *places) facts(desk org.Desk, p Place, emergency bool) routing.Facts {
	f := facts(desk, p, emergency)
	for _, unit := range f.Orgs {
		if code := k.codes[unit]; code != "" {
			f.OrgCodes = append(f.OrgCodes, code)
		}
	}
	return f
}

func facts(desk org.Desk, p Place, emergency bool) routing.Facts {
	f := routing.Facts{
		Category: p.Category, Kind: string(desk.Governance), Emergency: emergency, Building: p.Building, Orgs: desk.Unit.Chain(),
		Posts: make([]routing.Post, 0, len(desk.Posts)),
	}
	for _, post := range desk.Posts {
		r := routing.Post{ID: post.ID, Role: string(post.Role), Org: post.OrgID, Title: post.Title, Filled: post.Filled}
		if post.OrgKind == org.Department {
			r.Department = post.OrgCode
		}
		f.Posts = append(f.Posts, r)
	}
	return f
}

// route decides who handles a problem at a place, from when the clocks run.
func (s *Service) route(ctx context.Context, p Place, emergency bool, from time.Time) (routed, org.Desk, error) {
	facts, desk, err := s.Facts(ctx, p, emergency)
	if err != nil {
		return routed{}, desk, err
	}
	r, err := s.decide(facts, desk, from)
	return r, desk, err
}

// answerBy is when an answer is due that is asked for now.
func (s *Service) answerBy(grade string, now time.Time) time.Time {
	rules := s.Rules()
	respond, _ := rules.grade(grade).Due(rules.Calendar, now)
	return respond
}

// decide is route for a desk that is known already.
func (s *Service) decide(facts routing.Facts, desk org.Desk, from time.Time) (routed, error) {
	var d routing.Decision
	rules := s.Rules()
	rules.Routes.Decide(&facts, &d)
	if d.Lead.Post == 0 {
		return routed{}, ErrNobody
	}
	grade, _ := rules.Routes.Grade(d.Grade)
	respond, finish := grade.Due(rules.Calendar, from)
	k := rules.Routes.Clocks()
	warnResponse, warnFinish := k.WarnAt(rules.Calendar, from, respond, grade.Working), k.WarnAt(rules.Calendar, from, finish, grade.Working)
	r := routed{
		grade: d.Grade, respondBy: respond.UnixMilli(), dueAt: finish.UnixMilli(), respondWarn: warnResponse.UnixMilli(), dueWarn: warnFinish.UnixMilli(),
		rule: d.Rule, reason: firstRunes(d.Reason(), longestReason), parts: []Part{},
	}
	for _, post := range desk.Posts {
		if post.ID == d.Lead.Post {
			r.lead = post
		}
	}
	for _, a := range d.Co() {
		r.parts = append(r.parts, Part{PostID: a.Post, Kind: CoHandler})
	}
	for _, a := range d.Watchers() {
		r.parts = append(r.parts, Part{PostID: a.Post, Kind: Watcher})
	}
	return r, nil
}

// longestReason is what the column of a ticket holds, in characters.
const longestReason = 255

func firstRunes(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}

// routed is a routing decision as the ticket keeps it.
type routed struct {
	lead                 org.Post
	parts                []Part
	grade                string
	respondBy, dueAt     int64
	respondWarn, dueWarn int64
	rule, reason         string
}

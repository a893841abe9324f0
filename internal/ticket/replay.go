package ticket

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"fenlin/internal/org"
	"fenlin/internal/routing"
)

// Replay is what another tree would have made of past tickets. Facts are those
// that a ticket's row has now, with who is in post now, so that both trees are
// compared on the same ground; who handled a ticket in the end is left aside.
type Replay struct {
	Tickets  int
	From, To time.Time // the first and the last report
	Months   float64   // between them, at least one
	Moved    int       // get another lead
	Regraded int       // get another grade
	Nobody   int       // of places where nobody holds any post: not counted in Tickets
	Handlers []Handling
}

// Handling is what one post would lead by the tree in force and by the other.
type Handling struct {
	Post          org.Post
	Before, After Load
	Come, Go      int // tickets that come to it, and that leave it
}

// Load is what a post leads.
type Load struct {
	Tickets int
	Overdue float64 // how many will be late, by the share of past tickets of the grade that were
}

const (
	replayBatch = 20_000 // rows read at once
	ownEnough   = 20     // ended tickets of a grade from which a post's own share is taken
)

// Replay routes every ticket reported since a moment by the tree in force and
// by another. It only reads. told hears how many of how many are done.
func (s *Service) Replay(ctx context.Context, since time.Time, other *routing.Tree, told func(done, of int)) (Replay, error) {
	var first struct{ N, Least, Oldest, Newest int64 }
	err := s.DB.Read(ctx).Raw("SELECT COUNT(*) AS n, COALESCE(MIN(id), 0) AS least, COALESCE(MIN(created_at), 0) AS oldest, COALESCE(MAX(created_at), 0) AS newest FROM tickets WHERE created_at >= ?", since.UnixMilli()).Scan(&first).Error
	if err != nil {
		return Replay{}, err
	}
	const month = 365 * 24 * time.Hour / 12
	r := &replay{
		service: s, trees: [2]*routing.Tree{s.Rules().Routes, other}, since: since.UnixMilli(), now: s.Now().UnixMilli(),
		desks: map[deskKey]*replayDesk{}, posts: map[int64]*tally{}, past: map[pastKey]*ended{},
	}
	if r.known, err = s.Places(ctx); err != nil {
		return Replay{}, err
	}
	r.From, r.To = time.UnixMilli(first.Oldest), time.UnixMilli(first.Newest)
	r.Months = max(1, float64(r.To.Sub(r.From))/float64(month))
	last, done := first.Least-1, 0
	for {
		n, err := r.batch(ctx, &last)
		if err != nil {
			return Replay{}, err
		}
		if n == 0 {
			break
		}
		done += n
		told(done, int(first.N))
	}
	return r.Replay, r.settle(ctx)
}

// replay is a Replay in the making.
type replay struct {
	Replay
	service    *Service
	known      *places
	trees      [2]*routing.Tree
	since, now int64
	desks      map[deskKey]*replayDesk
	posts      map[int64]*tally
	past       map[pastKey]*ended
}

type deskKey struct {
	unit     int64
	building string
}

// replayDesk is a desk with what the trees decided of it so far.
type replayDesk struct {
	facts routing.Facts
	plans map[planKey]*plan
}

type planKey struct {
	category  string
	emergency bool
}

// plan is what both trees decide.
type plan struct {
	lead  [2]int64
	grade [2]string
}

// tally counts the tickets of a post by grade.
type tally struct {
	leads      [2]map[string]int
	come, gone int
}

type pastKey struct {
	post  int64
	grade string
}

// ended counts tickets that were closed or are past due.
type ended struct{ all, late int }

// batch reads the tickets after last. The condition of the outcome is that of
// the rates: the clock of a suspended ticket stands.
func (r *replay) batch(ctx context.Context, last *int64) (n int, err error) {
	rows, err := r.service.DB.Read(ctx).Raw(`SELECT id, org_id, building, category, emergency, grade, lead_post,
CASE WHEN late OR finished_at = 0 AND due_at < ? AND (paused_at = 0 OR due_at < paused_at) AND state IN ? THEN 2 WHEN finished_at > 0 THEN 1 ELSE 0 END AS outcome
FROM tickets WHERE id > ? AND created_at >= ? ORDER BY id LIMIT ?`, r.now, working, *last, r.since, replayBatch).Rows()
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for ; rows.Next(); n++ {
		var unit, lead int64
		var building, category, grade sql.RawBytes
		var emergency bool
		var outcome int
		if err := rows.Scan(last, &unit, &building, &category, &emergency, &grade, &lead, &outcome); err != nil {
			return n, err
		}
		if outcome > 0 {
			r.end(lead, grade, outcome == 2)
		}
		desk, err := r.desk(ctx, unit, building)
		if err != nil {
			return n, err
		}
		r.count(desk.plan(r.trees, category, emergency))
	}
	return n, rows.Err()
}

func (r *replay) end(lead int64, grade []byte, late bool) {
	e := r.past[pastKey{lead, string(grade)}]
	if e == nil {
		e = &ended{}
		r.past[pastKey{lead, string(grade)}] = e
	}
	e.all++
	if late {
		e.late++
	}
}

// desk is that of a place, asked for once.
func (r *replay) desk(ctx context.Context, unit int64, building []byte) (*replayDesk, error) {
	if d := r.desks[deskKey{unit, string(building)}]; d != nil {
		return d, nil
	}
	p := Place{OrgID: unit, Building: string(building)}
	found, err := r.service.Org.Desk(ctx, p.OrgID, p.Building)
	if err != nil && !errors.Is(err, org.ErrUnknownUnit) {
		return nil, err
	}
	d := &replayDesk{facts: r.known.facts(found, p, false), plans: map[planKey]*plan{}}
	r.desks[deskKey{unit, p.Building}] = d
	return d, nil
}

func (d *replayDesk) plan(trees [2]*routing.Tree, category []byte, emergency bool) *plan {
	if p := d.plans[planKey{string(category), emergency}]; p != nil {
		return p
	}
	key, p := planKey{string(category), emergency}, &plan{}
	d.facts.Category, d.facts.Emergency = key.category, emergency
	for i, tree := range trees {
		var out routing.Decision
		tree.Decide(&d.facts, &out)
		p.lead[i], p.grade[i] = out.Lead.Post, out.Grade
	}
	d.plans[key] = p
	return p
}

func (r *replay) count(p *plan) {
	if p.lead[0] == 0 { // whoever can handle by one tree can by the other
		r.Nobody++
		return
	}
	r.Tickets++
	for i, post := range p.lead {
		t := r.tally(post)
		t.leads[i][p.grade[i]]++
	}
	if p.lead[0] != p.lead[1] {
		r.Moved++
		r.tally(p.lead[0]).gone++
		r.tally(p.lead[1]).come++
	}
	if p.grade[0] != p.grade[1] {
		r.Regraded++
	}
}

func (r *replay) tally(post int64) *tally {
	t := r.posts[post]
	if t == nil {
		t = &tally{leads: [2]map[string]int{{}, {}}}
		r.posts[post] = t
	}
	return t
}

// settle makes the counts into handlings, the greatest change first.
func (r *replay) settle(ctx context.Context) error {
	ids := []int64{0}
	for id := range r.posts {
		ids = append(ids, id)
	}
	for k := range r.past {
		ids = append(ids, k.post)
	}
	slices.Sort(ids)
	posts, err := r.service.Org.Posts(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	late := r.shares(posts)
	for id, t := range r.posts {
		h := Handling{Post: posts[id], Come: t.come, Go: t.gone}
		for i, load := range []*Load{&h.Before, &h.After} {
			for grade, n := range t.leads[i] {
				load.Tickets += n
				load.Overdue += float64(n) * late(posts[id], grade)
			}
		}
		r.Handlers = append(r.Handlers, h)
	}
	slices.SortFunc(r.Handlers, func(a, b Handling) int {
		return cmp.Or(cmp.Compare(b.Come+b.Go, a.Come+a.Go), cmp.Compare(b.After.Tickets, a.After.Tickets), cmp.Compare(a.Post.ID, b.Post.ID))
	})
	return nil
}

// shares says how likely a ticket of a grade is late with a post: by its own
// past when that is long enough, else by that of all posts of its role, of all
// tickets of the grade, of all tickets.
func (r *replay) shares(posts map[int64]org.Post) func(org.Post, string) float64 {
	type key struct {
		role  org.Role
		grade string
	}
	sums := map[key]ended{}
	for k, e := range r.past {
		for _, into := range []key{{posts[k.post].Role, k.grade}, {"", k.grade}, {"", ""}} {
			sum := sums[into]
			sums[into] = ended{sum.all + e.all, sum.late + e.late}
		}
	}
	return func(p org.Post, grade string) float64 {
		var own ended
		if e := r.past[pastKey{p.ID, grade}]; e != nil {
			own = *e
		}
		for _, e := range []ended{own, sums[key{p.Role, grade}], sums[key{"", grade}]} {
			if e.all >= ownEnough {
				return float64(e.late) / float64(e.all)
			}
		}
		all := sums[key{}]
		return float64(all.late) / float64(max(1, all.all))
	}
}

// Package routing decides who handles a problem: a declarative tree of rules
// over category, kind of compound, emergency and place gives roles; the posts
// near the place turn them into assignments. It is pure.
//
// The tree works as Prometheus Alertmanager's does. The root matches all; of a
// rule's children the first that matches is entered, and where none does the
// rule itself decides. A rule inherits from its parent what it does not set. A
// rule with continue only adds co-handlers, watchers and perhaps a stricter
// grade, and the next sibling is tried.
package routing

import "slices"

// The roles that a rule may name, besides department:<code>.
const (
	GroupLeader          = "group_leader"          // 楼栋党小组长, of the building named
	GridWorker           = "grid_worker"           // 网格员
	PropertyManager      = "property_manager"      // 物业经理
	BranchSecretary      = "branch_secretary"      // 小区党支部书记
	CommunitySecretary   = "community_secretary"   // 社区党组织书记
	SubdistrictSecretary = "subdistrict_secretary" // 街道党工委书记
	CitySecretary        = "city_secretary"        // 市委社会工作部
	department           = "department"            // 部门; the role of every department's post
)

// Limits of a tree, so that a decision has a fixed size; Load refuses more.
const (
	maxTogether  = 12  // co-handlers, and watchers, of one decision
	maxContinues = 16  // rules with continue in one tree
	maxPath      = 160 // characters of a rule's path, which tickets keep
)

// Post is one post near the place. Posts with a role that is none of the
// above handle nothing and are passed over.
type Post struct {
	ID         int64  // 0 is no post
	Role       string // one of the roles above, or "department"
	Org        int64  // the unit that it belongs to
	Department string // the department's code when Role is "department"
	Title      string // as people say it: 福馨苑小区党支部书记; may be empty
	Filled     bool   // somebody holds it now
}

// Facts are all that a decision looks at.
type Facts struct {
	Category  string
	Kind      string // of the compound: managed, self_run, unmanaged; empty when the place is not a compound
	Emergency bool
	Building  string   // as people say it, 3 or 3号楼; may be empty
	Orgs      []int64  // the place first, then upward to the city
	OrgCodes  []string // codes of the same units, for rules that name places; may be empty
	Posts     []Post   // in any order: at Orgs, at the building's group, at the property company and the departments
}

// Assignment is a post with a part in the ticket.
type Assignment struct {
	Post       int64
	Role       string // of the post
	Department string // of the post, when it is a department's
	Title      string // of the post
	Wanted     string // what the rule asked for: a role or department:<code>
}

// Decision is who handles a ticket, how fast, and by which rule. It holds no
// pointer to the facts and may be reused.
type Decision struct {
	Lead  Assignment // Post is 0 when nobody at all can handle it: a fault of the organisation's data
	Grade string     // code of a Grade
	Rule  string     // path of the rule that decided: root/水电气暖/燃气

	co, watchers together
	building     string
	label        string // of the role on which the lead landed
	skipped      [10]vacancy
	nSkipped     int
}

type together struct {
	list [maxTogether]Assignment
	n    int
}

// vacancy is a post that should have led, but nobody holds it.
type vacancy struct{ role, label, title string }

// Co is the posts that handle the ticket with the lead. The slice is the decision's own.
func (d *Decision) Co() []Assignment { return d.co.list[:d.co.n] }

// Watchers is the posts that are told. The slice is the decision's own.
func (d *Decision) Watchers() []Assignment { return d.watchers.list[:d.watchers.n] }

// Fell says that the lead is not what the rule asked for, because that post is vacant.
func (d *Decision) Fell() bool { return d.nSkipped > 0 }

// Tree is the rules, ready to decide. It never changes after Load, so it may
// be used from many goroutines.
type Tree struct {
	root        *rule
	grades      []Grade // strictest first
	departments []Department
	targets     map[string]*target
	groups      map[string][]*target
	clocks      Clocks
	disputes    Disputes
}

// Department is a department or public company that rules may name.
type Department struct{ Code, Name string }

// Departments is the departments of the file, in its order.
func (t *Tree) Departments() []Department { return slices.Clone(t.departments) }

// rule is a node of the tree with everything inherited filled in.
type rule struct {
	path     string
	above    *rule // nil at the root
	match    match
	lead     *target
	co       []*target
	watchers []*target
	grade    int  // index in Tree.grades; -1 in a rule with continue that sets none
	goesOn   bool // continue: true
	children []*rule
}

// Decide fills d. It allocates nothing. Every ticket lands as long as any of
// the posts is filled; see fallsTo for where a vacancy goes. Co-handlers and
// watchers that are vacant are left out, and no post appears twice.
func (t *Tree) Decide(f *Facts, d *Decision) {
	*d = Decision{building: f.Building}
	t.assign(t.walk(f, nil), f, d)
}

// way is the rules that take part in a decision.
type way struct {
	last   *rule // the one that decides
	added  [maxContinues]*rule
	nAdded int
}

// tried is a rule that was looked at on the way.
type tried struct {
	rule  *rule
	holds bool
}

// walk goes down the tree; it notes each test in trace unless that is nil.
func (t *Tree) walk(f *Facts, trace *[]tried) way {
	w := way{last: t.root}
	seen := see(f)
	for entered := true; entered; {
		entered = false
		for _, r := range w.last.children {
			holds := r.match.holds(&seen, f)
			if trace != nil {
				*trace = append(*trace, tried{r, holds})
			}
			if !holds {
				continue
			}
			if !r.goesOn {
				w.last, entered = r, true
				break
			}
			w.added[w.nAdded] = r
			w.nAdded++
		}
	}
	return w
}

func (t *Tree) assign(w way, f *Facts, d *Decision) {
	d.Rule = w.last.path
	d.land(w.last.lead, f)
	grade := w.last.grade
	d.co.join(w.last.co, f, d)
	for _, r := range w.added[:w.nAdded] {
		d.co.join(r.co, f, d)
		if r.grade >= 0 {
			grade = min(grade, r.grade)
		}
	}
	d.watchers.join(w.last.watchers, f, d)
	for _, r := range w.added[:w.nAdded] {
		d.watchers.join(r.watchers, f, d)
	}
	d.Grade = t.grades[grade].Code
}

// land gives the lead to the first filled post of the ladder; failing that, to
// any department.
func (d *Decision) land(wanted *target, f *Facts) {
	for _, t := range wanted.ladder {
		filled, vacant := t.find(f)
		if filled != nil {
			d.Lead, d.label = t.assignment(filled, wanted), t.label
			return
		}
		v := vacancy{role: t.role, label: t.label}
		if vacant != nil {
			v.title = vacant.Title
		}
		d.skipped[d.nSkipped] = v
		d.nSkipped++
	}
	if p := anyDepartment(f); p != nil {
		d.Lead, d.label = wanted.assignment(p, wanted), "部门"
	}
}

// join adds the filled ones of the targets, each post once in the whole decision.
func (g *together) join(targets []*target, f *Facts, d *Decision) {
	for _, t := range targets {
		p, _ := t.find(f)
		if p == nil || d.has(p.ID) {
			continue
		}
		g.list[g.n] = t.assignment(p, t)
		g.n++
	}
}

func (d *Decision) has(post int64) bool {
	same := func(a Assignment) bool { return a.Post == post }
	return d.Lead.Post == post || slices.ContainsFunc(d.Co(), same) || slices.ContainsFunc(d.Watchers(), same)
}

func (t *target) assignment(p *Post, wanted *target) Assignment {
	return Assignment{Post: p.ID, Role: p.Role, Department: p.Department, Title: p.Title, Wanted: wanted.wanted}
}

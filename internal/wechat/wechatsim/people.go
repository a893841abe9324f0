package wechatsim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// roleNames are the roles' Chinese names, in the order that the page shows
// people by.
var roleNames = []struct{ code, name string }{
	{"resident", "居民"},
	{"member", "在职党员"},
	{"household_hub", "党员中心户"},
	{"group_leader", "楼栋党小组长"},
	{"branch_secretary", "小区党支部书记"},
	{"grid_worker", "网格员"},
	{"property_manager", "物业经理"},
	{"community_secretary", "社区书记"},
	{"subdistrict_secretary", "街道书记"},
	{"department", "职能部门"},
	{"city_secretary", "市级负责人"},
	{"clerk", "资料员"},
	{"operator", "运维员"},
	{"privacy_officer", "隐私专员"},
}

const (
	sampleCompound = "福馨苑" // its people stand first
	perGroup       = 40    // shown of one group
	perRole        = 1     // of each role among those shown first
	firstResidents = 3
	maxGroups      = 60
)

type listed struct {
	Person
	Labels    []string `json:"labels"` // the roles in Chinese
	Following bool     `json:"following"`
}

type peopleGroup struct {
	Name   string   `json:"name"`
	Total  int      `json:"total"`
	People []listed `json:"people"`
}

// groupPeople answers ?q= with the people to choose from: some of each role
// first, then residents, then everybody else by their org.
func (s *Sim) groupPeople(w http.ResponseWriter, r *http.Request) {
	people, err := s.people(r.Context())
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, "人物名单暂时读不到，请稍后再试")
		return
	}
	s.mu.Lock()
	newcomers := slices.Clone(s.newcomers)
	s.mu.Unlock()
	words := strings.Fields(strings.ToLower(r.URL.Query().Get("q")))
	groups := []peopleGroup{}
	if len(words) == 0 {
		groups = append(groups, s.group("常用人物", first(people)))
	}
	groups = append(groups, s.group("新来的居民", matching(newcomers, words)))
	found := matching(people, words)
	groups = append(groups, s.group("居民", only(found, true)))
	slices.SortStableFunc(found, func(a, b Person) int { return cmp.Compare(rank(a), rank(b)) })
	byOrg := map[string][]Person{}
	var orgs []string
	for _, p := range only(found, false) {
		if byOrg[p.Org] == nil {
			orgs = append(orgs, p.Org)
		}
		byOrg[p.Org] = append(byOrg[p.Org], p)
	}
	slices.SortStableFunc(orgs, func(a, b string) int {
		return cmp.Compare(sampleOrder(a), sampleOrder(b))
	})
	for _, org := range orgs {
		groups = append(groups, s.group(org, byOrg[org]))
	}
	groups = slices.DeleteFunc(groups, func(g peopleGroup) bool { return g.Total == 0 })
	more := max(0, len(groups)-maxGroups)
	groups = groups[:len(groups)-more]
	writeJSON(w, http.StatusOK, map[string]any{
		"groups": groups, "more_groups": more, "total": len(people) + len(newcomers),
	})
}

func (s *Sim) group(name string, people []Person) peopleGroup {
	g := peopleGroup{Name: cmp.Or(name, "其他"), Total: len(people), People: []listed{}}
	for _, p := range people[:min(len(people), perGroup)] {
		g.People = append(g.People, s.listed(p))
	}
	return g
}

func (s *Sim) listed(p Person) listed {
	l := listed{Person: p, Labels: []string{}, Following: s.follows(p.OpenID)}
	for _, role := range p.Roles {
		l.Labels = append(l.Labels, roleName(role))
	}
	return l
}

// follows is Following without making a record of the person.
func (s *Sim) follows(openid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, found := s.persons[openid]
	return !found || p.following
}

// first picks some of every role, those of the sample compound before others.
func first(people []Person) []Person {
	people = slices.Clone(people)
	slices.SortStableFunc(people, func(a, b Person) int {
		return cmp.Compare(sampleOrder(a.Org), sampleOrder(b.Org))
	})
	left := map[string]int{}
	for _, r := range roleNames {
		left[r.code] = perRole
	}
	left["resident"] = firstResidents
	var picked []Person
	for _, p := range people {
		if role := mainRole(p); left[role] > 0 {
			left[role]--
			picked = append(picked, p)
		}
	}
	slices.SortStableFunc(picked, func(a, b Person) int { return cmp.Compare(rank(a), rank(b)) })
	return picked
}

func sampleOrder(org string) int {
	if strings.Contains(org, sampleCompound) {
		return 0
	}
	return 1
}

// mainRole is the role that stands last in the list: what somebody does counts
// more than that they live here too.
func mainRole(p Person) string {
	if i := rank(p); i >= 0 {
		return roleNames[i].code
	}
	return ""
}

func rank(p Person) int {
	best := -1
	for i, r := range roleNames {
		if slices.Contains(p.Roles, r.code) {
			best = i
		}
	}
	return best
}

func roleName(code string) string {
	for _, r := range roleNames {
		if r.code == code {
			return r.name
		}
	}
	return code
}

// only keeps the mere residents, or all others.
func only(people []Person, residents bool) []Person {
	var kept []Person
	for _, p := range people {
		if (rank(p) <= 0) == residents {
			kept = append(kept, p)
		}
	}
	return kept
}

func matching(people []Person, words []string) []Person {
	var kept []Person
	for _, p := range people {
		text := p.Name + " " + p.Org + " " + p.OpenID
		for _, role := range p.Roles {
			text += " " + roleName(role) + " " + role
		}
		text = strings.ToLower(text)
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			kept = append(kept, p)
		}
	}
	return kept
}

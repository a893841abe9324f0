package app

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mozillazg/go-pinyin"

	"fenlin/internal/activity"
	"fenlin/internal/consult"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/routing"
	"fenlin/internal/station"
	"fenlin/internal/ticket"
	"fenlin/internal/wish"
	"fenlin/internal/worker"
)

// samplePlan is the sample city before it is stored.
type samplePlan struct {
	tree       org.Tree
	people     []member.Known // phones, ID numbers, births and addresses in plain
	members    []member.PartyMember
	workers    []worker.Worker
	points     []station.Point
	activities []activity.Activity
	slots      []activity.Slot
	wishes     []wish.Wish
	items      []consult.Item
	lists      lists.Sample
	past       []ticket.Past

	file        sampleFile
	location    *time.Location
	newID       func() int64
	units       map[int64]org.Unit
	organs      int            // the first of tree.WorkUnits
	holders     []holder       // in the order of the tree
	late        []int          // seats for members who are made last
	openids     map[string]int // how often each was asked for
	others      int            // compounds with a branch that the file does not name, so far
	groups      int            // building groups, so far
	communities int            // so far
	enlisted    []enlisted     // the Party members
	births      map[string]int // ID numbers given out by birth and sex
	unnamed     int            // people whom the simulator does not play, so far
}

// holder is somebody who will hold a seat.
type holder struct {
	seat   int // index in tree.Seats
	openid string
	home   int64
	known  bool // at a compound of the file's `known`
}

// planSample makes the city of sample.yaml with the departments of routing.yaml.
// All but the ids is the same each time.
func planSample(files fs.FS, location *time.Location, newID func() int64) (*samplePlan, error) {
	p := &samplePlan{location: location, newID: newID, units: map[int64]org.Unit{}, openids: map[string]int{}, births: map[string]int{}}
	var err error
	if p.file, err = load(files, "sample.yaml", parseSample); err != nil {
		return nil, err
	}
	tree, err := load(files, "routing.yaml", routing.Load)
	if err != nil {
		return nil, err
	}

	f := &p.file
	city := p.unit(org.Unit{Path: "/"}, org.City, f.City.Code, f.City.Name)
	p.post(city, org.CitySecretary, f.City.Name+"委社会工作部", "city")
	p.post(city, org.Clerk, f.City.Name+"台账员", "clerk")
	p.post(city, org.Operator, f.City.Name+"系统运维", "operator")
	p.post(city, org.PrivacyOfficer, f.City.Name+"个人信息保护负责人", "privacy")
	for _, d := range tree.Departments() {
		p.post(p.unit(city, org.Department, d.Code, d.Name), org.DepartmentDesk, d.Name, "department-"+d.Code)
	}
	for i, s := range f.Subdistricts {
		u := p.unit(city, org.Subdistrict, fmt.Sprintf("%s%03d", city.Code, i+1), s.Name)
		p.post(u, org.SubdistrictSecretary, s.Name+"党工委书记", "subdistrict-"+latin(strings.TrimSuffix(s.Name, "街道")))
		for j, c := range s.Communities {
			p.community(u, j, c, s.At.around(j, 550))
		}
	}
	p.workUnits()
	p.settle()
	p.enlist()
	if err := p.employ(); err != nil {
		return nil, err
	}
	p.register()
	p.parties()
	p.servicePoints()
	return p, p.selfRun()
}

// community adds a community, its compounds around the point at, and their posts.
func (p *samplePlan) community(parent org.Unit, i int, c sampleCommunity, at point) {
	u := p.unit(parent, org.Community, fmt.Sprintf("%s%03d", parent.Code, i+1), c.Name)
	short := latin(strings.TrimSuffix(c.Name, "社区"))
	p.post(u, org.CommunitySecretary, c.Name+"党组织书记", "community-"+short)
	p.post(u, org.GridWorker, c.Name+"网格员", "grid-"+short)
	for range share(p.communities, p.file.Commissioners, p.file.communities()) {
		p.late = append(p.late, len(p.tree.Seats))
		p.vacant(u, org.Commissioner, c.Name+"党组织兼职委员")
	}
	p.communities++
	n := 0
	for _, group := range []struct {
		names      []string
		governance org.Governance
		branch     bool
		households int // at least; at most four times as many
	}{
		{c.Managed, org.Managed, true, 240},
		{c.SelfRun, org.SelfRun, true, 110},
		{c.Unmanaged, org.Unmanaged, true, 70},
		{c.Small, org.Unmanaged, false, 18},
	} {
		for _, name := range group.names {
			n++
			place := p.unit(u, org.CompoundKind, fmt.Sprintf("%s-%02d", u.Code, n), name)
			spot := at.around(n, 95)
			p.tree.Compounds = append(p.tree.Compounds, org.Compound{
				OrgID: place.ID, Governance: group.governance, Lat: spot[0], Lng: spot[1], Datum: "gcj02",
				Households: group.households * (100 + len(p.tree.Compounds)*83%300) / 100,
				Aliases:    append(aliasesOf(name), p.file.Aliases[name]...),
			})
			c := &p.tree.Compounds[len(p.tree.Compounds)-1]
			c.ConsultsSince = p.file.ConsultsFrom.plus(2 * len(p.tree.Compounds))
			if group.governance == org.Managed {
				p.post(place, org.PropertyManager, name+"物业经理", "property-"+shortName(name))
			}
			if group.branch {
				c.Branch = name + "党支部"
				p.branch(place)
			}
		}
	}
}

// branch adds a compound's Party branch: its secretary and its building groups.
func (p *samplePlan) branch(place org.Unit) {
	short, k, known := shortName(place.Name), knownCompound{Buildings: 1}, false
	if i := p.known(place.Name); i >= 0 {
		k, known = p.file.Known[i], true
	} else {
		p.others++
	}
	title := place.Name + "党支部书记"
	if !known && p.others%p.file.VacantBranchEvery == 0 {
		p.vacant(place, org.BranchSecretary, title)
	} else {
		p.post(place, org.BranchSecretary, title, "branch-"+short)
	}
	for n := range k.Buildings {
		b := strconv.Itoa(n + 1)
		group := p.unit(place, org.BuildingGroup, b, place.Name+b+"号楼党小组")
		if slices.Contains(k.VacantGroups, b) || !known && p.others%p.file.VacantGroupEvery == 0 {
			p.vacant(group, org.GroupLeader, group.Name+"长")
		} else {
			p.post(group, org.GroupLeader, group.Name+"长", "group-"+short+"-"+b)
		}
		p.groups++
		if slices.Contains(k.Hubs, b) {
			hub := p.hub(group, place.Name+b+"号楼党员中心户")
			p.post(hub, org.HouseholdHub, hub.Name, "hub-"+short+"-"+b)
		} else if p.groups%p.file.HubEvery == 0 {
			hub := p.hub(group, place.Name+b+"号楼党员中心户")
			p.late = append(p.late, len(p.tree.Seats))
			p.vacant(hub, org.HouseholdHub, hub.Name)
		}
	}
}

// hub adds a hub household with those linked to it.
func (p *samplePlan) hub(group org.Unit, name string) org.Unit {
	u := p.unit(group, org.HubHousehold, "1", name)
	for n := range p.file.LinkedHouseholds {
		code := strconv.Itoa(n + 1)
		p.unit(u, org.LinkedHousehold, code, strings.TrimSuffix(name, "党员中心户")+"党员联户"+code)
	}
	return u
}

// settle makes the people: residents first, then who holds the posts, each with
// the compounds that the file names before the others.
func (p *samplePlan) settle() {
	var homes []int64 // of the compounds that the file does not name
	named := map[string]int64{}
	for _, u := range p.tree.Units {
		if u.Kind != org.CompoundKind {
			continue
		}
		if p.known(u.Name) < 0 {
			homes = append(homes, u.ID)
		} else {
			named[u.Name] = u.ID
		}
	}
	live := func(kind string, partyMember bool, count func(knownCompound) int, every int) {
		n := 0
		person := func(home int64) {
			n++
			p.person(fmt.Sprintf("%s-%03d", kind, n), home, partyMember)
			if partyMember {
				unit := p.tree.WorkUnits[n%len(p.tree.WorkUnits)].ID
				p.enlisted = append(p.enlisted, enlisted{person: len(p.people) - 1, category: member.InService, unit: unit, home: p.units[home]})
			}
		}
		for _, k := range p.file.Known {
			for range count(k) {
				person(named[k.Name])
			}
		}
		for i := every - 1; i < len(homes); i += every {
			person(homes[i])
		}
	}
	live("resident", false, func(k knownCompound) int { return k.Residents }, p.file.Elsewhere.ResidentsEvery)
	live("member", true, func(k knownCompound) int { return k.Members }, p.file.Elsewhere.MembersEvery)
	for n := range p.file.UnboundResidents {
		p.person(fmt.Sprintf("newcomer-%03d", n+1), 0, false)
	}

	slices.SortStableFunc(p.holders, func(a, b holder) int {
		switch {
		case a.known == b.known:
			return 0
		case a.known:
			return -1
		default:
			return 1
		}
	})
	leaders, secretaries, sent := 0, 0, 0
	for _, h := range p.holders {
		seat := &p.tree.Seats[h.seat]
		seat.Holder, seat.Since = p.person(h.openid, h.home, partyPosts[seat.Role]), p.file.PostsSince.UnixMilli()
		switch seat.Role {
		case org.GroupLeader:
			seat.SentBy = p.tree.WorkUnits[leaders%p.organs].ID
			leaders++
		case org.BranchSecretary: // three of five are sent, until there are enough
			if secretaries%5 < 3 && sent < p.file.SentBranchSecretaries {
				seat.SentBy = p.tree.WorkUnits[sent%p.organs].ID
				sent++
			}
			secretaries++
		default:
		}
		if partyPosts[seat.Role] {
			p.enlistHolder(*seat)
		}
	}
}

// partyPosts are the posts that only Party members hold.
var partyPosts = map[org.Role]bool{
	org.HouseholdHub: true, org.GroupLeader: true, org.BranchSecretary: true,
	org.CommunitySecretary: true, org.SubdistrictSecretary: true, org.CitySecretary: true,
}

func (p *samplePlan) known(name string) int {
	return slices.IndexFunc(p.file.Known, func(k knownCompound) bool { return k.Name == name })
}

func (p *samplePlan) unit(parent org.Unit, kind org.Kind, code, name string) org.Unit {
	u := org.Unit{ID: p.newID(), ParentID: parent.ID, Kind: kind, Code: code, Name: name, Sample: true}
	u.Path = fmt.Sprintf("%s%d/", parent.Path, u.ID)
	p.tree.Units, p.units[u.ID] = append(p.tree.Units, u), u
	return u
}

func (p *samplePlan) vacant(u org.Unit, role org.Role, title string) {
	p.tree.Seats = append(p.tree.Seats, org.Seat{ID: p.newID(), OrgID: u.ID, Role: role, Title: title})
}

// post adds a post with somebody in it, who lives there if it is a building's.
func (p *samplePlan) post(u org.Unit, role org.Role, title, openid string) {
	p.vacant(u, role, title)
	h := holder{seat: len(p.tree.Seats) - 1, openid: openid}
	h.known = slices.ContainsFunc(p.file.Known, func(k knownCompound) bool { return strings.HasPrefix(u.Name, k.Name) })
	if home := p.within(u.ID, org.CompoundKind); home.ID != u.ID {
		h.home = home.ID
	}
	p.holders = append(p.holders, h)
}

// within is the unit of a kind in which a unit lies, or it itself; none = no unit.
func (p *samplePlan) within(id int64, kind org.Kind) org.Unit {
	for u := p.units[id]; u.ID != 0; u = p.units[u.ParentID] {
		if u.Kind == kind {
			return u
		}
	}
	return org.Unit{}
}

// person adds the next name of the list under the openid 'sim-…'; names of
// places that sound alike share a spelling, so the second gets a number.
func (p *samplePlan) person(openid string, home int64, partyMember bool) int64 {
	surnames, given := []rune(p.file.Surnames), p.file.Given
	i := len(p.people)
	s, round := i%len(surnames), i/len(surnames)
	openid = "sim-" + openid
	if p.openids[openid]++; p.openids[openid] > 1 {
		openid += fmt.Sprintf("-%d", p.openids[openid])
	}
	k := member.Known{OpenID: openid, Person: member.Person{
		ID: p.newID(), Name: string(surnames[s]) + given[(7*s+round)%len(given)], CompoundID: home, Member: partyMember, Sample: true,
	}}
	p.people = append(p.people, k)
	return k.ID
}

// aliasesOf is what people call a compound beside its name, by rule.
func aliasesOf(name string) []string {
	if yard, ok := strings.CutSuffix(name, "家属院"); ok {
		return []string{yard + "家属楼", yard + "宿舍"}
	}
	short, ok := strings.CutSuffix(name, "小区")
	if !ok {
		return []string{name + "小区"}
	}
	if len([]rune(short)) < 3 {
		return []string{} // 东关 alone is a part of the town, not a compound
	}
	return []string{short}
}

func shortName(compound string) string { return latin(strings.TrimSuffix(compound, "小区")) }

// latin spells Chinese without tones: 福馨苑 → fuxinyuan.
func latin(s string) string { return strings.Join(pinyin.LazyPinyin(s, pinyin.NewArgs()), "") }

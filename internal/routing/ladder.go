package routing

import "slices"

// target is a role or a department that a rule may name.
type target struct {
	wanted     string // as the file writes it
	role       string
	department string
	label      string    // Chinese
	ladder     []*target // itself, then who takes its place when it is vacant
}

// fallsTo says who takes a vacant post's place. Departments stand beside the
// subdistricts under the city's desk, which alone can make another department
// act, so theirs goes there and not to the community.
var fallsTo = map[string]string{
	GroupLeader:          BranchSecretary,
	PropertyManager:      BranchSecretary,
	GridWorker:           CommunitySecretary,
	BranchSecretary:      CommunitySecretary,
	CommunitySecretary:   SubdistrictSecretary,
	SubdistrictSecretary: CitySecretary,
	department:           CitySecretary,
}

// lastResort is who is asked when a vacancy has fallen past the city: from the
// top down, the property company last.
var lastResort = []string{CitySecretary, SubdistrictSecretary, CommunitySecretary, BranchSecretary, GridWorker, GroupLeader, PropertyManager}

var labels = map[string]string{
	GroupLeader: "党小组长", GridWorker: "网格员", PropertyManager: "物业经理", BranchSecretary: "小区党支部书记",
	CommunitySecretary: "社区党组织书记", SubdistrictSecretary: "街道党工委书记", CitySecretary: "市委社会工作部",
}

// newTargets makes every role and department a target with its ladder.
func newTargets(departments []Department) map[string]*target {
	targets := map[string]*target{}
	for role, label := range labels {
		targets[role] = &target{wanted: role, role: role, label: label}
	}
	for _, d := range departments {
		wanted := department + ":" + d.Code
		targets[wanted] = &target{wanted: wanted, role: department, department: d.Code, label: d.Name}
	}
	for _, t := range targets {
		t.ladder = []*target{t}
		for role := fallsTo[t.role]; role != ""; role = fallsTo[role] {
			t.ladder = append(t.ladder, targets[role])
		}
		for _, role := range lastResort {
			if !slices.Contains(t.ladder, targets[role]) {
				t.ladder = append(t.ladder, targets[role])
			}
		}
	}
	return targets
}

// find is the filled post nearest to the place, and the nearest vacant one.
func (t *target) find(f *Facts) (filled, vacant *Post) {
	for i := range f.Posts {
		p := &f.Posts[i]
		if p.ID == 0 || p.Role != t.role || t.role == department && p.Department != t.department {
			continue
		}
		best := &vacant
		if p.Filled {
			best = &filled
		}
		if *best == nil || f.nearer(p, *best) {
			*best = p
		}
	}
	return filled, vacant
}

// nearer orders posts of one role: nearest to the place first, then by id, so
// that the order of the facts does not matter. A unit that is not above the
// place (the building's group, the property company) counts as nearest.
func (f *Facts) nearer(a, b *Post) bool {
	da, db := slices.Index(f.Orgs, a.Org), slices.Index(f.Orgs, b.Org)
	return da < db || da == db && a.ID < b.ID
}

func anyDepartment(f *Facts) (best *Post) {
	for i := range f.Posts {
		if p := &f.Posts[i]; p.ID != 0 && p.Filled && p.Role == department && (best == nil || p.ID < best.ID) {
			best = p
		}
	}
	return best
}

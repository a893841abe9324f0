package org

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// Role is what a post (or the mere fact of living here) makes a person.
type Role string

// The roles, with the codes that the API uses.
const (
	Resident             Role = "resident"              // 居民
	Member               Role = "member"                // 党员
	HouseholdHub         Role = "household_hub"         // 党员中心户
	GroupLeader          Role = "group_leader"          // 楼栋党小组长
	BranchSecretary      Role = "branch_secretary"      // 小区党支部书记
	GridWorker           Role = "grid_worker"           // 网格员
	CommunitySecretary   Role = "community_secretary"   // 社区党组织书记
	SubdistrictSecretary Role = "subdistrict_secretary" // 街道党工委书记
	CitySecretary        Role = "city_secretary"        // 市委社会工作部
	PropertyManager      Role = "property_manager"      // 物业经理
	DepartmentDesk       Role = "department"            // 部门
	Clerk                Role = "clerk"                 // 台账员
	Operator             Role = "operator"              // 运维
	PrivacyOfficer       Role = "privacy_officer"       // 个人信息保护负责人
	Commissioner         Role = "commissioner"          // 兼职委员 of a community, sent by a work unit; allows nothing
)

// Rank orders those who handle: a redo or an appeal goes to a higher rank.
// Departments and companies stand beside the subdistrict, under the city's desk.
func (r Role) Rank() int { return ranks[r] }

var ranks = map[Role]int{
	HouseholdHub: 1, GroupLeader: 2, GridWorker: 2, PropertyManager: 2, BranchSecretary: 3,
	CommunitySecretary: 4, SubdistrictSecretary: 5, DepartmentDesk: 5, CitySecretary: 6,
}

// Handlers are the roles that may lead a ticket, lowest first.
var Handlers = []Role{HouseholdHub, GroupLeader, GridWorker, PropertyManager, BranchSecretary, CommunitySecretary, SubdistrictSecretary, DepartmentDesk, CitySecretary}

// Permission is a thing that a post may allow in its subtree.
type Permission string

// The permissions of this service; what may be done to a ticket is in the ticket's own table.
const (
	SeeTickets Permission = "see_tickets" // read every ticket of the subtree
	Supervise  Permission = "supervise"   // decide on returns, exclusions and extensions, transfer, close after a follow-up
	SeeRates   Permission = "see_rates"   // read rates of the subtree and the tickets behind them
	SeeLooks   Permission = "see_looks"   // read the log of looks at personal data
	Ledger     Permission = "ledger"      // import and export ledgers of the subtree

	SeeMembers     Permission = "see_members"     // read the ledger of Party members and workers of the subtree, masked
	ManageMembers  Permission = "manage_members"  // change it, and look at a personal field for a reason
	ManageOrg      Permission = "manage_org"      // change the tree, the parties of compounds, the work units
	ManageCodes    Permission = "manage_codes"    // put up codes in the subtree, and revoke them
	Announce       Permission = "announce"        // announce outages in the subtree, and end them
	HoldActivities Permission = "hold_activities" // hold volunteers' activities in the subtree
	ManagePoints   Permission = "manage_points"   // look after the service points of the subtree
	ManageWishes   Permission = "manage_wishes"   // check wishes of the subtree, post them for households, see that they come true
	ManageLists    Permission = "manage_lists"    // post needs of the subtree, agree on projects, sign agreements
	SeeOrg         Permission = "see_org"         // read the history of the tree, who holds its posts, and the contacts of a compound's parties, masked
)

// grants is the one place that says which role allows what.
var grants = map[Permission]map[Role]bool{
	SeeTickets: {BranchSecretary: true, GridWorker: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true},
	Supervise:  {BranchSecretary: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true},
	SeeRates:   {BranchSecretary: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true, Clerk: true},
	SeeLooks:   {PrivacyOfficer: true},
	Ledger:     {CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true, Clerk: true},

	SeeMembers:     {BranchSecretary: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true, Clerk: true},
	ManageMembers:  {CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true, Clerk: true},
	ManageOrg:      {CitySecretary: true, Clerk: true},
	ManageCodes:    {BranchSecretary: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true, Clerk: true},
	Announce:       {BranchSecretary: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true},
	HoldActivities: {GroupLeader: true, BranchSecretary: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true},
	ManagePoints:   {BranchSecretary: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true, Clerk: true},
	ManageWishes:   {BranchSecretary: true, GridWorker: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true},
	ManageLists:    {BranchSecretary: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true, Clerk: true},
	SeeOrg:         {BranchSecretary: true, GridWorker: true, CommunitySecretary: true, SubdistrictSecretary: true, CitySecretary: true, Clerk: true},
}

// Permissions are all that a post may allow, sorted.
func Permissions() []Permission { return slices.Sorted(maps.Keys(grants)) }

// Post is a place in the organisation that people hold for a time.
type Post struct {
	ID      int64
	OrgID   int64
	Role    Role
	Title   string // as people say it: 福馨苑小区党支部书记
	OrgKind Kind
	OrgCode string
	OrgName string
	OrgPath string
	Filled  bool // somebody holds it now
}

// Handles says that the post may be given a ticket: it has a rank, and somebody holds it.
func (p Post) Handles() bool { return p.Filled && p.Role.Rank() > 0 }

// Actor is a person with where they live and the posts held at this moment.
type Actor struct {
	Person int64
	Home   int64 // a compound; 0 = unknown
	Posts  []Post
}

// May says whether one of the actor's posts allows p at the unit with that
// path. It is the one function that decides on scope.
func (a Actor) May(p Permission, path string) bool {
	_, ok := a.by(p, path, 0)
	return ok
}

// Announces says that the actor may announce at the unit with that path: by
// Announce there, or as the desk of the department with that code, which serves
// all that stands under the same unit as the department does.
func (a Actor) Announces(path, department string) bool {
	if a.May(Announce, path) {
		return true
	}
	for _, post := range a.Posts {
		if chain := (Unit{Path: post.OrgPath}).Chain(); post.Role == DepartmentDesk && department != "" && post.OrgCode == department && len(chain) > 1 {
			if city := strings.TrimSuffix(post.OrgPath, strconv.FormatInt(chain[0], 10)+"/"); Within(path, city) {
				return true
			}
		}
	}
	return false
}

// Over is May for a post of a rank higher than rank: whoever decides on
// another's work stands above it.
func (a Actor) Over(p Permission, path string, rank int) (Post, bool) { return a.by(p, path, rank+1) }

func (a Actor) by(p Permission, path string, minRank int) (Post, bool) {
	for _, post := range a.Posts {
		if grants[p][post.Role] && post.Role.Rank() >= minRank && Within(path, post.OrgPath) {
			return post, true
		}
	}
	return Post{}, false
}

// Holding returns the post if the actor holds it.
func (a Actor) Holding(post int64) (Post, bool) {
	for _, p := range a.Posts {
		if p.ID == post {
			return p, true
		}
	}
	return Post{}, false
}

// Scope is the highest unit in which the actor has p, or false.
func (a Actor) Scope(p Permission) (Post, bool) {
	var best Post
	for _, post := range a.Posts {
		if grants[p][post.Role] && (best.ID == 0 || len(post.OrgPath) < len(best.OrgPath)) {
			best = post
		}
	}
	return best, best.ID != 0
}

const selectPosts = `SELECT p.id, p.org_id, p.role, p.title, u.kind AS org_kind, u.code AS org_code, u.name AS org_name, u.path AS org_path,
EXISTS (SELECT 1 FROM appointments a WHERE a.post_id = p.id AND a.from_at <= ? AND (a.to_at = 0 OR a.to_at > ?)) AS filled
FROM posts p JOIN org_units u ON u.id = p.org_id `

// Actor returns the person with the posts held now. Whoever lived in a compound
// that was merged lives in the one that took it up.
func (s *Service) Actor(ctx context.Context, person, home int64) (Actor, error) {
	now := s.Now().UnixMilli()
	a := Actor{Person: person}
	if home != 0 {
		var err error
		if a.Home, err = s.Successor(ctx, home); err != nil {
			return a, err
		}
	}
	err := s.DB.Read(ctx).Raw(`SELECT p.id, p.org_id, p.role, p.title, u.kind AS org_kind, u.code AS org_code, u.name AS org_name, u.path AS org_path, 1 AS filled
FROM appointments a JOIN posts p ON p.id = a.post_id JOIN org_units u ON u.id = p.org_id
WHERE a.person_id = ? AND a.from_at <= ? AND (a.to_at = 0 OR a.to_at > ?) ORDER BY u.path, p.id`, person, now, now).Scan(&a.Posts).Error
	return a, err
}

// Desk is what is near a place: the unit, its governance when it is a
// compound, and every post that may handle a ticket of it.
type Desk struct {
	Unit       Unit
	Governance Governance // empty when the place is not a compound
	Posts      []Post
}

// Desk returns the desk of a unit; building names the building group to
// include with its hub households, and may be empty.
func (s *Service) Desk(ctx context.Context, unit int64, building string) (Desk, error) {
	var found []struct {
		Unit
		Governance Governance
	}
	err := s.DB.Read(ctx).Raw("SELECT u.*, c.governance FROM org_units u LEFT JOIN compounds c ON c.org_id = u.id WHERE u.id = ?", unit).Scan(&found).Error
	if err != nil {
		return Desk{}, err
	}
	if len(found) == 0 {
		return Desk{}, ErrUnknownUnit
	}
	d := Desk{Unit: found[0].Unit, Governance: found[0].Governance}
	now, chain := s.Now().UnixMilli(), d.Unit.Chain()
	if d.Unit.SuccessorID != 0 { // its buildings are there
		unit = d.Unit.SuccessorID
	}
	err = s.DB.Read(ctx).Raw(selectPosts+`WHERE p.org_id IN ? AND p.closed_at = 0
UNION ALL `+selectPosts+`WHERE u.parent_id IN ? AND u.kind = 'department' AND p.closed_at = 0
UNION ALL `+selectPosts+`WHERE u.parent_id = ? AND u.kind = 'building_group' AND u.code = ? AND p.closed_at = 0
UNION ALL `+selectPosts+`JOIN org_units g ON g.id = u.parent_id WHERE g.parent_id = ? AND g.kind = 'building_group' AND g.code = ? AND u.kind = 'hub_household' AND p.closed_at = 0`,
		now, now, chain, now, now, chain, now, now, unit, building, now, now, unit, building).Scan(&d.Posts).Error
	return d, err
}

// Posts returns posts by their ids.
func (s *Service) Posts(ctx context.Context, ids []int64) (map[int64]Post, error) {
	now := s.Now().UnixMilli()
	var posts []Post
	if err := s.DB.Read(ctx).Raw(selectPosts+"WHERE p.id IN ?", now, now, ids).Scan(&posts).Error; err != nil {
		return nil, err
	}
	out := make(map[int64]Post, len(posts))
	for _, p := range posts {
		out[p.ID] = p
	}
	return out, nil
}

// Holders returns the people who hold the posts now, each once.
func (s *Service) Holders(ctx context.Context, posts []int64) ([]int64, error) {
	now := s.Now().UnixMilli()
	var people []int64
	err := s.DB.Read(ctx).Raw(`SELECT DISTINCT person_id FROM appointments
WHERE post_id IN ? AND from_at <= ? AND (to_at = 0 OR to_at > ?) ORDER BY person_id`, posts, now, now).Scan(&people).Error
	return people, err
}

// HoldersAt returns the people who hold posts of a role at a unit now, each once.
func (s *Service) HoldersAt(ctx context.Context, unit int64, roles ...Role) ([]int64, error) {
	var posts []int64
	err := s.DB.Read(ctx).Raw("SELECT id FROM posts WHERE org_id = ? AND role IN ?", unit, roles).Scan(&posts).Error
	if err != nil || len(posts) == 0 {
		return nil, err
	}
	return s.Holders(ctx, posts)
}

// NewPost creates a post at a unit.
func (s *Service) NewPost(ctx context.Context, unit int64, role Role, title string) (int64, error) {
	id := s.DB.NewID()
	return id, s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO posts (id, org_id, role, title, created_at) VALUES (?, ?, ?, ?, ?)",
			id, unit, role, title, s.Now().UnixMilli()).Error
	})
}

// Seat puts a person in a post from now on, when a city is founded; unit is the
// work unit that sends them, or 0. Everybody else asks Appoint.
func (s *Service) Seat(ctx context.Context, post, person, unit int64) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("INSERT INTO appointments (id, post_id, person_id, unit_id, from_at, to_at) VALUES (?, ?, ?, ?, ?, 0)",
			s.DB.NewID(), post, person, unit, s.Now().UnixMilli()).Error
	})
}

// Unite gives the appointments of one person to another, and what they are the
// contact of, as part of the caller's transaction: they are found to be the same.
func (s *Service) Unite(tx *gorm.DB, from, to int64) error {
	for _, q := range []string{
		"UPDATE appointments SET person_id = ? WHERE person_id = ?", "UPDATE units SET contact_id = ? WHERE contact_id = ?", "UPDATE compound_parties SET contact_id = ? WHERE contact_id = ?",
		"UPDATE unit_partner_asks SET asked_by = ? WHERE asked_by = ?",
	} {
		if err := tx.Exec(q, to, from).Error; err != nil {
			return err
		}
	}
	return nil
}

package org

// MayAppoint says whether the actor may fill or empty a post of that role at
// the unit with that path: secretaries, and the clerks who keep their ledgers,
// within their subtree those who stand below the secretary.
func (a Actor) MayAppoint(role Role, path string) bool {
	for _, post := range a.Posts {
		rank, ok := appointers[post.Role]
		if post.Role == Clerk {
			rank, ok = clerkRanks[post.OrgKind]
		}
		if ok && Within(path, post.OrgPath) && role.Rank() < rank && (!cityOwn[role] || post.Role == CitySecretary) {
			return true
		}
	}
	return false
}

// appointers are those who fill posts, each posts of a lower rank.
var appointers = map[Role]int{CommunitySecretary: CommunitySecretary.Rank(), SubdistrictSecretary: SubdistrictSecretary.Rank(), CitySecretary: CitySecretary.Rank()}

// clerkRanks are the ranks of the secretaries whose ledgers clerks keep.
var clerkRanks = map[Kind]int{Community: CommunitySecretary.Rank(), Subdistrict: SubdistrictSecretary.Rank(), City: CitySecretary.Rank()}

// cityOwn are the posts that the city secretary alone fills.
var cityOwn = map[Role]bool{Operator: true, PrivacyOfficer: true}

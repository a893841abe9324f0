package lists

import (
	"context"

	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// looked is how many open things are compared at most, the newest.
const looked = 2000

// Match is a suggestion with what is suggested.
type Match struct {
	Candidate
	Need     Seen[Need]     // of a resource's matches
	Resource Seen[Resource] // of a need's
}

// ForNeed are resources that would serve a need, the best first. Errors: ErrUnknown.
func (s *Service) ForNeed(ctx context.Context, by org.Actor, id int64) ([]Match, error) {
	n, err := s.Need(ctx, by, id)
	if err != nil {
		return nil, err
	}
	var open []Resource
	err = s.DB.Read(ctx).Order("id DESC").Limit(looked).Find(&open, "state = ? AND content = ?", Open, ticket.Passed).Error
	if err != nil {
		return nil, err
	}
	offered, err := s.offered(ctx, open)
	if err != nil {
		return nil, err
	}
	found := s.Rules().Suggest(wanted([]Need{n.Item}, map[int64]org.Unit{n.Community.ID: n.Community}), offered, s.today())
	var chosen []Resource
	for _, c := range found {
		chosen = append(chosen, open[indexOf(open, c.Resource)])
	}
	seen, err := complete(ctx, s, by, chosen)
	out := make([]Match, len(seen))
	for i := range seen {
		out[i] = Match{Candidate: found[i], Resource: seen[i]}
	}
	return out, err
}

// ForResource are needs that a resource would serve, the best first. Errors: ErrUnknown.
func (s *Service) ForResource(ctx context.Context, by org.Actor, id int64) ([]Match, error) {
	r, err := s.Resource(ctx, by, id)
	if err != nil {
		return nil, err
	}
	var open []Need
	if err := s.DB.Read(ctx).Order("id DESC").Limit(looked).Find(&open, "state = ? AND content = ?", Open, ticket.Passed).Error; err != nil {
		return nil, err
	}
	ids := []int64{-1}
	for _, n := range open {
		ids = append(ids, n.CommunityID)
	}
	places, err := s.Org.Units(ctx, ids)
	if err != nil {
		return nil, err
	}
	offered, err := s.offered(ctx, []Resource{r.Item})
	if err != nil {
		return nil, err
	}
	found := s.Rules().Suggest(wanted(open, places), offered, s.today())
	var chosen []Need
	for _, c := range found {
		chosen = append(chosen, open[indexOf(open, c.Need)])
	}
	seen, err := complete(ctx, s, by, chosen)
	out := make([]Match, len(seen))
	for i := range seen {
		out[i] = Match{Candidate: found[i], Need: seen[i]}
	}
	return out, err
}

func indexOf[T thing](list []T, id int64) int {
	for i, t := range list {
		if t.stand().id == id {
			return i
		}
	}
	return -1
}

// wanted is what is looked at of needs; communities are those of theirs.
func wanted(needs []Need, communities map[int64]org.Unit) []Wanted {
	out := make([]Wanted, len(needs))
	for i, n := range needs {
		out[i] = Wanted{n.ID, n.Kind, n.Title, n.WantedOn, n.CommunityID, communities[n.CommunityID].ParentID}
	}
	return out
}

// offered is what is looked at of resources, with whom their units serve.
func (s *Service) offered(ctx context.Context, resources []Resource) ([]Offered, error) {
	units := []int64{-1}
	for _, r := range resources {
		units = append(units, r.UnitID)
	}
	var pairs []struct{ UnitID, CommunityID, ParentID int64 }
	err := s.DB.Read(ctx).Raw("SELECT p.unit_id, p.community_id, u.parent_id FROM unit_partners p JOIN org_units u ON u.id = p.community_id WHERE p.unit_id IN ? ORDER BY p.unit_id, p.community_id", units).Scan(&pairs).Error
	if err != nil {
		return nil, err
	}
	partners, subdistricts := map[int64][]int64{}, map[int64][]int64{}
	for _, p := range pairs {
		partners[p.UnitID] = append(partners[p.UnitID], p.CommunityID)
		subdistricts[p.UnitID] = append(subdistricts[p.UnitID], p.ParentID)
	}
	out := make([]Offered, len(resources))
	for i, r := range resources {
		out[i] = Offered{r.ID, r.Kind, r.Title, r.FromOn, r.ToOn, r.Places, partners[r.UnitID], subdistricts[r.UnitID]}
	}
	return out, nil
}

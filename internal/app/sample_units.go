package app

import (
	"cmp"
	"slices"
	"strings"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

// share is how many of k fall on the i-th of n, spread evenly: they sum to k.
func share(i, k, n int) int { return (i+1)*k/n - i*k/n }

// workUnits adds the organs, enterprises and social organisations, and the
// community that each serves.
func (p *samplePlan) workUnits() {
	f := &p.file
	organs := slices.Clone(f.Units.Organs)
	for _, s := range f.Subdistricts {
		organs = append(organs, officeOf(s.Name))
	}
	p.organs = len(organs)
	for _, group := range []struct {
		kind  org.WorkUnitKind
		names []string
	}{
		{org.Organ, organs},
		{org.Enterprise, f.Units.Enterprises.names(f.City.Name)},
		{org.Social, f.Units.Social.names(f.City.Name)},
	} {
		for _, name := range group.names {
			p.tree.WorkUnits = append(p.tree.WorkUnits, org.WorkUnit{ID: p.newID(), Kind: group.kind, Name: name, Sample: true})
		}
	}
	communities := p.of(org.Community)
	for i, u := range p.tree.WorkUnits {
		p.tree.Partners = append(p.tree.Partners, org.Partner{
			UnitID: u.ID, CommunityID: communities[i%len(communities)].ID, Since: f.PartnersSince.plus(0),
		})
	}
}

func officeOf(subdistrict string) string { return subdistrict + "办事处" }

func (c coined) names(city string) (out []string) {
	for _, trade := range c.Trades {
		for _, word := range c.Words {
			out = append(out, city+word+trade)
		}
	}
	return out
}

// of are the units of a kind, in the order of the tree.
func (p *samplePlan) of(kind org.Kind) (out []org.Unit) {
	for _, u := range p.tree.Units {
		if u.Kind == kind {
			out = append(out, u)
		}
	}
	return out
}

func (p *samplePlan) workUnit(name string) int64 {
	i := slices.IndexFunc(p.tree.WorkUnits, func(u org.WorkUnit) bool { return u.Name == name })
	return p.tree.WorkUnits[i].ID
}

// parties says who runs each compound, and whom to ask there and at the work units.
func (p *samplePlan) parties() {
	holders := map[int64]map[org.Role]int64{}
	for _, s := range p.tree.Seats {
		if holders[s.OrgID] == nil {
			holders[s.OrgID] = map[org.Role]int64{}
		}
		holders[s.OrgID][s.Role] = s.Holder
	}
	neighbour, colleague := map[int64]int64{}, map[int64]int64{}
	for _, e := range p.enlisted {
		person := p.people[e.person].ID
		if e.home.ID != 0 && neighbour[e.home.ID] == 0 && (e.category == member.Resident || e.category == member.Retired) {
			neighbour[e.home.ID] = person
		}
		if colleague[e.unit] == 0 {
			colleague[e.unit] = person
		}
	}
	for i := range p.tree.WorkUnits {
		p.tree.WorkUnits[i].ContactID = colleague[p.tree.WorkUnits[i].ID]
	}
	day := p.file.Day
	for i, c := range p.tree.Compounds {
		u := p.units[c.OrgID]
		community := p.units[u.ParentID]
		party := func(kind org.PartyKind, name string, contact int64, from, to string) {
			p.tree.Parties = append(p.tree.Parties, org.Party{
				ID: p.newID(), CompoundID: u.ID, Kind: kind, Name: name, ContactID: contact, FromOn: from, ToOn: to,
			})
		}
		// The committees' term of five years; contracts and owners' committees began one after another.
		party(org.CommitteeParty, strings.TrimSuffix(community.Name, "社区")+"社区居民委员会", holders[community.ID][org.CommunitySecretary], "2021-12-20", "2026-12-19")
		elected := cmp.Or(neighbour[u.ID], holders[community.ID][org.GridWorker])
		from, to := day.plus(-400-i), day.plus(-401-i+3*365)
		if c.Governance == org.Managed {
			party(org.OwnersCommittee, u.Name+"业主委员会", elected, from, to)
			word := p.file.PropertyWords[i%len(p.file.PropertyWords)]
			party(org.PropertyCompany, p.file.City.Name+word+"物业服务有限公司", holders[u.ID][org.PropertyManager], from, to)
		} else {
			party(org.PropertyCommittee, u.Name+"物业管理委员会", elected, from, to)
		}
	}
}

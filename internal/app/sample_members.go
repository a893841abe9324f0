package app

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/wechat/wechatsim"
)

// enlisted is a Party member of the ledger.
type enlisted struct {
	person    int // index in people
	category  member.Category
	unit      int64    // the work unit of an in-service member
	home      org.Unit // the compound where they live or serve; none for those who serve a community
	community int64    // where home is none
	age       int      // on the file's day; 0 = by category
	education string   // of a worker of the community; "" = by age
}

// categories in the order in which they are dealt out.
var categories = []member.Category{member.InService, member.Resident, member.Retired, member.Mobile}

// ages are the youngest of a category, and how many years there are.
var ages = map[member.Category][2]int{member.InService: {25, 33}, member.Resident: {24, 42}, member.Retired: {60, 24}, member.Mobile: {22, 26}}

// enlistHolder makes the holder of a post that only Party members hold one of them.
func (p *samplePlan) enlistHolder(seat org.Seat) {
	e := enlisted{person: len(p.people) - 1, category: member.Retired, unit: seat.SentBy, home: p.within(seat.OrgID, org.CompoundKind)}
	switch seat.Role {
	case org.CommunitySecretary:
		e.category, e.community = member.Resident, seat.OrgID
	case org.SubdistrictSecretary:
		e.unit, e.community = p.workUnit(officeOf(p.units[seat.OrgID].Name)), p.firstCommunity(seat.OrgID)
	case org.CitySecretary:
		e.unit, e.community = p.workUnit("市委社会工作部"), p.firstCommunity(seat.OrgID)
	default:
	}
	if e.unit != 0 {
		e.category = member.InService
	}
	p.enlisted = append(p.enlisted, e)
}

func (p *samplePlan) firstCommunity(above int64) int64 {
	for _, u := range p.of(org.Community) {
		if org.Within(u.Path, p.units[above].Path) {
			return u.ID
		}
	}
	return 0
}

// enlist makes the other Party members, spread over the compounds by their
// households and over the categories so that each has its number, and seats
// those who hold posts without the simulator playing them.
func (p *samplePlan) enlist() {
	left, total := map[member.Category]int{}, 0
	for _, c := range categories {
		left[c] = p.file.Members[c]
	}
	for _, e := range p.enlisted {
		left[e.category]--
	}
	for _, c := range categories {
		total += left[c]
	}
	households := 0
	for _, c := range p.tree.Compounds {
		households += c.Households
	}
	given, inService := map[member.Category]int{}, 0
	compound, below := 0, p.tree.Compounds[0].Households // households up to this compound
	for i := range total {
		for i*households/total >= below {
			compound++
			below += p.tree.Compounds[compound].Households
		}
		category := slices.MaxFunc(categories, func(a, b member.Category) int { // the one most behind
			return cmp.Compare((i+1)*left[a]-given[a]*total, (i+1)*left[b]-given[b]*total)
		})
		given[category]++
		home := p.units[p.tree.Compounds[compound].OrgID]
		e := enlisted{person: p.somebody(home.ID, true), category: category, home: home}
		if category == member.InService {
			e.unit = p.employer(inService)
			inService++
		}
		p.enlisted = append(p.enlisted, e)
	}
	taken := map[int]bool{}
	for _, i := range p.late {
		seat := &p.tree.Seats[i]
		found := slices.IndexFunc(p.enlisted, func(e enlisted) bool {
			fits := e.category == member.InService
			if seat.Role == org.HouseholdHub {
				fits = e.category != member.InService && e.category != member.Mobile
			}
			return fits && p.people[e.person].OpenID == "" && !taken[e.person] && p.near(e, seat.OrgID)
		})
		if found < 0 {
			continue
		}
		e := p.enlisted[found]
		taken[e.person] = true
		seat.Holder, seat.SentBy, seat.Since = p.people[e.person].ID, e.unit, p.file.PostsSince.UnixMilli()
	}
}

// near says that a member lives in the unit or in the compound that it is part of.
func (p *samplePlan) near(e enlisted, unit int64) bool {
	around := p.units[unit]
	if c := p.within(unit, org.CompoundKind); c.ID != 0 {
		around = c
	}
	return org.Within(e.home.Path, around.Path)
}

// employer is the work unit of the i-th in-service member: of five, three are
// with an organ, one with an enterprise, one with a social organisation.
func (p *samplePlan) employer(i int) int64 {
	f := &p.file.Units
	enterprises, social := len(f.Enterprises.Words)*len(f.Enterprises.Trades), len(f.Social.Words)*len(f.Social.Trades)
	round, place := i/5, i%5
	switch place {
	case 3:
		return p.tree.WorkUnits[p.organs+round%enterprises].ID
	case 4:
		return p.tree.WorkUnits[p.organs+enterprises+round%social].ID
	}
	return p.tree.WorkUnits[(3*round+place)%p.organs].ID
}

// somebody is a new person whom the simulator does not play, as an index in people.
func (p *samplePlan) somebody(home int64, partyMember bool) int {
	given := p.file.MoreGiven.Men
	if p.unnamed%2 == 1 {
		given = p.file.MoreGiven.Women
	}
	surnames, first, second := []rune(p.file.Surnames), []rune(given[0]), []rune(given[1])
	n := p.unnamed / 2
	s := n % len(surnames)
	g := (n/len(surnames) + 11*s) % (len(first) * len(second))
	gender := [2]string{"male", "female"}[p.unnamed%2]
	p.unnamed++
	p.people = append(p.people, member.Known{Person: member.Person{
		ID: p.newID(), Name: string(surnames[s]) + string(first[g/len(second)]) + string(second[g%len(second)]),
		CompoundID: home, Member: partyMember, Sample: true, Gender: gender,
	}})
	return len(p.people) - 1
}

// register fills in what the ledger knows of the members, when all is settled.
func (p *samplePlan) register() {
	day := p.file.Day
	branches := map[int64]bool{}
	for _, c := range p.tree.Compounds {
		branches[c.OrgID] = c.Branch != ""
	}
	for i, e := range p.enlisted {
		k := &p.people[e.person]
		if e.age == 0 {
			span := ages[e.category]
			e.age = span[0] + i*7%span[1]
		}
		birth := day.AddDate(-e.age, 0, -(i * 37 % 365))
		joined := birth.AddDate(20+i%min(5, e.age-20), 0, i%200)
		p.identify(k, date{birth}, i)
		m := member.PartyMember{
			PersonID: k.ID, Category: e.category, UnitID: e.unit, BranchID: e.home.ID,
			Ethnicity: "汉族", Education: cmp.Or(e.education, schooling(e.age, i)), Job: p.job(e, i),
			JoinedOn: date{joined}.plus(0), Probationary: joined.AddDate(1, 0, 0).After(day.Time),
		}
		community := cmp.Or(e.home.ParentID, e.community)
		if !branches[m.BranchID] {
			m.BranchID = community
		}
		if e.category == member.InService {
			m.CommunityID = community
		}
		if i%151 == 0 {
			m.Ethnicity = "回族"
		}
		if e.category == member.Mobile {
			m.Flows = "流出：" + flows[i%len(flows)]
		}
		if !m.Probationary {
			m.FullOn = date{joined.AddDate(1, 0, 0)}.plus(0)
		}
		p.members = append(p.members, m)
	}
}

// jobs by category, of those in service by the kind of their work unit.
var jobs = map[string][]string{
	string(org.Organ):       {"科员", "干事", "会计", "科长", "办事员"},
	string(org.Enterprise):  {"职工", "技术员", "会计", "班组长", "营业员"},
	string(org.Social):      {"社工", "干事", "护理员", "项目主管"},
	string(member.Resident): {"个体经营", "自由职业", "网约司机", "店员", "务农", "待业"},
	string(member.Retired):  {"退休教师", "退休工人", "退休干部", "退休医生"},
	string(member.Mobile):   {"务工", "经商", "司机", "厨师", "电焊工"},
}

func (p *samplePlan) job(e enlisted, i int) string {
	if e.education != "" {
		return "社区工作者"
	}
	kind := string(e.category)
	if at := slices.IndexFunc(p.tree.WorkUnits, func(u org.WorkUnit) bool { return u.ID == e.unit }); at >= 0 {
		kind = string(p.tree.WorkUnits[at].Kind)
	}
	return jobs[kind][i%len(jobs[kind])]
}

// flows are where mobile members have gone.
var flows = []string{"山西省太原市", "北京市", "陕西省西安市", "天津市", "广东省深圳市", "山西省吕梁市"}

// schooling is a plausible education for an age.
func schooling(age, i int) string {
	switch {
	case age >= 60:
		return [...]string{"junior", "senior", "senior", "college"}[i%4]
	case age >= 45:
		return [...]string{"senior", "college", "bachelor", "college"}[i%4]
	}
	return [...]string{"college", "bachelor", "bachelor", "bachelor", "master"}[i%5]
}

// identify gives a person an ID number of a county that does not exist, a phone
// that cannot ring (or the one that the simulator gives them) and an address.
func (p *samplePlan) identify(k *member.Known, birth date, i int) {
	if k.Gender == "" {
		k.Gender = "male"
		if slices.Contains(p.file.Women, string([]rune(k.Name)[1:])) {
			k.Gender = "female"
		}
	}
	k.Birth = birth.plus(0)
	key := k.Gender + k.Birth
	sequence := 2 * p.births[key]
	p.births[key]++
	if k.Gender == "male" {
		sequence++
	}
	k.IDNumber = checked("141199" + birth.Format("20060102") + fmt.Sprintf("%03d", sequence))
	k.Phone = fmt.Sprintf("1990000%04d", i)
	if k.OpenID != "" {
		k.Phone = wechatsim.PhoneOf(k.OpenID)
	}
	if home := p.units[k.CompoundID]; home.ID != 0 {
		community := p.units[home.ParentID]
		k.Address = p.file.City.Name + p.units[community.ParentID].Name + community.Name + home.Name +
			fmt.Sprintf("%d号楼%d单元%d0%d室", 1+i%9, 1+i%4, 1+i%6, 1+i%2)
	}
}

// checked is an ID number with its check digit by GB 11643.
func checked(seventeen string) string {
	sum, weight := 0, 1
	for i := len(seventeen) - 1; i >= 0; i-- {
		weight = weight * 2 % 11
		digit, _ := strconv.Atoi(seventeen[i : i+1])
		sum += digit * weight
	}
	return seventeen + string("10X98765432"[sum%11])
}

package app

import (
	"bytes"
	"math"
	"time"

	"gopkg.in/yaml.v3"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/station"
	"fenlin/internal/ticket"
)

// sampleFile is config/sample.yaml; its comments say what the fields mean.
type sampleFile struct {
	City struct {
		Code, Name string
		At         point
	}
	Subdistricts []struct {
		Name        string
		At          point
		Communities []sampleCommunity
	}
	Known     []knownCompound
	Aliases   map[string][]string
	Elsewhere struct {
		ResidentsEvery int `yaml:"residents_every"`
		MembersEvery   int `yaml:"members_every"`
	}
	UnboundResidents int `yaml:"unbound_residents"`

	Day                   date
	VacantBranchEvery     int  `yaml:"vacant_branch_every"`
	VacantGroupEvery      int  `yaml:"vacant_group_every"`
	PostsSince            date `yaml:"posts_since"`
	SentBranchSecretaries int  `yaml:"sent_branch_secretaries"`
	Commissioners         int
	Units                 struct {
		Organs      []string
		Enterprises coined
		Social      coined
	}
	PropertyWords    []string `yaml:"property_words"`
	PartnersSince    date     `yaml:"partners_since"`
	ConsultsFrom     date     `yaml:"consults_from"`
	Members          map[member.Category]int
	HubEvery         int           `yaml:"hub_every"`
	LinkedHouseholds int           `yaml:"linked_households"`
	Workers          sampleWorkers `yaml:"workers"`
	Points           samplePoints
	Activities       struct {
		Count    int
		Titles   []string
		Upcoming []struct {
			Title, Kind, Org  string
			By                org.Role
			About, Place      string
			Days, Hour, Hours int // from the day of the seed on
			Accept            int // minutes
			Slots             []struct {
				Name     string
				Capacity int
			}
		}
	}
	Wishes []struct {
		Text, Kind, Org string
		Days            int // from the day of the seed on
	}
	Lists     sampleLists
	SelfRun   sampleSelfRun `yaml:"self_run"`
	Surnames  string
	Given     []string
	Women     []string
	MoreGiven struct{ Men, Women [2]string } `yaml:"more_given"`
}

// parseSample reads sample.yaml; unknown keys are refused.
func parseSample(text []byte) (f sampleFile, err error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	return f, d.Decode(&f)
}

// coined are names made of each word with each trade.
type coined struct{ Words, Trades []string }

func (f *sampleFile) communities() (n int) {
	for _, s := range f.Subdistricts {
		n += len(s.Communities)
	}
	return n
}

// sampleCommunity is a community's compounds by who runs them.
type sampleCommunity struct {
	Name      string
	Managed   []string
	SelfRun   []string `yaml:"self_run"`
	Unmanaged []string
	Small     []string
}

// knownCompound is one that the product paper names.
type knownCompound struct {
	Name         string
	Buildings    int
	VacantGroups []string `yaml:"vacant_groups"`
	Hubs         []string
	Residents    int
	Members      int
}

// date is a day of the file, 2006-01-02.
type date struct{ time.Time }

// UnmarshalText is yaml's.
func (d *date) UnmarshalText(text []byte) (err error) {
	d.Time, err = time.Parse(time.DateOnly, string(text))
	return err
}

// plus is the day so many days later, as tables keep it.
func (d date) plus(days int) string { return d.AddDate(0, 0, days).Format(time.DateOnly) }

// sampleWorkers is the file's `workers`.
type sampleWorkers struct {
	Committee, Graduates int
	GraduatesElected     int `yaml:"graduates_elected"`
	BelowCollege         int `yaml:"below_college"`
	MeanAge              int `yaml:"mean_age"`
}

// samplePoints is the file's `points`.
type samplePoints struct {
	CentersUpgraded          int `yaml:"centers_upgraded"`
	StationsRewarded         int `yaml:"stations_rewarded"`
	DemonstrationCommunities int `yaml:"demonstration_communities"`
	DemonstrationCompounds   int `yaml:"demonstration_compounds"`
	Opening                  []station.Hours
	Rooms                    []station.Room // of each centre, and of the demonstration stations
}

// sampleSelfRun is the file's `self_run`.
type sampleSelfRun struct {
	Compound string
	Items    []string
	Past     []struct {
		At             string // 2006-01-02 15:04, of the city's zone
		Category       string
		Building, Text string
		Hours          int
		Note           string
		Rated          ticket.Satisfaction
	}
}

type point [2]float64 // latitude and longitude, GCJ-02

// around is the i-th point of a sunflower with p in the middle; its points lie
// about twice the metres apart.
func (p point) around(i int, metres float64) point {
	const goldenAngle, metresPerDegree = 2.399963, 111_320
	r, a := metres*math.Sqrt(float64(i))/metresPerDegree, float64(i)*goldenAngle
	round := func(x float64) float64 { return math.Round(x*1e6) / 1e6 }
	return point{round(p[0] + r*math.Cos(a)), round(p[1] + r*math.Sin(a)/math.Cos(p[0]*math.Pi/180))}
}

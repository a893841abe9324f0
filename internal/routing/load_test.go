package routing_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fenlin/internal/routing"
)

func TestLoad_RefusesNamingTheLine(t *testing.T) {
	const (
		grades = "grades: [{code: 7d, respond: 1d, finish: 7d}, {code: 15d, respond: 1d, finish: 15d}]\n" // line 1
		head   = grades + "route:\n  lead: branch_secretary\n  grade: 7d\n  children:\n"                  // lines 2 to 5
	)
	many := "departments:\n"
	var names []string
	for i := range 13 {
		many += fmt.Sprintf("  - {code: d%d, name: 部门%d}\n", i, i)
		names = append(names, fmt.Sprintf("department:d%d", i))
	}
	var continues strings.Builder
	for i := range 17 {
		fmt.Fprintf(&continues, "    - {name: r%d, continue: true, watchers: [city_secretary]}\n", i)
	}
	for name, tc := range map[string]struct{ text, want string }{
		"empty":                         {"", "line 1: the file is empty"},
		"not YAML":                      {"route: [", "line 1: "},
		"two documents":                 {head + "---\na: 1\n", "line 6: only one YAML document"},
		"unknown key":                   {"rout: {}", "line 1: field rout not found"},
		"unknown key in a rule":         {head + "    - name: 灯\n      categories: [lighting]", "line 7: field categories not found"},
		"no route":                      {grades, "line 1: the root of route needs a lead"},
		"root without lead":             {grades + "route:\n  grade: 7d", "line 3: the root of route needs a lead"},
		"root without grade":            {grades + "route:\n  lead: branch_secretary", "line 3: the root of route needs a grade"},
		"root that matches":             {head[:len(head)-len("  children:\n")] + "  kind: managed", "line 5: the root of route has no name and matches all"},
		"root that continues":           {grades + "route:\n  continue: true\n  lead: branch_secretary\n  grade: 7d", "line 4: the root of route cannot continue"},
		"unknown role":                  {grades + "route:\n  lead: boss\n  grade: 7d", `line 3: unknown role "boss"`},
		"unknown department":            {grades + "route:\n  lead: department:gas\n  grade: 7d", `line 3: unknown role "department:gas"`},
		"department without its code":   {grades + "route:\n  lead: department\n  grade: 7d", `line 3: unknown role "department"`},
		"two leads":                     {grades + "route:\n  lead: [branch_secretary, grid_worker]\n  grade: 7d", "line 3: rule root needs exactly one lead"},
		"no lead named":                 {grades + "route:\n  lead:\n  grade: 7d", "line 3: a word or a list of words"},
		"unknown watcher":               {head + "    - name: 灯\n      watchers:\n        - city_secretary\n        - mayor", `line 9: unknown role "mayor"`},
		"co-handler named twice":        {head + "    - name: 灯\n      co: [grid_worker, grid_worker]", "line 7: grid_worker is named twice"},
		"a map for a role":              {head + "    - name: 灯\n      co: [{a: b}]", "line 7: a word or a list of words"},
		"unknown grade":                 {grades + "route:\n  lead: branch_secretary\n  grade: 3d", `line 4: unknown grade "3d"`},
		"unknown category":              {head + "    - name: 灯\n      category: [lighting, lamps]", `line 7: unknown category "lamps"`},
		"no category":                   {head + "    - name: 灯\n      category: []", "line 7: category is empty"},
		"unknown kind":                  {head + "    - {name: 灯, kind: rented}", `line 6: unknown kind "rented"`},
		"emergency is neither":          {head + "    - {name: 灯, emergency: maybe}", `line 6: unknown emergency "maybe"`},
		"no org":                        {head + "    - {name: 灯, org: []}", "line 6: org is empty"},
		"continue is neither":           {head + "    - {name: 灯, continue: perhaps}", "line 6: cannot unmarshal"},
		"rule without a name":           {head + "    - category: [lighting]", "line 6: a rule under root needs a name"},
		"rule that says nothing":        {head + "    - {continue: true}", "line 3: a rule under root needs a name"},
		"name with a slash":             {head + "    - name: 水/电", "line 6: a rule under root needs a name without /"},
		"name used twice":               {head + "    - {name: 灯, category: lighting}\n    - {name: 灯, category: gas}", "line 7: rule root/灯 is named twice"},
		"sibling after a catch-all":     {head + "    - {name: 全部, lead: grid_worker}\n    - {name: 灯, category: lighting}", "line 7: rule root/灯 is never reached: root/全部 before it"},
		"sibling after a wider one":     {head + "    - {name: 设施, category: [lighting, access]}\n    - {name: 灯, category: lighting, kind: managed}", "line 7: rule root/灯 is never reached"},
		"sibling of the same org":       {head + "    - {name: 甲, org: [a, b]}\n    - {name: 乙, org: a, emergency: true}", "line 7: rule root/乙 is never reached"},
		"child outside its parent":      {head + "    - name: 灯\n      category: lighting\n      children:\n        - {name: 气, category: gas}", "line 9: category gas never comes here"},
		"continue with a lead":          {head + "    - {name: 灯, continue: true, lead: grid_worker}", "line 6: rule root/灯 continues, so it has neither lead nor children"},
		"continue with children":        {head + "    - {name: 灯, continue: true, children: [{name: 急, emergency: true}]}", "line 6: rule root/灯 continues"},
		"too many continue":             {head + continues.String(), "line 1: 17 rules continue, at most 16 may"},
		"too many co-handlers":          {many + head + "    - {name: 灯, co: [" + strings.Join(names, ", ") + "]}", "line 1: rule root/灯 and those that continue name more than 12"},
		"grade without a code":          {"grades:\n  - {respond: 1d, finish: 7d}", "line 1: a grade's code is missing"},
		"grade without an end":          {"grades:\n  - {code: 7d, respond: 1d}", `line 2: "" is not a time limit`},
		"grade of no time":              {"grades:\n  - {code: 7d, respond: 0d, finish: 7d}", `line 2: "0d" is not a time limit`},
		"grade of too many days":        {"grades:\n  - {code: 7d, respond: 1d, finish: 213504000d}", `line 2: "213504000d" is not a time limit`},
		"grade that answers too late":   {"grades:\n  - {code: 7d, respond: 8d, finish: 7d}", "line 2: grade 7d responds after it finishes"},
		"grades out of order":           {"grades:\n  - {code: 7d, respond: 1d, finish: 7d}\n  - {code: 2h, respond: 1h, finish: 2h}", "line 3: grade 2h is not slower"},
		"grade named twice":             {"grades:\n  - {code: 7d, respond: 1d, finish: 7d}\n  - {code: 7d, respond: 1d, finish: 8d}", "line 3: grade 7d is named twice"},
		"working is neither":            {"grades:\n  - {code: 7d, respond: 1d, finish: 7d, working: often}", "line 2: cannot unmarshal"},
		"department without a name":     {"departments:\n  - {code: gas}", "line 2: department gas has no name"},
		"department named twice":        {"departments:\n  - {code: gas, name: 燃气}\n  - {code: gas, name: 燃气}", "line 3: department gas is named twice"},
		"the same key twice in a rule":  {grades + "route:\n  lead: branch_secretary\n  lead: grid_worker\n  grade: 7d", "line 4: mapping key \"lead\" already defined at line 3"},
		"an alias in place of a word":   {"grades: [{code: &g 7d, respond: 1d, finish: 7d}]\nroute:\n  lead: &l branch_secretary\n  co: *l\n  grade: 7d", "line 4: a word or a list of words"},
		"grade that is an alias":        {"grades: [{code: &g 7d, respond: 1d, finish: 7d}]\nroute:\n  lead: branch_secretary\n  grade: *g", `line 4: unknown grade "g"`},
		"a rule that is a word":         {head + "    - 灯", "line 6: cannot unmarshal"},
		"category inside a wider child": {head + "    - {name: 急, emergency: true, children: [{name: 缓, emergency: false}]}", "line 6: emergency false never comes here"},
		"building outside its parent's": {head + "    - {name: 前, building: 1, children: [{name: 后, building: 2号楼}]}", "line 6: building 2号楼 never comes here"},
		"no building":                   {head + "    - {name: 前, building: []}", "line 6: building is empty"},
		"sibling of the same building":  {head + "    - {name: 前, building: [1, 2]}\n    - {name: 后, building: 2号楼}", "line 7: rule root/后 is never reached"},
		"a group in a circle":           {"groups:\n  - {name: 甲, posts: [grid_worker, group:乙]}\n  - {name: 乙, posts: [group:丙]}\n  - {name: 丙, posts: [group:甲]}\n", "line 2: groups go round in a circle: 甲 → 乙 → 丙 → 甲"},
		"a group of itself":             {"groups:\n  - {name: 甲, posts: [group:甲]}\n", "line 2: groups go round in a circle: 甲 → 甲"},
		"a rule under itself":           {grades + "route: &r\n  lead: branch_secretary\n  grade: 7d\n  children: [*r]", "line"},
		"an unknown group":              {head + "    - {name: 灯, co: [group:甲]}", `line 6: unknown group "甲"`},
		"an unknown group in a group":   {"groups:\n  - {name: 甲, posts: [group:乙]}\n", `line 2: unknown group "乙"`},
		"a group that leads":            {"groups:\n  - {name: 甲, posts: [grid_worker, branch_secretary]}\n" + grades + "route:\n  lead: group:甲\n  grade: 7d", "line 5: rule root needs exactly one lead"},
		"a group of nobody":             {"groups:\n  - {name: 甲, posts: []}\n", "line 2: group 甲 has no posts"},
		"a group without posts":         {"groups:\n  - {name: 甲}\n", "line 2: group 甲 has no posts"},
		"a group without a name":        {"groups:\n  - {posts: [grid_worker]}\n", "line 1: a group's name is missing"},
		"a group named twice":           {"groups:\n  - {name: 甲, posts: [grid_worker]}\n  - {name: 甲, posts: [grid_worker]}\n", "line 3: group 甲 is named twice"},
		"an unknown post in a group":    {"groups:\n  - {name: 甲, posts: [mayor]}\n", `line 2: unknown role "mayor"`},
		"clocks that never warn":        {"clocks: {warn: 0, wait: 3d, waits: 2}\n", "line 1: warn is the per cent"},
		"clocks that wait for ever":     {"clocks: {warn: 80, waits: 2}\n", `line 1: "" is not a time limit`},
		"clocks that always wait":       {"clocks: {warn: 80, wait: 3d, waits: 10}\n", "line 1: waits is how often"},
		"disputes without a limit":      {"disputes: {final: 3}\n", `line 1: "" is not a time limit`},
		"disputes without an end":       {"disputes: {decide: 1d}\n", "line 1: final is how many returns"},
		"disputes that never end":       {"disputes: {decide: 1d, final: 99}\n", "line 1: final is how many returns"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := routing.Load([]byte(tc.text)); err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("error %v\n want %s…", err, tc.want)
			}
		})
	}
}

func TestTest_TellsWhatDiffers(t *testing.T) {
	tree := load(t, ladders)
	for name, tc := range map[string]struct{ cases, want string }{
		"as written":           {"- {name: 灯, facts: {category: lighting, kind: self_run, building: '3'}, lead: group_leader, co: [], watchers: [], grade: 7d, rule: root/党小组}", "[]"},
		"department":           {"- {name: 气, facts: {category: gas}, lead: 'department:gas_company'}", "[]"},
		"another lead":         {"- {name: 灯, facts: {category: lighting}, lead: group_leader}", "[line 1: 灯: lead is [branch_secretary], not [group_leader]; decided by root/党小组]"},
		"co was expected":      {"- name: 气\n  facts: {category: gas}\n  lead: 'department:gas_company'\n  co: [grid_worker]\n", "[line 1: 气: co is [], not [grid_worker]; decided by root/燃气]"},
		"the second of two":    {"- {name: a, facts: {category: care}, lead: grid_worker}\n- {name: b, facts: {category: care}, lead: grid_worker, grade: 2h}", "[line 2: b: grade is [7d], not [2h]; decided by root/网格]"},
		"unknown category":     {"- {name: a, facts: {category: lamps}, lead: grid_worker}", `[line 1: a: unknown category "lamps"]`},
		"unknown kind":         {"- {name: a, facts: {category: gas, kind: rented}, lead: grid_worker}", `[line 1: a: unknown kind "rented"]`},
		"unknown vacancy":      {"- {name: a, facts: {category: gas, vacant: [mayor]}, lead: grid_worker}", `[line 1: a: unknown role "mayor"]`},
		"no facts":             {"- {lead: grid_worker}", "[line 1: case 1: a case needs facts and a lead]"},
		"unknown key":          {"- {name: a, leed: grid_worker}", "[line 1: cases: line 1: field leed not found]"},
		"empty file":           {"", "[line 1: cases: line 1: the file is empty]"},
		"each of several":      {"- {name: a, facts: {category: [lighting, care], kind: self_run, building: '3', emergency: [true, false]}, lead: group_leader}", "[line 1: a: care self_run emergency: lead is [grid_worker], not [group_leader]; decided by root/网格]"},
		"none of several":      {"- {name: a, facts: {category: []}, lead: grid_worker}", "[line 1: a: line 1: a list of facts is empty]"},
		"an unknown emergency": {"- {name: a, facts: {category: gas, emergency: maybe}, lead: grid_worker}", `[line 1: a: unknown emergency "maybe"]`},
		"no case in the file":  {"[]", "[line 1: cases: the file has no cases]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(routing.Test(tree, []byte(tc.cases))); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// mutations of a line of the file.
var mutations = []func(line, other string) string{
	func(string, string) string { return "" },
	func(line, _ string) string { return line + "\n" + line },
	func(line, other string) string { return other + "\n" + line },
	func(line, _ string) string { return "  " + line },
	func(line, _ string) string { return strings.TrimPrefix(line, "  ") },
	func(line, _ string) string { return strings.ReplaceAll(line, ": ", ": *x ") },
	func(line, _ string) string { return strings.ReplaceAll(line, ": ", ": &x ") },
	func(line, _ string) string { return strings.ReplaceAll(line, "[", "{") },
	func(line, _ string) string { return line[:len(line)/2] },
	func(line, other string) string { return line[:len(line)/2] + other[len(other)/2:] },
	func(line, _ string) string { return strings.ReplaceAll(line, "category", "continue") },
	func(line, _ string) string { return strings.ReplaceAll(line, "_secretary", "") },
}

// Whatever becomes of the city's file, it is refused naming a line, or every
// report lands.
func TestLoad_NoMutationOfTheCitysFilePanicsOrLosesAReport(t *testing.T) {
	lines := strings.Split(read(t, "../../config/routing.yaml"), "\n")
	rapid.Check(t, func(t *rapid.T) {
		mutated := slices.Clone(lines)
		for range rapid.IntRange(1, 4).Draw(t, "mutations") {
			i, j := rapid.IntRange(0, len(lines)-1).Draw(t, "line"), rapid.IntRange(0, len(lines)-1).Draw(t, "other")
			mutated[i] = rapid.SampledFrom(mutations).Draw(t, "mutation")(mutated[i], lines[j])
		}
		check(t, strings.Join(mutated, "\n"))
	})
}

// check loads a text and, if it is a tree, decides by it.
func check(t interface{ Errorf(string, ...any) }, text string) {
	tree, err := routing.Load([]byte(text))
	if err != nil {
		if !strings.HasPrefix(err.Error(), "line") {
			t.Errorf("the error names no line: %v", err)
		}
		return
	}
	for _, category := range words {
		for _, emergency := range []bool{true, false} {
			facts := fuxinyuan(category)
			facts.Emergency = emergency
			if d := decide(tree, facts); d.Lead.Post == 0 || d.Reason() == "" {
				t.Errorf("%s does not land", category)
			}
			tree.Explain(facts, nil)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(read(f, "../../config/routing.yaml"))
	f.Add(inherits)
	f.Add(ladders)
	f.Add("route: {lead: *a, children: [&a {name: x}]}")
	f.Add("groups: [{name: a, posts: [group:b]}, {name: b, posts: [group:a]}]")
	f.Fuzz(func(t *testing.T, text string) { check(t, text) })
}

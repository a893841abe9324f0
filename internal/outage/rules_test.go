package outage_test

import (
	"os"
	"testing"

	"fenlin/internal/outage"
)

func known(code string) bool {
	return code == "water" || code == "power" || code == "gas" || code == "heating"
}

func TestRules_WhichReportsAskAboutAnOutage(t *testing.T) {
	text, err := os.ReadFile("../../config/outages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := outage.LoadRules(text, known)
	if err != nil {
		t.Fatal(err)
	}
	for category, texts := range map[string]map[string]bool{
		"water":   {"家里停水一上午了": true, "怎么没水了": true, "水管爆了水喷得到处都是": false, "自来水发黄有味道": false, "水表井往外冒水": false},
		"power":   {"整个小区停电了": true, "家里没电": true, "电线冒火花": false, "电表坏了": false},
		"gas":     {"停气了做不了饭": true, "有煤气味": false},
		"heating": {"暖气不热": true, "暖气片漏水": false},
	} {
		kind, ok := rules.Kind(category)
		for said, want := range texts {
			if !ok || kind.Asks(said) != want {
				t.Errorf("%s: %s: %v", category, said, !want)
			}
		}
	}
}

func TestLoadRules_RefusesWhatIsWrong(t *testing.T) {
	for name, text := range map[string]string{
		"no kinds":            "max_days: 30\nahead_days: 60",
		"an unknown key":      "max_days: 30\nahead_days: 60\nkind: []",
		"an unknown category": "max_days: 30\nahead_days: 60\nkinds: [{category: sky, name: 停天}]",
		"twice":               "max_days: 30\nahead_days: 60\nkinds: [{category: gas, name: 停气}, {category: gas, name: 停气}]",
		"nameless":            "max_days: 30\nahead_days: 60\nkinds: [{category: gas}]",
		"endless":             "max_days: 3000\nahead_days: 60\nkinds: [{category: gas, name: 停气}]",
	} {
		if _, err := outage.LoadRules([]byte(text), known); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

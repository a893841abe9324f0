package web_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"fenlin/internal/ticket"
)

// scrape is what /metrics says now.
func (s *site) scrape(t *testing.T) string {
	t.Helper()
	admin := httptest.NewServer(s.Admin())
	defer admin.Close()
	public := s.address
	s.address = admin.URL
	defer func() { s.address = public }()
	_, raw := s.raw(t, "GET", "/metrics", nil, nil)
	return string(raw)
}

// watched is a site that has something to tell of everything that is watched.
func watched(t *testing.T) *site {
	t.Helper()
	s := newSite(t, "")
	s.Notices = func(context.Context) (map[string]int64, error) { return map[string]int64{"sent": 3, "owed": 1}, nil }
	s.Lag = func(context.Context) (time.Duration, error) { return 1500 * time.Millisecond, nil }
	settled := s.Told(t, "li", lamp).Number
	for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Contact}, {Action: ticket.Finish, Note: "好了"}} {
		s.Do(t, "branch", settled, in)
	}
	solved := true
	s.Do(t, "li", settled, ticket.Input{Action: ticket.Confirm, Solved: &solved, Satisfaction: ticket.Satisfied})
	s.Told(t, "stranger", "1号楼1单元楼道灯坏了")
	s.Forward(time.Second)
	s.say(t, "li", "帮助")
	s.call(t, "li", "GET", "/me", nil).want(t, 200) // signs in by WeChat
	s.call(t, "", "POST", "/sessions", object{"code": "no-such-code", "client": "miniprogram"})
	s.call(t, "li", "POST", "/photos", aPicture(t)).want(t, 201)
	return s
}

func TestMetrics_TellOfRatesClocksWeChatAndNotices(t *testing.T) {
	s := watched(t)
	got := s.scrape(t)
	for _, want := range []string{
		`,rate="settlement"} 1`, "fenlin_tickets_open 1\n", "fenlin_tickets_overdue 0\n", "fenlin_tickets_due_24h 0\n", "fenlin_clock_unrung_seconds 0\n",
		"fenlin_outbox_due_events ", "fenlin_outbox_oldest_due_seconds 1\n", `fenlin_notices_last_day{state="sent"} 3`, "fenlin_rates_lag_seconds 1.5\n", "fenlin_wechat_callback_seconds_count 1\n",
		`fenlin_wechat_api_calls_total{api="/sns/jscode2session",errcode="0"}`, `fenlin_wechat_api_calls_total{api="/sns/jscode2session",errcode="40029"} 1`,
		`fenlin_photo_store_calls_total{call="put",outcome="ok"} 1`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	if t.Failed() {
		t.Log(regexp.MustCompile(`(?m)^fenlin_.*$`).FindAllString(got, -1))
	}
	// A minute later it is overdue and its alarm has not been heard; until then nobody asks the database again.
	s.Forward(59 * time.Second)
	if again := s.scrape(t); !strings.Contains(again, "fenlin_tickets_open 1\n") {
		t.Error("what was read is not kept")
	}
	s.Forward(60 * 24 * time.Hour)
	got = s.scrape(t)
	if !strings.Contains(got, "fenlin_tickets_overdue 1\n") || strings.Contains(got, "fenlin_clock_unrung_seconds 0\n") {
		t.Error("what is late is not told")
	}
}

func TestMetrics_CostTheDatabaseOneLookAMinute(t *testing.T) {
	s := watched(t)
	looks := 0
	s.Notices = func(context.Context) (map[string]int64, error) { looks++; return map[string]int64{"sent": 1}, nil }
	for range 6 {
		s.scrape(t)
		s.Forward(20 * time.Second)
	}
	if looks != 2 {
		t.Errorf("%d looks in 120 seconds", looks)
	}
}

// No label may ever hold a person; whoever adds one says here that it does not.
func TestMetrics_NoLabelHoldsAPerson(t *testing.T) {
	s := watched(t)
	got := s.scrape(t)
	known := []string{"api", "call", "errcode", "kind", "le", "method", "name", "org", "outcome", "quantile", "rate", "route", "state", "status", "version"}
	for _, found := range regexp.MustCompile(`[{,]([a-z_]+)="([^"]*)"`).FindAllStringSubmatch(got, -1) {
		if !slices.Contains(known, found[1]) {
			t.Errorf("an unknown label %s=%q", found[1], found[2])
		}
		for who := range s.Who {
			if found[2] == who || strings.Contains(found[2], "o-"+who) {
				t.Errorf("%s=%q is a person", found[1], found[2])
			}
		}
	}
}

// asked are the metrics of ours in expressions, each with the labels it is asked by.
func asked(exprs []string) map[string][]string {
	out := map[string][]string{}
	for _, e := range exprs {
		for _, found := range regexp.MustCompile(`(fenlin_[a-z0-9_]+)(?:\{([^}]*)\})?`).FindAllStringSubmatch(e, -1) {
			labels := out[found[1]]
			for _, l := range regexp.MustCompile(`([a-z_]+)[=!]`).FindAllStringSubmatch(found[2], -1) {
				labels = append(labels, l[1])
			}
			out[found[1]] = labels
		}
	}
	return out
}

func TestGrafana_AsksOnlyForWhatMetricsTell(t *testing.T) {
	s := watched(t)
	got := s.scrape(t)
	raw, err := os.ReadFile("../../config/grafana/fenlin.json")
	must(t, err)
	var board struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
	}
	must(t, json.Unmarshal(raw, &board))
	var exprs []string
	ids := map[int]bool{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.Title == "" || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d %q is not whole", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			exprs = append(exprs, target.Expr)
		}
	}
	raw, err = os.ReadFile("../../config/grafana/alerts.yaml")
	must(t, err)
	var alerts struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Expr        string
				Annotations map[string]string
			}
		}
	}
	must(t, yaml.Unmarshal(raw, &alerts))
	for _, r := range alerts.Groups[0].Rules {
		if r.Annotations["summary"] == "" || r.Annotations["action"] == "" {
			t.Errorf("%s does not say what to do", r.Alert)
		}
		exprs = append(exprs, r.Expr)
	}
	if len(exprs) < 30 {
		t.Fatalf("only %d questions were found", len(exprs))
	}
	for name, labels := range asked(exprs) {
		line := regexp.MustCompile(`(?m)^` + name + `(\{[^}]*\})? `).FindString(got)
		if line == "" {
			t.Errorf("nothing tells %s", name)
		}
		for _, l := range labels {
			if !strings.Contains(line, l+`="`) {
				t.Errorf("%s has no label %s: %s", name, l, line)
			}
		}
	}
	for _, family := range regexp.MustCompile(`(?m)^# TYPE (fenlin_\w+) `).FindAllStringSubmatch(got, -1) {
		if !slices.ContainsFunc(exprs, func(e string) bool { return strings.Contains(e, family[1]) }) {
			t.Errorf("nobody looks at %s", family[1])
		}
	}
}

package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"fenlin/config"
	"fenlin/internal/activity"
	"fenlin/internal/db"
	"fenlin/internal/ledger"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/notify"
	"fenlin/internal/org"
	"fenlin/internal/outage"
	"fenlin/internal/outbox"
	"fenlin/internal/station"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
	"fenlin/internal/wish"
	"fenlin/internal/worker"
)

// kept is a small city with whatever has an end.
func kept(t *testing.T) (*App, *tickettest.Town) {
	t.Helper()
	w := tickettest.New(t)
	a := &App{DB: w.DB, Org: w.Org, Members: w.Members, Tickets: w.Service, Activities: w.Activities, Outbox: w.Outbox}
	a.Points = &station.Service{DB: w.DB, Org: w.Org, Now: w.Clock, Location: w.Rules().Calendar.Location()}
	a.Workers, a.Lists = &worker.Service{DB: w.DB, Members: w.Members, Now: w.Clock}, w.Lists
	a.Ledger = &ledger.Service{DB: w.DB, Org: w.Org, Members: w.Members, Workers: a.Workers, Outbox: w.Outbox, Keys: w.Members.Keys, Now: w.Clock, Location: w.Rules().Calendar.Location()}
	rules, err := LoadRules("")
	must(t, err)
	a.Wishes = w.Wishes
	a.rules.Store(&rules)
	return a, w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ends makes one of each thing that has an end; what ends later than it is made
// ends after life.
var ends = map[string]struct {
	life time.Duration
	left string // when those ended that are still there
	make func(t *testing.T, a *App, w *tickettest.Town)
}{
	"sessions": {member.SessionLife, "SELECT expires_at FROM sessions", func(t *testing.T, _ *App, w *tickettest.Town) {
		_, _, err := w.Members.SignIn(t.Context(), w.Who["li"], "h5", "")
		must(t, err)
	}},
	"access_log": {0, "SELECT at FROM access_log", func(t *testing.T, _ *App, w *tickettest.Town) {
		must(t, w.Members.BindPhone(t.Context(), w.Who["li"], "13800000001"))
		_, err := w.Members.Reveal(t.Context(), member.Access{ByID: w.Who["branch"], SubjectID: w.Who["li"], Field: member.FieldPhone, Reason: "回访"})
		must(t, err)
	}},
	"consents_withdrawn": {0, "SELECT withdrawn_at FROM consents WHERE withdrawn_at > 0", func(t *testing.T, _ *App, w *tickettest.Town) {
		for _, kind := range []string{member.ConsentPrivacy, member.ConsentLocation} { // the first one holds
			must(t, w.Members.Agree(t.Context(), w.Who["li"], kind, w.Members.Texts().Newest(kind).Version))
		}
		must(t, w.Members.Withdraw(t.Context(), w.Who["li"], member.ConsentLocation))
	}},
	"corrections": {0, "SELECT decided_at FROM corrections WHERE decided_at > 0", func(t *testing.T, _ *App, w *tickettest.Town) {
		for _, field := range []string{member.FieldOther, member.FieldAddress} { // the second one waits
			must(t, w.Members.AskCorrection(t.Context(), w.Who["branch"], field, "福馨苑3号楼"))
		}
		waits, err := w.Members.Corrections(t.Context(), w.Actor("city"), 0, 9)
		must(t, err)
		must(t, w.Members.DecideCorrection(t.Context(), w.Actor("city"), waits[0].ID, false, "材料不全"))
	}},
	"import_workbooks": {0, "SELECT finished_at FROM imports WHERE LENGTH(marked) > 0 OR problems <> ''", func(t *testing.T, a *App, w *tickettest.Town) {
		empty, err := a.Ledger.Template(t.Context(), ledger.Operator(), "units")
		must(t, err)
		job, err := a.Ledger.Send(t.Context(), ledger.Operator(), ledger.Upload{Kind: "members", Name: "党员.xlsx", Content: empty})
		must(t, err)
		var e outbox.Event
		must(t, w.DB.Read(t.Context()).Take(&e, "lane = ?", job.ID).Error)
		must(t, a.Ledger.Slow()[e.Topic](t.Context(), e))
		_, _, err = a.Ledger.Marked(t.Context(), ledger.Operator(), job.ID)
		must(t, err)
	}},
	"notices": {0, "SELECT MAX(created_at) FROM notices GROUP BY ticket_id", func(t *testing.T, a *App, w *tickettest.Town) {
		told := &notify.Service{DB: a.DB, Tickets: w.Service, Org: w.Org, Members: w.Members, Outbox: w.Outbox, Location: w.Rules().Calendar.Location(), Now: w.Clock}
		w.Told(t, "li", "3号楼2单元楼道灯坏了")
		w.Outbox.Handlers = map[string]outbox.Handler{ticket.TopicEvent: told.Handlers()[ticket.TopicEvent]}
		_, err := w.Outbox.Work(t.Context())
		must(t, err)
	}},
	"outbox": {30 * time.Second, "SELECT run_at FROM outbox WHERE state <> 'ready'", func(t *testing.T, _ *App, w *tickettest.Town) {
		w.Outbox.Handlers["x"] = func(_ context.Context, _ outbox.Event) error { return nil }
		for _, at := range []time.Time{w.Clock(), w.Clock().AddDate(9, 0, 0)} { // and one that waits
			e := outbox.New("x", fmt.Sprint(at), 1, 1, at)
			must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return w.Outbox.Add(tx, e) }))
		}
		_, err := w.Outbox.Work(t.Context())
		must(t, err)
	}},
	"photos_unattached": {0, "SELECT created_at FROM photos WHERE ticket_id = 0", func(t *testing.T, _ *App, w *tickettest.Town) {
		picture(t, w)
		attached := picture(t, w)
		li := w.Actor("li")
		_, err := w.Report(t.Context(), ticket.Report{Reporter: li.Person, Home: li.Home, Text: "3号楼2单元楼道灯坏了", Photos: []int64{attached}})
		must(t, err)
	}},
	"activity_photos": {0, "SELECT created_at FROM activity_photos", func(t *testing.T, _ *App, w *tickettest.Town) {
		id := picture(t, w)
		must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
			if err := w.Lend(tx, "activity:1", w.Who["li"], []int64{id}); err != nil {
				return err
			}
			return tx.Create(&activity.Photo{PhotoID: id, ActivityID: 1, Seq: 1, CreatedAt: w.Clock().UnixMilli()}).Error
		}))
	}},
	"outage_askers": {time.Hour, "SELECT o.to_at FROM outages o JOIN outage_askers a ON a.outage_id = o.id", func(t *testing.T, _ *App, w *tickettest.Town) {
		n, err := w.Outages.Announce(t.Context(), w.Actor("city"), outage.Draft{
			Category: "power", Scope: []int64{w.Units["福馨苑小区"]}, From: w.Clock(), To: w.Clock().Add(time.Hour), Text: "检修",
		})
		must(t, err)
		must(t, w.Outages.Ask(t.Context(), n.ID, w.Who["li"]))
	}},
	"certificates_revoked": {0, "SELECT revoked_at FROM certificates WHERE person_id <> 0 AND revoked_at > 0", func(t *testing.T, _ *App, w *tickettest.Town) {
		ends := w.Clock().UnixMilli() // each time another activity
		one := activity.Activity{ID: w.DB.NewID(), OrgID: w.Units["福馨苑小区"], State: activity.Done, Kind: "other", StartsAt: ends - time.Hour.Milliseconds(), EndsAt: ends}
		must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
			if err := activity.Load(tx, []activity.Activity{one}, nil); err != nil {
				return err
			}
			return tx.Create(&activity.Pair{ID: w.DB.NewID(), ActivityID: one.ID, PersonID: w.Who["li"], State: activity.PairOK, InAt: one.StartsAt, OutAt: ends}).Error
		}))
		li, err := w.Members.Person(t.Context(), w.Who["li"])
		must(t, err)
		c, err := w.Activities.Certify(t.Context(), li, "", activity.Days{})
		must(t, err)
		must(t, w.Activities.Revoke(t.Context(), w.Actor("branch"), c.Number, "不实"))
		_, err = w.Activities.Certify(t.Context(), li, "", activity.Days{}) // and one that is valid
		must(t, err)
	}},
	"visits": {0, "SELECT rated_at FROM service_visits", func(t *testing.T, a *App, w *tickettest.Town) {
		p, err := a.Points.Found(t.Context(), w.Actor("city"), station.Draft{Org: w.Units["南薰社区"], Kind: station.Center, Name: "党群服务中心"})
		must(t, err)
		must(t, a.Points.Rate(t.Context(), w.Who["li"], p.ID, station.Basic, ""))
	}},
	"wishes": {0, "SELECT ended_at FROM wishes WHERE anonymised_at = 0 AND ended_at > 0", func(t *testing.T, _ *App, w *tickettest.Town) {
		for _, withdrawn := range []bool{true, false} { // and one that is open
			made, err := w.Wishes.Make(t.Context(), w.Actor("li"), wish.Draft{Kind: "other", Text: "想看一次大海"})
			must(t, err)
			if withdrawn {
				_, err = w.Wishes.Act(t.Context(), w.Actor("li"), made.ID, wish.Input{Action: wish.Withdraw})
				must(t, err)
			}
		}
	}},
	"hour_corrections": {0, "SELECT created_at FROM activity_corrections", func(t *testing.T, a *App, w *tickettest.Town) {
		starts := w.Clock()
		x := activity.Activity{ID: w.DB.NewID(), OrgID: w.Units["福馨苑小区"], PostID: w.Posts["branch"], State: activity.Done, StartsAt: starts.Add(-2 * time.Hour).UnixMilli(), EndsAt: starts.Add(-time.Hour).UnixMilli()}
		g := activity.SignUp{ID: w.DB.NewID(), ActivityID: x.ID, PersonID: w.Who["li"], State: activity.Seated}
		must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
			if err := activity.Load(tx, []activity.Activity{x}, nil); err != nil {
				return err
			}
			return tx.Create(&g).Error
		}))
		_, err := a.Activities.Enter(t.Context(), w.Actor("branch"), x.ID, activity.Manual{Person: g.PersonID, Minutes: 30, Reason: "没有带手机"})
		must(t, err)
	}},
	"list_actors": {0, "SELECT at FROM list_events WHERE actor_id <> 0", func(t *testing.T, _ *App, w *tickettest.Town) {
		unit, title, kind := w.Units["福馨苑小区"], "修灯", "other"
		_, err := w.Lists.Tell(t.Context(), w.Actor("branch"), "", lists.NeedDraft{Org: &unit, Title: &title, Kind: &kind})
		must(t, err)
	}},
	"kept_texts": {0, "SELECT created_at FROM kept_texts", func(t *testing.T, _ *App, w *tickettest.Town) {
		_, err := w.Report(t.Context(), ticket.Report{Reporter: w.Who["li"], Home: w.Units["福馨苑小区"], Text: "低息贷款无抵押，加微信daikuan888"})
		if !errors.Is(err, ticket.ErrAdvert) {
			t.Fatal(err)
		}
	}},
	"tickets": {0, "SELECT closed_at FROM tickets WHERE anonymised_at = 0 AND closed_at > 0", func(t *testing.T, _ *App, w *tickettest.Town) {
		w.Told(t, "li", "3号楼2单元楼道灯坏了") // and one that is open
		w.Do(t, "li", w.Told(t, "li", "3号楼2单元楼道灯坏了").Number, ticket.Input{Action: ticket.Withdraw})
	}},
}

func picture(t *testing.T, w *tickettest.Town) int64 {
	t.Helper()
	var raw bytes.Buffer
	must(t, png.Encode(&raw, image.NewGray(image.Rect(0, 0, 9, 9))))
	id, err := w.Keep(t.Context(), w.Who["li"], "", raw.Bytes())
	must(t, err)
	return id
}

func TestRetention_WhatIsPastItsTimeGoesAndNothingElse(t *testing.T) {
	for _, k := range keepers {
		t.Run(k.what, func(t *testing.T) {
			a, w := kept(t)
			c := ends[k.what]
			each := int64(1)
			if k.what == "notices" {
				each = 2 // the group's leader and the branch
			}
			keep := a.rules.Load().Retention[slices.IndexFunc(a.rules.Load().Retention, func(r Kept) bool { return r.What == k.what })].Keep
			older := w.Clock().Add(c.life)
			c.make(t, a, w)
			w.Forward(2 * time.Hour)
			younger := w.Clock().Add(c.life)
			c.make(t, a, w)
			retain := func(when string, now time.Time, dry bool, want int64, left ...time.Time) {
				t.Helper()
				gone, err := a.Retain(t.Context(), now, dry, nil)
				must(t, err)
				for _, g := range gone {
					if g.What == k.what && g.N != want {
						t.Errorf("%s: %d went, want %d", when, g.N, want)
					}
				}
				var at []int64
				must(t, a.DB.Read(t.Context()).Raw(c.left+" ORDER BY 1").Scan(&at).Error)
				var wanted []int64
				for _, l := range left {
					wanted = append(wanted, l.UnixMilli())
				}
				if !slices.Equal(at, wanted) {
					t.Errorf("%s: %v are left, want %v", when, at, wanted)
				}
			}
			day := 24 * time.Hour
			due := older.Add(time.Duration(keep) * day)
			retain("before its time", due.Add(-time.Minute), false, 0, older, younger)
			retain("a dry run", due.Add(time.Minute), true, each, older, younger)
			retain("past its time", due.Add(time.Minute), false, each, younger)
			retain("again", due.Add(time.Minute), false, 0, younger)
			retain("at last", due.Add(3*time.Hour), false, each)
		})
	}
}

// What the city reports must not change because it forgot whose it was.
func TestRetention_RatesAndFiguresAreTheSameAfterAnonymising(t *testing.T) {
	s := seeded(t)
	st := statsOf(t, s)
	officer := org.Actor{Person: 1, Posts: []org.Post{{ID: 1, Role: org.CitySecretary, OrgPath: root(t, s).Path, OrgID: root(t, s).ID}}}
	now := s.Org.Now()
	told := func() (out []any) {
		for _, g := range []stats.Group{stats.Whole, stats.Month, stats.Category, stats.Compound, stats.Community, stats.Handler} {
			table, err := st.Rates(t.Context(), stats.Query{By: officer, From: now.AddDate(-2, 0, 0), To: now, Group: g})
			must(t, err)
			out = append(out, table)
		}
		return append(out, figuresOf(t, st))
	}
	before := told()
	if total := before[0].(stats.Table).Total; total.Of(stats.Settled) == 0 {
		t.Fatal("nothing was settled")
	}
	tickets := count(t, s.DB, "tickets WHERE closed_at > 0")
	if n, err := s.Tickets.Anonymise(t.Context(), db.Expiry{Before: now}); err != nil || n != int64(tickets) {
		t.Fatalf("%d of %d: %v", n, tickets, err)
	}
	if d := cmp.Diff(before, told(), cmp.Exporter(func(reflect.Type) bool { return true })); d != "" {
		t.Error(d)
	}
	if n := count(t, s.DB, "tickets WHERE reporter_id <> 0 OR building <> '' OR room <> ''"); n != 0 {
		t.Errorf("%d tickets still say whose they are", n)
	}
	if audit, err := s.Tickets.Verify(t.Context()); err != nil || len(audit.Faults) > 0 || audit.Tickets != tickets {
		t.Errorf("%+v %v", audit, err)
	}
}

func root(t *testing.T, s *Sample) org.Unit {
	t.Helper()
	u, err := s.Org.Root(t.Context())
	must(t, err)
	return u
}

func TestRetention_TheFileIsStrict(t *testing.T) {
	text, err := fs.ReadFile(config.FS, "retention.yaml")
	must(t, err)
	for name, c := range map[string]struct{ from, to, says string }{
		"an unknown key":            {"keep: 7\n", "keep: 7\n  hard: true\n", "hard"},
		"something unknown":         {"what: sessions", "what: cookies", "cookies"},
		"something twice":           {"what: sessions", "what: outbox", "outbox is there twice"},
		"something missing":         {string(text[bytes.Index(text, []byte("- what: tickets")):]), "", "tickets is missing"},
		"no time":                   {"keep: 30\n  because", "because", "outbox: keep"},
		"a time of nothing":         {"keep: 30\n", "keep: 0\n", "outbox: keep"},
		"a time before":             {"keep: 30\n", "keep: -1\n", "outbox: keep"},
		"a time beyond all":         {"keep: 30\n", "keep: 99999999\n", "outbox: keep"},
		"no reason":                 {"because: 一天内没有附到工单上的照片，办理用不着", "because: ' '", "because is missing"},
		"looks for five months":     {"keep: 1095\n  because: 谁", "keep: 179\n  because: 谁", "网络安全法"},
		"tickets that may be rated": {"keep: 1095\n  because: 结案", "keep: 30\n  because: 结案", "30 days"},
		"notices beyond tickets":    {"keep: 365", "keep: 1096", "notices"},
	} {
		changed := strings.Replace(string(text), c.from, c.to, 1)
		if changed == string(text) {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := LoadRetention([]byte(changed)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := LoadRetention(bytes.Replace(text, []byte("keep: 1095\n  because: 谁"), []byte("keep: 180\n  because: 谁"), 1)); err != nil {
		t.Errorf("looks for six months: %v", err)
	}
}

func TestRetention_OnceADayWhileTheCitySleeps(t *testing.T) {
	for at, want := range map[string]string{"2026-11-23 02:59": "", "2026-11-23 03:00": "2026-11-23", "2026-11-23 23:59": "2026-11-23", "2026-11-24 00:00": "", "2026-11-24 03:01": "2026-11-24"} {
		now, err := time.Parse("2006-01-02 15:04", at)
		must(t, err)
		if got := retainDay(now); got != want {
			t.Errorf("at %s: %q, want %q", at, got, want)
		}
	}
}

// A clock that has leapt, before the start or while the service runs, lets nothing go.
func TestRetention_AClockThatIsMonthsAheadIsNotBelieved(t *testing.T) {
	const days = 24 * time.Hour
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		written time.Duration   // before the start
		nows    []time.Duration // after it
		turns   int
		refused int
	}{
		"day by day":                        {time.Hour, []time.Duration{0, time.Minute, days, days + time.Minute, 2 * days}, 3, 0},
		"a quiet month":                     {30 * days, []time.Duration{0}, 1, 0},
		"years ahead at the start":          {3 * 365 * days, []time.Duration{0, time.Minute, days}, 2, 2},
		"years ahead while it runs":         {time.Hour, []time.Duration{0, 1000 * days, 1001 * days}, 3, 2},
		"ahead, and right again":            {time.Hour, []time.Duration{0, 1000 * days, time.Minute, days}, 4, 1},
		"back, and right again":             {time.Hour, []time.Duration{0, -1000 * days, days}, 3, 0},
		"what was written is in the future": {-1000 * days, []time.Duration{0, days}, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			at, turned, refused := turns{seen: start.Add(-c.written)}, 0, 0
			for _, now := range c.nows {
				turn, believed := at.due(start.Add(now))
				if turn {
					turned++
				}
				if turn && !believed {
					refused++
				}
			}
			if turned != c.turns || refused != c.refused {
				t.Errorf("%d turns, %d refused; want %d, %d", turned, refused, c.turns, c.refused)
			}
		})
	}
}

func TestRetention_BelievesTheClockByWhatWasWrittenLast(t *testing.T) {
	a, w := kept(t)
	a.wrong.Store(int64(time.Hour))
	if got := a.latest(t.Context()); time.Until(got).Round(time.Minute) != time.Hour {
		t.Errorf("an empty log: %s", got)
	}
	w.Told(t, "li", "3号楼2单元楼道灯坏了") // on the town's own day, written now
	if got := a.latest(t.Context()); time.Since(got).Abs() > time.Minute {
		t.Errorf("written last at %s", got)
	}
}

// harms are the ways in which Go code of ours could change the log of looks or
// take a row out of it.
var harms = regexp.MustCompile("(?i)" + strings.Join([]string{
	`\b(?:UPDATE|DELETE\s+FROM|REPLACE\s+INTO|TRUNCATE(?:\s+TABLE)?|ALTER\s+TABLE|DROP\s+TABLE)\s+` + "[`\"]?access_log",
	`ON\s+DUPLICATE\s+KEY[^"]*access_log`,
	`(?:Update|Insert|Table)\([^)\n]*"access_log"`, // package db's and gorm's by name
	`(?:Delete|Save|Model|FirstOrCreate|Updates)\(&?(?:\[\])?(?:member\.)?Access\{`,
}, "|"))

func TestAccessLog_OnlyRetentionTakesFromItAndNothingChangesIt(t *testing.T) {
	for code, harmful := range map[string]bool{
		`tx.Exec("DELETE FROM access_log WHERE id IN ?", ids)`:                   true,
		"tx.Exec(`\nUPDATE access_log\nSET reason = ''`)":                        true,
		"tx.Exec(\"delete  from `access_log`\")":                                 true,
		`tx.Model(&Access{}).Where("id = ?", 1).Updates(x)`:                      true,
		`tx.Delete(&member.Access{}, 1)`:                                         true,
		`tx.Save(&Access{})`:                                                     true,
		`db.Update(tx, "access_log", "id", c, rows)`:                             true,
		`tx.Table("access_log").Where("1 = 1").Update("at", 0)`:                  true,
		`tx.Raw("SELECT at FROM access_log WHERE id = ?", id)`:                   false,
		`func (Access) TableName() string { return "access_log" }`:               false,
		`a.ID = 1; tx.Create(&a)`:                                                false,
		`"DELETE FROM sessions WHERE person_id = ?" // as access_log never does`: false,
	} {
		if harms.MatchString(code) != harmful {
			t.Errorf("%t: %s", !harmful, code)
		}
	}
	var found []string
	root := filepath.Join("..", "..")
	files := 0
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && (name == "node_modules" || name == "bin" || name == ".git") {
			return fs.SkipDir
		}
		if ext := filepath.Ext(path); (ext != ".go" && ext != ".sql") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		for _, harm := range harms.FindAllString(string(text), -1) {
			found = append(found, filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))+": "+harm)
		}
		return nil
	}))
	if want := []string{"internal/member/retention.go: DELETE FROM access_log"}; files < 100 || !slices.Equal(found, want) {
		t.Errorf("%d files: %q", files, found)
	}
}

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"fenlin/internal/db"
	"fenlin/internal/kv"
	"fenlin/internal/routing"
	"fenlin/internal/ticket"
	"fenlin/internal/understand"
	"fenlin/internal/wechat"
)

// Finding is one thing that the doctor looked at.
type Finding struct {
	What string
	Note string
	Err  error
}

// Say is the finding in a line.
func (f Finding) Say() string {
	if f.Err != nil {
		return strings.Join(strings.Fields(f.Err.Error()), " ")
	}
	return f.Note
}

// Doctor checks what Fenlin needs, one finding each; it changes nothing.
func Doctor(ctx context.Context, file string, demo bool) []Finding {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	c, err := LoadConfig(file, demo)
	out := []Finding{{"configuration", "complete", err}}
	rules := diagnoseRules(c.RulesDir)
	out = append(out, rules...)
	if rules[0].Err == nil {
		out = append(out, diagnoseCalendar(c.RulesDir, time.Now()))
	}
	a, err := Ground(c)
	if err != nil {
		if rules[0].Err == nil {
			out = append(out, Finding{What: "database", Err: err})
		}
		return out
	}
	defer a.Close()
	out = append(out, Finding{"database", a.DB.Engine + " answers, the schema is current", diagnoseDB(ctx, a.DB)})
	if _, err := a.Org.Root(ctx); err != nil {
		err = errors.New("there is no city yet: import the organisation, or `fenlin seed --sample` to try")
		out = append(out, Finding{What: "organisation", Err: err})
	} else {
		out = append(out, Finding{What: "organisation", Note: "the city is there"})
	}
	out = append(out, diagnoseRedis(ctx, c.Redis), diagnosePhotos(ctx, c))
	return append(out, diagnoseWeChat(ctx, c))
}

// diagnoseRules tries every file of rules; each that is wrong is a finding.
func diagnoseRules(dir string) []Finding {
	_, wrong := tryRules(dir)
	if len(wrong) == 0 {
		return []Finding{{"rules", "the files of rules are well formed", TestRoutes(io.Discard, dir, "")}}
	}
	var out []Finding
	for _, err := range wrong {
		out = append(out, Finding{What: "rules", Err: err})
	}
	return out
}

// diagnoseCalendar says from when on holidays are not known. The year that runs
// must be; the next one's notice comes each November.
func diagnoseCalendar(dir string, now time.Time) Finding {
	r, err := LoadRules(dir)
	if err != nil {
		return Finding{What: "calendar", Err: err}
	}
	year, gap := r.Desk.Calendar.Uncovered(now, now.Add(ticket.MaxExtension))
	switch {
	case !gap:
		return Finding{What: "calendar", Note: "holidays are known as far as clocks run"}
	case year == now.In(r.Desk.Calendar.Location()).Year():
		return Finding{What: "calendar", Err: fmt.Errorf("calendar.yaml knows no holidays of %d, so clocks run through them: add the State Council's notice", year)}
	}
	return Finding{What: "calendar", Note: fmt.Sprintf("WARNING: calendar.yaml knows no holidays of %d yet, until then Monday to Friday are worked: add the State Council's notice when it appears", year)}
}

func diagnoseDB(ctx context.Context, d *db.DB) error {
	if err := d.Ping(ctx); err != nil {
		return fmt.Errorf("the database does not answer (%w): check FENLIN_DATABASE and that the server runs", err)
	}
	return d.Check(ctx)
}

func diagnoseRedis(ctx context.Context, address string) Finding {
	if address == "" {
		return Finding{What: "redis", Note: "in process: run one replica only"}
	}
	store, err := kv.NewRedis(ctx, address)
	if err == nil {
		defer func() { _ = store.Close() }()
		err = store.Ping(ctx)
	}
	if err != nil {
		err = fmt.Errorf("redis does not answer (%w): check FENLIN_REDIS and that the server runs", err)
	}
	return Finding{"redis", "answers", err}
}

func diagnoseWeChat(ctx context.Context, c Config) Finding {
	if c.Demo && c.WeChat.API == "" {
		return Finding{What: "wechat", Note: "the demo simulates it"}
	}
	_, err := wechat.NewClient(c.wechat(), kv.NewMemory()).Token(ctx)
	if err != nil {
		err = fmt.Errorf("WeChat gives no token (%w): check APPID, SECRET and the account's list of server addresses", err)
	}
	return Finding{"wechat", "gives tokens", err}
}

// PushMenu puts the menu into the account.
func PushMenu(ctx context.Context, c Config) error {
	return wechat.NewClient(c.wechat(), kv.NewMemory()).PushMenu(ctx, Menu())
}

// LoadReader reads the rules of understanding, from file's folder of rules when it names one.
func LoadReader(file string) (*understand.Reader, error) {
	cfg, err := LoadConfig(file, true)
	if err != nil {
		return nil, err
	}
	return load(files(cfg.RulesDir), "understand.yaml", understand.New)
}

// TestRoutes checks the tree against a file of cases (empty: the one built in) and prints what fails.
func TestRoutes(w io.Writer, rulesDir, cases string) error {
	rules := files(rulesDir)
	tree, err := load(rules, "routing.yaml", routing.Load)
	if err != nil {
		return err
	}
	var text []byte
	if cases == "" {
		text, err = fs.ReadFile(rules, "routing_test.yaml")
	} else {
		text, err = os.ReadFile(cases)
	}
	if err != nil {
		return err
	}
	failures := routing.Test(tree, text)
	for _, f := range failures {
		fmt.Fprintln(w, f)
	}
	if len(failures) > 0 {
		return fmt.Errorf("%d routing cases fail; the first: %s", len(failures), failures[0])
	}
	fmt.Fprintln(w, "every case lands where it should")
	return nil
}

// ExplainRoute prints who would handle a report and how the tree came to it.
func ExplainRoute(ctx context.Context, w io.Writer, a *App, text, compound string, p ticket.Place) error {
	known, err := a.Tickets.Places(ctx)
	if err != nil {
		return err
	}
	if compound != "" {
		found := known.Gazetteer.Search(compound)
		if len(found) == 0 {
			return fmt.Errorf("no compound is called %q", compound)
		}
		p.OrgID = found[0].ID
	}
	if text == "" {
		text = p.Category
	}
	u, err := a.Tickets.Preview(ctx, ticket.Report{Text: text, Place: p})
	if err != nil {
		return err
	}
	if u.Place.OrgID == 0 {
		return errors.New("the sentence names no compound: give one with --compound")
	}
	facts, desk, err := a.Tickets.Facts(ctx, u.Place, u.Reading.Emergency)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "understood  %s %s (%s) building %q, words %v, emergency %v\n", desk.Unit.Name, u.Place.Category, desk.Governance, u.Place.Building, u.Reading.Words, u.Reading.Emergency)
	why := a.Tickets.Explain(&facts)
	for _, s := range slices.Concat(why.Tried, why.Beside) {
		mark := " "
		if s.Matched {
			mark = "*"
		}
		fmt.Fprintf(w, "  %s %s  %s\n", mark, s.Rule, s.Note)
	}
	if v := why.Vacant(); len(v) > 0 {
		fmt.Fprintf(w, "vacant      %s\n", strings.Join(v, "、"))
	}
	fmt.Fprintf(w, "lead        %s\ngrade       %s, due %s\nbecause     %s\n", u.Lead.Title, u.Grade,
		time.UnixMilli(u.DueAt).In(a.Tickets.Rules().Calendar.Location()).Format("2006-01-02 15:04"), u.Reason)
	return nil
}

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"fenlin/internal/kv"
	"fenlin/internal/routing"
	"fenlin/internal/ticket"
	"fenlin/internal/understand"
	"fenlin/internal/wechat"
)

// DumpCommand is what backs the configured MySQL or MariaDB up; it asks for the password.
func DumpCommand(c Config) string {
	u, err := url.Parse(c.Database)
	if err != nil {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	return fmt.Sprintf("mariadb-dump --single-transaction --quick --hex-blob --default-character-set=utf8mb4 -h %s -P %s -u %s -p %s",
		u.Hostname(), port, u.User.Username(), strings.TrimPrefix(u.Path, "/"))
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

package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"fenlin/internal/activity"
	"fenlin/internal/app"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/notify"
	"fenlin/internal/outage"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/wish"
)

// FuzzRules gives each reader of a rules' file what an operator may have written,
// beginning with every file as it ships. Routing, calendar and understanding have targets of their own.
func FuzzRules(f *testing.F) {
	files, err := filepath.Glob("../../config/*.yaml")
	if err != nil || len(files) < 10 {
		f.Fatalf("%v %v", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if len(text) < 32<<10 {
			f.Add(text)
		}
	}
	for _, text := range []string{"", "- 1", "a: &a [*a]", "kinds: [{code: x}]\nkinds: 2", "days: {least: -1}", "!!binary x", "\t", "a: {b: 9999999999999999999999}", "? {}\n: x"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = activity.LoadRules(text)
		_, _ = activity.LoadHours(text)
		_, _ = lists.LoadRules(text)
		_, _ = member.LoadConsents(text)
		_, _ = notify.LoadBriefs(text)
		_, _ = outage.LoadRules(text, func(string) bool { return true })
		_, _ = stats.LoadWeights(text)
		_, _ = stats.LoadFigures(text)
		_, _ = ticket.LoadLikeness(text)
		_, _ = ticket.LoadContent(text)
		_, _ = wish.LoadRules(text)
	})
}

// FuzzLoadConfig reads configuration files: what is wrong is an error.
func FuzzLoadConfig(f *testing.F) {
	for _, text := range []string{"", "listen: 127.0.0.1:9000\n", "wechat:\n  appid: wx1\n", "listen: [\n", "trusted_proxies: [10.0.0.0/8, x]", "secret_keys: zz", "a: &a {b: *a}", "public_url: '%zz'"} {
		f.Add([]byte(text))
	}
	file := filepath.Join(f.TempDir(), "fenlin.yaml")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := app.LoadConfig(file, true); err == nil && c.Listen == "" {
			t.Fatalf("%q leaves no port", text)
		}
	})
}

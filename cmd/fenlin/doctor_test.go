package main

import (
	"errors"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
)

// TestDoctor_FindsWhatIsPlanted plants one misconfiguration at a time into a
// city that is well, and wants it named with what to do.
func TestDoctor_FindsWhatIsPlanted(t *testing.T) {
	c := newCity(t, dbtest.Empty(t))
	line := regexp.MustCompile(`^(ok  |WARN|FAIL)  (\S.{12})  (\S.*)$`)
	doctor := func(t *testing.T, env ...string) (found []string, code int) {
		t.Helper()
		p := c.place
		p.env = append(slices.Clone(p.env), env...)
		file := ""
		if i := slices.IndexFunc(env, func(s string) bool { return strings.HasPrefix(s, "--config=") }); i >= 0 {
			file = strings.TrimPrefix(env[i], "--config=")
			p.env = slices.DeleteFunc(p.env, func(s string) bool { return strings.HasPrefix(s, "--config=") })
		}
		out, _, code := p.run(t, "doctor", "--config", file)
		for l := range strings.Lines(out) {
			if m := line.FindStringSubmatch(strings.TrimSuffix(l, "\n")); m == nil {
				t.Errorf("not one line a finding: %q", l)
			} else if m[1] != "ok  " && !strings.Contains(l, "calendar.yaml knows no holidays") { // the State Council's business, each November
				found = append(found, strings.TrimSuffix(l, "\n"))
			}
			for _, secret := range []string{cityKey, cityAES, "s-of-account", "t-of-callback", "s-of-mini", "hidden"} {
				if strings.Contains(l, secret) {
					t.Errorf("%q tells a secret", l)
				}
			}
		}
		return found, code
	}
	if found, code := doctor(t); len(found) > 0 || code != 0 {
		t.Fatalf("the city is not well: %d %s", code, strings.Join(found, "\n"))
	}
	exec := func(statement string) func(*testing.T) {
		return func(t *testing.T) {
			t.Helper()
			if err := c.open(t).Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec(statement).Error }); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), name)
		if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rules := func(name, text string) string { return "FENLIN_RULES_DIR=" + filepath.Dir(file(name, text, 0o600)) }
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	mysql := func(change func(*url.URL)) []string {
		u := address(t, c.database)
		change(u)
		return []string{"FENLIN_DATABASE=" + u.String()}
	}
	const both, onMySQL, onSQLite = "", db.MySQL, db.SQLite

	for _, p := range []struct {
		name   string
		engine string
		env    []string
		plant  func(*testing.T)
		mend   func(*testing.T)
		level  string
		says   []string
	}{
		{"no appid", both, []string{"FENLIN_WECHAT_APPID="}, nil, nil, "FAIL", []string{"FENLIN_WECHAT_APPID is missing"}},
		{"no secret", both, []string{"FENLIN_WECHAT_SECRET="}, nil, nil, "FAIL", []string{"FENLIN_WECHAT_SECRET is missing"}},
		{"no token", both, []string{"FENLIN_WECHAT_TOKEN="}, nil, nil, "FAIL", []string{"FENLIN_WECHAT_TOKEN is missing"}},
		{"an AES key cut short", both, []string{"FENLIN_WECHAT_AES_KEY=" + cityAES[:42]}, nil, nil, "FAIL", []string{"FENLIN_WECHAT_AES_KEY", "43 letters"}},
		{"no keys", both, []string{"FENLIN_SECRET_KEYS="}, nil, nil, "FAIL", []string{"FENLIN_SECRET_KEYS is missing"}},
		{"a key of 16 bytes", both, []string{"FENLIN_SECRET_KEYS=c2l4dGVlbiBieXRlcyAhIQ=="}, nil, nil, "FAIL", []string{"key 1 is not base64 of 32 bytes", "openssl rand"}},
		{"a key twice", both, []string{"FENLIN_SECRET_KEYS=" + cityKey + "," + cityKey}, nil, nil, "FAIL", []string{"key 2 is there twice"}},
		{"a key that is not base64", both, []string{"FENLIN_SECRET_KEYS=hidden-hidden!"}, nil, nil, "FAIL", []string{"key 1 is not base64"}},
		{"the demo's key", both, []string{"FENLIN_SECRET_KEYS=ZmVubGluIGRlbW8ga2V5LCBwcm90ZWN0cyBub3RoaW4="}, nil, nil, "FAIL", []string{"the demo's key", "openssl rand"}},
		{"the demo's token", both, []string{"FENLIN_WECHAT_TOKEN=fenlin-demo-token"}, nil, nil, "FAIL", []string{"FENLIN_WECHAT_TOKEN is the demo's"}},
		{"half a mini-program", both, []string{"FENLIN_MINIPROGRAM_SECRET="}, nil, nil, "FAIL", []string{"FENLIN_MINIPROGRAM_SECRET", "belong together"}},
		{"http", both, []string{"FENLIN_PUBLIC_URL=http://fenlin.example"}, nil, nil, "FAIL", []string{"FENLIN_PUBLIC_URL", "https only"}},
		{"a path", both, []string{"FENLIN_PUBLIC_URL=https://fenlin.example/app"}, nil, nil, "FAIL", []string{"FENLIN_PUBLIC_URL", "without a path"}},
		{"localhost", both, []string{"FENLIN_PUBLIC_URL=https://localhost:8443"}, nil, nil, "FAIL", []string{"no phone reaches localhost"}},
		{"an admin port for everybody", both, []string{"FENLIN_ADMIN_LISTEN=0.0.0.0:0"}, nil, nil, "WARN", []string{"FENLIN_ADMIN_LISTEN", "127.0.0.1"}},
		{"one port for both", both, []string{"FENLIN_ADMIN_LISTEN=" + c.public}, nil, nil, "FAIL", []string{"is the public port too"}},
		{"a port that is taken", both, []string{"FENLIN_LISTEN=" + taken.Addr().String()}, nil, nil, "FAIL", []string{"FENLIN_LISTEN", "choose another"}},
		{"no such folder of rules", both, []string{"FENLIN_RULES_DIR=/nowhere/rules"}, nil, nil, "FAIL", []string{"/nowhere/rules is no folder"}},
		{"a file of rules by a wrong name", both, []string{rules("routng.yaml", "")}, nil, nil, "FAIL", []string{"routng.yaml replaces nothing"}},
		{"a broken file of rules", both, []string{rules("routing.yaml", "name: root\nchildren: 3\n")}, nil, nil, "FAIL", []string{"routing.yaml", "line"}},
		{"a case of routing that fails", both, []string{rules("routing_test.yaml", "- name: a lamp where there is no company\n  facts: {category: lighting, kind: self_run}\n  lead: property_manager\n")}, nil, nil, "FAIL", []string{"a lamp where there is no company", "fenlin route test"}},
		{"an unknown key in the file", both, []string{"--config=" + file("unknown.yaml", "lisen: 127.0.0.1:1\n", 0o600)}, nil, nil, "FAIL", []string{"lisen"}},
		{"a file that everybody reads", both, []string{"--config=" + file("open.yaml", "leave: 1s\n", 0o644)}, nil, nil, "WARN", []string{"chmod 640"}},
		{"a level of logs that does not exist", both, []string{"FENLIN_LOG_LEVEL=loud"}, nil, nil, "FAIL", []string{"loud"}},
		{"a stop that never ends", both, []string{"FENLIN_LEAVE=1m"}, nil, nil, "FAIL", []string{"FENLIN_LEAVE"}},
		{"another kind of database", both, []string{"FENLIN_DATABASE=postgres://u:hidden@127.0.0.1/fenlin"}, nil, nil, "FAIL", []string{"mysql://"}},
		{"a database server that is away", both, []string{"FENLIN_DATABASE=mysql://u:hidden@127.0.0.1:1/fenlin"}, nil, nil, "FAIL", []string{"does not answer", "check FENLIN_DATABASE"}},
		{"a wrong password", onMySQL, mysql(func(u *url.URL) { u.User = url.UserPassword("fenlin", "hidden") }), nil, nil, "FAIL", []string{"user or password in FENLIN_DATABASE"}},
		{"an unknown database", onMySQL, mysql(func(u *url.URL) { u.Path = "/fenlin_nowhere" }), nil, nil, "FAIL", []string{"CREATE DATABASE"}},
		{"text compared without case", onMySQL, nil, exec("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"), exec("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"), "FAIL", []string{"utf8mb4_general_ci", "fenlin migrate"}},
		{"a table compared without case", onMySQL, nil, exec("ALTER TABLE import_turns COLLATE utf8mb4_general_ci"), exec("ALTER TABLE import_turns COLLATE utf8mb4_bin"), "FAIL", []string{"import_turns", "CONVERT TO"}},
		{"a schema that is behind", both, []string{"FENLIN_DATABASE=" + dbtest.Empty(t)}, nil, nil, "FAIL", []string{"fenlin migrate"}},
		{"a folder that cannot be made", onSQLite, []string{"FENLIN_DATABASE=", "FENLIN_DATA_DIR=/proc/fenlin"}, nil, nil, "FAIL", []string{"FENLIN_DATA_DIR", "/proc/fenlin"}},
		{
			"a database that everybody reads", onSQLite, nil,
			func(t *testing.T) { readable(t, c.database, 0o644, 0o755) }, func(t *testing.T) { readable(t, c.database, 0o600, 0o700) }, "FAIL",
			[]string{"chmod 600"},
		},
		{"Redis away", both, []string{"FENLIN_REDIS=redis://127.0.0.1:1/0"}, nil, nil, "FAIL", []string{"check FENLIN_REDIS"}},
		{"Redis without its password", onMySQL, []string{"FENLIN_REDIS=" + strings.Replace(os.Getenv("FENLIN_TEST_REDIS"), "://:", "://:hidden", 1)}, nil, nil, "FAIL", []string{"refuses the password"}},
		{"no city", both, []string{"FENLIN_DATABASE=" + dbtest.Address(t)}, nil, nil, "FAIL", []string{"there is no city yet", "import"}},
		{
			"nobody looks after the service", both, nil,
			exec("UPDATE appointments SET to_at = 1 - to_at WHERE post_id IN (SELECT id FROM posts WHERE role = 'operator')"),
			exec("UPDATE appointments SET to_at = 1 - to_at WHERE post_id IN (SELECT id FROM posts WHERE role = 'operator')"), "WARN",
			[]string{"operator", "appoint somebody"},
		},
		{
			"work that was given up", both, nil,
			exec("INSERT INTO outbox (id, topic, event_key, lane, payload, state, run_at, attempts, lease, last_error, created_at) VALUES (1, 'x', 'x', 0, '{}', 'dead', 1, 12, '', '', 1)"),
			exec("DELETE FROM outbox WHERE id = 1"), "WARN",
			[]string{"1 pieces of work were given up"},
		},
		{
			"work that nobody does", both, nil,
			exec("INSERT INTO outbox (id, topic, event_key, lane, payload, state, run_at, attempts, lease, last_error, created_at) VALUES (1, 'x', 'x', 0, '{}', 'ready', 1, 0, '', '', 1)"),
			exec("DELETE FROM outbox WHERE id = 1"), "WARN",
			[]string{"is the service running"},
		},
		{"a wrong secret of WeChat's", both, []string{"FENLIN_WECHAT_SECRET=hidden"}, nil, nil, "FAIL", []string{"40125", "FENLIN_WECHAT_SECRET is not the account's"}},
		{"an address that WeChat does not know", both, nil, func(*testing.T) { c.sim.Fail("/cgi-bin/stable_token", 40164, 1) }, nil, "FAIL", []string{"40164", "IP白名单"}},
		{"WeChat away", both, []string{"FENLIN_WECHAT_API=http://127.0.0.1:1"}, nil, nil, "FAIL", []string{"WeChat gives no token"}},
		{"an unknown template", both, []string{"FENLIN_WECHAT_TEMPLATE=template-2"}, nil, nil, "FAIL", []string{"FENLIN_WECHAT_TEMPLATE", "no template template-2"}},
	} {
		if engine := map[bool]string{true: db.SQLite, false: db.MySQL}[dbtest.Server() == ""]; p.engine != both && p.engine != engine {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			if p.plant != nil {
				p.plant(t)
			}
			found, code := doctor(t, p.env...)
			if p.mend != nil {
				p.mend(t)
			}
			named := slices.ContainsFunc(found, func(l string) bool {
				return strings.HasPrefix(l, p.level) && !slices.ContainsFunc(p.says, func(s string) bool { return !strings.Contains(l, s) })
			})
			fails := slices.ContainsFunc(found, func(l string) bool { return strings.HasPrefix(l, "FAIL") })
			if !named || fails != (code == 1) || p.level == "WARN" && code != 0 {
				t.Errorf("exit code %d, no %s with %v in\n%s", code, p.level, p.says, strings.Join(found, "\n"))
			}
		})
	}
	if found, code := doctor(t); len(found) > 0 || code != 0 {
		t.Errorf("what was planted and mended left something: %s", strings.Join(found, "\n"))
	}
	program := c.replica(t, binary, c.public)
	if found, _ := doctor(t); len(found) > 0 {
		t.Errorf("while the service runs: %s", strings.Join(found, "\n"))
	}
	if _, err := program.Stop(patience); err != nil {
		t.Error(err)
	}
	exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, " + map[bool]string{true: "1", false: "TRUE"}[dbtest.Server() == ""] + ")")(t)
	if out := c.must(t, "doctor"); !strings.Contains(out, "a newer binary's") {
		t.Errorf("a newer schema: %s", out)
	}
}

// readable changes who may read the embedded database and its folder.
func readable(t *testing.T, database string, file, folder os.FileMode) {
	t.Helper()
	path := strings.TrimPrefix(database, "sqlite:")
	if err := errors.Join(os.Chmod(path, file), os.Chmod(filepath.Dir(path), folder)); err != nil {
		t.Fatal(err)
	}
}

package app_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fenlin/internal/app"
)

const key = "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY=" // 32 bytes

// complete is a configuration that a real service may start with.
var complete = map[string]string{
	"FENLIN_WECHAT_APPID": "wx1234567890abcdef", "FENLIN_WECHAT_SECRET": "the-account-secret", "FENLIN_WECHAT_TOKEN": "the-callback-token",
	"FENLIN_WECHAT_AES_KEY": aesKey, "FENLIN_PUBLIC_URL": "https://fenlin.example.gov.cn", "FENLIN_SECRET_KEYS": key,
}

// given sets the environment to the complete configuration with changes; a change to "-" takes a variable away.
func given(t *testing.T, changes map[string]string) {
	t.Helper()
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, "FENLIN_") && !strings.HasPrefix(name, "FENLIN_TEST_") {
			unset(t, name)
		}
	}
	for _, set := range []map[string]string{complete, changes} {
		for name, value := range set {
			if value == "-" {
				unset(t, name)
			} else {
				t.Setenv(name, value)
			}
		}
	}
}

func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "") // restores the variable afterwards
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fenlin.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadConfig_DefaultsThenFileThenEnvironment(t *testing.T) {
	given(t, map[string]string{"FENLIN_LISTEN": "127.0.0.1:9000", "FENLIN_WECHAT_APPID": "-"})
	c, err := app.LoadConfig(file(t, "listen: 127.0.0.1:7000\ndata_dir: /srv/fenlin\nwechat:\n  appid: wxfromfile00000000\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]string{
		"the environment beats the file": {c.Listen, "127.0.0.1:9000"},
		"the file beats the default":     {c.DataDir, "/srv/fenlin"},
		"a part of a group":              {c.WeChat.AppID, "wxfromfile00000000"},
		"its other part":                 {c.WeChat.Secret, "the-account-secret"},
		"a default":                      {c.AdminListen, "127.0.0.1:8081"},
		"the embedded database":          {c.Database, "sqlite:/srv/fenlin/fenlin.db"},
		"no Redis":                       {c.Redis, ""},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %q, want %q", what, pair[0], pair[1])
		}
	}
}

func TestLoadConfig_RefusesNamingWhatIsWrongAndNoSecret(t *testing.T) {
	short := base64.StdEncoding.EncodeToString([]byte("sixteen bytes !!"))
	for name, c := range map[string]struct {
		file string
		env  map[string]string
		want []string
	}{
		"unknown key":         {"lisen: 127.0.0.1:1\n", nil, []string{"fenlin.yaml", "lisen"}},
		"unknown key inside":  {"wechat:\n  app_id: wx1\n", nil, []string{"app_id"}},
		"no YAML":             {"listen: [\n", nil, []string{"fenlin.yaml"}},
		"everything missing":  {"", map[string]string{"FENLIN_WECHAT_APPID": "-", "FENLIN_WECHAT_SECRET": "-", "FENLIN_WECHAT_TOKEN": "-", "FENLIN_PUBLIC_URL": "-", "FENLIN_SECRET_KEYS": "-"}, []string{"FENLIN_WECHAT_APPID", "FENLIN_WECHAT_SECRET", "FENLIN_WECHAT_TOKEN", "FENLIN_PUBLIC_URL", "FENLIN_SECRET_KEYS"}},
		"empty is missing":    {"", map[string]string{"FENLIN_WECHAT_SECRET": ""}, []string{"FENLIN_WECHAT_SECRET is missing"}},
		"a short field key":   {"", map[string]string{"FENLIN_SECRET_KEYS": key + "," + short}, []string{"FENLIN_SECRET_KEYS", "key 2"}},
		"a field key in hex":  {"", map[string]string{"FENLIN_SECRET_KEYS": strings.Repeat("zz-", 20)}, []string{"key 1"}},
		"a short AES key":     {"", map[string]string{"FENLIN_WECHAT_AES_KEY": aesKey[:42]}, []string{"FENLIN_WECHAT_AES_KEY"}},
		"a proxy of words":    {"", map[string]string{"FENLIN_TRUSTED_PROXIES": "10.0.0.0/8,the-proxy"}, []string{"FENLIN_TRUSTED_PROXIES", "the-proxy"}},
		"a port alone":        {"", map[string]string{"FENLIN_LISTEN": "8080"}, []string{"FENLIN_LISTEN", "host:port"}},
		"a bucket's address":  {"", map[string]string{"FENLIN_PHOTOS": "s3://key:the-bucket-secret@host"}, []string{"FENLIN_PHOTOS", "s3://KEY:SECRET@"}},
		"an address of words": {"", map[string]string{"FENLIN_PUBLIC_URL": "fenlin.example"}, []string{"FENLIN_PUBLIC_URL"}},
	} {
		t.Run(name, func(t *testing.T) {
			given(t, c.env)
			path := ""
			if c.file != "" {
				path = file(t, c.file)
			}
			_, err := app.LoadConfig(path, false)
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not name %s", err, w)
				}
			}
			for _, secret := range []string{"the-account-secret", "the-callback-token", "the-bucket-secret", aesKey[:42], key, short} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("%q tells a secret", err)
				}
			}
		})
	}
	if _, err := app.LoadConfig(filepath.Join(t.TempDir(), "absent.yaml"), true); err == nil || !strings.Contains(err.Error(), "absent.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestLoadConfig_TheDemoNeedsNothingAndTakesWhatIsGiven(t *testing.T) {
	none := map[string]string{}
	for name := range complete {
		none[name] = "-"
	}
	given(t, none)
	c, err := app.LoadConfig("", true)
	if err != nil {
		t.Fatal(err)
	}
	if c.WeChat.AppID == "" || c.WeChat.Token == "" || c.WeChat.AESKey != "" || c.SecretKeys == "" {
		t.Errorf("the demo's defaults: %+v", c.WeChat)
	}

	given(t, map[string]string{"FENLIN_WECHAT_SECRET": "-"})
	d, err := app.LoadConfig("", true)
	if err != nil {
		t.Fatal(err)
	}
	if d.WeChat.Token != "the-callback-token" || d.WeChat.AESKey != aesKey || d.WeChat.Secret != c.WeChat.Secret {
		t.Errorf("an outside program's token and key hold beside the other defaults: %+v", d.WeChat)
	}
}

func TestLoadConfig_AVariableSetToNothingMeansPlainMode(t *testing.T) {
	given(t, map[string]string{"FENLIN_WECHAT_AES_KEY": "", "FENLIN_REDIS": ""})
	c, err := app.LoadConfig(file(t, "redis: redis://elsewhere:6379/0\nwechat:\n  aes_key: "+aesKey+"\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	if c.WeChat.AESKey != "" || c.Redis != "" {
		t.Errorf("AES key %q, Redis %q", c.WeChat.AESKey, c.Redis)
	}
}

package app

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"gopkg.in/yaml.v3"

	"fenlin/internal/secret"
	"fenlin/internal/wechat"
	"fenlin/internal/wechat/wechatsim"
)

// Config is how Fenlin runs: defaults, then a YAML file, then the environment.
type Config struct {
	Listen      string   `yaml:"listen"       env:"FENLIN_LISTEN"`             // the public port
	AdminListen string   `yaml:"admin_listen" env:"FENLIN_ADMIN_LISTEN"`       // metrics and profiles; never public
	DataDir     string   `yaml:"data_dir"     env:"FENLIN_DATA_DIR"`           // where the embedded database and the folder of photos lie
	Database    string   `yaml:"database"     env:"FENLIN_DATABASE"`           // mysql://user:password@host:3306/fenlin or sqlite:PATH
	Redis       string   `yaml:"redis"        env:"FENLIN_REDIS"`              // redis://host:6379/0; empty = in process, one replica only
	Photos      string   `yaml:"photos"       env:"FENLIN_PHOTOS"`             // s3://KEY:SECRET@host:9000/bucket?region=…&tls=…; empty = a folder in DataDir
	PublicURL   string   `yaml:"public_url"   env:"FENLIN_PUBLIC_URL"`         // the address that people's phones reach; links in notices begin with it
	Proxies     []string `yaml:"trusted_proxies" env:"FENLIN_TRUSTED_PROXIES"` // addresses or networks whose X-Forwarded-For is believed, beside this machine's own
	RulesDir    string   `yaml:"rules_dir"    env:"FENLIN_RULES_DIR"`          // files in it replace those of config/ built in
	SecretKeys  string   `yaml:"secret_keys"  env:"FENLIN_SECRET_KEYS"`        // field encryption: base64 of 32 bytes each, newest first, comma between

	LogLevel slog.Level    `yaml:"log_level" env:"FENLIN_LOG_LEVEL" reload:"yes"` // debug, info, warn or error; read anew at SIGHUP
	Leave    time.Duration `yaml:"leave"     env:"FENLIN_LEAVE"`                  // how long, when asked to stop, /readyz says so before the port closes: balancers must look more often

	WeChat struct {
		AppID  string `yaml:"appid"   env:"APPID"`
		Secret string `yaml:"secret"  env:"SECRET"`
		Token  string `yaml:"token"   env:"TOKEN"`
		AESKey string `yaml:"aes_key" env:"AES_KEY"` // set = safe mode
		API    string `yaml:"api"     env:"API"`     // in place of WeChat's own address
		// Ids of the message templates for notices; empty = that rung of the ladder is left out.
		Template     string `yaml:"template"     env:"TEMPLATE"`     // for followers
		Subscription string `yaml:"subscription" env:"SUBSCRIPTION"` // for whoever agrees, once each time
	} `yaml:"wechat" envPrefix:"FENLIN_WECHAT_"`
	MiniProgram struct {
		AppID        string `yaml:"appid"        env:"APPID"`
		Secret       string `yaml:"secret"       env:"SECRET"`
		Subscription string `yaml:"subscription" env:"SUBSCRIPTION"` // a template like those above
	} `yaml:"miniprogram" envPrefix:"FENLIN_MINIPROGRAM_"`

	Demo bool   `yaml:"-"` // mounts the simulator and the sample city
	File string `yaml:"-"` // that it was read from; empty = none
}

// LoadConfig reads a YAML file (none when empty) and the environment over the
// defaults, and says everything that is wrong at once. In the demo each
// setting that is not given gets one that works on this machine.
func LoadConfig(file string, demo bool) (Config, error) {
	c := Config{Demo: demo, File: file, Listen: "127.0.0.1:8080", AdminListen: "127.0.0.1:8081", DataDir: "data", Leave: 2 * time.Second}
	if demo {
		c.demoDefaults()
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return c, fmt.Errorf("read the configuration: %w", err)
		}
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		if err := d.Decode(&c); err != nil && !errors.Is(err, io.EOF) {
			return c, fmt.Errorf("configuration %s: %w", file, err)
		}
	}
	if err := env.Parse(&c); err != nil {
		return c, fmt.Errorf("configuration from the environment: %w", err)
	}
	// A variable that is set to nothing takes a default away: FENLIN_WECHAT_AES_KEY= means plain mode.
	for name, field := range map[string]*string{"FENLIN_REDIS": &c.Redis, "FENLIN_PHOTOS": &c.Photos, "FENLIN_WECHAT_AES_KEY": &c.WeChat.AESKey} {
		if v, ok := os.LookupEnv(name); ok && v == "" {
			*field = ""
		}
	}
	if c.Database == "" {
		c.Database = "sqlite:" + filepath.Join(c.DataDir, "fenlin.db")
	}
	return c, c.validate()
}

// at fills what depends on the port that was really opened: in the demo the
// public address is this machine's, and WeChat is the simulator.
func (c *Config) at(addr net.Addr) {
	if !c.Demo {
		return
	}
	here := addr.String()
	if tcp, ok := addr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		here = fmt.Sprintf("127.0.0.1:%d", tcp.Port)
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + here
	}
	if c.WeChat.API == "" {
		c.WeChat.API = "http://" + here + "/sim/wechat"
	}
}

// demoDefaults are known to everybody and protect nothing.
func (c *Config) demoDefaults() {
	c.LogLevel, c.Leave = slog.LevelWarn, 0
	c.WeChat.AppID, c.WeChat.Secret, c.WeChat.Token = "wxfenlindemo00001", "demo-account-secret", "fenlin-demo-token"
	c.WeChat.Template, c.WeChat.Subscription = "fenlin-demo-template", "fenlin-demo-consent"
	c.MiniProgram.AppID, c.MiniProgram.Secret, c.MiniProgram.Subscription = "wxfenlindemo00002", "demo-miniprogram-secret", "fenlin-demo-subscription"
	c.SecretKeys = base64.StdEncoding.EncodeToString([]byte("fenlin demo key, protects nothing"[:32]))
}

// settingsChanged are the settings in which two configurations differ, by their
// names in the file: those that SIGHUP puts in force, and those fixed at the start.
func settingsChanged(before, after Config) (reloaded, fixed []string) {
	var compare func(prefix string, a, b reflect.Value)
	compare = func(prefix string, a, b reflect.Value) {
		for field, value := range a.Fields() {
			name := prefix + field.Tag.Get("yaml")
			other := b.FieldByIndex(field.Index)
			switch {
			case field.Tag.Get("yaml") == "-" || reflect.DeepEqual(value.Interface(), other.Interface()):
			case value.Kind() == reflect.Struct:
				compare(name+".", value, other)
			case field.Tag.Get("reload") == "yes":
				reloaded = append(reloaded, name)
			default:
				fixed = append(fixed, name)
			}
		}
	}
	compare("", reflect.ValueOf(before), reflect.ValueOf(after))
	return reloaded, fixed
}

// ofDemo finds what of the demo's own would protect a real service.
func (c *Config) ofDemo() (faults []error) {
	var demo Config
	demo.demoDefaults()
	for _, s := range []struct{ name, value, known, change string }{
		{"FENLIN_WECHAT_APPID", c.WeChat.AppID, demo.WeChat.AppID, "take the account's own from WeChat's console"},
		{"FENLIN_WECHAT_SECRET", c.WeChat.Secret, demo.WeChat.Secret, "take the account's own from WeChat's console"},
		{"FENLIN_WECHAT_TOKEN", c.WeChat.Token, demo.WeChat.Token, "make one and enter it beside the callback's address in WeChat's console"},
		{"FENLIN_MINIPROGRAM_SECRET", c.MiniProgram.Secret, demo.MiniProgram.Secret, "take the mini-program's own from WeChat's console"},
	} {
		if s.value == s.known {
			faults = append(faults, fmt.Errorf("%s is the demo's, which everybody knows: %s", s.name, s.change))
		}
	}
	for key := range strings.SplitSeq(c.SecretKeys, ",") {
		if strings.TrimSpace(key) == demo.SecretKeys {
			faults = append(faults, errors.New("FENLIN_SECRET_KEYS holds the demo's key, which everybody knows: make one with `openssl rand -base64 32`"))
		}
	}
	return faults
}

// demoTemplates are those that the simulated WeChat knows.
func (c *Config) demoTemplates() []wechatsim.Template {
	var all []wechatsim.Template
	for _, id := range []string{c.WeChat.Template, c.WeChat.Subscription, c.MiniProgram.Subscription} {
		all = append(all, wechatsim.Template{ID: id, Title: "工单进展通知", Content: "工单编号：{{character_string1.DATA}}\n事项：{{thing2.DATA}}\n地点：{{thing3.DATA}}\n时间：{{time4.DATA}}\n下一步：{{thing5.DATA}}"})
	}
	return all
}

func (c *Config) validate() error {
	var faults []error
	if c.Leave < 0 || c.Leave > maxLeave {
		faults = append(faults, fmt.Errorf("FENLIN_LEAVE: %s is not between 0s and %s, the rest of the ten seconds is for open requests", c.Leave, maxLeave))
	}
	need := func(value, name string) {
		if value == "" {
			faults = append(faults, fmt.Errorf("%s is missing: set it in the environment or the configuration file, or start with --demo", name))
		}
	}
	need(c.WeChat.AppID, "FENLIN_WECHAT_APPID")
	need(c.WeChat.Secret, "FENLIN_WECHAT_SECRET")
	need(c.WeChat.Token, "FENLIN_WECHAT_TOKEN")
	if !c.Demo {
		need(c.PublicURL, "FENLIN_PUBLIC_URL")
		faults = append(faults, c.ofDemo()...)
	}
	if (c.MiniProgram.AppID == "") != (c.MiniProgram.Secret == "") {
		faults = append(faults, errors.New("FENLIN_MINIPROGRAM_APPID and FENLIN_MINIPROGRAM_SECRET belong together: set both, or none when there is no mini-program"))
	}
	if c.RulesDir != "" {
		if info, err := os.Stat(c.RulesDir); err != nil || !info.IsDir() {
			faults = append(faults, fmt.Errorf("FENLIN_RULES_DIR: %s is no folder: make it, or leave the variable out to use the rules built in", c.RulesDir))
		}
	}
	if c.Listen == c.AdminListen && !strings.HasSuffix(c.Listen, ":0") {
		faults = append(faults, fmt.Errorf("FENLIN_ADMIN_LISTEN: %s is the public port too: metrics and profiles need one of their own that is never public", c.AdminListen))
	}
	need(c.SecretKeys, "FENLIN_SECRET_KEYS")
	if _, err := secret.NewKeyring(c.SecretKeys); c.SecretKeys != "" && err != nil {
		faults = append(faults, fmt.Errorf("FENLIN_SECRET_KEYS: %w", err))
	}
	if _, err := c.photos(); err != nil {
		faults = append(faults, err)
	}
	for name, address := range map[string]string{"FENLIN_LISTEN": c.Listen, "FENLIN_ADMIN_LISTEN": c.AdminListen} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			faults = append(faults, fmt.Errorf("%s: %q is not host:port", name, address))
		}
	}
	for _, p := range c.Proxies {
		_, notAddress := netip.ParseAddr(p)
		if _, err := netip.ParsePrefix(p); err != nil && notAddress != nil {
			faults = append(faults, fmt.Errorf("FENLIN_TRUSTED_PROXIES: %q is neither an address nor a network like 10.0.0.0/8", p))
		}
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
		faults = append(faults, fmt.Errorf("FENLIN_PUBLIC_URL: %q is not an address like https://fenlin.example.gov.cn, without a path", c.PublicURL))
	}
	if c.WeChat.AppID != "" && c.WeChat.Token != "" {
		if err := c.wechat().Validate(); err != nil {
			faults = append(faults, fmt.Errorf("FENLIN_WECHAT_AES_KEY or FENLIN_WECHAT_API: %w", err))
		}
	}
	return errors.Join(faults...)
}

func (c *Config) wechat() wechat.Config {
	return wechat.Config{
		AppID: c.WeChat.AppID, Secret: c.WeChat.Secret, Token: c.WeChat.Token, AESKey: c.WeChat.AESKey,
		MiniAppID: c.MiniProgram.AppID, MiniSecret: c.MiniProgram.Secret, APIBase: c.WeChat.API,
	}
}

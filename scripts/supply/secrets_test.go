// Package supply_test holds the tree against what must not get into it: secrets,
// and dependencies that nobody decided for. It needs no network.
package supply_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// shapes are what secrets look like; the first group, where there is one, is the secret alone.
var shapes = map[string]*regexp.Regexp{
	"a private key":           regexp.MustCompile(`-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----`),
	"a cloud's key":           regexp.MustCompile(`\b(?:AKIA|LTAI|AKID)[A-Za-z0-9]{12,32}\b`),
	"a forge's token":         regexp.MustCompile(`\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|npm_[A-Za-z0-9]{36})`),
	"a JWT":                   regexp.MustCompile(`\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}`),
	"WeChat's AppSecret":      regexp.MustCompile(`(?i)secret\w*["']?\s*[:=]+\s*["']?([0-9a-f]{32})\b`),
	"WeChat's EncodingAESKey": regexp.MustCompile(`(?i)aes_?key\w*["']?\s*[:=]+\s*["']?([A-Za-z0-9]{43})\b`),
	"a key of 32 bytes":       regexp.MustCompile(`(?:^|[^A-Za-z0-9+/=-])([A-Za-z0-9+/]{43}=)(?:[^A-Za-z0-9+/=]|$)`),
	"a password in a URL":     regexp.MustCompile(`\b[a-z]{4,10}://[^\s:/@"'{}$<>]+:([^\s:/@"'{}$<>]{6,})@`),
	"a password in YAML":      regexp.MustCompile(`(?im)^\s*[\w-]*(?:password|passwd|token|secret)[\w-]*:\s*["']?([A-Za-z0-9+/_-]{16,})["']?\s*$`),
	"a token in .env":         regexp.MustCompile(`(?m)^[A-Z_]*(?:SECRET|TOKEN|PASSWORD|KEYS?)[A-Z_]*=([A-Za-z0-9+/=_-]{8,})$`),
}

// found is what in a text looks like a secret, as "what: the secret".
func found(text []byte) (all []string) {
	for what, shape := range shapes {
		for _, m := range shape.FindAllSubmatch(text, -1) {
			all = append(all, what+": "+string(m[len(m)-1]))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// known are strings that look like secrets and protect nothing, each with its reason, from testdata/known.txt.
func known(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("testdata/known.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		value, reason, _ := strings.Cut(line, "\t")
		if reason == "" {
			t.Errorf("%s: no reason is given", value)
		}
		out[value] = false
	}
	return out
}

func TestSecrets_NoneIsInTheTree(t *testing.T) {
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	allowed, looked := known(t), 0
	for _, name := range strings.Split(strings.TrimRight(string(names), "\x00"), "\x00") {
		if base := filepath.Base(name); base == "go.sum" || base == "package-lock.json" || name == "scripts/supply/testdata/known.txt" {
			continue // hashes of others' files
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			continue // removed and not yet committed, a link, or a picture
		}
		looked++
		for _, one := range found(text) {
			_, value, _ := strings.Cut(one, ": ")
			if _, ok := allowed[value]; !ok {
				t.Errorf("%s holds %s", name, one)
			}
			allowed[value] = true
		}
	}
	if looked < 300 {
		t.Errorf("only %d files were looked at", looked)
	}
	for value, seen := range allowed {
		if !seen {
			t.Errorf("testdata/known.txt: %s stands nowhere any more", value)
		}
	}
}

// TestSecrets_APlantedOneIsFound plants one of each shape. They are put together
// here, so that this file holds none.
func TestSecrets_APlantedOneIsFound(t *testing.T) {
	hex, word := strings.Repeat("0a1b2c3d", 4), strings.Repeat("aB3dE5gH", 6)
	planted := map[string]string{
		"a private key": "-----BEGIN RSA " + "PRIVATE KEY-----", "a cloud's key": "id = LTAI" + word[:16], "a forge's token": "ghp" + "_" + word[:36],
		"a JWT": "eyJ" + word[:12] + ".eyJ" + word[:12] + "." + word[:12], "WeChat's AppSecret": `"appSecret": "` + hex + `"`, "WeChat's EncodingAESKey": "FENLIN_WECHAT_AES_KEY: " + word[:43],
		"a key of 32 bytes": `keys := "` + word[:43] + `="`, "a password in a URL": "mysql://fenlin:" + word[:12] + "@db:3306/fenlin", "a password in YAML": "  mysql_password: " + word[:20], "a token in .env": "FENLIN_WECHAT_TOKEN=" + word[:20],
	}
	for what := range shapes {
		if text := planted[what]; text == "" || !slices.ContainsFunc(found([]byte("x\n"+text+"\ny")), func(s string) bool { return strings.HasPrefix(s, what) }) {
			t.Errorf("%s is not found in %q", what, text)
		}
	}
	for _, text := range []string{"FENLIN_SECRET_KEYS=\n", "secret: given in the environment", "var secret = newSecret()", "mysql://host:3306/fenlin"} {
		if all := found([]byte(text)); len(all) > 0 {
			t.Errorf("%q is taken for %v", text, all)
		}
	}
}

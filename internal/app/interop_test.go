package app_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestInterop_AnotherImplementationUnderstandsUs lets WeChat's side be spoken by
// @wecom/crypto under Node: it seals callbacks to the running program and opens its replies.
func TestInterop_AnotherImplementationUnderstandsUs(t *testing.T) {
	check, err := filepath.Abs("../../scripts/wecom-interop/check.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(check), "node_modules", "@wecom", "crypto")); err != nil {
		t.Fatalf("%v: `make test` installs it (npm ci --prefix scripts/wecom-interop)", err)
	}
	a := start(t, aesKey)
	run := func(key string) ([]byte, error) {
		node := exec.CommandContext(t.Context(), "node", check)
		node.Env = append(os.Environ(), "FENLIN_URL=http://"+a.Addr(),
			"FENLIN_WECHAT_APPID="+a.Config.WeChat.AppID, "FENLIN_WECHAT_TOKEN="+a.Config.WeChat.Token, "FENLIN_WECHAT_AES_KEY="+key)
		return node.CombinedOutput()
	}
	if out, err := run(aesKey); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := run("x" + aesKey[1:]); err == nil {
		t.Errorf("a wrong key is understood too:\n%s", out)
	}
}

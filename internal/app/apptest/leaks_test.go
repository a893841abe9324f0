package apptest

import (
	"strings"
	"testing"
)

func TestLeaks_FindsEachKindAndNothingInAnOrdinaryLine(t *testing.T) {
	for line, what := range map[string]string{
		`{"msg":"x","error":"call 13812345678"}`:                                                                                "a phone number",
		`{"msg":"x","id":"11010519491231002X"}`:                                                                                 "an ID number",
		`{"msg":"x","key":"sim-resident-001"}`:                                                                                  "an openid",
		`{"msg":"x","key":"oAbCdEfGhIjKlMnOpQrStUvWxYz0"}`:                                                                      "an openid",
		`{"msg":"x","error":"Incorrect string value: '福馨苑3号楼'"}`:                                                                "a door",
		`{"msg":"x","error":"GET /token?appid=wx1&secret=abc"}`:                                                                 "a token",
		`{"msg":"x","header":"Bearer abcdef"}`:                                                                                  "a token",
		`{"msg":"x","error":"mysql://fenlin:hidden@127.0.0.1/x"}`:                                                               "a password",
		`{"msg":"x","error":"YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY="}`:                                                    "a key",
		`time=2026-11-23T09:00:00Z level=WARN msg="not so" error="王志强 said"`:                                                    "known word 0",
		`{"time":"2026-11-23T09:00:00.123456789Z","msg":"request","request_id":"0123456789abcdef01234567","bytes":12345678901}`: "",
		`{"msg":"x","import":152345678901234567,"key":"wx:0123456789abcdef0123456789abcdef"}`:                                   "",
		`{"msg":"x","error":"wechat: /cgi-bin/token: GET ?secret=***&access_token=***"}`:                                        "",
	} {
		found, err := Leaks(strings.NewReader(line+"\n"), "王志强")
		if err != nil || (what == "") != (len(found) == 0) || what != "" && !strings.Contains(strings.Join(found, " "), what) {
			t.Errorf("%s: %v %v, want %q", line, found, err, what)
		}
		for _, f := range found {
			if strings.Contains(f, "13812345678") || strings.Contains(f, "王志强") {
				t.Errorf("it leaks itself: %s", f)
			}
		}
	}
}

package web_test

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzOperations asks any operation with any word for its ids and parameters and
// any body. However wrong they are, it is answered or refused, by the document;
// what reads them (ids, cursors, dates, times, points, scenes, bodies) never breaks.
func FuzzOperations(f *testing.F) {
	s := newSite(f, "")
	s.clerks(f)
	token := s.token(f, "cityclerk")
	all := slices.DeleteFunc(s.operations(), func(o operation) bool { return o.method == http.MethodDelete }) // the asker stays
	words := []string{
		"1", "-1", "9223372036854775808", "37.26,111.78", "NaN,1e999", "2026-11-23", "2026-02-30", "0000-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999999-12:00", "compound:1", "eyJ9", "汾", "\x00", "%",
	}
	bodies := []string{
		"", "{}", "[]", "null", `{"text":"3号楼2单元楼道灯坏了","location":{"lat":91,"lng":1e308}}`, `{"action":"accept","version":-1,"photos":["x"]}`, `{"starts_at":"2026-11-23T24:00:00Z"}`, "\xff\xfe{",
	}
	for i := range all {
		f.Add(uint16(i), words[i%len(words)], []byte(bodies[i%len(bodies)]))
	}
	asked := 0
	f.Fuzz(func(t *testing.T, n uint16, word string, content []byte) {
		if asked++; asked%500 == 0 {
			s.fresh() // nobody asks so much in a minute
		}
		op := all[int(n)%len(all)]
		query := url.Values{}
		for _, p := range op.Parameters {
			if p.Value.In == "query" {
				query.Set(p.Value.Name, word)
			}
		}
		target := "/api/v1" + strings.ReplaceAll(op.path, "/1", "/"+url.PathEscape(word)) + "?" + query.Encode()
		headers := map[string]string{"Authorization": "Bearer " + token, "Content-Type": "application/json"}
		res, answer := s.raw(t, op.method, target, headers, bytes.NewReader(content))
		if res.StatusCode >= 500 && !strings.Contains(op.path, "picture") { // pictures are WeChat's, which is asked for them
			t.Errorf("%s %s %q: %d %s", op.method, target, content, res.StatusCode, answer)
		}
	})
}

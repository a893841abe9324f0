package web_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"mime"
	"net/url"
	"strings"
	"testing"

	"fenlin/internal/org"
)

const script = `"><script>alert(1)</script>`

func TestAttack_PagesShowHostileWordsAsWords(t *testing.T) {
	s := newSite(t, "")
	u, err := s.Org.Add(t.Context(), org.Unit{ParentID: s.Units["南薰社区"], Kind: org.CompoundKind, Name: "小区" + script}, &org.Compound{Governance: org.SelfRun, Households: 900, Datum: "gcj02"})
	must(t, err)
	s.Units["evil"] = u.ID
	for i := range 6 {
		number := s.call(t, "li", "POST", "/tickets", object{"text": fmt.Sprint(i+1, "号楼", script, "灯坏了"), "compound_id": s.unit("evil"), "sure": true}).want(t, 201).at("number").(string)
		s.call(t, "li", "GET", "/tickets/"+number, nil).want(t, 200)
	}
	shown := 0
	for _, path := range []string{
		"/open/", "/open/?q=" + url.QueryEscape("小区"+script), "/open/" + s.unit("evil"), "/open/certificates/" + url.PathEscape(script), "/privacy?" + url.QueryEscape(script), "/" + url.PathEscape(script), "/board/" + url.PathEscape(script),
		"/oauth/start?to=" + url.QueryEscape("/app/"+script) + "&state=" + url.QueryEscape(script),
	} {
		_, raw := s.raw(t, "GET", path, nil, nil)
		if bytes.Contains(raw, []byte("<script>alert")) || bytes.Contains(raw, []byte("<img src=x")) {
			t.Errorf("%s obeys a name", path)
		}
		if bytes.Contains(raw, []byte("&lt;script&gt;alert(1)")) {
			shown++
		}
	}
	if shown < 2 {
		t.Errorf("the name stands on %d pages", shown)
	}
	for _, fields := range []url.Values{{"number": {script}, "check": {script}}, {"number": {"FYZM2026-0000000055"}, "check": {script}}} {
		if _, said := s.form(t, "/open/certificates/", "", fields); strings.Contains(said, "<script>alert") {
			t.Errorf("the form obeys %v", fields)
		}
	}
}

func TestAttack_ANameCannotWriteHeaders(t *testing.T) {
	s := newSite(t, "")
	a := s.anActivity(30, 1)
	a["title"] = "清扫\r\nSet-Cookie: a=b\"; filename=\"evil.exe"
	made := s.call(t, "branch", "POST", "/activities", a)
	if made.status == 201 {
		book := s.call(t, "branch", "GET", "/activities/"+made.at("id").(string)+"/records.xlsx", nil).want(t, 200)
		said := book.headers.Get("Content-Disposition")
		kind, params, err := mime.ParseMediaType(said)
		if err != nil || kind != "attachment" || strings.HasSuffix(params["filename"], ".exe") || book.headers.Get("Set-Cookie") != "" {
			t.Errorf("%q: %v", said, err)
		}
	}
	for _, path := range []string{"/oauth/start?to=/app/%0d%0aX-Evil:1&state=a%0d%0aX-Evil:1", "/open/certificates/%0d%0aX-Evil:%201"} {
		if res, _ := s.raw(t, "GET", path, nil, nil); res.Header.Get("X-Evil") != "" {
			t.Errorf("%s writes a header", path)
		}
	}
	if res, _ := s.raw(t, "GET", "/healthz", map[string]string{"X-Request-ID": "aaaaaaaa<script>"}, nil); strings.Contains(res.Header.Get("X-Request-ID"), "<") {
		t.Error("a made-up id comes back")
	}
}

func TestAttack_PathsLeadNowhereElse(t *testing.T) {
	s := newSite(t, "")
	for _, base := range []string{"/app/", "/docs/", "/board/", "/ledger/", "/open/", "/open/certificates/", "/api/v1/photos/", "/api/v1/templates/", "/api/v1/exports/", "/api/v1/me/certificates/", "/api/v1/codes/"} {
		for _, path := range []string{"../../go.mod", "..%2f..%2fgo.mod", "%2e%2e/%2e%2e/go.mod", "..%5c..%5cgo.mod", "....//....//go.mod", "%00", "index.html%00.js", ".git/config", "%252e%252e%252fgo.mod", "/etc/passwd", "file:///etc/passwd", "README.md", "embed.go"} {
			res, raw := s.raw(t, "GET", base+path, map[string]string{"Authorization": "Bearer " + s.token(t, "city")}, nil)
			if bytes.Contains(raw, []byte("module fenlin")) || bytes.Contains(raw, []byte("root:")) || res.StatusCode >= 500 && base != "/app/" || res.StatusCode == 200 && !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
				t.Errorf("%s%s: %d %s", base, path, res.StatusCode, res.Header.Get("Content-Type"))
			}
		}
	}
}

// TestAttack_APictureIsDrawnAnewAndNothingElseIsTaken: what rides along in a
// picture is not in what others are shown.
func TestAttack_APictureIsDrawnAnewAndNothingElseIsTaken(t *testing.T) {
	s := newSite(t, "")
	var plain bytes.Buffer
	must(t, jpeg.Encode(&plain, image.NewGray(image.Rect(0, 0, 20, 10)), nil))
	const page = `<html><script>alert(1)</script></html>`
	comment := append([]byte{0xff, 0xfe, 0, byte(len(page) + 2)}, page...)
	polyglot := append(append(append(bytes.Clone(plain.Bytes()[:2]), comment...), plain.Bytes()[2:]...), page...)
	path := "/photos/" + s.call(t, "li", "POST", "/photos", polyglot, "Content-Type", "text/html").want(t, 201).at("id").(string)
	shown := s.call(t, "li", "GET", path, nil).want(t, 200)
	if bytes.Contains(shown.content, []byte("script")) || shown.headers.Get("Content-Type") != "image/jpeg" || shown.headers.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %q", shown.headers, shown.content)
	}
	wide := bytes.Clone(aPicture(t))
	copy(wide[16:24], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff}) // 65,535 × 65,535 in a PNG of a hundred bytes; the sum is wrong too
	var bomb bytes.Buffer                                         // 64 million pixels, whole and right, in some tens of kilobytes
	must(t, png.Encode(&bomb, image.NewGray(image.Rect(0, 0, 8000, 8000))))
	if r := s.call(t, "li", "POST", "/photos", bomb.Bytes()); r.status != 413 || bomb.Len() > 100_000 {
		t.Errorf("a bomb of %d bytes: %d %s", bomb.Len(), r.status, r.content)
	}
	for name, file := range map[string][]byte{
		"an SVG":               []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		"a GIF that is script": []byte("GIF89a/*\x00*/=1;alert(1)//"), "a page": []byte(page), "a PDF": []byte("%PDF-1.4"), "a workbook": []byte("PK\x03\x04"),
		"65,535 pixels wide and high, as it says": wide, "half a picture": aPicture(t)[:40], "a WebP of nothing": []byte("RIFF\xff\xff\xff\xffWEBPVP8L\xff\xff\xff\x7f\x2f\xff\xff\xff\xff"),
	} {
		if r := s.call(t, "li", "POST", "/photos", file); r.status != 422 && r.status != 413 {
			t.Errorf("%s: %d %s", name, r.status, r.content)
		}
	}
}

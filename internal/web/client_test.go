package web

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gin-gonic/gin"
)

// phone serves a client made of files, and asks for one path.
func phone(t *testing.T, s *Server, files fstest.MapFS, path string) *httptest.ResponseRecorder {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.GET("/app/*path", s.client(files))
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	req.Header.Set("Accept-Encoding", "gzip")
	out := httptest.NewRecorder()
	r.ServeHTTP(out, req)
	return out
}

func TestClient_IsServedWithItsPartsAndToldOfTheDemo(t *testing.T) {
	files := fstest.MapFS{
		"README.md":             {Data: []byte("a note")},
		"index.html":            {Data: []byte(`<html data-demo=""><script src="/app/assets/index-a1.js">`)},
		"assets/index-a1.js":    {Data: []byte(strings.Repeat("let a = 1;", 1000))},
		"assets/_plugin-b2.css": {Data: []byte("a{}")},
		"static/logo.png":       {Data: []byte("png")},
	}
	index := phone(t, &Server{}, files, "/app/")
	if index.Code != 200 || index.Header().Get("Cache-Control") != "no-cache" || !strings.Contains(index.Body.String(), `data-demo=""`) {
		t.Errorf("index: %d %v %s", index.Code, index.Header(), index.Body)
	}
	if csp := index.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy: %s", csp)
	}
	if demo := phone(t, &Server{Sim: http.NotFoundHandler()}, files, "/app/"); !strings.Contains(demo.Body.String(), `data-demo="true"`) {
		t.Errorf("the demo's index: %s", demo.Body)
	}
	script := phone(t, &Server{}, files, "/app/assets/index-a1.js")
	if script.Code != 200 || !strings.Contains(script.Header().Get("Cache-Control"), "immutable") || script.Header().Get("Content-Encoding") != "gzip" || script.Body.Len() > 1000 {
		t.Errorf("script: %d %v, %d bytes", script.Code, script.Header(), script.Body.Len())
	}
	if logo := phone(t, &Server{}, files, "/app/static/logo.png"); logo.Code != 200 || logo.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("what is not named by its content: %d %v", logo.Code, logo.Header())
	}
	for path, status := range map[string]int{"/app/assets/_plugin-b2.css": 200, "/app/README.md": 404, "/app/assets/": 404, "/app/index.html": 404, "/app/pages/me": 404} {
		if got := phone(t, &Server{}, files, path); got.Code != status {
			t.Errorf("%s: %d", path, got.Code)
		}
	}
}

func TestClient_WithoutItTheBinarySaysHowToBuildIt(t *testing.T) {
	got := phone(t, &Server{}, fstest.MapFS{"README.md": {Data: []byte("a note")}}, "/app/")
	if got.Code != 503 || !strings.Contains(got.Header().Get("Content-Type"), "text/html") || got.Header().Get("Content-Encoding") != "gzip" && !strings.Contains(got.Body.String(), "make build") {
		t.Errorf("%d %v %s", got.Code, got.Header(), got.Body)
	}
	page, err := (&Server{}).content("unbuilt.html")
	if err != nil || !strings.Contains(string(page), "手机页面还没有构建") || !strings.Contains(string(page), "make build") {
		t.Errorf("%v %s", err, page)
	}
}

// Whether or not it was built where tests run, what is embedded is whole.
func TestClient_WhatIsBuiltInIsWhole(t *testing.T) {
	index, err := built().Open("index.html")
	if err != nil {
		t.Log("the client is not built here")
		return
	}
	_ = index.Close()
	raw, err := pages.ReadFile("pages/app/index.html")
	if err != nil || !strings.Contains(string(raw), string(demoMark)) {
		t.Fatalf("%v: no place for the demo's mark in %s", err, raw)
	}
	if found := regexp.MustCompile(`(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}|<style|style="|<script>`).Find(raw); found != nil {
		t.Errorf("the index has %s", found)
	}
	links := regexp.MustCompile(`(?:src|href)="/app/([^"]+)"`).FindAllStringSubmatch(string(raw), -1)
	if len(links) < 2 {
		t.Errorf("only %v", links)
	}
	for _, m := range links {
		if _, err := pages.ReadFile("pages/app/" + m[1]); err != nil {
			t.Error(err)
		}
	}
}

func TestDocument_IsTheServersOwn(t *testing.T) {
	s := &Server{Version: "1"}
	if got := s.operations(gin.New()).document(); string(got) != string(Document("1")) || len(got) < 100_000 {
		t.Errorf("%d bytes", len(got))
	}
}

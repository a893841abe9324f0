package web

import (
	"bytes"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// clientPolicy is what the phone's pages may load: nothing from other hosts, and
// the pictures that the phone has just taken; frames are those in which WeChat
// draws its own button of consent (开放标签).
const clientPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; connect-src 'self' blob:; frame-src https://*.qq.com webcompt:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// demoMark stands in the client's index; the pages read there whether this is the demo.
var demoMark = []byte(`data-demo=""`)

// built is the phone's client as `make client` has left it: empty but for a note when it was not built.
func built() fs.FS {
	sub, err := fs.Sub(pages, "pages/app")
	if err != nil {
		panic("pages/app: " + err.Error()) // it is embedded
	}
	return sub
}

// client serves the phone's pages: one index, whose parts are named by their content.
func (s *Server) client(files fs.FS) gin.HandlerFunc {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		return s.unbuilt()
	}
	if s.Sim != nil {
		index = bytes.Replace(index, demoMark, []byte(`data-demo="true"`), 1)
	}
	assets := map[string]asset{}
	_ = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".md") {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		if name == "index.html" {
			name, content = "", index
		}
		a := newAsset(d.Name(), content)
		a.policy, a.fixed = clientPolicy, strings.HasPrefix(name, "assets/")
		assets[name] = a
		return nil
	}) // from memory
	go func() { // ready before somebody waits for it; one by one, because packing holds a megabyte
		for _, a := range assets {
			a.packed()
		}
	}()
	return func(c *gin.Context) {
		a, ok := assets[strings.TrimPrefix(c.Param("path"), "/")]
		if !ok {
			refuse(c, noRoute)
			return
		}
		a.send(c, http.StatusOK)
	}
}

// unbuilt says what is missing.
func (s *Server) unbuilt() gin.HandlerFunc {
	content, err := s.content("unbuilt.html")
	if err != nil {
		panic("page unbuilt.html: " + err.Error()) // it is embedded
	}
	return show(http.StatusServiceUnavailable, "unbuilt.html", content)
}

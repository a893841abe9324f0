package web

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed pages
var pages embed.FS

// policy is what our own pages may load: nothing from other hosts.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// page serves one embedded file. HTML is a template that knows the version and whether this is the demo.
func (s *Server) page(name string) gin.HandlerFunc {
	content, err := s.content(name)
	if err != nil {
		panic(fmt.Sprintf("page %s: %v", name, err)) // it is embedded
	}
	return func(c *gin.Context) { show(c, http.StatusOK, name, content) }
}

var (
	signInPage = regexp.MustCompile(`^/(board|ledger|app)/$`)
	oauthState = regexp.MustCompile(`^[\w-]{1,64}$`)
)

// toWeChat sends one of our pages, open inside WeChat, to WeChat for a one-time
// code; WeChat sends it back to that page with the code and the state.
func (s *Server) toWeChat(c *gin.Context) {
	to, state := c.Query("to"), c.Query("state")
	if !signInPage.MatchString(to) || !oauthState.MatchString(state) {
		s.lost(noRoute)(c)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusFound, s.WeChat.AuthorizeURL(s.Site+to, state))
}

// file serves the other files of an embedded folder.
func (s *Server) file(folder string) gin.HandlerFunc {
	return func(c *gin.Context) {
		name := path.Join("pages", folder, path.Base(c.Param("file")))
		content, err := fs.ReadFile(pages, name)
		if err != nil || strings.HasSuffix(name, ".html") {
			s.lost(noRoute)(c)
			return
		}
		show(c, http.StatusOK, name, content)
	}
}

func (s *Server) content(name string) ([]byte, error) {
	raw, err := fs.ReadFile(pages, "pages/"+name)
	if err != nil || !strings.HasSuffix(name, ".html") {
		return raw, err
	}
	t, err := template.New(name).Parse(string(raw))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{"Version": s.Version, "Demo": s.Sim != nil})
	return out.Bytes(), err
}

func show(c *gin.Context, status int, name string, content []byte) {
	c.Header("Content-Security-Policy", policy)
	c.Header("Cache-Control", "no-cache")
	c.Data(status, mime.TypeByExtension(path.Ext(name)), content)
}

// lost answers what leads nowhere: a problem for programs, a page for people.
func (s *Server) lost(p *problem) gin.HandlerFunc {
	lost, err := s.content("lost.html")
	if err != nil {
		panic(fmt.Sprintf("page lost.html: %v", err)) // it is embedded
	}
	return func(c *gin.Context) {
		if strings.HasPrefix(c.Request.URL.Path, "/api") || strings.HasPrefix(c.Request.URL.Path, "/wechat/") {
			refuse(c, p)
			return
		}
		show(c, p.Status, "lost.html", lost)
	}
}

// document is the OpenAPI document of what was registered.
func (a api) document() []byte {
	schemas := a.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own, which nobody ever sees
	delete(schemas, "ErrorDetail")
	out, err := json.Marshal(a.OpenAPI())
	if err != nil {
		panic(fmt.Sprintf("openapi: %v", err)) // made of our own types
	}
	return out
}

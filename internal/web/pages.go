package web

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"

	"fenlin/internal/errs"
)

//go:embed all:pages
var pages embed.FS

// policy is what our own pages may load: nothing from other hosts.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// page serves one embedded file. HTML is a template that knows the version and whether this is the demo.
func (s *Server) page(name string) gin.HandlerFunc {
	content, err := s.content(name)
	if err != nil {
		panic(fmt.Sprintf("page %s: %v", name, err)) // it is embedded
	}
	return show(http.StatusOK, name, content)
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
		refuse(c, noRoute)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusFound, s.WeChat.AuthorizeURL(s.Site+to, state))
}

type signPageInput struct {
	Page string `query:"page" required:"true" minLength:"1" maxLength:"1000" doc:"the whole address of one of our pages, up to any #"`
}

type pageSignature struct {
	AppID     string `json:"app_id"`
	Timestamp int64  `json:"timestamp" doc:"epoch seconds"`
	Nonce     string `json:"nonce"`
	Signature string `json:"signature"`
}

var errForeignPage = errs.New(errs.Invalid, "page_foreign", "这不是汾邻的网页，请从公众号的菜单重新进入")

// signPage signs pages of ours and no others.
func (s *Server) signPage(ctx context.Context, _ caller, in *signPageInput) (*body[pageSignature], error) {
	if !strings.HasPrefix(in.Page, s.Site+"/app/") || strings.Contains(in.Page, "#") {
		return nil, errForeignPage
	}
	p, err := s.WeChat.SignPage(ctx, in.Page, s.Now())
	return answer(pageSignature{p.AppID, p.Timestamp, p.Nonce, p.Signature}), err
}

// file serves the other files of an embedded folder.
func (s *Server) file(folder string) gin.HandlerFunc {
	assets := assetsOf(folder)
	return func(c *gin.Context) {
		a, ok := assets[c.Param("file")]
		if !ok {
			refuse(c, noRoute)
			return
		}
		a.send(c, http.StatusOK)
	}
}

// assetsOf are the files of an embedded folder but its pages, by name.
func assetsOf(folder string) map[string]asset {
	entries, err := fs.ReadDir(pages, "pages/"+folder)
	if err != nil {
		panic(fmt.Sprintf("pages %s: %v", folder, err)) // it is embedded
	}
	out := map[string]asset{}
	for _, e := range entries {
		content, err := fs.ReadFile(pages, path.Join("pages", folder, e.Name()))
		if err == nil && !strings.HasSuffix(e.Name(), ".html") {
			out[e.Name()] = newAsset(e.Name(), content)
		}
	}
	return out
}

// charts is the address of what the board draws with; empty in a binary that was built without it.
func charts() string {
	a, ok := assetsOf("board")["charts.js"]
	if !ok {
		return ""
	}
	return "/board/charts.js?v=" + a.tag
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
	err = t.Execute(&out, map[string]any{"Version": s.Version, "Demo": s.Sim != nil, "Charts": charts()})
	return out.Bytes(), err
}

func show(status int, name string, content []byte) gin.HandlerFunc {
	a := newAsset(name, content)
	return func(c *gin.Context) { a.send(c, status) }
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

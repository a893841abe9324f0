package web

import (
	"context"
	"html/template"
	"maps"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
)

// noRobots keeps what names a certificate out of search engines.
const noRobots = "noindex, nofollow, noarchive"

// maxForm is the longest form that these pages take, in bytes.
const maxForm = 4 << 10

// verifyPages are the pages on which anybody verifies a certificate; they work
// without JavaScript.
type verifyPages struct{ form, find, show, name gin.HandlerFunc }

// verifying is what the pages show.
type verifying struct {
	Token   string
	Number  string // as it was typed
	Found   VerifiedView
	Revoked bool
	Why     string
	Trouble string // what is wrong, in Chinese
	Asked   bool   // a name was checked
	Same    bool
}

func (s *Server) verifyPages() verifyPages {
	form, one := openTemplate("certificates.html"), openTemplate("certificate.html")
	foreign := http.NewCrossOriginProtection()
	if err := foreign.AddTrustedOrigin(s.Site); err != nil {
		foreign = http.NewCrossOriginProtection() // the address of a test, or none
	}
	page := func(c *gin.Context, status int, t *template.Template, v verifying) {
		c.Header("X-Robots-Tag", noRobots)
		c.Header("Referrer-Policy", "same-origin") // else browsers send no origin with our own forms
		render(c, status, "no-store", t, v)
	}
	refused := func(c *gin.Context, t *template.Template, v verifying, err error) {
		p := problemOf(c.Request.Context(), err)
		v.Trouble = p.Detail
		maps.Copy(c.Writer.Header(), p.GetHeaders())
		page(c, p.Status, t, v)
	}
	// posted reads a form of ours; false: it was answered.
	posted := func(c *gin.Context, t *template.Template, v verifying, fields ...string) ([]string, bool) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxForm)
		if foreign.Check(c.Request) != nil || c.Request.ParseForm() != nil {
			v.Trouble = "没有收到完整的内容，请在这个页面上重新填写"
			page(c, http.StatusForbidden, t, v)
			return nil, false
		}
		var out []string
		for _, f := range fields {
			out = append(out, strings.TrimSpace(c.Request.PostForm.Get(f)))
		}
		return out, true
	}
	found := func(ctx context.Context, token string) (verifying, error) {
		var c activity.Certificate
		err := s.others.with(ctx, func() (err error) { c, err = s.Activities.Verify(ctx, token); return err })
		return verifying{Token: token, Found: s.viewVerified(c), Revoked: c.RevokedAt != 0, Why: c.RevokedWhy.Name()}, err
	}
	return verifyPages{
		form: func(c *gin.Context) { page(c, http.StatusOK, form, verifying{}) },
		find: func(c *gin.Context) {
			typed, ok := posted(c, form, verifying{}, "number", "check")
			if !ok {
				return
			}
			var token string
			err := s.others.with(c.Request.Context(), func() (err error) {
				token, err = s.Activities.Find(c.Request.Context(), typed[0], typed[1])
				return err
			})
			if err != nil {
				refused(c, form, verifying{Number: clipped(typed[0], 40)}, err)
				return
			}
			c.Header("X-Robots-Tag", noRobots)
			c.Header("Cache-Control", "no-store")
			c.Redirect(http.StatusSeeOther, certificatesPath+token)
		},
		show: func(c *gin.Context) {
			v, err := found(c.Request.Context(), c.Param("token"))
			if err != nil {
				refused(c, form, verifying{}, err)
				return
			}
			page(c, http.StatusOK, one, v)
		},
		name: func(c *gin.Context) {
			v, err := found(c.Request.Context(), c.Param("token"))
			if err != nil {
				refused(c, form, verifying{}, err)
				return
			}
			typed, ok := posted(c, one, v, "name")
			if !ok {
				return
			}
			if typed[0] == "" {
				refused(c, one, v, errNoNameTyped)
				return
			}
			err = s.others.with(c.Request.Context(), func() (err error) {
				v.Same, err = s.Activities.NameIs(c.Request.Context(), v.Token, clipped(typed[0], 100))
				return err
			})
			if err != nil {
				refused(c, one, v, err)
				return
			}
			v.Asked = true
			page(c, http.StatusOK, one, v)
		},
	}
}

var errNoNameTyped = errs.New(errs.Invalid, "name_missing", "请写纸上的姓名，再点核对")

// clipped is the beginning of what somebody typed.
func clipped(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

package web

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"fenlin/internal/member"
	"fenlin/internal/org"
)

const (
	apiPrefix   = "/api/v1"
	maxJSON     = 1 << 20          // bytes of a JSON body
	readingTime = 15 * time.Second // of a JSON body
	filesTime   = 2 * time.Minute  // of a picture or a workbook: 12 MiB at 100 KB/s
	bearer      = "session"        // the security scheme's name in the document
)

// api is /api/v1 while its operations are being registered.
type api struct {
	huma.API
	server *Server
}

// newAPI makes the API on r; what it documents is what is registered on it.
func (s *Server) newAPI(r *gin.Engine) api {
	if !huma.ValidateStrictCasing {
		// Else {"limit": 1, "LIMIT": 99} is checked by the one and decoded to the other.
		huma.ValidateStrictCasing = true
	}
	c := huma.DefaultConfig("汾邻 Fenlin", s.Version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // served by our own routes
	c.CreateHooks = nil                                   // they would add $schema to bodies
	c.Transformers = []huma.Transformer{answerOf}
	c.Info.Description = "社区诉求从一句话到办结的接口。时间为 RFC 3339，编号（id）为字符串，列表为 {items, next_cursor}，错误为 application/problem+json。"
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", Description: "POST /api/v1/sessions 返回的 token"},
	}
	return api{humagin.New(r, c), s}
}

// route is an operation of the API: its row in the table of routes.
type route struct {
	method, path string
	name         string // unique, camelCase: clients are generated with it
	summary      string
	status       int   // of success
	errors       []int // beside those that follow from the input and the sign-in
}

// caller is who asks, with the posts held at this moment.
type caller struct {
	member.Person
	org.Actor
	token string
}

type callerKey struct{}

// open registers an operation for everybody.
func open[I, O any](a api, r route, handle func(context.Context, *I) (*O, error)) {
	register(a, r, huma.Operation{Middlewares: huma.Middlewares{a.server.limits.anonymous}}, handle)
}

// signed registers an operation for whoever is signed in.
func signed[I, O any](a api, r route, handle func(context.Context, caller, *I) (*O, error)) {
	r.errors = append(r.errors, http.StatusUnauthorized)
	op := huma.Operation{Security: []map[string][]string{{bearer: {}}}, Middlewares: huma.Middlewares{a.authenticate}}
	register(a, r, op, func(ctx context.Context, in *I) (*O, error) {
		return handle(ctx, ctx.Value(callerKey{}).(caller), in)
	})
}

// either registers an operation for everybody; who is signed in is answered as
// themselves. A token that no longer holds is refused, not taken for nobody's.
func either[I, O any](a api, r route, handle func(context.Context, caller, *I) (*O, error)) {
	r.errors = append(r.errors, http.StatusUnauthorized)
	op := huma.Operation{Security: []map[string][]string{{}, {bearer: {}}}, Middlewares: huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		if ctx.Header("Authorization") == "" {
			a.server.limits.anonymous(ctx, next)
			return
		}
		a.authenticate(ctx, next)
	}}}
	register(a, r, op, func(ctx context.Context, in *I) (*O, error) {
		c, _ := ctx.Value(callerKey{}).(caller)
		return handle(ctx, c, in)
	})
}

// rawInput is the input of an operation that takes its body as it is: how many
// bytes at most, and what.
type rawInput interface {
	raw() (limit int64, body *huma.RequestBody)
}

func register[I, O any](a api, r route, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	op.Method, op.Path, op.OperationID, op.Summary, op.DefaultStatus = r.method, apiPrefix+r.path, r.name, r.summary, r.status
	tag, _, _ := strings.Cut(strings.TrimPrefix(r.path, "/"), "/")
	op.Tags = []string{tag}
	in := reflect.TypeFor[I]()
	_, hasBody := in.FieldByName("Body")
	_, hasRaw := in.FieldByName("RawBody")
	switch {
	case hasBody:
		op.MaxBodyBytes, op.BodyReadTimeout = maxJSON, readingTime
		r.errors = append(r.errors, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	case hasRaw:
		var none I
		op.SkipValidateBody, op.BodyReadTimeout = true, filesTime
		op.MaxBodyBytes, op.RequestBody = any(none).(rawInput).raw()
		r.errors = append(r.errors, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge)
	}
	if in.NumField() > 0 {
		r.errors = append(r.errors, http.StatusUnprocessableEntity)
	}
	op.Responses = a.refusals(append(r.errors, http.StatusTooManyRequests, http.StatusServiceUnavailable))
	if f, ok := reflect.TypeFor[O]().FieldByName("Body"); ok && f.Tag.Get("contentType") != "" {
		op.Responses[strconv.Itoa(r.status)] = &huma.Response{Content: map[string]*huma.MediaType{
			f.Tag.Get("contentType"): {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
		}}
	}
	huma.Register(a.API, op, func(ctx context.Context, in *I) (out *O, err error) {
		room := a.server.others
		if hasRaw {
			room = a.server.files
		}
		err = room.with(ctx, func() error { out, err = handle(ctx, in); return err })
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		return out, nil
	})
}

// refusals document the statuses with which an operation may refuse.
func (a api) refusals(codes []int) map[string]*huma.Response {
	schema := a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem](), true, "")
	out := map[string]*huma.Response{}
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		out[strconv.Itoa(code)] = &huma.Response{
			Description: http.StatusText(code), Content: map[string]*huma.MediaType{problemType: {Schema: schema}},
		}
	}
	return out
}

// authenticate finds who holds the token, before anything of the request is read.
func (a api) authenticate(ctx huma.Context, next func(huma.Context)) {
	var c caller
	err := a.server.others.with(ctx.Context(), func() (err error) {
		c, err = a.server.caller(ctx.Context(), ctx.Header("Authorization"))
		return err
	})
	if err != nil {
		p := problemOf(ctx.Context(), err)
		if p.Status == http.StatusUnauthorized {
			if !a.server.limits.address(humagin.Unwrap(ctx), 1) {
				return
			}
			ctx.SetHeader("WWW-Authenticate", "Bearer")
		}
		refuse(humagin.Unwrap(ctx), p)
		return
	}
	if a.server.limits.person(ctx, c) {
		next(huma.WithValue(ctx, callerKey{}, c))
	}
}

func (s *Server) caller(ctx context.Context, header string) (caller, error) {
	scheme, token, _ := strings.Cut(header, " ")
	if token = strings.TrimSpace(token); token == "" || !strings.EqualFold(scheme, "Bearer") {
		return caller{}, member.ErrNotSignedIn.Say("请先登录")
	}
	person, err := s.Members.SignedIn(ctx, token)
	if err != nil {
		return caller{}, err
	}
	actor, err := s.Org.Actor(ctx, person.ID, person.CompoundID)
	return caller{person, actor, token}, err
}

// Once is the header that makes a repeated request the same request.
type Once struct {
	Key string `header:"Idempotency-Key" maxLength:"100" pattern:"^[!-~]*$" doc:"a name that the client gives to this request: sent again, it is done once"`
}

// key is the header as the capabilities keep it, apart for each person.
func (o Once) key(c caller) string {
	if o.Key == "" {
		return ""
	}
	return "api:" + string(idOf(c.Person.ID)) + ":" + o.Key
}

package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"fenlin/internal/errs"
)

// statuses is the one place that knows which HTTP status a kind of error has.
var statuses = map[errs.Kind]int{
	errs.Invalid:      http.StatusUnprocessableEntity,
	errs.Unauthorized: http.StatusUnauthorized,
	errs.Forbidden:    http.StatusForbidden,
	errs.NotFound:     http.StatusNotFound,
	errs.Conflict:     http.StatusConflict,
	errs.TooLarge:     http.StatusRequestEntityTooLarge,
	errs.TooMany:      http.StatusTooManyRequests,
	errs.Unavailable:  http.StatusServiceUnavailable,
}

// problem is an error as the API shows it, by RFC 9457.
type problem struct {
	Type      string           `json:"type" doc:"always about:blank: the code says more"`
	Title     string           `json:"title" doc:"the HTTP status in words"`
	Status    int              `json:"status" doc:"the HTTP status"`
	Code      string           `json:"code" doc:"what went wrong, for programs"`
	Detail    string           `json:"detail" doc:"what went wrong and what to do, in Chinese, for people"`
	RequestID string           `json:"request_id" doc:"names the request in the logs"`
	Errors    list[fieldFault] `json:"errors" doc:"the fields that are wrong"`
}

type fieldFault struct {
	Field   string `json:"field" doc:"name of the field in the body or query; empty = the whole"`
	Message string `json:"message" doc:"what is wrong, in Chinese"`
}

// Error makes a problem an error that huma writes as it is.
func (p *problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// GetHeaders says when to come back; huma adds them.
func (p *problem) GetHeaders() http.Header {
	if p.Status != http.StatusServiceUnavailable {
		return nil
	}
	return http.Header{"Retry-After": {"10"}}
}

// ContentType is the one that RFC 9457 gives.
func (p *problem) ContentType(string) string { return problemType }

const problemType = "application/problem+json"

func newProblem(status int, code, detail string) *problem {
	return &problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// What only HTTP can get wrong.
var (
	busy      = newProblem(statuses[errs.Unavailable], errs.ErrBusy.Code, errs.ErrBusy.Message)
	noRoute   = newProblem(http.StatusNotFound, "no_such_path", "没有这个地址，请查阅 /docs")
	noMethod  = newProblem(http.StatusMethodNotAllowed, "method_not_allowed", "这个地址不支持这种请求方法，请查阅 /docs")
	ofRequest = map[int]*problem{
		http.StatusBadRequest:            newProblem(http.StatusBadRequest, "malformed", "请求内容是空的，或不是合格的 JSON"),
		http.StatusRequestTimeout:        newProblem(http.StatusRequestTimeout, "slow_request", "请求内容传得太慢，请重试"),
		http.StatusRequestEntityTooLarge: newProblem(http.StatusRequestEntityTooLarge, "too_large", "请求内容太大"),
		http.StatusUnsupportedMediaType:  newProblem(http.StatusUnsupportedMediaType, "media_type", "不支持这种内容类型，请用 application/json"),
		http.StatusUnprocessableEntity:   newProblem(http.StatusUnprocessableEntity, "invalid", "填写有误，请检查后再提交"),
	}
)

// problemOf is an error as people may see it; a fault is logged.
func problemOf(ctx context.Context, err error) *problem {
	e := errs.From(err)
	if e.Kind == errs.Unavailable && !errors.Is(err, errCrowded) { // the crowd is counted
		level := slog.LevelError
		if errors.Is(err, context.Canceled) { // the caller went away
			level = slog.LevelInfo
		}
		slog.Log(ctx, level, "request failed", "error", err)
	}
	status, known := statuses[e.Kind]
	if !known {
		return busy
	}
	p := newProblem(status, e.Code, e.Message)
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, fieldFault{f.Name, f.Message})
	}
	return p
}

// answerOf is huma's transformer of bodies: its own errors become ours, and each gets the request's id.
func answerOf(ctx huma.Context, _ string, body any) (any, error) {
	var p problem
	switch body := body.(type) {
	case *problem:
		p = *body
	case *huma.ErrorModel:
		known, ok := ofRequest[body.Status]
		if !ok {
			slog.ErrorContext(ctx.Context(), "request failed", "error", body.Detail)
			known = newProblem(body.Status, busy.Code, busy.Detail)
		}
		p = *known
		for _, e := range body.Errors {
			p.Errors = append(p.Errors, fault(e))
		}
	default:
		return body, nil
	}
	p.RequestID = requestID(ctx.Context())
	return &p, nil
}

// fault is one of huma's findings in Chinese, without the value found.
func fault(e *huma.ErrorDetail) fieldFault {
	_, name, _ := strings.Cut(e.Location, ".") // body.text
	if property, ok := between(e.Message, "expected required property ", " to be present"); ok {
		name = strings.TrimPrefix(name+"."+property, ".")
	}
	for _, w := range wordings {
		if said, ok := between(e.Message, w.before, w.after); ok {
			return fieldFault{name, strings.ReplaceAll(w.chinese, "…", said)}
		}
	}
	return fieldFault{name, "格式不正确"}
}

func between(s, before, after string) (string, bool) {
	s, ok := strings.CutPrefix(s, before)
	if !ok {
		return "", false
	}
	return strings.CutSuffix(s, after)
}

// wordings are huma's messages in Chinese; … is what stands between.
var wordings = []struct{ before, after, chinese string }{
	{"unexpected property", "", "没有这个字段"},
	{"unknown query parameter", "", "没有这个参数"},
	{"expected required property ", " to be present", "必须填写"},
	{"required ", " parameter is missing", "必须填写"},
	{"expected value to be one of ", "", "只能是 … 之一"},
	{"expected string to be RFC 3339 date-time", "", "应为 RFC 3339 时间，例如 2026-11-23T09:00:00+08:00"},
	{"expected length >= ", "", "至少 … 个字符"},
	{"expected length <= ", "", "最多 … 个字符"},
	{"expected array length >= ", "", "至少 … 项"},
	{"expected array length <= ", "", "最多 … 项"},
	{"expected array items to be unique", "", "不能重复"},
	{"expected number >= ", "", "不能小于 …"},
	{"expected number <= ", "", "不能大于 …"},
	{"expected string to match pattern ", "", "格式不正确"},
	{"expected string", "", "应为文字"},
	{"expected boolean", "", "应为 true 或 false"},
	{"invalid boolean", "", "应为 true 或 false"},
	{"expected integer", "", "应为整数"},
	{"invalid integer", "", "应为整数"},
	{"expected number", "", "应为数字"},
	{"expected array", "", "应为列表"},
	{"expected object", "", "应为对象"},
}

// refuse writes a problem where huma does not: JSON for programs, a page for people.
func refuse(c *gin.Context, p *problem) {
	known := *p
	known.RequestID = requestID(c.Request.Context())
	maps.Copy(c.Writer.Header(), p.GetHeaders())
	if asked := c.Request.URL.Path; !strings.HasPrefix(asked, "/api") && !strings.HasPrefix(asked, "/wechat/") {
		render(c, p.Status, "no-store", refusedPage, &known)
		return
	}
	body, err := json.Marshal(&known)
	if err != nil {
		panic(fmt.Sprintf("a problem cannot be written: %v", err)) // strings and a number
	}
	c.Data(p.Status, problemType, body)
}

var refusedPage = template.Must(template.ParseFS(pages, "pages/refused.html"))

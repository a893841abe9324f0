package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// maxRequest is the longest body of any request, in bytes; each operation holds its own shorter.
const maxRequest = 16 << 20

type requestIDKey struct{}

// requestID is the id under which a request stands in the logs.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// LogHandler adds to each record the id of the request that it came of.
func LogHandler(h slog.Handler) slog.Handler { return identified{h} }

type identified struct{ slog.Handler }

// Handle implements slog.Handler.
func (h identified) Handle(ctx context.Context, r slog.Record) error {
	if id := requestID(ctx); id != "" {
		r.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h identified) WithAttrs(attrs []slog.Attr) slog.Handler {
	return identified{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h identified) WithGroup(name string) slog.Handler { return identified{h.Handler.WithGroup(name)} }

var saneID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// identify gives each request an id: the one a proxy gave it, or a new one.
func identify(c *gin.Context) {
	id := c.GetHeader("X-Request-ID")
	if !saneID.MatchString(id) {
		var b [12]byte
		_, _ = rand.Read(b[:]) // never fails
		id = hex.EncodeToString(b[:])
	}
	c.Header("X-Request-ID", id)
	c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestIDKey{}, id))
	c.Next()
}

// record logs and counts a request by its route; a path or query could tell of a person.
func (s *Server) record(c *gin.Context) {
	start := s.Now()
	c.Next()
	took, route, status := s.Now().Sub(start), c.FullPath(), c.Writer.Status()
	if route == "" {
		route = "none"
	}
	s.metrics.requests.WithLabelValues(route, c.Request.Method, strconv.Itoa(status)).Inc()
	if route == "/sim/*path" { // its streams last as long as a page is open
		return
	}
	s.metrics.seconds.WithLabelValues(route).Observe(took.Seconds())
	level := slog.LevelInfo
	if route == "/healthz" || route == "/readyz" {
		level = slog.LevelDebug
	}
	ctx := c.Request.Context()
	slog.LogAttrs(ctx, level, "request", slog.String("method", c.Request.Method), slog.String("route", route),
		slog.Int("status", status), slog.Int("bytes", max(c.Writer.Size(), 0)), slog.Int64("ms", took.Milliseconds()))
}

// rescue answers a request whose handler panicked.
func rescue(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares so too
			panic(cause)
		}
		ctx := c.Request.Context()
		slog.ErrorContext(ctx, "panic", "route", c.FullPath(), "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		c.Abort()
		if !c.Writer.Written() {
			refuse(c, busy)
		}
	}()
	c.Next()
}

// protect sets what browsers must keep to and bounds the body.
func (s *Server) protect(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	if strings.HasPrefix(s.Site, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if strings.HasPrefix(c.Request.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store")
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxRequest)
	c.Next()
}

// Package web is the way in by HTTP: the API with its document, the callback
// of WeChat, health and metrics, and a few pages. It decides nothing; it reads
// requests, asks the capabilities and shows what they answer.
package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"fenlin/internal/activity"
	"fenlin/internal/blob"
	"fenlin/internal/chat"
	"fenlin/internal/ledger"
	"fenlin/internal/lists"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/placard"
	"fenlin/internal/station"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
	"fenlin/internal/wechat"
	"fenlin/internal/wish"
	"fenlin/internal/worker"
)

// Health is what we need and whether it answers.
type Health struct {
	Ready    bool     // the database is reached and its schema current
	Degraded []string // what is away that we can do without: redis, photos
	Detail   string   // what makes us unready; for operators
}

// Server serves two ports. Build it with every exported field.
type Server struct {
	Tickets    *ticket.Service
	Activities *activity.Service
	Wishes     *wish.Service
	Lists      *lists.Service
	Org        *org.Service
	Members    *member.Service
	Workers    *worker.Service
	Stats      *stats.Service
	Stations   *station.Service
	Ledger     *ledger.Service
	Chat       *chat.Service
	Callback   *wechat.Callback
	WeChat     *wechat.Client
	Photos     *blob.Counted // nil: not counted
	Health     func(context.Context) Health
	Depth      func(context.Context) (ready, dead int64, err error)              // of the outbox
	Late       func(context.Context) (due int64, since time.Duration, err error) // of the outbox
	Notices    func(context.Context) (byState map[string]int64, err error)       // of the last day
	Lag        func(context.Context) (time.Duration, error)                      // of the kept rates; nil where they are not kept
	Now        func() time.Time
	Version    string
	Site       string       // the address that people reach, without a slash at its end
	Proxies    []string     // addresses and networks whose X-Forwarded-For is believed; none beside this machine when empty
	Sim        http.Handler // everything under /sim/; nil outside the demo
	Seats      int          // how many messages of the chat, and how many requests beside them, are worked on at once; of files an eighth

	printer placard.Printer // of the codes on walls
	limits  limits
	once    sync.Once
	metrics *metrics
	// None of them keeps another out: a picture takes a hundred times as long as a look.
	talk, files, others *room
}

// Handler serves the public port.
func (s *Server) Handler() http.Handler {
	s.once.Do(s.prepare)
	gin.SetMode(gin.ReleaseMode) // else it prints its routes
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.ContextWithFallback = true
	if err := engine.SetTrustedProxies(append([]string{"127.0.0.1", "::1"}, s.Proxies...)); err != nil {
		panic("proxies: " + err.Error()) // the configuration was validated
	}
	s.limits = newLimits()
	s.routes(engine)
	return engine
}

// Admin serves the port that is never public: /metrics and /debug/pprof/.
func (s *Server) Admin() http.Handler {
	s.once.Do(s.prepare)
	mux := http.NewServeMux()
	s.adminRoutes(mux)
	return mux
}

// prepare makes what both ports share.
func (s *Server) prepare() {
	s.talk, s.files, s.others = newRoom(s.Seats), newRoom((s.Seats+7)/8), newRoom(s.Seats)
	s.count()
}

package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/memory"
)

// What one may ask within a minute. No person with a phone comes near it, and a
// neighbourhood behind one address of a carrier's gateway does not either: it
// stops programs that run wild. Guessing has limits of its own, where the codes are.
const (
	personRate  = 1200 // who is signed in, from wherever
	addressRate = 3000 // who is not, or whose token does not hold
)

// weights are operations that cost as much as so many others.
var weights = map[string]int64{
	"signIn": 5, "sendPhoto": 5, "signAgreement": 5, "exportMe": 20, "exportMyHours": 20, "exportRecords": 20, "exportThreeLists": 20, "exportRates": 20,
	"exportLedger": 20, "showTemplate": 20, "sendLedger": 20, "drawSheet": 20, "drawPoster": 20, "printPoster": 20, "printCertificate": 20,
}

// guesses are what operations that take codes count beside their own weight when
// they refuse: 50 wrong ones a minute are enough for all behind one address.
var guesses = map[string]int64{"signIn": 55}

// limits count in this process. A replica is what they protect, so each counts
// for itself, and goes on counting while Redis is away.
type limits struct{ persons, addresses *limiter.Limiter }

func newLimits() limits {
	per := func(name string, n int64) *limiter.Limiter {
		store := memory.NewStoreWithOptions(limiter.StoreOptions{Prefix: name, CleanUpInterval: time.Minute})
		return limiter.New(store, limiter.Rate{Period: time.Minute, Limit: n})
	}
	return limits{per("person", personRate), per("address", addressRate)}
}

var overLimit = newProblem(http.StatusTooManyRequests, "too_many_requests", "操作太频繁了，请稍等一会儿再试")

// person counts a request of who is signed in, and refuses it beyond the limit.
func (l limits) person(ctx huma.Context, c caller) bool {
	return within(humagin.Unwrap(ctx), l.persons, string(idOf(c.Person.ID)), weights[ctx.Operation().OperationID])
}

// address counts a request of nobody in particular by where it comes from.
func (l limits) address(c *gin.Context, weight int64) bool {
	from := origin(c)
	return from == "" || within(c, l.addresses, from, weight)
}

// origin is where a request comes from; empty on this machine, or from a proxy
// here that does not say for whom it asks.
func origin(c *gin.Context) string {
	from, err := netip.ParseAddr(c.ClientIP())
	if err != nil || from.IsLoopback() {
		return ""
	}
	from = from.Unmap()
	if from.Is6() { // a subscriber has a whole /64
		from = netip.PrefixFrom(from, 64).Masked().Addr()
	}
	return from.String()
}

// anonymous is the middleware of operations that ask nobody to sign in.
func (l limits) anonymous(ctx huma.Context, next func(huma.Context)) {
	c, op := humagin.Unwrap(ctx), ctx.Operation().OperationID
	if !l.address(c, weights[op]) {
		return
	}
	next(ctx)
	if from := origin(c); from != "" && ctx.Status() >= 400 && ctx.Status() < 500 {
		_, _ = l.addresses.Increment(ctx.Context(), from, guesses[op]) // in memory
	}
}

// pages is the middleware of pages that cost more than a file from memory.
func (l limits) pages(c *gin.Context) {
	if p := c.Request.URL.Path; (strings.HasPrefix(p, "/open/") || p == "/oauth/start") && !l.address(c, 1) {
		c.Abort()
	}
}

// within counts a request and answers it when it is one too many.
func within(c *gin.Context, l *limiter.Limiter, key string, weight int64) bool {
	state, err := l.Increment(c.Request.Context(), key, max(weight, 1))
	if err != nil { // the store is memory
		slog.ErrorContext(c.Request.Context(), "requests are not counted", "error", err)
		return true
	}
	if !state.Reached {
		return true
	}
	c.Header("Retry-After", strconv.FormatInt(max(state.Reset-time.Now().Unix(), 1), 10)) //nolint:forbidigo // the store's clock
	refuse(c, overLimit)
	return false
}

package web

import (
	"context"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what operators watch. Labels never hold anything of a person.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	callback prometheus.Histogram
}

// count makes the metrics, once for both ports.
func (s *Server) count() {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fenlin_http_requests_total", Help: "Requests answered, the callback of WeChat left out.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fenlin_http_request_seconds", Help: "Time to answer a request.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		callback: prometheus.NewHistogram(prometheus.HistogramOpts{ // WeChat waits for 5 s, and asks three times
			Name: "fenlin_wechat_callback_seconds", Help: "Time to answer a request of WeChat.", Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 4, 5},
		}),
	}
	m.registry.MustRegister(m.requests, m.seconds, m.callback, &gauges{server: s}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &outside{s})
	s.metrics = m
}

// outside collects what other packages count.
type outside struct{ server *Server }

var (
	messages  = prometheus.NewDesc("fenlin_wechat_messages_total", "Messages and events of WeChat by kind.", []string{"kind"}, nil)
	callbacks = prometheus.NewDesc("fenlin_wechat_callbacks_total", "Requests of WeChat by how they ended.", []string{"outcome"}, nil)
	calls     = prometheus.NewDesc("fenlin_wechat_api_calls_total", "Calls to WeChat by path and errcode: 0 = done, none = no answer.", []string{"api", "errcode"}, nil)
	turned    = prometheus.NewDesc("fenlin_turned_away_total", "Messages of the chat, and requests beside them, that were asked to come back because of too many at once.", []string{"kind"}, nil)
	photos    = prometheus.NewDesc("fenlin_photo_store_calls_total", "Calls to the store of photos: put, get or delete, and how they ended: ok, absent, failed.", []string{"call", "outcome"}, nil)
	depth     = prometheus.NewDesc("fenlin_outbox_events", "Events that wait to be handled, and those given up.", []string{"state"}, nil)
)

// Describe implements prometheus.Collector.
func (*outside) Describe(to chan<- *prometheus.Desc) {
	to <- messages
	to <- callbacks
	to <- calls
	to <- turned
	to <- photos
	to <- depth
}

// Collect implements prometheus.Collector.
func (o *outside) Collect(to chan<- prometheus.Metric) {
	for kind, r := range map[string]*room{"chat": o.server.talk, "file": o.server.files, "http": o.server.others} {
		to <- prometheus.MustNewConstMetric(turned, prometheus.CounterValue, float64(r.turned.Load()), kind)
	}
	if o.server.Callback != nil {
		kinds, outcomes := o.server.Callback.Counts()
		for kind, n := range kinds {
			to <- prometheus.MustNewConstMetric(messages, prometheus.CounterValue, float64(n), kind)
		}
		for outcome, n := range outcomes {
			to <- prometheus.MustNewConstMetric(callbacks, prometheus.CounterValue, float64(n), outcome)
		}
	}
	if o.server.WeChat != nil {
		for call, n := range o.server.WeChat.Calls() {
			to <- prometheus.MustNewConstMetric(calls, prometheus.CounterValue, float64(n), call.Path, call.Errcode)
		}
	}
	if o.server.Photos != nil {
		for call, n := range o.server.Photos.Counts() {
			to <- prometheus.MustNewConstMetric(photos, prometheus.CounterValue, float64(n), call.Does, call.Outcome)
		}
	}
	if o.server.Depth == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	ready, dead, err := o.server.Depth(ctx)
	if err != nil {
		return // the database is away; /readyz tells
	}
	to <- prometheus.MustNewConstMetric(depth, prometheus.GaugeValue, float64(ready), "ready")
	to <- prometheus.MustNewConstMetric(depth, prometheus.GaugeValue, float64(dead), "dead")
}

func (s *Server) adminRoutes(mux *http.ServeMux) {
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
}

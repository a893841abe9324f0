package faults

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// front is where WeChat delivers: it hands each request to one replica after
// the other, and can repeat and delay what it hands on. It looks at nobody's
// health, so that WeChat's own retries are all that helps against a sick replica.
type front struct {
	replicas []*replica
	client   http.Client
	next     atomic.Int64

	mu     sync.Mutex
	copies int           // each delivery comes up to so many times more
	delay  time.Duration // the longest that one is held up, so that others overtake it
}

// disturb sets how often deliveries are repeated and how long they are held up at most.
func (f *front) disturb(copies int, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.copies, f.delay = copies, delay
}

// delivered is one answer of a replica.
type delivered struct {
	status int
	body   []byte
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	f.mu.Lock()
	copies, delay := f.copies, f.delay
	f.mu.Unlock()
	if delay > 0 {
		time.Sleep(rand.N(delay))
	}
	n := 1
	if copies > 0 {
		n += 1 + rand.N(copies)
	}
	answers := make(chan delivered, n)
	for i := range n {
		go func() {
			if i > 1 { // the second at the same moment, the others a little later
				time.Sleep(rand.N(500 * time.Millisecond))
			}
			answers <- f.pass(r.URL.RawQuery, body)
		}()
	}
	var a delivered
	for range n { // the first good answer is WeChat's
		if a = <-answers; a.status == http.StatusOK {
			break
		}
	}
	if a.status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}

// pass hands a request to the next replica. WeChat hangs up after five seconds.
func (f *front) pass(query string, body []byte) delivered {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	to := f.replicas[int(f.next.Add(1))%len(f.replicas)]
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL()+"/wechat/callback?"+query, bytes.NewReader(body))
	if err != nil {
		return delivered{}
	}
	req.Header.Set("Content-Type", "text/xml")
	res, err := f.client.Do(req)
	if err != nil {
		return delivered{}
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return delivered{}
	}
	if res.StatusCode == http.StatusOK {
		to.answered.Add(1)
	}
	return delivered{res.StatusCode, answer}
}

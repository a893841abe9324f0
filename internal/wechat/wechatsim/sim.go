// Package wechatsim speaks WeChat's side of the conversation: it answers the
// API calls of an official account and of its mini-program with WeChat's own
// limits and error codes, and it delivers people's messages to the account's
// callback, signed, encrypted and retried as WeChat does. Tests use it in
// process; the demo mounts it with its page, a phone, under /sim/.
//
// It shares no code with package wechat on purpose: the two are witnesses of
// one protocol. All state is in memory and bounded.
package wechatsim

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Person is somebody who has WeChat. Every person follows the account until
// they unfollow it; somebody unknown becomes known by acting.
type Person struct {
	OpenID string   `json:"openid"`
	Name   string   `json:"name"`
	Roles  []string `json:"roles"` // codes of CONTRACT.md, such as resident
	Org    string   `json:"org"`   // the place or unit, for people to read
}

// Template is one message template of the account.
type Template struct {
	ID      string // the template_id of a send
	Title   string
	Content string // lines such as 工单编号：{{character_string1.DATA}}
}

// Quota is how often one path may be called; 0 is without limit.
type Quota struct{ PerMinute, PerDay int }

// Options says which account the simulator serves, and how.
type Options struct {
	AppID, Secret string // the official account
	Token         string // signs callbacks
	AESKey        string // EncodingAESKey of 43 characters; empty = plain mode
	AccountID     string // the account's original id (gh_…); has a default

	MiniAppID, MiniSecret string // the mini-program

	CallbackURL string                                  // the account's callback; see also SetCallback
	PublicURL   string                                  // base of picture addresses, without /sim/; default: CallbackURL's host
	People      func(context.Context) ([]Person, error) // who can be played; may be nil
	Templates   []Template                              // nil = every template id is accepted
	Quotas      map[string]Quota                        // by path; those given replace WeChat's own
	Now         func() time.Time                        // required
	RetryAfter  time.Duration                           // from one delivery's start to the next; default 5 s
	Timeout     time.Duration                           // of one delivery; default 5 s
	Keep        int                                     // messages kept of one conversation; default 500
}

// Sim is a running simulator. All its methods may be called at once.
type Sim struct {
	opt    Options
	aesKey []byte
	client *http.Client
	ctx    context.Context // ends with Close
	stop   context.CancelFunc
	work   sync.WaitGroup // deliveries that nobody waits for

	mu       sync.Mutex
	callback string
	lastID   int64
	persons  map[string]*person
	order    []string // persons by the time they became known, for the bound
	notices  []Received
	watchers map[*watcher]struct{}

	tokens    map[string]*tokenState // by app id
	ticket    pageTicket
	codes     map[string]*code
	calls     map[string]*callCount
	sent      map[string]sentOnce // templates by openid and client_msg_id
	sentMany  int                 // so many make old ones be dropped
	media     map[string]*medium
	mediaAge  []string // media ids, oldest first
	mediaSize int
	scenes    []*Scene // codes made by qrcode/create, oldest first
	menu      []byte   // the JSON given to menu/create
	newcomers []Person // made in the demo's page
	apiFaults []*apiFault
	faults    callbackFaults
}

const (
	keepNotices = 200    // notices kept over all people
	keepPersons = 20_000 // people whose conversations are kept
)

// New makes a simulator. It panics on options that cannot work: no clock, or
// an AESKey that is not 43 characters of base64.
func New(o Options) *Sim {
	if o.Now == nil {
		panic("wechatsim: Options.Now is required")
	}
	key, err := decodeKey(o.AESKey)
	if err != nil {
		panic("wechatsim: " + err.Error())
	}
	if o.RetryAfter <= 0 {
		o.RetryAfter = 5 * time.Second
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Keep <= 0 {
		o.Keep = 500
	}
	if o.AccountID == "" {
		o.AccountID = "gh_fenlin000001"
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Sim{
		opt: o, aesKey: key, callback: o.CallbackURL, ctx: ctx, stop: stop,
		client: &http.Client{
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		lastID:   o.Now().UnixMilli() * 1000, // message ids do not repeat after a restart
		persons:  map[string]*person{},
		watchers: map[*watcher]struct{}{},
		tokens:   map[string]*tokenState{},
		codes:    map[string]*code{},
		calls:    map[string]*callCount{},
		sent:     map[string]sentOnce{},
		media:    map[string]*medium{},
	}
}

// Close ends all streams and deliveries and waits for them. A server that
// mounts Handler must call it before it waits for its open requests.
func (s *Sim) Close() {
	s.stop()
	s.work.Wait()
	s.client.CloseIdleConnections()
}

// SetCallback changes the address that messages are delivered to.
func (s *Sim) SetCallback(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callback = url
}

// background runs f unless the simulator is closed.
func (s *Sim) background(f func(context.Context)) {
	if s.ctx.Err() != nil {
		return
	}
	s.work.Go(func() { f(s.ctx) })
}

// nextID is unique and grows. The caller holds the lock.
func (s *Sim) nextID() int64 {
	s.lastID++
	return s.lastID
}

// person is what WeChat knows of somebody. Guarded by Sim.mu.
type person struct {
	Person
	following bool
	seen      time.Time // last use of the account or the mini-program
	history   []Received
	windows   map[string]window // customer-service windows by what opened them
	credits   map[string]int    // subscription consents by app and template
	logins    []time.Time       // code2session within the last minute
}

// person finds or makes the record of somebody. The caller holds the lock.
func (s *Sim) person(openid string) *person {
	if p, ok := s.persons[openid]; ok {
		return p
	}
	if len(s.order) >= keepPersons {
		delete(s.persons, s.order[0])
		s.order = s.order[1:]
	}
	p := &person{
		Person: Person{OpenID: openid}, following: true,
		windows: map[string]window{}, credits: map[string]int{},
	}
	s.persons[openid] = p
	s.order = append(s.order, openid)
	return p
}

// known says whether an openid belongs to somebody, by act or by Options.People.
func (s *Sim) known(ctx context.Context, openid string) bool {
	s.mu.Lock()
	_, ok := s.persons[openid]
	s.mu.Unlock()
	if ok || openid == "" {
		return ok
	}
	people, err := s.people(ctx)
	if err != nil {
		return false
	}
	for _, p := range people {
		if p.OpenID == openid {
			s.mu.Lock()
			s.person(openid).Person = p
			s.mu.Unlock()
			return true
		}
	}
	return false
}

func (s *Sim) people(ctx context.Context) ([]Person, error) {
	if s.opt.People == nil {
		return []Person{}, nil
	}
	people, err := s.opt.People(ctx)
	if err != nil {
		return nil, fmt.Errorf("wechatsim: list people: %w", err)
	}
	people = append([]Person{}, people...) // the list is the caller's
	for i := range people {
		if people[i].Roles == nil {
			people[i].Roles = []string{}
		}
	}
	return people, nil
}

func decodeKey(s string) ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	// WeChat's keys may end in bits that strict base64 refuses.
	key, err := base64.StdEncoding.DecodeString(s + "=")
	if err != nil || len(s) != 43 || len(key) != 32 {
		return nil, errors.New("AESKey is not 43 characters of base64")
	}
	return key, nil
}

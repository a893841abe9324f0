package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"fenlin/internal/app/apptest"
	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/wechat/wechatsim"
)

const (
	residents = 15_000 // who follow the account; the simulator remembers some more
	phones    = 100    // of them signed in in the app
	desks     = 40     // secretaries on their phones

	ready = 2 * time.Minute
	aes   = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
)

func resident(n int) string { return fmt.Sprintf("o-storm-%05d", n) }

type compound struct{ id, name string }

// city is the program at work and the people of a storm day.
type city struct {
	url       string // where both chat and app arrive
	programs  []*apptest.Program
	database  string
	sim       *wechatsim.Sim
	client    *http.Client
	phones    []apptest.Client
	desks     []apptest.Client
	mayor     apptest.Client
	compounds []compound
	picture   []byte
	told      atomic.Int64

	mu           sync.Mutex
	played       []wechatsim.Person
	acknowledged map[string]string // number → sentence
	reporters    []string          // openids, the latest last

	lost, doubled int
	drained       time.Duration
	ends          []func()
}

func (c *city) close() {
	for i := len(c.ends) - 1; i >= 0; i-- {
		c.ends[i]()
	}
}

// open builds and starts the program beside a WeChat of its own.
func open(ctx context.Context, replicas int) (c *city, err error) {
	redis := os.Getenv("FENLIN_TEST_REDIS")
	if dbtest.Server() == "" || redis == "" {
		return nil, errors.New("FENLIN_TEST_DATABASE and FENLIN_TEST_REDIS are not set: run `make load`")
	}
	c = &city{acknowledged: map[string]string{}, picture: picture()}
	c.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: time.Minute}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	dir, err := os.MkdirTemp("", "fenlin-load")
	if err != nil {
		return nil, err
	}
	c.ends = append(c.ends, func() { _ = os.RemoveAll(dir) })
	binary, err := apptest.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	address, drop, err := dbtest.Create()
	if err != nil {
		return nil, err
	}
	c.database = address
	c.ends = append(c.ends, drop)
	for range replicas {
		p := &apptest.Program{Binary: binary, Args: []string{"serve", "--demo"}, Log: os.Stderr}
		if p.Listen, err = apptest.FreePort(); err != nil {
			return nil, err
		}
		c.programs = append(c.programs, p)
	}
	if c.url, err = c.inTurn(ctx); err != nil {
		return nil, err
	}
	appid := fmt.Sprintf("wx%016x", time.Now().UnixNano()) // Redis may be shared with other runs
	account := wechatsim.Options{
		AppID: appid, Secret: "s", Token: "t", AESKey: aes, MiniAppID: "wxmini", MiniSecret: "m", CallbackURL: c.url + "/wechat/callback", Now: time.Now, People: c.people,
	}
	c.sim = wechatsim.New(account)
	wechat := httptest.NewServer(c.sim.Handler())
	c.ends = append(c.ends, func() { c.sim.Close(); wechat.Close() })
	for i, p := range c.programs {
		admin, err := apptest.FreePort()
		if err != nil {
			return nil, err
		}
		p.Env = append(apptest.Settings(account, wechat.URL),
			"FENLIN_ADMIN_LISTEN="+admin, "FENLIN_DATA_DIR="+dir, "FENLIN_DATABASE="+address, "FENLIN_REDIS="+redis, "FENLIN_PUBLIC_URL="+c.url)
		if err := p.Start(); err != nil {
			return nil, err
		}
		c.ends = append(c.ends, p.Kill)
		if i == 0 { // it makes the city
			err = wait(ctx, p)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, p := range c.programs {
		if err := wait(ctx, p); err != nil {
			return nil, err
		}
	}
	return c, c.meet(ctx)
}

func wait(ctx context.Context, p *apptest.Program) error {
	ctx, cancel := context.WithTimeout(ctx, ready)
	defer cancel()
	return p.Ready(ctx)
}

// inTurn is one address behind which connections go to the replicas in turn.
func (c *city) inTurn(ctx context.Context) (string, error) {
	if len(c.programs) == 1 {
		return c.programs[0].URL(), nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	c.ends = append(c.ends, func() { _ = l.Close() })
	go func() {
		for n := 0; ; n++ {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", c.programs[n%len(c.programs)].Listen) //nolint:noctx // ends with the other side
			if err != nil {
				_ = from.Close()
				continue
			}
			go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
			go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
		}
	}()
	return "http://" + l.Addr().String(), nil
}

// people are the sample city's and the residents of the storm.
func (c *city) people(ctx context.Context) ([]wechatsim.Person, error) {
	all, err := c.sample(ctx)
	for i := range phones {
		all = append(all, wechatsim.Person{OpenID: resident(i)})
	}
	return all, err
}

// sample are the people of the sample city, as the demo tells them.
func (c *city) sample(ctx context.Context) ([]wechatsim.Person, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.played != nil {
		return c.played, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/sim/people", nil)
	if err != nil {
		return nil, err
	}
	res, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	err = json.NewDecoder(res.Body).Decode(&c.played)
	return c.played, err
}

// meet signs in whoever uses the app, and learns the compounds.
func (c *city) meet(ctx context.Context) error {
	sample, err := c.sample(ctx)
	if err != nil {
		return err
	}
	in := func(openid string) (apptest.Client, error) {
		who, err := apptest.SignIn(ctx, c.url, openid)
		who.HTTP = c.client
		return who, err
	}
	for _, p := range sample {
		for _, role := range p.Roles {
			switch {
			case role == "city_secretary" && c.mayor.Token == "":
				if c.mayor, err = in(p.OpenID); err != nil {
					return err
				}
			case role == "branch_secretary" && len(c.desks) < desks:
				who, err := in(p.OpenID)
				if err != nil {
					return err
				}
				c.desks = append(c.desks, who)
			}
		}
	}
	for i := range phones {
		who, err := in(resident(i))
		if err != nil {
			return err
		}
		c.phones = append(c.phones, who)
	}
	for cursor := ""; ; {
		_, page, err := c.mayor.Call(ctx, http.MethodGet, "/api/v1/compounds?limit=100&cursor="+cursor, nil, "")
		if err != nil {
			return err
		}
		items, _ := page["items"].([]any)
		for _, one := range items {
			one := one.(map[string]any)
			c.compounds = append(c.compounds, compound{fmt.Sprint(one["id"]), fmt.Sprint(one["name"])})
		}
		if cursor, _ = page["next_cursor"].(string); cursor == "" {
			break
		}
	}
	if len(c.compounds) == 0 || len(c.desks) == 0 || c.mayor.Token == "" {
		return fmt.Errorf("the sample city has %d compounds and %d secretaries", len(c.compounds), len(c.desks))
	}
	return nil
}

// settle waits until nothing is owed, and counts what was lost and doubled.
func (c *city) settle(ctx context.Context) error {
	d, err := db.Open(c.database)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	start := time.Now()
	if err := apptest.Quiet(ctx, d, 10*time.Minute); err != nil {
		return err
	}
	c.drained = time.Since(start)
	rows, err := d.Read(ctx).Raw("SELECT number, text FROM tickets").Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	times, kept := map[string]int{}, map[string]bool{}
	for rows.Next() {
		var number, text string
		if err := rows.Scan(&number, &text); err != nil {
			return err
		}
		kept[number] = true
		times[text]++
	}
	for number, text := range c.acknowledged {
		if !kept[number] {
			c.lost++
		}
		if times[text] > 1 {
			c.doubled++
		}
	}
	return rows.Err()
}

// picture is a photo as WeChat hands phones' photos on: 1,080 × 1,440.
func picture() []byte {
	img := image.NewRGBA(image.Rect(0, 0, 1080, 1440))
	for y := range 1440 {
		for x := range 1080 {
			img.SetRGBA(x, y, color.RGBA{uint8(x/8 + rand.N(24)), uint8(y/8 + rand.N(24)), uint8((x + y) / 16), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}); err != nil {
		panic(err) // into memory
	}
	return out.Bytes()
}

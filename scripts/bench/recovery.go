package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"slices"
	"time"

	"fenlin/internal/app/apptest"
	"fenlin/internal/wechat/wechatsim"
)

const (
	recoveryKills = 10
	recoveryMax   = 2 * time.Second
)

// recovery measures how long the program takes from kill -9 until it is ready
// again, and until it has answered a report, on MariaDB with a million tickets
// and their log, while reports come by chat.
func recovery(ctx context.Context, _ time.Duration, _ int) ([]line, error) {
	a, drop, err := storyCity(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	dir, err := os.MkdirTemp("", "fenlin-recovery")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary, err := apptest.Build(ctx, dir)
	if err != nil {
		return nil, err
	}
	var ports [2]string
	for i := range ports {
		if ports[i], err = apptest.FreePort(); err != nil {
			return nil, err
		}
	}
	account := wechatsim.Options{AppID: appid, Secret: "s", Token: token, MiniAppID: "wxmini", MiniSecret: "m", CallbackURL: "http://" + ports[0] + "/wechat/callback", Now: time.Now}
	sim := wechatsim.New(account)
	wechat := httptest.NewServer(sim.Handler())
	defer func() { sim.Close(); wechat.Close() }()
	p := &apptest.Program{
		Binary: binary, Args: []string{"serve", "--demo"}, Listen: ports[0], Log: os.Stderr,
		Env: append(apptest.Settings(account, wechat.URL),
			"FENLIN_ADMIN_LISTEN="+ports[1], "FENLIN_DATA_DIR="+dir, "FENLIN_DATABASE="+a.Config.Database, "FENLIN_REDIS=", "FENLIN_SECRET_KEYS="+benchKey),
	}
	if err := p.Start(); err != nil {
		return nil, err
	}
	defer func() { p.Kill() }()
	if err := p.Ready(ctx); err != nil {
		return nil, err
	}
	chatting, stop := context.WithCancel(ctx)
	defer stop()
	for i := range 4 { // people who report while it dies
		go func() {
			for n := 0; chatting.Err() == nil; n++ {
				_, _ = sim.Send(chatting, fmt.Sprintf("o-recovery-%d-%d", i, n/20), wechatsim.Text(fmt.Sprintf("福馨苑%d号楼2单元楼道灯坏了", 1+n%20)))
			}
		}()
	}
	var ready, answered []time.Duration
	for n := range recoveryKills {
		time.Sleep(time.Second + rand.N(time.Second))
		killed := time.Now()
		p.Kill()
		if err := p.Start(); err != nil {
			return nil, err
		}
		if err := p.Ready(ctx); err != nil {
			return nil, err
		}
		ready = append(ready, time.Since(killed))
		d, err := sim.Send(ctx, fmt.Sprintf("o-recovered-%d", n), wechatsim.Text(fmt.Sprintf("福馨苑%d号楼1单元停水了", 1+n)))
		if err != nil {
			return nil, err
		}
		if d.Failed {
			return nil, fmt.Errorf("no answer after the end: %s", d)
		}
		answered = append(answered, time.Since(killed))
	}
	worst := slices.Max(ready)
	return []line{{
		fmt.Sprintf("kill -9 to ready with %d tickets, the worst of %d; to the first report answered: %s", storied, recoveryKills, slices.Max(answered).Round(time.Millisecond)),
		worst.Round(time.Millisecond).String(), "", "", "< " + recoveryMax.String(), worst < recoveryMax,
	}}, nil
}

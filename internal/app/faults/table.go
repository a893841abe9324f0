package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Fault is one thing that goes wrong while people go on.
type Fault struct {
	Name string
	// Needs says why it cannot be played on a ground; nil = it can be on all.
	Needs func(*Ground) error
	// Strike lets it happen and ends it, and says how often it happened.
	Strike func(context.Context, *stage) (times int, err error)
	// Lasts is about how long Strike takes; people pace themselves by it.
	Lasts    time.Duration
	Replicas int  // 0 = one
	Pairs    bool // people send two reports at the same moment
	Late     bool // clocks have run out when it begins
	Moves    bool // clocks may take tickets from their handlers
	Embedded bool // on SQLite
	Beside   bool // it is long and harms nothing that other faults use
}

// All is everything that Fenlin has to bear; first what harms servers that all
// faults use, so that what follows one Beside others is none of it.
func All() []Fault {
	return []Fault{
		{Name: "MariaDB killed and started again", Needs: mariadb, Lasts: 40 * time.Second, Strike: again(3, restart(func(g *Ground) *Server { return g.MariaDB }))},
		{Name: "Redis killed and started again", Needs: redisServer, Lasts: 30 * time.Second, Strike: again(5, restart(func(g *Ground) *Server { return g.Memory }))},
		{Name: "Redis flushed", Needs: withRedis, Lasts: 20 * time.Second, Strike: again(10, flush)},
		{Name: "disk full, MariaDB", Needs: both(mariadb, root), Lasts: 45 * time.Second, Strike: fullMariaDB},
		redisAway(10 * time.Minute),
		kills(100),
		{Name: "disk full, SQLite", Embedded: true, Needs: root, Lasts: 30 * time.Second, Strike: fullSQLite},
		databaseAway(time.Minute),
		{Name: "database silent for 20 s", Needs: lines, Lasts: 20 * time.Second, Strike: lasting(20*time.Second, (*proxy).silence, database)},
		{Name: "Redis silent for 30 s", Needs: withRedis, Lasts: 30 * time.Second, Strike: lasting(30*time.Second, (*proxy).silence, memory)},
		weChat("away", away, 40*time.Second),
		weChat("slow (4.9 s)", slow, 40*time.Second),
		weChat("answers wrongly", wrong, 40*time.Second),
		weChat("refuses tokens", refusal, 25*time.Second),
		repeats(30 * time.Second),
		{Name: "WeChat reorders messages", Lasts: 30 * time.Second, Pairs: true, Strike: reordering(30 * time.Second)},
		clock(20 * time.Second),
		{Name: "two replicas", Needs: shareable, Replicas: 2, Lasts: 30 * time.Second, Strike: calm(30 * time.Second)},
		cutOff(25 * time.Second),
	}
}

// Short is what a minute has room for when all of it is played at once.
func Short() []Fault {
	const d = 6 * time.Second
	return []Fault{kills(8), databaseAway(d), redisAway(d), weChat("answers wrongly", wrong, d), repeats(d), clock(d / 2), cutOff(d)}
}

func kills(times int) Fault {
	return Fault{
		Name: "program killed (kill -9)", Late: true, Lasts: time.Duration(times) * 1800 * time.Millisecond,
		Strike: again(times, func(ctx context.Context, s *stage) error {
			pause(ctx, rand.N(2*time.Second))
			s.replicas[0].Kill()
			start := time.Now()
			err := s.replicas[0].up(ctx)
			s.slowest = max(s.slowest, time.Since(start))
			return err
		}),
	}
}

func databaseAway(d time.Duration) Fault {
	return Fault{Name: "database away for " + short(d), Needs: lines, Lasts: d, Strike: lasting(d, (*proxy).sever, database)}
}

func redisAway(d time.Duration) Fault {
	return Fault{Name: "Redis away for " + short(d), Needs: withRedis, Beside: true, Lasts: d, Strike: lasting(d, (*proxy).sever, memory)}
}

func weChat(name string, m mood, d time.Duration) Fault {
	return Fault{Name: "WeChat " + name, Lasts: d, Strike: func(ctx context.Context, s *stage) (int, error) {
		if m == refusal {
			s.sim.EndTokens()
		}
		s.weather.set(m)
		pause(ctx, d)
		s.weather.set(well)
		return 1, nil
	}}
}

func repeats(d time.Duration) Fault {
	return Fault{Name: "WeChat repeats messages, also at once", Lasts: d, Strike: repeating(d)}
}

func clock(each time.Duration) Fault {
	return Fault{Name: "clock 3 h ahead, 1 h back, right again", Lasts: 3 * each, Moves: true, Strike: clocks(each)}
}

func cutOff(each time.Duration) Fault {
	return Fault{Name: "two replicas, one cut off and back", Needs: shareable, Replicas: 2, Lasts: 3 * each, Strike: partition(each)}
}

// short is a duration of whole minutes or less than one as people write it.
func short(d time.Duration) string {
	if d%time.Minute == 0 {
		return fmt.Sprint(int(d.Minutes()), " min")
	}
	return fmt.Sprint(d.Seconds(), " s")
}

// again strikes so often.
func again(times int, strike func(context.Context, *stage) error) func(context.Context, *stage) (int, error) {
	return func(ctx context.Context, s *stage) (int, error) {
		for n := range times {
			if err := strike(ctx, s); err != nil {
				return n, err
			}
		}
		return times, nil
	}
}

// restart kills a server, starts it again and lets it work for a while.
func restart(of func(*Ground) *Server) func(context.Context, *stage) error {
	return func(ctx context.Context, s *stage) error {
		pause(ctx, rand.N(2*time.Second))
		if err := of(s.Ground).Kill(ctx); err != nil {
			return err
		}
		pause(ctx, rand.N(time.Second))
		if err := of(s.Ground).Start(ctx); err != nil {
			return err
		}
		pause(ctx, 4*time.Second)
		return nil
	}
}

func flush(ctx context.Context, s *stage) error {
	opt, err := redis.ParseURL(s.Redis)
	if err != nil {
		return err
	}
	c := redis.NewClient(opt)
	defer func() { _ = c.Close() }()
	pause(ctx, 2*time.Second)
	return c.FlushAll(ctx).Err()
}

func database(r *replica) *proxy { return r.database }
func memory(r *replica) *proxy   { return r.redis }

// lasting does something to a line of the first replica for a while.
func lasting(d time.Duration, do func(*proxy), line func(*replica) *proxy) func(context.Context, *stage) (int, error) {
	return func(ctx context.Context, s *stage) (int, error) {
		do(line(s.replicas[0]))
		pause(ctx, d)
		line(s.replicas[0]).resume()
		return 1, nil
	}
}

func repeating(d time.Duration) func(context.Context, *stage) (int, error) {
	return func(ctx context.Context, s *stage) (int, error) {
		s.front.disturb(2, 0)
		n := 0
		for end := time.Now().Add(d); time.Now().Before(end); n++ {
			s.sim.Repeat(1)
			s.sim.Drop(1)
			s.sim.HangUp(1)
			pause(ctx, time.Second)
		}
		s.front.disturb(0, 0)
		return n, nil
	}
}

func reordering(d time.Duration) func(context.Context, *stage) (int, error) {
	return func(ctx context.Context, s *stage) (int, error) {
		s.front.disturb(0, 1500*time.Millisecond)
		pause(ctx, d)
		s.front.disturb(0, 0)
		return 1, nil
	}
}

func clocks(each time.Duration) func(context.Context, *stage) (int, error) {
	return func(ctx context.Context, s *stage) (n int, err error) {
		for _, by := range []time.Duration{3 * time.Hour, -time.Hour, 0} {
			if err := s.clock(ctx, by); err != nil {
				return n, err
			}
			n++
			pause(ctx, each)
		}
		return n, nil
	}
}

func calm(d time.Duration) func(context.Context, *stage) (int, error) {
	return func(ctx context.Context, _ *stage) (int, error) { pause(ctx, d); return 0, nil }
}

// partition parts the second replica from its servers: its connections are
// reset, and after a time of peace they fall silent.
func partition(each time.Duration) func(context.Context, *stage) (int, error) {
	return func(ctx context.Context, s *stage) (int, error) {
		sick := s.replicas[1]
		for _, part := range []func(*proxy){(*proxy).sever, (*proxy).silence} {
			sick.lines(part)
			pause(ctx, each)
			sick.lines((*proxy).resume)
			pause(ctx, each/2)
		}
		return 2, nil
	}
}

// fullMariaDB moves the database onto a small disk and fills that.
func fullMariaDB(ctx context.Context, s *stage) (n int, err error) {
	folder, err := s.MariaDB.data()
	if err != nil {
		return 0, err
	}
	if err := s.MariaDB.Kill(ctx); err != nil {
		return 0, err
	}
	back, err := small(folder, 8<<20)
	if err != nil {
		return 0, errors.Join(err, s.MariaDB.Start(ctx))
	}
	defer func() { err = errors.Join(err, s.MariaDB.Kill(ctx), back(), s.MariaDB.Start(ctx)) }()
	if err := s.MariaDB.Start(ctx); err != nil {
		return 0, err
	}
	pause(ctx, 3*time.Second)
	free, err := full(folder)
	if err != nil {
		return 0, err
	}
	pause(ctx, 20*time.Second)
	if err := free(); err != nil {
		return 1, err
	}
	if dial(ctx, s.MariaDB.address) != nil { // it may have given itself up, and whoever frees the disk starts it again
		err = s.MariaDB.Start(ctx)
	}
	pause(ctx, 5*time.Second)
	return 1, err
}

// fullSQLite does the same with the embedded database; the program stops for the moving.
func fullSQLite(ctx context.Context, s *stage) (n int, err error) {
	r := s.replicas[0]
	folder := filepath.Dir(strings.TrimPrefix(s.address, "sqlite:"))
	r.Kill()
	back, err := small(folder, 1<<20)
	if err != nil {
		return 0, errors.Join(err, r.up(ctx))
	}
	defer func() { r.Kill(); err = errors.Join(err, back(), r.up(ctx)) }()
	if err := r.up(ctx); err != nil {
		return 0, err
	}
	pause(ctx, 3*time.Second)
	free, err := full(folder)
	if err != nil {
		return 0, err
	}
	pause(ctx, 15*time.Second)
	err = free()
	pause(ctx, 5*time.Second)
	return 1, err
}

func mariadb(g *Ground) error { return ours(g.MariaDB) }

func redisServer(g *Ground) error { return ours(g.Memory) }

func ours(s *Server) error {
	if s == nil {
		return errors.New("the server is not ours: scripts/services starts one that may be killed")
	}
	return nil
}

func withRedis(g *Ground) error {
	if g.Redis == "" {
		return errors.New("there is no Redis")
	}
	return nil
}

// lines says whether there is a line to the database that can be cut.
func lines(g *Ground) error {
	if g.Database == nil {
		return errors.New("the database is in the program")
	}
	return nil
}

func shareable(g *Ground) error { return errors.Join(lines(g), withRedis(g)) }

func root(*Ground) error {
	if os.Geteuid() != 0 {
		return errors.New("only root can make a small disk")
	}
	return nil
}

func both(a, b func(*Ground) error) func(*Ground) error {
	return func(g *Ground) error { return errors.Join(a(g), b(g)) }
}

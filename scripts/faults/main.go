// Faults plays every fault that Fenlin has to bear (package
// fenlin/internal/app/faults) with the real program, MariaDB, Redis and the
// simulated WeChat, and prints a table of what became of it. It fails when
// anything was lost, came twice or is otherwise not as it should be. `make
// faults` provides the servers, which it kills and starts again.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"fenlin/internal/app/apptest"
	"fenlin/internal/app/faults"
	"fenlin/internal/db/dbtest"
)

func main() {
	only := flag.String("only", "", "faults whose name has this in it; empty = all")
	logs := flag.String("logs", "", "a file for the programs' logs; empty = nowhere")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	good, err := run(ctx, *only, *logs)
	if err != nil {
		fmt.Fprintln(os.Stderr, "faults:", err)
	}
	if err != nil || !good {
		os.Exit(1)
	}
}

func run(ctx context.Context, only, logs string) (good bool, err error) {
	dir, err := os.MkdirTemp("", "fenlin-faults")
	if err != nil {
		return false, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	g, err := ground(ctx, dir)
	if err != nil {
		return false, err
	}
	if logs != "" {
		f, err := os.Create(logs)
		if err != nil {
			return false, err
		}
		defer func() { _ = f.Close() }()
		g.Log = f
	}
	var rows []faults.Row
	beside := make(chan faults.Row, 1) // what lasts long and harms nobody else goes on beside the others
	waiting := 0
	for _, f := range faults.All() {
		if !strings.Contains(f.Name, only) {
			continue
		}
		if f.Beside {
			waiting++
			go func() { beside <- played(ctx, g, f) }()
			continue
		}
		rows = append(rows, played(ctx, g, f))
	}
	for range waiting {
		rows = append(rows, <-beside)
	}
	return table(rows), ctx.Err()
}

// ground is the servers that scripts/services started.
func ground(ctx context.Context, dir string) (*faults.Ground, error) {
	g := &faults.Ground{Dir: dir, Database: dbtest.Create, Redis: os.Getenv("FENLIN_TEST_REDIS")}
	if dbtest.Server() == "" || g.Redis == "" {
		return nil, fmt.Errorf("FENLIN_TEST_DATABASE and FENLIN_TEST_REDIS name no servers: use make faults")
	}
	var err error
	if g.Binary, err = apptest.Build(ctx, dir); err != nil {
		return nil, err
	}
	folder := os.Getenv("FENLIN_TEST_SERVERS")
	if g.MariaDB, err = faults.FindServer(folder, "mariadb", dbtest.Server()); err != nil {
		return nil, err
	}
	g.Memory, err = faults.FindServer(folder, "redis", g.Redis)
	return g, err
}

// played plays a fault and tells at once how it went.
func played(ctx context.Context, g *faults.Ground, f faults.Fault) faults.Row {
	start := time.Now()
	r := faults.Play(ctx, g, f)
	state := "ok"
	if r.NotRun != "" {
		state = "not run"
	} else if len(r.Wrong) > 0 {
		state = fmt.Sprintf("%d WRONG", len(r.Wrong))
	}
	fmt.Fprintf(os.Stderr, "%s  %-45s %-10s %s\n", time.Now().Format(time.TimeOnly), r.Fault, state, time.Since(start).Round(time.Second))
	return r
}

// table prints the rows and says whether all is well.
func table(rows []faults.Row) bool {
	good := true
	fmt.Println("| fault | times | acknowledged | lost | doubled | longest stall | notices owed / sent / impossible | |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, r := range rows {
		if r.NotRun != "" {
			fmt.Printf("| %s | not run: %s | | | | | | |\n", r.Fault, r.NotRun)
			continue
		}
		note := r.Note
		if len(r.Wrong) > 0 {
			good, note = false, strings.TrimPrefix(note+"; WRONG, see below", "; ")
		}
		fmt.Printf("| %s | %d | %d | %d | %d | %s | %d / %d / %d | %s |\n", r.Fault, r.Times, r.Acked, r.Lost, r.Doubled,
			r.Stall.Round(100*time.Millisecond), r.Owed, r.Sent, r.Impossible, note)
	}
	for _, r := range rows {
		if len(r.Wrong) > 0 {
			fmt.Printf("\n%s:\n", r.Fault)
		}
		for i, w := range r.Wrong {
			if i == 20 {
				fmt.Printf("- and %d more\n", len(r.Wrong)-i)
				break
			}
			fmt.Println("-", w)
		}
	}
	return good
}

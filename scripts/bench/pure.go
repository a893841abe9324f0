package main

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"fenlin/config"
	"fenlin/internal/org"
	"fenlin/internal/routing"
	"fenlin/internal/understand"
)

// pure measures the decisions that need no database.
func pure(context.Context, time.Duration, int) ([]line, error) {
	text, err := fs.ReadFile(config.FS, "routing.yaml")
	if err != nil {
		return nil, err
	}
	tree, err := routing.Load(text)
	if err != nil {
		return nil, err
	}
	facts := routing.Facts{Category: "gas", Kind: "managed", Emergency: true, Building: "3", Orgs: []int64{4, 3, 2, 1}}
	for i, role := range []string{"group_leader", "property_manager", "branch_secretary", "grid_worker", "community_secretary", "subdistrict_secretary", "city_secretary"} {
		facts.Posts = append(facts.Posts, routing.Post{ID: int64(i + 1), Role: role, Org: int64(min(i, 3) + 1), Filled: true})
	}
	for i, d := range tree.Departments() {
		facts.Posts = append(facts.Posts, routing.Post{ID: int64(100 + i), Role: "department", Department: d.Code, Filled: true})
	}
	decide := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		var d routing.Decision
		for b.Loop() {
			tree.Decide(&facts, &d)
		}
	})

	if text, err = fs.ReadFile(config.FS, "understand.yaml"); err != nil {
		return nil, err
	}
	reader, err := understand.New(text)
	if err != nil {
		return nil, err
	}
	places := make([]understand.Place, 210)
	for i := range places {
		places[i] = understand.Place{ID: int64(i + 1), Name: fmt.Sprintf("%c%c苑小区", rune('一'+i*37), rune('丁'+i*53))}
	}
	places[0] = understand.Place{ID: 1, Name: "福馨苑小区", Aliases: []string{"福馨苑"}}
	known := understand.NewGazetteer(places)
	sentences := []string{
		"福馨苑3号楼2单元楼道灯坏了", "电梯里困住人了，快来人！6号楼1单元", "一下雨小区里就成河，雨水篦子堵死了", "物业收了费啥也不干",
		"我妈八十多了行动不便，社区有没有送餐", "你好",
	}
	read := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			reader.Read(sentences[i%len(sentences)], known)
		}
	})
	actor := org.Actor{Person: 1}
	for i, path := range []string{"/1/2/3/4/", "/1/2/3/5/", "/1/2/6/", "/1/2/7/", "/1/8/"} {
		actor.Posts = append(actor.Posts, org.Post{ID: int64(i + 1), Role: org.BranchSecretary, OrgPath: path})
	}
	allowed := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if !actor.May(org.SeeTickets, "/1/8/9/10/") || actor.May(org.ManageMembers, "/1/8/9/10/") {
				b.Fatal("decided otherwise")
			}
		}
	})
	return []line{
		atMost("permission decision, five posts", allowed, time.Microsecond, 0),
		atMost("routing decision", decide, 5*time.Microsecond, 0),
		atMost("understanding a sentence", read, 100*time.Microsecond, math.MaxInt64),
	}, nil
}

func atMost(what string, r testing.BenchmarkResult, most time.Duration, allocs int64) line {
	want := "< " + most.String()
	if allocs != math.MaxInt64 {
		want += fmt.Sprintf(", %d allocs", allocs)
	}
	took := time.Duration(r.NsPerOp())
	return line{what, fmt.Sprintf("%s, %d allocs", took, r.AllocsPerOp()), "", "", want, took < most && r.AllocsPerOp() <= allocs}
}

// memory starts the built binary's demo and looks at what it holds when idle.
func memory(ctx context.Context, _ time.Duration, _ int) ([]line, error) {
	dir, err := os.MkdirTemp("", "fenlin-bench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "fenlin")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/fenlin")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	cmd := exec.CommandContext(ctx, binary, "serve", "--demo")
	cmd.Env = append(os.Environ(), "FENLIN_DATA_DIR="+dir, "FENLIN_LISTEN=127.0.0.1:18780", "FENLIN_ADMIN_LISTEN=127.0.0.1:18781", "FENLIN_DATABASE=", "FENLIN_REDIS=")
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	time.Sleep(20 * time.Second)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return nil, fmt.Errorf("the demo did not stay alive: %w", err)
	}
	for _, text := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(text, "VmRSS:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return []line{{"memory of serve --demo, idle 20 s", fmt.Sprintf("%d MB", kb/1024), "", "", "< 150 MB", kb < 150*1024}}, nil
		}
	}
	return nil, fmt.Errorf("no VmRSS")
}

package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fenlin/internal/errs"
)

func TestProblems_EachKindHasItsStatusAndOnlyFaultsAreLogged(t *testing.T) {
	var log strings.Builder
	before := slog.Default()
	slog.SetDefault(slog.New(LogHandler(slog.NewTextHandler(&log, nil))))
	defer slog.SetDefault(before)
	ctx := context.WithValue(t.Context(), requestIDKey{}, "the-request")
	seen := map[errs.Kind]bool{}
	for _, c := range []struct {
		err    error
		status int
		code   string
		logged bool
	}{
		{errs.New(errs.Invalid, "a", "甲").At("text", "乙"), 422, "a", false},
		{errs.New(errs.Unauthorized, "b", "甲"), 401, "b", false},
		{errs.New(errs.Forbidden, "c", "甲"), 403, "c", false},
		{fmt.Errorf("wrapped: %w", errs.New(errs.NotFound, "d", "甲")), 404, "d", false},
		{errs.New(errs.Conflict, "e", "甲"), 409, "e", false},
		{errs.New(errs.TooLarge, "f", "甲"), 413, "f", false},
		{errs.New(errs.TooMany, "g", "甲"), 429, "g", false},
		{errs.New(errs.Unavailable, "h", "甲"), 503, "h", true},
		{errors.New("dial tcp: the password is 123"), 503, "busy", true},
		{errs.New(0, "nonsense", "甲"), 503, "busy", false},
	} {
		log.Reset()
		p := problemOf(ctx, c.err)
		if p.Status != c.status || p.Code != c.code {
			t.Errorf("%v: %d %s, want %d %s", c.err, p.Status, p.Code, c.status, c.code)
		}
		if strings.Contains(p.Detail, "password") {
			t.Errorf("a fault is shown: %s", p.Detail)
		}
		if got := strings.Contains(log.String(), "request_id=the-request"); got != c.logged {
			t.Errorf("%v: logged %v: %s", c.err, got, log.String())
		}
		seen[errs.From(c.err).Kind] = true
	}
	for kind := range statuses {
		if !seen[kind] {
			t.Errorf("kind %d is not in the table", kind)
		}
	}
	p := problemOf(ctx, errs.New(errs.Invalid, "a", "甲").At("text", "乙"))
	if d := cmp.Diff(list[fieldFault]{{"text", "乙"}}, p.Errors); d != "" {
		t.Error(d)
	}
}

func TestLists_AreNeverNull(t *testing.T) {
	b, err := list[string](nil).MarshalJSON()
	if err != nil || string(b) != "[]" {
		t.Errorf("%s %v", b, err)
	}
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	m.Run()
}

func TestLimits_WeighOperationsThatThereAre(t *testing.T) {
	document := string(Document(""))
	for name := range weights {
		if !strings.Contains(document, `"operationId":"`+name+`"`) {
			t.Errorf("no operation is called %s", name)
		}
	}
}

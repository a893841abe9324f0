package member_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/config"
	"fenlin/internal/db/dbtest"
	"fenlin/internal/member"
)

func newService(t *testing.T) (*member.Service, *time.Time) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	text, err := config.FS.ReadFile("consent.yaml")
	if err != nil {
		t.Fatal(err)
	}
	texts, err := member.LoadConsents(text)
	if err != nil {
		t.Fatal(err)
	}
	s := &member.Service{DB: dbtest.New(t), Keys: ring(t, newKey()), Now: func() time.Time { return now }}
	s.Adopt(texts)
	return s, &now
}

func TestByOpenID_ManyAtOnceMeetOnePerson(t *testing.T) {
	s, _ := newService(t)
	ids := make([]int64, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			p, err := s.ByOpenID(context.Background(), member.Account, "oAbC", "")
			if err != nil {
				t.Error(err)
			}
			ids[i] = p.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] || id == 0 {
			t.Fatalf("people %v", ids)
		}
	}
	// openids differ by case
	if other, err := s.ByOpenID(t.Context(), member.Account, "oabc", ""); err != nil || other.ID == ids[0] {
		t.Fatalf("%+v %v", other, err)
	}
}

func TestByOpenID_OneUnionIDIsOnePersonInBothApps(t *testing.T) {
	s, _ := newService(t)
	a, err := s.ByOpenID(t.Context(), member.Account, "o1", "u1")
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.ByOpenID(t.Context(), member.MiniProgram, "m1", "u1")
	if err != nil || a.ID != b.ID {
		t.Fatalf("%d %d %v", a.ID, b.ID, err)
	}
	if known, err := s.Identities(t.Context(), b.ID); err != nil || known[member.Account].OpenID != "o1" || known[member.MiniProgram].OpenID != "m1" {
		t.Fatalf("%v %v", known, err)
	}
}

func TestSignedIn_UntilExpiryOrSignOut(t *testing.T) {
	s, now := newService(t)
	p, err := s.ByOpenID(t.Context(), member.MiniProgram, "m1", "")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := s.SignIn(t.Context(), p.ID, "miniprogram", "iPhone")
	if err != nil || len(token) < 43 {
		t.Fatalf("%q %v", token, err)
	}
	var kept string
	if err := s.DB.Read(t.Context()).Raw("SELECT token_hash FROM sessions").Scan(&kept).Error; err != nil || strings.Contains(kept, token) {
		t.Fatal("the token itself is kept")
	}
	who := func(token string) error { _, err := s.SignedIn(t.Context(), token); return err }
	if err := who(token); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"", "x", token + "x", strings.ToUpper(token)} {
		if err := who(token); !errors.Is(err, member.ErrNotSignedIn) {
			t.Errorf("%q: %v", token, err)
		}
	}
	*now = now.Add(member.SessionLife)
	if err := who(token); !errors.Is(err, member.ErrNotSignedIn) {
		t.Errorf("after its life: %v", err)
	}
	second, _, err := s.SignIn(t.Context(), p.ID, "h5", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SignOut(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if err := who(second); !errors.Is(err, member.ErrNotSignedIn) {
		t.Errorf("after signing out: %v", err)
	}
}

func TestSessions_AreListedAndEndedOneByOneOrAll(t *testing.T) {
	s, now := newService(t)
	p, q := person(t, s, "a", ""), person(t, s, "b", "")
	var tokens []string
	for _, device := range []string{"iPhone", strings.Repeat("长", 300), "bad \xff bytes"} {
		token, _, err := s.SignIn(t.Context(), p.ID, "miniprogram", device)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
		*now = now.Add(time.Minute)
	}
	other, _, err := s.SignIn(t.Context(), q.ID, "h5", "")
	if err != nil {
		t.Fatal(err)
	}
	list, current, err := s.Sessions(t.Context(), p.ID, tokens[1])
	if err != nil || len(list) != 3 || list[1].ID != current || list[2].Device != "iPhone" || len([]rune(list[1].Device)) != 200 || list[0].Device != "bad  bytes" {
		t.Fatalf("%+v %s %v", list, current, err)
	}
	in := func(token string) bool { _, err := s.SignedIn(t.Context(), token); return err == nil }
	if err := s.SignOutOf(t.Context(), q.ID, list[0].ID); !errors.Is(err, member.ErrNoSession) || !in(tokens[2]) {
		t.Errorf("another's session: %v", err)
	}
	if err := s.SignOutOf(t.Context(), p.ID, list[0].ID); err != nil || in(tokens[2]) || !in(tokens[1]) {
		t.Errorf("one: %v", err)
	}
	if err := s.SignOutOf(t.Context(), p.ID, ""); err != nil || in(tokens[0]) || in(tokens[1]) || !in(other) {
		t.Errorf("all: %v", err)
	}
}

func TestClose_LeavesABareRow(t *testing.T) {
	s, _ := newService(t)
	p, err := s.Add(t.Context(), member.Person{Name: "王某", CompoundID: 7}, "o1")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := s.SignIn(t.Context(), p.ID, "h5", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	bare, err := s.Person(t.Context(), p.ID)
	if err != nil || bare.Name != "" || bare.CompoundID != 0 || bare.ClosedAt == 0 {
		t.Fatalf("%+v %v", bare, err)
	}
	if _, err := s.SignedIn(t.Context(), token); !errors.Is(err, member.ErrNotSignedIn) {
		t.Error(err)
	}
	again, err := s.ByOpenID(t.Context(), member.Account, "o1", "")
	if err != nil || again.ID == p.ID {
		t.Fatalf("a new follower is the old person: %+v %v", again, err)
	}
}

package member_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/member"
	"fenlin/internal/secret"
)

func newKey() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	return base64.StdEncoding.EncodeToString(raw)
}

func ring(t *testing.T, keys ...string) *secret.Keyring {
	t.Helper()
	k, err := secret.NewKeyring(strings.Join(keys, ","))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func person(t *testing.T, s *member.Service, name, phone string) member.Person {
	t.Helper()
	p, err := s.Add(t.Context(), member.Person{Name: name}, "o-"+name)
	if err != nil {
		t.Fatal(err)
	}
	if phone != "" {
		if err := s.BindPhone(t.Context(), p.ID, phone); err != nil {
			t.Fatal(err)
		}
	}
	p, err = s.Person(t.Context(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPhone_IsFoundShownMaskedAndNowhereInClear(t *testing.T) {
	s, _ := newService(t)
	p := person(t, s, "王志强", "13812345678")
	if found, ok, err := s.ByPhone(t.Context(), "13812345678"); err != nil || !ok || found.ID != p.ID {
		t.Errorf("by phone: %+v %t %v", found, ok, err)
	}
	if _, ok, err := s.ByPhone(t.Context(), "13812345679"); err != nil || ok {
		t.Errorf("by another's: %t %v", ok, err)
	}
	if c, err := s.Masked(p); err != nil || c != (member.Contact{Name: "王**", Phone: "138****5678"}) {
		t.Errorf("masked: %+v %v", c, err)
	}
	if phone, err := s.Phone(p); err != nil || phone != "13812345678" {
		t.Errorf("whole: %q %v", phone, err)
	}
	// Moved to another's row, it opens for nobody.
	stolen := p
	stolen.ID++
	if _, err := s.Phone(stolen); !errors.Is(err, secret.ErrUnreadable) {
		t.Errorf("in another's row: %v", err)
	}
	var rows []string
	if err := s.DB.Read(t.Context()).Raw("SELECT phone || '' FROM people UNION ALL SELECT phone_index FROM people").Scan(&rows).Error; err == nil {
		for _, r := range rows {
			if strings.Contains(r, "13812345678") {
				t.Errorf("in clear: %s", r)
			}
		}
	}
	if s.DB.Engine == db.SQLite {
		files := databaseFiles(t, s.DB)
		for _, f := range files {
			content, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(content), "13812345678") {
				t.Errorf("%s holds the phone in clear", f)
			}
		}
	}
}

// databaseFiles are the files of the embedded database.
func databaseFiles(t *testing.T, d *db.DB) []string {
	t.Helper()
	var main string
	if err := d.Read(t.Context()).Raw("SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&main).Error; err != nil || main == "" {
		t.Fatalf("%q %v", main, err)
	}
	var out []string
	for _, f := range []string{main, main + "-wal"} {
		if _, err := os.Stat(f); err == nil {
			out = append(out, f)
		}
	}
	return out
}

func TestBindPhone_RefusesWhatIsNoneAndWhatIsAnothers(t *testing.T) {
	s, _ := newService(t)
	p, q := person(t, s, "a", "13812345678"), person(t, s, "b", "")
	for _, phone := range []string{"", "1381234567", "138123456789", "23812345678", "1381234567x", "'; DROP TABLE people"} {
		if err := s.BindPhone(t.Context(), q.ID, phone); !errors.Is(err, member.ErrPhone) {
			t.Errorf("%q: %v", phone, err)
		}
	}
	if err := s.BindPhone(t.Context(), q.ID, "13812345678"); !errors.Is(err, gorm.ErrDuplicatedKey) {
		t.Errorf("another's: %v", err)
	}
	for _, phone := range []string{"+85261234567", "19912345678"} {
		if err := s.BindPhone(t.Context(), q.ID, phone); err != nil {
			t.Errorf("%s: %v", phone, err)
		}
	}
	if err := s.Close(t.Context(), p.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.BindPhone(t.Context(), q.ID, "13812345678"); err != nil {
		t.Errorf("of an account that is closed: %v", err)
	}
	if err := s.ForgetPhone(t.Context(), q.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.ByPhone(t.Context(), "13812345678"); ok || err != nil {
		t.Errorf("forgotten: %t %v", ok, err)
	}
}

func TestReveal_IsLoggedWithItsReason(t *testing.T) {
	s, now := newService(t)
	p, mute := person(t, s, "王志强", "13812345678"), person(t, s, "b", "")
	look := member.Access{ByID: 7, ByTitle: "书记", SubjectID: p.ID, Field: member.FieldPhone, Ticket: "FY261123-0001", Reason: "约上门时间"}
	c, err := s.Reveal(t.Context(), look)
	if err != nil || c != (member.Contact{Name: "王志强", Phone: "13812345678"}) {
		t.Fatalf("%+v %v", c, err)
	}
	for name, refused := range map[string]struct {
		a    member.Access
		want error
	}{
		"no reason":     {member.Access{ByID: 7, SubjectID: p.ID}, member.ErrNoReason},
		"a long reason": {member.Access{ByID: 7, SubjectID: p.ID, Reason: strings.Repeat("因", 201)}, member.ErrNoReason},
		"no phone":      {member.Access{ByID: 7, SubjectID: mute.ID, Field: member.FieldPhone, Ticket: "FY261123-0001", Reason: "x"}, member.ErrNoPhone},
		"no address":    {member.Access{ByID: 7, SubjectID: p.ID, Field: member.FieldAddress, Reason: "x"}, member.ErrEmptyField},
		"no such field": {member.Access{ByID: 7, SubjectID: p.ID, Field: "name", Reason: "x"}, member.ErrField},
		"nobody":        {member.Access{ByID: 7, SubjectID: 1, Field: member.FieldPhone, Reason: "x"}, member.ErrUnknown},
	} {
		if c, err := s.Reveal(t.Context(), refused.a); !errors.Is(err, refused.want) || c != (member.Contact{}) {
			t.Errorf("%s: %+v %v", name, c, err)
		}
	}
	log, err := s.Accesses(t.Context(), 0, 0, 10)
	if err != nil || len(log) != 1 {
		t.Fatalf("%+v %v", log, err)
	}
	look.ID, look.At = log[0].ID, now.UnixMilli()
	if log[0] != look {
		t.Errorf("%+v", log[0])
	}
	if other, err := s.Accesses(t.Context(), mute.ID, 0, 10); err != nil || len(other) != 0 {
		t.Errorf("of another: %+v %v", other, err)
	}
}

func TestRotate_SealsAnewWhileOldAndNewAreFound(t *testing.T) {
	s, _ := newService(t)
	old, young := newKey(), newKey()
	s.Keys = ring(t, old)
	people := map[string]member.Person{}
	for i := range 450 { // more than two batches
		phone := fmt.Sprintf("138%08d", i)
		people[phone] = person(t, s, fmt.Sprint("p", i), phone)
	}
	s.Keys = ring(t, young, old)
	late := person(t, s, "late", "13900000000") // bound while the rotation is due
	if p, ok, err := s.ByPhone(t.Context(), "13800000007"); err != nil || !ok || p.ID != people["13800000007"].ID {
		t.Errorf("before: %t %v", ok, err)
	}
	var told []int
	if err := s.Rotate(t.Context(), func(done, _ int) { told = append(told, done) }); err != nil || !slices.Equal(told, []int{200, 400, 450}) {
		t.Fatalf("%v %v", told, err)
	}
	s.Keys = ring(t, young)
	for phone, p := range people {
		found, ok, err := s.ByPhone(t.Context(), phone)
		if err != nil || !ok || found.ID != p.ID {
			t.Fatalf("%s: %t %v", phone, ok, err)
		}
		if got, err := s.Phone(found); err != nil || got != phone {
			t.Fatalf("%s: %q %v", phone, got, err)
		}
	}
	if again, err := s.Person(t.Context(), late.ID); err != nil || again.Phone != late.Phone {
		t.Errorf("sealed by the newest already, and yet changed: %v", err)
	}
	if err := s.Rotate(t.Context(), func(int, int) { t.Error("something was left") }); err != nil {
		t.Error(err)
	}
}

package secret_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fenlin/internal/secret"
)

func newKey() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	return base64.StdEncoding.EncodeToString(raw)
}

func ring(t testing.TB, keys ...string) *secret.Keyring {
	t.Helper()
	k, err := secret.NewKeyring(strings.Join(keys, ", "))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSeal_OpensInItsPlaceOnlyAndNeverLooksTheSame(t *testing.T) {
	k := ring(t, newKey())
	rapid.Check(t, func(t *rapid.T) {
		plain, place := rapid.String().Draw(t, "plain"), rapid.String().Draw(t, "place")
		sealed := k.Seal(plain, place)
		if got, err := k.Open(sealed, place); err != nil || got != plain {
			t.Fatalf("opened %q: %v", got, err)
		}
		if plain == "" {
			if sealed != "" {
				t.Fatal("nothing is sealed to something")
			}
			return
		}
		if len(plain) > 3 && strings.Contains(sealed, plain) {
			t.Fatal("it shows")
		}
		if k.Seal(plain, place) == sealed {
			t.Fatal("twice the same")
		}
		if _, err := k.Open(sealed, place+"x"); !errors.Is(err, secret.ErrUnreadable) {
			t.Fatalf("opened elsewhere: %v", err)
		}
	})
}

func TestSealBytes_OpensInItsPlaceOnly(t *testing.T) {
	k := ring(t, newKey())
	for _, plain := range []string{"", "x", strings.Repeat("PK\x03\x04.", 1000)} {
		sealed := k.SealBytes([]byte(plain), "imports/1")
		if got, err := k.OpenBytes(sealed, "imports/1"); err != nil || string(got) != plain {
			t.Errorf("opened %q: %v", got, err)
		}
		if plain == "" {
			continue
		}
		if _, err := k.OpenBytes(sealed, "imports/2"); !errors.Is(err, secret.ErrUnreadable) {
			t.Errorf("opened elsewhere: %v", err)
		}
		sealed[len(sealed)-1] ^= 1
		if _, err := k.OpenBytes(sealed, "imports/1"); !errors.Is(err, secret.ErrUnreadable) {
			t.Errorf("changed: %v", err)
		}
	}
	for _, junk := range []string{".", "x", "deadbeef.", k.Newest()} {
		if _, err := k.OpenBytes([]byte(junk), "p"); !errors.Is(err, secret.ErrUnreadable) {
			t.Errorf("%q: %v", junk, err)
		}
	}
}

func TestOpen_RefusesWhatWasChanged(t *testing.T) {
	k := ring(t, newKey())
	sealed := k.Seal("13812345678", "people.phone/1")
	for i := range sealed {
		changed := []byte(sealed)
		changed[i] ^= 1
		if got, err := k.Open(string(changed), "people.phone/1"); err == nil {
			// The last character of base64 may hold bits that mean nothing.
			if i != len(sealed)-1 || got != "13812345678" {
				t.Errorf("byte %d changed, opened as %q", i, got)
			}
		}
	}
	for _, junk := range []string{".", "x", "deadbeef.", sealed[:20], "deadbeef." + strings.SplitN(sealed, ".", 2)[1], strings.Repeat("A", 10000)} {
		if _, err := k.Open(junk, "people.phone/1"); !errors.Is(err, secret.ErrUnreadable) {
			t.Errorf("%.30s: %v", junk, err)
		}
	}
}

func TestKeyring_OldKeysOpenAndFindTheNewestSeals(t *testing.T) {
	old, young := newKey(), newKey()
	before, during, after := ring(t, old), ring(t, young, old), ring(t, young)
	sealed := before.Seal("13812345678", "p")
	if got, err := during.Open(sealed, "p"); err != nil || got != "13812345678" {
		t.Errorf("during a rotation: %q %v", got, err)
	}
	if _, err := after.Open(sealed, "p"); !errors.Is(err, secret.ErrUnreadable) {
		t.Errorf("with its key gone: %v", err)
	}
	if strings.HasPrefix(sealed, during.Newest()) || !strings.HasPrefix(during.Seal("x", "p"), during.Newest()) || during.Newest() != after.Newest() {
		t.Error("what is due for rotation cannot be told")
	}
	if all := during.Indexes("phone", "13812345678"); len(all) != 2 || all[0] != after.Index("phone", "13812345678") || all[1] != before.Index("phone", "13812345678") {
		t.Errorf("indexes %v", all)
	}
	if during.Index("phone", "1") == during.Index("id_number", "1") || during.Index("phone", "1") == during.Index("phone", "2") || during.Index("phone", "") != "" {
		t.Error("indexes of different things meet")
	}
}

func TestNewKeyring_RefusesWithoutTellingTheKey(t *testing.T) {
	good := newKey()
	for name, text := range map[string]string{"none": "", "short": "c2hvcnQ=", "no base64": "!" + good[1:], "twice": good + "," + good, "one bad": good + ",x"} {
		if _, err := secret.NewKeyring(text); err == nil || strings.Contains(err.Error(), good) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{secret.MaskPhone("13812345678"), "138****5678"},
		{secret.MaskPhone("+85212345678"), "+85*****5678"},
		{secret.MaskPhone("12345"), "*****"},
		{secret.MaskPhone(""), ""},
		{secret.MaskName("王志强"), "王**"},
		{secret.MaskName("李"), "*"},
		{secret.MaskName(""), ""},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := ring(f, newKey())
	f.Add(k.Seal("13812345678", "p"))
	f.Add("x.y")
	f.Fuzz(func(t *testing.T, sealed string) {
		if _, err := k.Open(sealed, "p"); err != nil && !errors.Is(err, secret.ErrUnreadable) {
			t.Fatal(err)
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	k := ring(b, newKey())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Open(k.Seal("13812345678", "people.phone/1"), "people.phone/1"); err != nil {
			b.Fatal(err)
		}
	}
}

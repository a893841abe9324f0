package activity_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"fenlin/internal/activity"
	"fenlin/internal/db"
	"fenlin/internal/kv"
	"fenlin/internal/member"
	"fenlin/internal/outbox"
	"fenlin/internal/secret"
)

// served is an activity that a person took part in for 90 minutes, and is over.
func (h *hall) served(t testing.TB, p member.Person, change func(*activity.Draft)) activity.Full {
	t.Helper()
	a := h.on(t, change, 5)
	h.signUp(t, p, a)
	h.Forward(24*time.Hour + time.Minute)
	h.ring(t)
	pair, err := h.Tick(t.Context(), h.Actor("branch"), a.ID, []activity.Mark{{Person: p.ID}})
	must(t, err)
	h.Forward(90 * time.Minute)
	_, err = h.Tick(t.Context(), h.Actor("branch"), a.ID, []activity.Mark{{Person: p.ID, Out: true}})
	must(t, err)
	h.Forward(time.Hour)
	h.ring(t)
	if len(pair) != 1 {
		t.Fatalf("%+v", pair)
	}
	return a
}

func (h *hall) certify(t testing.TB, p member.Person) activity.Certificate {
	t.Helper()
	c, err := h.Certify(t.Context(), p, "", activity.Days{})
	must(t, err)
	return c
}

// cut makes the first pair of an activity shorter, as its organiser does.
func (h *hall) cut(t testing.TB, a activity.Full) {
	t.Helper()
	pairs, err := h.Pairs(t.Context(), h.Actor("branch"), a.ID, 0, 9)
	must(t, err)
	f := activity.Fix{What: activity.HourSet, Pair: pairs[0].ID, In: time.UnixMilli(pairs[0].InAt), Out: time.UnixMilli(pairs[0].OutAt - 10*minute), Reason: "提前离开"}
	must(t, second(h.Correct(t.Context(), h.Actor("branch"), a.ID, f)))
}

func TestNumber_NoWrongDigitAndNoSwapPasses(t *testing.T) {
	seen := map[string]bool{}
	rapid.Check(t, func(t *rapid.T) {
		n := activity.NewNumber(rapid.IntRange(2021, 2199).Draw(t, "year"))
		if got, ok := activity.ReadNumber(n); !ok || got != n || seen[n] {
			t.Fatalf("%s is not a number, or there twice", n)
		}
		seen[n] = true
		for _, typed := range []string{strings.ToLower(n), strings.ReplaceAll(n, "-", ""), " " + strings.ReplaceAll(n, "-", " - ") + " ", strings.ReplaceAll(n, "F", "Ｆ")} {
			if got, ok := activity.ReadNumber(typed); !ok || got != n {
				t.Fatalf("%q is read as %q", typed, got)
			}
		}
		digits := []byte(strings.ReplaceAll(n[4:], "-", ""))
		i := rapid.IntRange(0, len(digits)-1).Draw(t, "at")
		wrong := append([]byte{}, digits...)
		wrong[i] = byte('0' + (int(digits[i]-'0')+rapid.IntRange(1, 9).Draw(t, "by"))%10)
		if got, ok := activity.ReadNumber("FYZM" + string(wrong)); ok {
			t.Fatalf("%s passes for %s", got, n)
		}
		j := rapid.IntRange(0, len(digits)-1).Draw(t, "with")
		swapped := append([]byte{}, digits...)
		swapped[i], swapped[j] = digits[j], digits[i]
		if got, ok := activity.ReadNumber("FYZM" + string(swapped)); ok && digits[i] != digits[j] {
			t.Fatalf("%s passes for %s", got, n)
		}
	})
}

func TestCertify_SaysWhatTheRecordSaysAndStaysAsItWas(t *testing.T) {
	h := newHall(t)
	p := h.person(t)
	must(t, h.Service.Members.BindPhone(t.Context(), p.ID, "13800001234"))
	p, err := h.Service.Members.Person(t.Context(), p.ID)
	must(t, err)
	_, err = h.Certify(t.Context(), p, "", activity.Days{})
	refused(t, err, activity.ErrNothing, "")
	a := h.served(t, p, nil)
	h.served(t, p, func(d *activity.Draft) { d.Title = ptr("慰问老人"); d.Kind = ptr("care") })
	c := h.certify(t, p)
	today := h.Clock().In(h.Location).Format(time.DateOnly)
	if c.Count != 2 || c.Minutes != 180 || c.Manual != 0 || c.OrgName != "福馨苑小区" || c.FromDay != "2026-11-24" || c.ToDay != today || !strings.HasPrefix(c.Number, "FYZM2026-") || len(c.Token) != 20 {
		t.Errorf("%+v", c)
	}
	_, said, err := h.Whole(t.Context(), p.ID, c.Number)
	must(t, err)
	first := activity.CertifiedItem{Activity: a.ID, Day: "2026-11-24", Title: "楼院清扫", Place: "3号楼前", Content: "环境整治：岗位1", Minutes: 90, By: "福馨苑小区党支部书记"}
	if said.Name != p.Name || said.Document != "手机号" || said.Masked != "138****1234" || len(said.Items) != 2 || said.Items[0] != first || said.Items[1].Title != "慰问老人" {
		t.Errorf("%+v", said)
	}
	if strings.Contains(c.Snapshot, p.Name) || strings.Contains(c.Snapshot, "楼院") {
		t.Error("it is not sealed")
	}
	// Later hours, another name and another title change nothing of it.
	h.served(t, p, nil)
	must(t, h.Service.Members.Rename(t.Context(), p.ID, "另一个名字"))
	_, later, err := h.Whole(t.Context(), p.ID, c.Number)
	if err != nil || fmt.Sprint(later) != fmt.Sprint(said) {
		t.Errorf("%+v %v", later, err)
	}
	if _, _, err := h.Whole(t.Context(), h.person(t).ID, c.Number); !errors.Is(err, activity.ErrCertificate) {
		t.Errorf("another person: %v", err)
	}
}

func TestCertify_ThePeriodIsOfWholeDays(t *testing.T) {
	h := newHall(t)
	p := h.person(t)
	h.served(t, p, nil) // on the 24th
	h.served(t, p, nil) // on the 25th
	for _, c := range []struct {
		days  activity.Days
		count int
		from  string
	}{{activity.Days{From: "2026-11-25"}, 1, "2026-11-25"}, {activity.Days{To: "2026-11-24"}, 1, "2026-11-24"}, {activity.Days{From: "2026-01-01", To: "2026-11-25"}, 2, "2026-01-01"}} {
		if got, err := h.Certify(t.Context(), p, "", c.days); err != nil || got.Count != c.count || got.FromDay != c.from {
			t.Errorf("%+v: %+v %v", c.days, got, err)
		}
	}
	for field, days := range map[string]activity.Days{"from": {From: "2026-11-25", To: "2026-11-24"}, "to": {To: "2027-01-01"}} {
		_, err := h.Certify(t.Context(), p, "", days)
		refused(t, err, activity.ErrInvalid, field)
	}
	_, err := h.Certify(t.Context(), p, "", activity.Days{From: "11月25日"})
	refused(t, err, activity.ErrInvalid, "from")
	_, err = h.Certify(t.Context(), p, "", activity.Days{To: "2026-11-20"})
	refused(t, err, activity.ErrNothing, "")
	p.Name = ""
	_, err = h.Certify(t.Context(), p, "", activity.Days{})
	refused(t, err, activity.ErrNoName, "")
}

func TestCertify_TheSmallestUnitThatCoversAllIssues(t *testing.T) {
	h := newHall(t)
	p := h.person(t)
	at := func(unit string) activity.Certificate {
		now := h.Clock().UnixMilli()
		a := activity.Activity{ID: h.Service.DB.NewID(), OrgID: h.Units[unit], Title: unit, State: activity.Done, Kind: "other", StartsAt: now, EndsAt: now + 60*minute}
		must(t, h.Service.DB.Tx(t.Context(), func(tx *gorm.DB) error {
			if err := activity.Load(tx, []activity.Activity{a}, nil); err != nil {
				return err
			}
			return tx.Create(&activity.Pair{ID: h.Service.DB.NewID(), ActivityID: a.ID, PersonID: p.ID, State: activity.PairOK, InAt: a.StartsAt, OutAt: a.EndsAt}).Error
		}))
		h.Forward(24 * time.Hour)
		return h.certify(t, p)
	}
	for _, c := range []struct{ held, issues string }{{"3号楼", "福馨苑小区"}, {"福馨苑小区", "福馨苑小区"}, {"昌瑞绿洲小区", "南薰社区"}, {"汾阳市", "汾阳市"}} {
		if got := at(c.held); got.OrgName != c.issues {
			t.Errorf("with one of %s it is issued by %s", c.held, got.OrgName)
		}
	}
}

func TestCertify_ManyAtOnceAreOne(t *testing.T) {
	h := newHall(t)
	p := h.person(t)
	h.served(t, p, nil)
	for name, key := range map[string]func(i int) string{"without a key": func(int) string { return "" }, "with one": func(int) string { return "k" }, "with many": func(i int) string { return fmt.Sprint("k", i) }} {
		var wait sync.WaitGroup
		numbers := make([]string, 8)
		for i := range numbers {
			wait.Go(func() {
				c, err := h.Certify(context.Background(), p, key(i), activity.Days{})
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				numbers[i] = c.Number
			})
		}
		wait.Wait()
		for _, n := range numbers {
			if n != numbers[0] {
				t.Errorf("%s: %v", name, numbers)
			}
		}
	}
	if all, err := h.Certificates(t.Context(), p.ID, 0, 100); err != nil || len(all) != 1 {
		t.Errorf("%d were issued: %v", len(all), err)
	}
	// A request keeps its certificate on the next day, when another is a new one.
	h.Forward(24 * time.Hour)
	next := h.certify(t, p)
	_, err := h.Certify(t.Context(), p, "later", activity.Days{From: "2026-11-20"})
	must(t, err)
	h.Forward(24 * time.Hour)
	again, err := h.Certify(t.Context(), p, "later", activity.Days{From: "2026-11-20"})
	if err != nil || again.IssuedAt == h.Clock().UnixMilli() || again.Number == next.Number {
		t.Errorf("%+v %v", again, err)
	}
	_, err = h.Certify(t.Context(), p, "later", activity.Days{From: "2026-11-21"})
	refused(t, err, activity.ErrKeyReused, "")
	page, err := h.Certificates(t.Context(), p.ID, 0, 2)
	must(t, err)
	if rest, err := h.Certificates(t.Context(), p.ID, page[1].ID, 2); err != nil || len(rest) != 1 || page[0].ID < page[1].ID {
		t.Errorf("pages: %+v %v", rest, err)
	}
}

func TestRevoke_ByWhoIssuedAlone(t *testing.T) {
	h := newHall(t)
	p := h.person(t)
	h.served(t, p, nil)
	c := h.certify(t, p)
	for _, who := range []string{"li", "otherbranch", "leader", "property"} {
		refused(t, h.Revoke(t.Context(), h.Actor(who), c.Number, "不实"), activity.ErrMayNotRevoke, "")
	}
	branch := h.Actor("branch")
	refused(t, h.Revoke(t.Context(), branch, "FYZM2026-1234567890", "不实"), activity.ErrMayNotRevoke, "")
	refused(t, h.Revoke(t.Context(), branch, c.Number, " "), activity.ErrInvalid, "reason")
	refused(t, h.Revoke(t.Context(), branch, c.Number, strings.Repeat("长", 500)), activity.ErrInvalid, "reason")
	must(t, h.Revoke(t.Context(), h.Actor("community"), c.Number, "重复登记了一次活动"))
	refused(t, h.Revoke(t.Context(), branch, c.Number, "不实"), activity.ErrNotValid, "")
	_, _, err := h.Whole(t.Context(), p.ID, c.Number)
	refused(t, err, activity.ErrNotValid, "")
	got, err := h.Verify(t.Context(), c.Token)
	if err != nil || got.RevokedWhy != activity.WhyUnit || got.RevokedTitle != "南薰社区党委书记" || got.RevokedNote != "重复登记了一次活动" {
		t.Errorf("%+v %v", got, err)
	}
	var told []outbox.Event
	must(t, h.Service.DB.Read(t.Context()).Find(&told, "topic = ?", activity.TopicCertificate).Error)
	if len(told) != 1 {
		t.Errorf("told %d times", len(told))
	}
	if again := h.certify(t, p); again.Number == c.Number || again.RevokedAt != 0 {
		t.Errorf("a new one: %+v", again)
	}
}

func TestCertificates_FallWhenTheirHoursAreCorrected(t *testing.T) {
	h := newHall(t)
	p := h.person(t)
	one := h.served(t, p, nil)
	of := h.certify(t, p)
	two := h.served(t, p, nil)
	both := h.certify(t, p)
	h.cut(t, two)
	state := func(c activity.Certificate) activity.Why {
		got, err := h.Verify(t.Context(), c.Token)
		must(t, err)
		return got.RevokedWhy
	}
	if state(of) != "" || state(both) != activity.WhyCorrected {
		t.Errorf("the second activity was corrected: %q %q", state(of), state(both))
	}
	if now := h.certify(t, p); now.Minutes != 170 {
		t.Errorf("anew: %+v", now)
	}
	h.cut(t, one)
	if state(of) != activity.WhyCorrected {
		t.Error("the first was corrected too")
	}
	// Minutes by hand stand apart, and change no certificate that does not tell of them.
	before := h.certify(t, p)
	three := h.on(t, nil, 1)
	h.signUp(t, p, three)
	h.Forward(27 * time.Hour)
	h.ring(t)
	must(t, second(h.Enter(t.Context(), h.Actor("branch"), three.ID, activity.Manual{Person: p.ID, Minutes: 30, Reason: "手机没电"})))
	if now := h.certify(t, p); now.Manual != 30 || now.Minutes != before.Minutes || now.Count != 3 || state(before) != "" {
		t.Errorf("by hand: %+v %q", now, state(before))
	}
	// What was not corrected falls for nobody.
	q := h.person(t)
	h.served(t, q, nil)
	c := h.certify(t, q)
	must(t, h.Service.DB.Tx(t.Context(), func(tx *gorm.DB) error { return activity.CertificatesChanged(h.Service, tx, q.ID) }))
	if state(c) != "" {
		t.Error("nothing was corrected")
	}
}

func TestCertificates_GoWithThePersonAndTheNumberStays(t *testing.T) {
	h := newHall(t)
	p, q := h.person(t), h.person(t)
	h.served(t, p, nil)
	c := h.certify(t, p)
	must(t, h.Town.Unite(t.Context(), p.ID, q.ID))
	if got, err := h.Certificates(t.Context(), q.ID, 0, 9); err != nil || len(got) != 1 || got[0].RevokedAt != 0 {
		t.Errorf("united: %+v %v", got, err)
	}
	if _, said, err := h.Whole(t.Context(), q.ID, c.Number); err != nil || said.Name != p.Name {
		t.Errorf("united: %+v %v", said, err)
	}
	must(t, h.Town.Forget(t.Context(), q.ID))
	got, err := h.Verify(t.Context(), c.Token)
	if err != nil || got.RevokedWhy != activity.WhyLeft || got.PersonID != 0 || got.Snapshot != "" || got.Count+got.Minutes != 0 || got.FromDay != "" || got.Number != c.Number || got.OrgName != c.OrgName {
		t.Errorf("%+v %v", got, err)
	}
}

func TestVerify_TriesAreLimitedAndUnknownIsAsWrong(t *testing.T) {
	h := newHall(t)
	p := h.person(t)
	h.served(t, p, nil)
	c := h.certify(t, p)
	for _, check := range []string{c.Check(), strings.ToLower(c.Check()), " " + strings.ReplaceAll(c.Check(), "-", "") + " "} {
		if token, err := h.Find(t.Context(), strings.ToLower(c.Number), check); err != nil || token != c.Token {
			t.Errorf("%q: %q %v", check, token, err)
		}
	}
	unknown := activity.NewNumber(2026)
	_, a := h.Find(t.Context(), unknown, "ABCD-EFGH")
	_, b := h.Find(t.Context(), c.Number, "ABCD-EFGH")
	_, e := h.Find(t.Context(), c.Number, "")
	if !errors.Is(a, activity.ErrCertificate) || a.Error() != b.Error() || a.Error() != e.Error() {
		t.Errorf("%v, %v, %v", a, b, e)
	}
	_, err := h.Find(t.Context(), c.Number[:len(c.Number)-1]+"x", c.Check())
	refused(t, err, activity.ErrNumber, "number")
	for range 10 {
		_, a = h.Find(t.Context(), unknown, "ABCD-EFGH")
		_, b = h.Find(t.Context(), c.Number, c.Check())
	}
	if !errors.Is(a, activity.ErrCheckTries) || a.Error() != b.Error() {
		t.Errorf("after many tries: %v, %v", a, b)
	}
	if _, err := h.Verify(t.Context(), c.Token); err != nil {
		t.Errorf("the code itself is not limited: %v", err)
	}
	for name, want := range map[string]bool{p.Name: true, " " + p.Name[:6] + "　" + p.Name[6:] + "\n": true, p.Name + "甲": false, "": false} {
		if got, err := h.NameIs(t.Context(), c.Token, name); err != nil || got != want {
			t.Errorf("%q: %v %v", name, got, err)
		}
	}
	for range 10 {
		_, err = h.NameIs(t.Context(), c.Token, p.Name)
	}
	refused(t, err, activity.ErrNameTries, "")
	_, err = h.NameIs(t.Context(), strings.Repeat("A", 20), p.Name)
	refused(t, err, activity.ErrCertificate, "")
	h.Service.KV = away{h.Service.KV}
	if _, err := h.NameIs(t.Context(), c.Token, p.Name); err == nil {
		t.Error("without the store that counts tries there is no limit")
	}
}

// away is a store that does not answer.
type away struct{ kv.Store }

func (away) Incr(context.Context, string, time.Duration) (int64, error) {
	return 0, errors.New("away")
}

func TestRotate_CertificatesAndCodesAreReadByTheNewKey(t *testing.T) {
	h := newHall(t)
	a, people := h.running(t, 1, nil)
	code, _ := h.code(t, a)
	p := people[0]
	h.served(t, p, nil)
	c := h.certify(t, p)
	const old, young = "YSBrZXkgdGhhdCBvcGVucyB0aGlzIHRvd24gYWxvbmU=", "YW5vdGhlciBrZXkgdGhhdCBvcGVucyB0aGlzIHRvd24="
	both, err := secret.NewKeyring(young + "," + old)
	must(t, err)
	h.Service.Members.Keys = both
	if n, err := h.Rotate(t.Context()); err != nil || n != 2 {
		t.Fatalf("%d sealed anew: %v", n, err)
	}
	if n, err := h.Rotate(t.Context()); err != nil || n != 0 {
		t.Errorf("again: %d %v", n, err)
	}
	h.Service.Members.Keys, err = secret.NewKeyring(young)
	must(t, err)
	if _, said, err := h.Whole(t.Context(), p.ID, c.Number); err != nil || said.Name != p.Name {
		t.Errorf("%+v %v", said, err)
	}
	if _, err := h.CheckIn(t.Context(), h.person(t).ID, activity.Scan{Code: code.Text}); !errors.Is(err, activity.ErrNotSeated) {
		t.Errorf("the code: %v", err)
	}
}

func TestExpireCertificates_RevokedOnesAreEmptied(t *testing.T) {
	h := newHall(t)
	p := h.person(t)
	h.served(t, p, nil)
	c := h.certify(t, p)
	must(t, h.Revoke(t.Context(), h.Actor("branch"), c.Number, "不实"))
	valid := h.certify(t, p)
	if n, err := h.ExpireCertificates(t.Context(), db.Expiry{Before: h.Clock().Add(time.Hour)}); err != nil || n != 1 {
		t.Errorf("%d went: %v", n, err)
	}
	got, err := h.Verify(t.Context(), c.Token)
	if err != nil || got.RevokedWhy != activity.WhyUnit || got.Snapshot != "" || got.PersonID != 0 || got.RevokedNote != "" {
		t.Errorf("%+v %v", got, err)
	}
	if _, _, err := h.Whole(t.Context(), p.ID, valid.Number); err != nil {
		t.Error(err)
	}
}

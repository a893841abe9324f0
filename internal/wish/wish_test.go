package wish_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/wish"
)

func TestMake_WhatIsWrongIsSaidAndMoneyIsRefused(t *testing.T) {
	w := newWell(t)
	for name, c := range map[string]struct {
		change func(*wish.Draft)
		want   *errs.Error
		field  string
	}{
		"no words":           {func(d *wish.Draft) { d.Text = " 想 " }, wish.ErrInvalid, "text"},
		"too many":           {func(d *wish.Draft) { d.Text = strings.Repeat("想", 301) }, wish.ErrInvalid, "text"},
		"a control":          {func(d *wish.Draft) { d.Text = "想要一个\x07轮椅" }, wish.ErrInvalid, "text"},
		"money":              {func(d *wish.Draft) { d.Text = "孩子上学想请大家 捐 款" }, wish.ErrMoney, "text"},
		"no kind":            {func(d *wish.Draft) { d.Kind = "money" }, wish.ErrInvalid, "kind"},
		"for nobody":         {func(d *wish.Draft) { d.ForWhom = "all" }, wish.ErrInvalid, "for_whom"},
		"past":               {func(d *wish.Draft) { d.Until = w.Clock().Add(-time.Hour) }, wish.ErrInvalid, "until"},
		"in a year":          {func(d *wish.Draft) { d.Until = w.Clock().AddDate(1, 0, 0) }, wish.ErrInvalid, "until"},
		"in a department":    {func(d *wish.Draft) { d.Org = w.Units["汾阳市"] }, wish.ErrInvalid, "org_id"},
		"nowhere":            {func(d *wish.Draft) { d.Org = 5 }, org.ErrUnknownUnit, ""},
		"as the community":   {func(d *wish.Draft) { d.ForWhom = wish.Household }, org.ErrOutside, ""},
		"a phone that isn't": {func(d *wish.Draft) { d.SharePhone = true }, wish.ErrInvalid, "share_phone"},
	} {
		d := w.draft()
		c.change(&d)
		_, err := w.Make(t.Context(), w.Actor("li"), d)
		told := errs.From(err)
		if !errors.Is(err, c.want) || c.field != "" && (len(told.Fields) == 0 || told.Fields[0].Name != c.field) {
			t.Errorf("%s: %v %v", name, err, told.Fields)
		}
	}
	if _, err := w.Make(t.Context(), w.Actor("city"), wish.Draft{Kind: "other", Text: company}); !errors.Is(err, wish.ErrInvalid) {
		t.Errorf("without a home: %v", err)
	}
	here := w.post(t, "li", func(d *wish.Draft) { d.Org, d.Text = 0, "  想要\n一本  字典 " })
	if here.OrgID != w.Units["福馨苑小区"] || here.Text != "想要 一本 字典" || here.Until != w.Clock().Add(30*24*time.Hour).UnixMilli() {
		t.Errorf("%+v", here)
	}
}

func TestMake_SentAgainItIsOneAndThreeAreEnough(t *testing.T) {
	w := newWell(t)
	d := w.draft()
	d.Key = "k"
	one, err := w.Make(t.Context(), w.Actor("li"), d)
	must(t, err)
	if two, err := w.Make(t.Context(), w.Actor("li"), d); err != nil || two.ID != one.ID {
		t.Errorf("%+v %v", two, err)
	}
	d.Text = "想要一个书包"
	_, err = w.Make(t.Context(), w.Actor("li"), d)
	refused(t, err, wish.ErrKeyReused)
	var wg sync.WaitGroup
	made := make(chan error, 8)
	for i := range 8 {
		wg.Go(func() {
			_, err := w.Make(t.Context(), w.Actor("li"), wish.Draft{Kind: "other", Text: fmt.Sprint("心愿之", i, "想学写字")})
			made <- err
		})
	}
	wg.Wait()
	close(made)
	good := 0
	for err := range made {
		if err == nil {
			good++
		} else {
			refused(t, err, wish.ErrManyWishes)
		}
	}
	if good != 2 {
		t.Errorf("%d more than the one that was there", good)
	}
	w.do(t, "li", one.ID, wish.Input{Action: wish.Withdraw})
	w.post(t, "li", nil)
	for range 5 { // a community looks after many
		w.post(t, "branch", func(d *wish.Draft) { d.ForWhom = wish.Household })
	}
}

func TestPublish_NothingIsReadBeforeItsWordsPassedAndTheCommunityLooked(t *testing.T) {
	w := newWell(t)
	made := w.post(t, "li", func(d *wish.Draft) { d.Text = "3号楼2单元301的王大爷想有人陪，电话13812345678" })
	_, err := w.Service.Act(t.Context(), w.Actor("branch"), made.ID, wish.Input{Action: wish.Publish})
	refused(t, err, wish.ErrNotAllowed)
	if told := w.told(t, made.ID); len(told) != 0 {
		t.Errorf("told before the check: %v", told)
	}
	w.judge(t, made.ID, ticket.Passed)
	if f := w.show(t, "branch", made.ID); f.Said != made.Text || f.Wisher != "li" {
		t.Errorf("the community reads %q of %q", f.Said, f.Wisher)
	}
	w.do(t, "branch", made.ID, wish.Input{Action: wish.Publish})
	f := w.show(t, "m1", made.ID)
	if f.Said != "3号楼2单元***的某大爷想有人陪，电话***" || f.Wisher == "li" || len(f.Events) != 0 {
		t.Errorf("others read %q of %q", f.Said, f.Wisher)
	}
	if mine := w.show(t, "li", made.ID); mine.Said != made.Text || len(mine.Events) != 2 || mine.Events[1].ActorTitle != "福馨苑小区党支部书记" {
		t.Errorf("%+v", mine)
	}
	if told := w.told(t, made.ID); !slices.Equal(told, []wish.Letter{wish.LetterNew, wish.LetterPublished}) {
		t.Errorf("told %v", told)
	}
	hidden := w.post(t, "li", func(d *wish.Draft) { d.Anonymous = true })
	w.judge(t, hidden.ID, ticket.Passed)
	w.do(t, "branch", hidden.ID, wish.Input{Action: wish.Publish})
	if f := w.show(t, "m1", hidden.ID); f.Wisher != "" {
		t.Errorf("an anonymous wish is of %q", f.Wisher)
	}
	w.do(t, "m1", hidden.ID, wish.Input{Action: wish.Claim})
	if f := w.show(t, "m1", hidden.ID); f.Wisher != "li" {
		t.Errorf("who claimed it does not know whose it is: %q", f.Wisher)
	}
	if f := w.show(t, "m2", hidden.ID); f.Wisher != "" || f.Claimer != "" {
		t.Errorf("anybody knows %q and %q", f.Wisher, f.Claimer)
	}
}

func TestPublish_WhatTheCommunityPostsIsOpenOnceItsWordsPassed(t *testing.T) {
	w := newWell(t)
	household := func(d *wish.Draft) { d.ForWhom = wish.Household }
	good, bad := w.post(t, "branch", household), w.post(t, "branch", household)
	w.judge(t, good.ID, ticket.Passed)
	w.judge(t, bad.ID, ticket.Doubtful)
	if f := w.show(t, "m1", good.ID); f.State != wish.Open || f.Wisher != "福馨苑小区党支部书记" || len(w.told(t, good.ID)) != 0 {
		t.Errorf("%+v %v", f, w.told(t, good.ID))
	}
	if one, err := w.Service.Of(t.Context(), bad.ID); err != nil || one.State != wish.Submitted {
		t.Errorf("%+v %v", one, err)
	}
	// A secretary's own wish is for somebody else to check.
	own := w.post(t, "branch", nil)
	w.judge(t, own.ID, ticket.Passed)
	if f := w.show(t, "branch", own.ID); may(f, wish.Publish) {
		t.Error("the secretary may publish an own wish")
	}
	w.do(t, "community", own.ID, wish.Input{Action: wish.Publish})
}

func TestClaim_OneOfManyGetsItAndAgainStaysIt(t *testing.T) {
	w := newWell(t)
	made := w.on(t)
	_, err := w.Service.Act(t.Context(), w.Actor("wang"), made.ID, wish.Input{Action: wish.Claim})
	refused(t, err, wish.ErrNotMember)
	var wg sync.WaitGroup
	got := make(chan string, 40)
	for range 10 {
		for _, who := range []string{"m1", "m2", "m3", "contact"} {
			wg.Go(func() {
				_, err := w.Service.Act(t.Context(), w.Actor(who), made.ID, wish.Input{Action: wish.Claim})
				if err == nil {
					got <- who
				} else if !errors.Is(err, wish.ErrTaken) {
					t.Errorf("%s: %v", who, err)
				}
			})
		}
	}
	wg.Wait()
	close(got)
	winners := map[string]int{}
	for who := range got {
		winners[who]++
	}
	if len(winners) != 1 {
		t.Errorf("claimed by %v", winners)
	}
	for who := range winners {
		if f := w.show(t, who, made.ID); !f.Claims || f.Version != made.Version+1 {
			t.Errorf("%+v", f)
		}
	}
}

func TestClaim_ThreeAtATimeAndAUnitByItsContact(t *testing.T) {
	w := newWell(t)
	var ids []int64
	for range 5 {
		made := w.post(t, "branch", func(d *wish.Draft) { d.ForWhom = wish.Household })
		w.judge(t, made.ID, ticket.Passed)
		ids = append(ids, made.ID)
	}
	var wg sync.WaitGroup
	for _, id := range ids[:4] {
		wg.Go(func() {
			if _, err := w.Service.Act(t.Context(), w.Actor("m1"), id, wish.Input{Action: wish.Claim}); err != nil {
				refused(t, err, wish.ErrManyClaims)
			}
		})
	}
	wg.Wait()
	held, err := w.List(t.Context(), w.Actor("m1"), wish.Listing{View: wish.MyClaims, Limit: 9})
	must(t, err)
	if len(held) != 3 {
		t.Errorf("%d claims", len(held))
	}
	_, err = w.Service.Act(t.Context(), w.Actor("m2"), ids[4], wish.Input{Action: wish.Claim, Unit: w.unit})
	refused(t, err, wish.ErrUnit)
	w.do(t, "contact", ids[4], wish.Input{Action: wish.Claim})
	if f := w.show(t, "branch", ids[4]); f.Unit.Name != "市图书馆" || f.Claimer != "党员contact" {
		t.Errorf("%+v", f)
	}
	w.do(t, "m1", held[0].ID, wish.Input{Action: wish.Fulfil, Note: "送到了"})
	left := slices.IndexFunc(ids[:4], func(id int64) bool { return !slices.ContainsFunc(held, func(f wish.Full) bool { return f.ID == id }) })
	w.do(t, "m1", ids[left], wish.Input{Action: wish.Claim})
}

func TestAct_SentAgainItIsDoneOnceAndAnOldVersionIsRefused(t *testing.T) {
	w := newWell(t)
	made := w.on(t)
	_, err := w.Service.Act(t.Context(), w.Actor("m1"), made.ID, wish.Input{Action: wish.Claim, Version: made.Version - 1})
	refused(t, err, wish.ErrStale)
	in := wish.Input{Action: wish.Claim, Key: "k", Version: made.Version}
	first := w.do(t, "m1", made.ID, in)
	if again := w.do(t, "m1", made.ID, in); again.Version != first.Version {
		t.Errorf("done twice: %+v", again)
	}
	in.Action = wish.GiveBack
	_, err = w.Service.Act(t.Context(), w.Actor("m1"), made.ID, in)
	refused(t, err, wish.ErrKeyReused)
	_, err = w.Service.Act(t.Context(), w.Actor("m1"), made.ID, wish.Input{Action: wish.Fulfil})
	refused(t, err, wish.ErrInvalid)
}

func TestTime_ClaimsComeBackSilenceIsAYesAndAWishEnds(t *testing.T) {
	w := newWell(t)
	day := 24 * time.Hour
	made := w.on(t)
	w.do(t, "m1", made.ID, wish.Input{Action: wish.Claim})
	w.Forward(5*day + time.Minute)
	w.ring(t, made.ID)
	w.Forward(2 * day)
	w.ring(t, made.ID)
	if f := w.show(t, "li", made.ID); f.State != wish.Open || f.ClaimerID != 0 || f.Events[len(f.Events)-1].ActorID != 0 {
		t.Errorf("after seven days: %+v", f)
	}
	w.do(t, "m2", made.ID, wish.Input{Action: wish.Claim})
	w.do(t, "m2", made.ID, wish.Input{Action: wish.Fulfil, Note: "陪了一下午"})
	w.do(t, "li", made.ID, wish.Input{Action: wish.Deny, Note: "还没来过"})
	w.do(t, "m2", made.ID, wish.Input{Action: wish.Fulfil, Note: "这次真的去了"})
	w.Forward(7*day + time.Minute)
	w.ring(t, made.ID)
	if f := w.show(t, "li", made.ID); f.State != wish.Granted || f.Outcome != wish.Tacit || f.Satisfaction != "" {
		t.Errorf("after silence: %+v", f.Wish)
	}
	want := []wish.Letter{
		wish.LetterNew, wish.LetterPublished, wish.LetterClaimed, wish.LetterRemind, wish.LetterLapsed, wish.LetterReturned,
		wish.LetterClaimed, wish.LetterFulfilled, wish.LetterDenied, wish.LetterFulfilled, wish.LetterThanks,
	}
	if told := w.told(t, made.ID); !slices.Equal(told, want) {
		t.Errorf("told %v", told)
	}

	waits, open, late := w.post(t, "wang", nil), w.post(t, "wang", func(d *wish.Draft) { d.Until = w.Clock().Add(2 * day) }), w.post(t, "wang", func(d *wish.Draft) { d.Until = w.Clock().Add(2 * day) })
	for _, one := range []wish.Wish{open, late} {
		w.judge(t, one.ID, ticket.Passed)
		w.do(t, "branch", one.ID, wish.Input{Action: wish.Publish})
	}
	w.Forward(day + time.Hour)
	w.do(t, "m1", late.ID, wish.Input{Action: wish.Claim})
	w.Forward(day - time.Minute)
	w.ring(t, waits.ID, open.ID, late.ID)
	if told := w.told(t, waits.ID); !slices.Equal(told, []wish.Letter{wish.LetterUnchecked}) {
		t.Errorf("nobody looked at it: %v", told)
	}
	for id, state := range map[int64]wish.State{open.ID: wish.Expired, late.ID: wish.Claimed} {
		if one, err := w.Service.Of(t.Context(), id); err != nil || one.State != state {
			t.Errorf("%+v %v", one, err)
		}
	}
	if back := w.do(t, "m1", late.ID, wish.Input{Action: wish.GiveBack, Note: "来不及"}); back.State != wish.Expired {
		t.Errorf("given back after its time: %+v", back)
	}
}

func TestContact_ThePhoneIsSeenByWhoMayAndEachLookIsKept(t *testing.T) {
	w := newWell(t)
	must(t, w.Members.BindPhone(t.Context(), w.Who["li"], "13800000001"))
	shared := w.post(t, "li", func(d *wish.Draft) { d.SharePhone = true })
	w.judge(t, shared.ID, ticket.Passed)
	w.do(t, "branch", shared.ID, wish.Input{Action: wish.Publish})
	kept := w.on(t)
	for _, id := range []int64{shared.ID, kept.ID} {
		_, err := w.Contact(t.Context(), w.Actor("m1"), id, "约时间")
		refused(t, err, wish.ErrNoContact)
		w.do(t, "m1", id, wish.Input{Action: wish.Claim})
	}
	c, err := w.Contact(t.Context(), w.Actor("m1"), shared.ID, "约时间")
	must(t, err)
	if c.Phone != "13800000001" {
		t.Errorf("%+v", c)
	}
	_, err = w.Contact(t.Context(), w.Actor("m1"), shared.ID, "")
	refused(t, err, member.ErrNoReason)
	_, err = w.Contact(t.Context(), w.Actor("m1"), kept.ID, "约时间")
	refused(t, err, wish.ErrNoContact)
	_, err = w.Contact(t.Context(), w.Actor("branch"), kept.ID, "核实")
	must(t, err)
	looks, err := w.Members.Accesses(t.Context(), w.Who["li"], 0, 9)
	must(t, err)
	if len(looks) != 2 || looks[1].Ticket != fmt.Sprint("XY", shared.ID) || looks[0].ByTitle != "福馨苑小区党支部书记" {
		t.Errorf("%+v", looks)
	}
	w.do(t, "m1", shared.ID, wish.Input{Action: wish.GiveBack})
	_, err = w.Contact(t.Context(), w.Actor("m1"), shared.ID, "约时间")
	refused(t, err, wish.ErrNoContact)
}

func TestForget_WhoLeavesTakesTheirWordsAlong(t *testing.T) {
	w := newWell(t)
	open, claimed, done := w.on(t), w.on(t), w.on(t)
	w.do(t, "m1", claimed.ID, wish.Input{Action: wish.Claim})
	w.do(t, "m1", done.ID, wish.Input{Action: wish.Claim})
	w.do(t, "m1", done.ID, wish.Input{Action: wish.Fulfil, Note: "我去过了"})
	must(t, w.Town.Forget(t.Context(), w.Who["m1"]))
	back := w.show(t, "li", claimed.ID)
	if back.State != wish.Open || back.ClaimerID != 0 {
		t.Errorf("%+v", back)
	}
	if f := w.show(t, "li", done.ID); f.State != wish.Fulfilled || f.ClaimerID != 0 || f.Events[3].Note != "" {
		t.Errorf("%+v", f)
	}
	w.do(t, "m2", claimed.ID, wish.Input{Action: wish.Claim})
	must(t, w.Town.Forget(t.Context(), w.Who["li"]))
	for id, state := range map[int64]wish.State{open.ID: wish.Withdrawn, claimed.ID: wish.Withdrawn, done.ID: wish.Granted} {
		one, err := w.Service.Of(t.Context(), id)
		must(t, err)
		if one.State != state || one.Text != "" || one.WisherID != 0 {
			t.Errorf("%+v", one)
		}
	}
	if told := w.told(t, claimed.ID); told[len(told)-1] != wish.LetterWithdrawn {
		t.Errorf("who claimed it was told %v", told)
	}
}

func TestUnite_TheirWishesAreOnePersons(t *testing.T) {
	w := newWell(t)
	made := w.on(t)
	w.do(t, "m1", made.ID, wish.Input{Action: wish.Claim})
	must(t, w.Town.Unite(t.Context(), w.Who["li"], w.Who["wang"]))
	must(t, w.Town.Unite(t.Context(), w.Who["m1"], w.Who["m2"]))
	if f := w.show(t, "wang", made.ID); !f.Mine || !may(f, wish.Withdraw) {
		t.Errorf("%+v", f)
	}
	if f := w.show(t, "m2", made.ID); !f.Claims || !may(f, wish.Fulfil) {
		t.Errorf("%+v", f)
	}
}

func TestSource_AnActivityComesFromAWishThatIsThere(t *testing.T) {
	w := newWell(t)
	made, hidden := w.on(t), w.post(t, "wang", nil)
	w.do(t, "m1", made.ID, wish.Input{Action: wish.Claim})
	title, kind, place := "周末陪伴", "care", "3号楼前"
	starts := w.Clock().Add(24 * time.Hour)
	ends := starts.Add(time.Hour)
	from := func(ref string) ([]activity.Activity, error) {
		return w.Activities.Make(t.Context(), w.Actor("leader"), "", activity.Draft{
			Org: ptr(w.Units["3号楼"]), Title: &title, Kind: &kind, Place: &place, Starts: &starts, Ends: &ends, Slots: &[]activity.SlotDraft{{Name: "陪伴", Capacity: 2}},
			Source: activity.Source{Kind: wish.Source, Ref: ref},
		}, activity.Repeat{})
	}
	for _, ref := range []string{"", "x", "7", fmt.Sprint(hidden.ID)} {
		_, err := from(ref)
		refused(t, err, activity.ErrInvalid)
	}
	if _, err := from(fmt.Sprint(made.ID)); err != nil {
		t.Fatal(err)
	}
	must(t, w.Held(t.Context(), fmt.Sprint(made.ID), title))
	if told := w.told(t, made.ID); told[len(told)-1] != wish.LetterHeld {
		t.Errorf("told %v", told)
	}
	if one, err := w.Service.Of(t.Context(), made.ID); err != nil || one.State != wish.Claimed {
		t.Errorf("an activity fulfils no wish by itself: %+v %v", one, err)
	}
}

func ptr[T any](v T) *T { return &v }

func TestList_PagesHoldEachOnceAndTheDeskSeesItsOwnPlaces(t *testing.T) {
	w := newWell(t)
	want := map[int64]bool{}
	for i := range 7 {
		made := w.post(t, "branch", func(d *wish.Draft) {
			d.ForWhom, d.Until = wish.Household, w.Clock().AddDate(0, 0, 3+i%3)
		})
		w.judge(t, made.ID, ticket.Passed)
		want[made.ID] = true
	}
	w.post(t, "li", nil) // nobody has looked at it
	for _, view := range []wish.View{wish.OpenOnes, wish.MyWishes} {
		l := wish.Listing{View: view, Limit: 3}
		seen := map[int64]bool{}
		for {
			found, err := w.List(t.Context(), w.Actor("branch"), l)
			must(t, err)
			for _, f := range found {
				if seen[f.ID] || !want[f.ID] {
					t.Errorf("%s: %d is there twice or should not be", view, f.ID)
				}
				seen[f.ID] = true
			}
			if len(found) < l.Limit {
				break
			}
			l.After = wish.CursorAfter(view, found[len(found)-1].Wish)
		}
		if len(seen) != len(want) {
			t.Errorf("%s: %d of %d", view, len(seen), len(want))
		}
	}
	for who, n := range map[string]int{"branch": 8, "community": 8, "otherbranch": 0} {
		found, err := w.List(t.Context(), w.Actor(who), wish.Listing{View: wish.DeskOnes, Limit: 20})
		must(t, err)
		if len(found) != n {
			t.Errorf("%s has %d, want %d", who, len(found), n)
		}
	}
	if found, err := w.List(t.Context(), w.Actor("branch"), wish.Listing{View: wish.DeskOnes, State: wish.Submitted, Limit: 20}); err != nil || len(found) != 1 {
		t.Errorf("%d to check: %v", len(found), err)
	}
	for _, c := range []struct {
		who  string
		unit string
	}{{"li", ""}, {"otherbranch", "福馨苑小区"}} {
		_, err := w.List(t.Context(), w.Actor(c.who), wish.Listing{View: wish.DeskOnes, Unit: w.Units[c.unit], Limit: 20})
		refused(t, err, org.ErrOutside)
	}
	if found, err := w.List(t.Context(), w.Actor("li"), wish.Listing{View: wish.OpenOnes, Unit: w.Units["昌瑞绿洲小区"], Limit: 20}); err != nil || len(found) != 0 {
		t.Errorf("elsewhere: %d %v", len(found), err)
	}
}

func TestLoadRules_RefusesWhatIsWrong(t *testing.T) {
	good, err := os.ReadFile("../../config/wishes.yaml")
	must(t, err)
	for name, c := range map[string]struct{ from, to, says string }{
		"a key nobody knows": {"\nmoney: [", "\nmoneys: [", "moneys"},
		"no time":            {"claim_days: 7", "claim_days: 0", "claim_days"},
		"late reminders":     {"remind_hours: 48", "remind_hours: 168", "remind_hours"},
		"crossed days":       {"usual: 30", "usual: 91", "usual"},
		"a kind twice":       {"code: repair", "code: things", "things"},
	} {
		changed := strings.Replace(string(good), c.from, c.to, 1)
		if _, err := wish.LoadRules([]byte(changed)); changed == string(good) || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r, err := wish.LoadRules(good)
	must(t, err)
	for text, want := range map[string]string{"想要一辆轮椅": "things", "想有人陪老人聊天": "company", "想学用手机": "learning", "下周要去医院复查": "clinic", "想看一次大海": ""} {
		if k, _ := r.Guess(text); k.Code != want {
			t.Errorf("%s is %q, want %q", text, k.Code, want)
		}
	}
}

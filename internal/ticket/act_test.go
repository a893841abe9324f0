package ticket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"slices"
	"sync"
	"testing"
	"time"

	"fenlin/internal/db"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// contacted is a ticket of li's that the branch works on.
func contacted(t testing.TB, w *tickettest.Town) string {
	t.Helper()
	n := w.Told(t, "li", lamp).Number
	w.Do(t, "branch", n, do(ticket.Accept))
	w.Do(t, "branch", n, do(ticket.Contact))
	return n
}

func get(t testing.TB, w *tickettest.Town, who, n string) ticket.Full {
	t.Helper()
	f, err := w.Get(t.Context(), w.Actor(who), n)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAct_TheSameRequestManyTimesAtOnceIsOneEventAndOneAnswer(t *testing.T) {
	w := tickettest.New(t)
	for range 8 {
		w.Forward(time.Hour)
		n := w.Told(t, "li", lamp).Number
		branch := w.Actor("branch")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				tk, err := w.Act(context.Background(), branch, n, ticket.Input{Action: ticket.Accept, Version: 2, Key: "api:" + n})
				if err != nil || tk.State != ticket.Accepted {
					t.Errorf("%s %v", tk.State, err)
				}
			})
		}
		wg.Wait()
		if v := get(t, w, "branch", n).Version; v != 3 {
			t.Fatalf("version %d", v)
		}
	}
	verify(t, w)
}

func TestReport_ARepeatedReportIsAnsweredThoughTheLimitIsReached(t *testing.T) {
	w := tickettest.New(t)
	r := ticket.Report{Key: "api:last", Reporter: w.Who["li"], Home: w.Units["福馨苑小区"], Text: lamp}
	first, err := w.Report(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for range ticket.DailyReports - 1 {
		w.Told(t, "li", lamp)
	}
	again, err := w.Report(t.Context(), r)
	if err != nil || again.Number != first.Number {
		t.Fatalf("%s %v", again.Number, err)
	}
}

func TestAct_AnEarlyResumeOutlivesItsTimer(t *testing.T) {
	w := tickettest.New(t)
	n := contacted(t, w)
	suspend := func(days int) {
		until := w.Clock().Add(time.Duration(days) * 24 * time.Hour)
		w.Do(t, "branch", n, ticket.Input{Action: ticket.Suspend, Note: "等供货", Until: until})
		w.Do(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: yes()})
	}
	suspend(5)
	w.Forward(24 * time.Hour)
	w.Do(t, "branch", n, do(ticket.Resume))
	water := w.Posts["water_company"]
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Whistle, Note: "请来", Posts: []int64{water}})
	w.Forward(4 * 24 * time.Hour)
	drain(t, w)
	if f := get(t, w, "branch", n); f.State != ticket.Whistled {
		t.Fatalf("the timer of a suspension that was over ended a whistle: %s", f.State)
	}
	w.Do(t, "branch", n, do(ticket.Resume))
	suspend(3)
	w.Forward(24 * time.Hour)
	w.Do(t, "branch", n, do(ticket.Resume))
	suspend(9)
	w.Forward(3 * 24 * time.Hour)
	drain(t, w)
	if f := get(t, w, "branch", n); f.State != ticket.Suspended {
		t.Fatalf("the timer of the suspension before ended this one: %s", f.State)
	}
	w.Forward(6 * 24 * time.Hour)
	drain(t, w)
	if f := get(t, w, "branch", n); f.State != ticket.Contacted || f.PendingUntil != 0 {
		t.Fatalf("%+v", f.Ticket)
	}
	verify(t, w)
}

func TestOverdue_ASuspendedTicketsClockStands(t *testing.T) {
	w := tickettest.New(t)
	overdue := func() (listed, said bool) {
		page, err := w.List(t.Context(), w.Actor("community"), ticket.Overdue, 0, 10, "")
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items) > 0, get(t, w, "community", "FY261123-0001").Overdue(w.Clock())
	}
	n := contacted(t, w)
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Suspend, Note: "冬季不能施工", Until: w.Clock().Add(80 * 24 * time.Hour)})
	w.Do(t, "community", n, ticket.Input{Action: ticket.Decide, Approve: yes()})
	w.Forward(60 * 24 * time.Hour)
	if listed, said := overdue(); listed || said {
		t.Fatalf("listed %t, said %t", listed, said)
	}
	w.Do(t, "branch", n, do(ticket.Resume))
	w.Forward(30 * 24 * time.Hour)
	if listed, said := overdue(); !listed || !said {
		t.Fatalf("listed %t, said %t", listed, said)
	}
}

func TestDispatch_OnlyToPostsThatHandle(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	clerk, err := w.Org.NewPost(t.Context(), w.Units["汾阳市"], org.Clerk, "台账员")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Org.Seat(t.Context(), clerk, w.Who["stranger"], 0); err != nil {
		t.Fatal(err)
	}
	w.Refused(t, "branch", n, ticket.Input{Action: ticket.Dispatch, To: clerk}, ticket.ErrInvalid)
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Dispatch, To: w.Posts["leader"]})
}

func TestView_WhoHandsATicketOutOfSightIsStillAnswered(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Dispatch, To: w.Posts["water_company"]})
	tk := w.Do(t, "water_company", n, ticket.Input{Action: ticket.Transfer, To: w.Posts["branch"], Note: "不是我们"})
	f, err := w.View(t.Context(), w.Actor("water_company"), tk)
	if err != nil || f.Whole || len(f.Actions) > 0 || f.Posts[tk.LeadPost].ID != w.Posts["branch"] {
		t.Fatalf("%+v %v", f, err)
	}
	if _, err := w.Get(t.Context(), w.Actor("water_company"), n); !errors.Is(err, ticket.ErrUnknown) {
		t.Fatal(err)
	}
}

func TestWhistle_ADepartmentIsCalledOnceAtATimeAndAgainWhenItIsDone(t *testing.T) {
	w := tickettest.New(t)
	n := contacted(t, w)
	water := w.Posts["water_company"]
	call := ticket.Input{Action: ticket.Whistle, Note: "请来", Posts: []int64{water, water}}
	w.Do(t, "branch", n, call)
	w.Refused(t, "branch", n, call, ticket.ErrInvalid)
	for range 2 {
		w.Do(t, "water_company", n, do(ticket.Arrive))
		w.Do(t, "water_company", n, say(ticket.Finish, "处理了"))
		w.Do(t, "branch", n, call)
	}
	w.Do(t, "water_company", n, do(ticket.Arrive))
	w.Do(t, "water_company", n, say(ticket.Finish, "处理了"))
	w.Do(t, "branch", n, say(ticket.Finish, "好了"))
	verify(t, w)
}

func TestGet_AnActionIsOfferedOnce(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	if err := w.Members.Live(t.Context(), w.Who["community"], w.Units["福馨苑小区"]); err != nil { // overseer and neighbour
		t.Fatal(err)
	}
	mine := w.Told(t, "branch", "福馨苑"+lamp).Number // reporter and lead
	w.Do(t, "branch", mine, do(ticket.Accept))
	for _, f := range []ticket.Full{get(t, w, "community", n), get(t, w, "branch", mine)} {
		var seen []ticket.Action
		for _, c := range f.Actions {
			if slices.Contains(seen, c.Action) {
				t.Errorf("%s: %s is offered twice", f.Number, c.Action)
			}
			seen = append(seen, c.Action)
		}
	}
}

func TestAct_WhatAnActionDoesNotTakeIsPassedOver(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	photo, err := w.Keep(t.Context(), w.Who["branch"], "", picture(t))
	if err != nil {
		t.Fatal(err)
	}
	w.Do(t, "branch", n, ticket.Input{
		Action: ticket.Accept, To: w.Posts["branch"], Posts: []int64{7}, Until: w.Clock().Add(-time.Hour), Satisfaction: "great", Photos: []int64{photo},
	})
	if f := get(t, w, "branch", n); f.State != ticket.Accepted || f.Satisfaction != "" || len(f.Photos) != 0 {
		t.Fatalf("%+v", f)
	}
}

func picture(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestAct_ASecretaryWhoFollowsStillActsAsTheSecretary(t *testing.T) {
	w := tickettest.New(t)
	n := contacted(t, w)
	w.Do(t, "community", n, do(ticket.Follow))
	w.Do(t, "branch", n, say(ticket.Finish, "好了"))
	w.Do(t, "community", n, ticket.Input{Action: ticket.Close, Note: "回访过", Solved: yes()})
	own := w.Told(t, "community", "福馨苑"+lamp).Number
	w.Do(t, "community", own, ticket.Input{Action: ticket.Reject, Ground: "answered"})
	for number, titles := range map[string][]string{
		n:   {"报事人", "汾邻", "福馨苑小区党支部书记", "福馨苑小区党支部书记", "南薰社区党委书记", "福馨苑小区党支部书记", "南薰社区党委书记"},
		own: {"报事人", "汾邻", "南薰社区党委书记"},
	} {
		for i, e := range get(t, w, "community", number).Events {
			if e.ActorTitle != titles[i] {
				t.Errorf("%s %s by %s, want %s", number, e.Action, e.ActorTitle, titles[i])
			}
		}
	}
}

func TestCorrect_TheHandlerCannotMoveATicketToAnotherCompound(t *testing.T) {
	w := tickettest.New(t)
	n := contacted(t, w)
	move := ticket.Place{OrgID: w.Units["昌瑞绿洲小区"]}
	w.Refused(t, "branch", n, ticket.Input{Action: ticket.Correct, Place: &move}, ticket.ErrInvalid)
	tk := w.Do(t, "branch", n, ticket.Input{Action: ticket.Correct, Place: &ticket.Place{Category: "power", OrgID: w.Units["福馨苑小区"]}})
	if tk.Category != "power" || tk.State != ticket.Contacted {
		t.Fatalf("%+v", tk)
	}
}

func TestCorrect_TheCitysDeskSaysWhichCompoundADangerIsIn(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "branch", "电梯里困住人了").Number // by somebody whose home nobody knows
	w.Do(t, "city", n, do(ticket.Accept))
	tk := w.Do(t, "city", n, ticket.Input{Action: ticket.Correct, Place: &ticket.Place{OrgID: w.Units["福馨苑小区"]}})
	if tk.OrgID != w.Units["福馨苑小区"] {
		t.Fatalf("%+v", tk)
	}
	w.Do(t, "city", n, ticket.Input{Action: ticket.Dispatch, To: w.Posts["branch"]})
	w.Do(t, "branch", n, do(ticket.Accept))
}

func TestSettle_AnOldNoIsNoAnswerToANewFinish(t *testing.T) {
	w := tickettest.New(t)
	n := contacted(t, w)
	w.Do(t, "branch", n, say(ticket.Finish, "好了"))
	w.Do(t, "li", n, ticket.Input{Action: ticket.Confirm, Solved: no()})
	w.Do(t, "community", n, do(ticket.Accept))
	w.Do(t, "community", n, do(ticket.Contact))
	w.Do(t, "community", n, say(ticket.Finish, "这次好了"))
	w.Forward(ticket.ConfirmWindow)
	drain(t, w)
	if f := get(t, w, "li", n); f.State != ticket.Closed || f.Outcome != ticket.Tacit || f.Solved != nil {
		t.Fatalf("%s %s solved %v", f.State, f.Outcome, f.Solved)
	}
}

func TestGet_TheOwnerStillSeesWhatWasHandedOn(t *testing.T) {
	w := tickettest.New(t)
	stranger := w.Told(t, "stranger", "5号楼的路灯坏了") // goes to the property company
	if stranger.LeadPost != w.Posts["property"] {
		t.Fatalf("%+v", stranger)
	}
	w.Do(t, "property", stranger.Number, do(ticket.Accept))
	w.Do(t, "property", stranger.Number, ticket.Input{Action: ticket.Transfer, To: w.Posts["otherbranch"], Note: "是公共部分"})
	if f := get(t, w, "property", stranger.Number); !f.Whole || f.OwnerPost != w.Posts["property"] {
		t.Fatalf("%+v", f.Ticket)
	}
}

func TestKeep_SoManyPicturesADayAndNoneThatNobodyWants(t *testing.T) {
	w := tickettest.New(t)
	li, raw := w.Who["li"], picture(t)
	for i := range ticket.DailyPhotos {
		if _, err := w.Keep(t.Context(), li, fmt.Sprint("key", i), raw); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Keep(t.Context(), li, "one more", raw); !errors.Is(err, ticket.ErrTooManyPhotos) {
		t.Errorf("one more: %v", err)
	}
	if _, err := w.Keep(t.Context(), li, "key0", raw); err != nil {
		t.Errorf("one that was kept: %v", err)
	}
	if _, err := w.Keep(t.Context(), w.Who["wang"], "", raw); err != nil {
		t.Errorf("another person: %v", err)
	}
	w.Forward(25 * time.Hour)
	last, err := w.Keep(t.Context(), li, "", raw)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.ExpirePhotos(t.Context(), db.Expiry{Before: w.Clock().Add(-24 * time.Hour)}); err != nil || n != ticket.DailyPhotos+1 {
		t.Errorf("%d went: %v", n, err)
	}
	var kept []int64
	if err := w.DB.Read(t.Context()).Raw("SELECT id FROM photos WHERE owner_id = ?", li).Scan(&kept).Error; err != nil || len(kept) != 1 || kept[0] != last {
		t.Errorf("%d are left: %v", len(kept), err)
	}
}

func TestWhistle_WhoDoesNotComeInTimeIsNotedOnceAndWhoCameIsRated(t *testing.T) {
	w := tickettest.New(t)
	n := contacted(t, w)
	water, power := w.Posts["water_company"], w.Posts["power_company"]
	rate := ticket.Input{Action: ticket.Rate, Posts: []int64{water}, Satisfaction: ticket.Satisfied}
	w.Refused(t, "branch", n, rate, ticket.ErrNotAllowed)
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Whistle, Note: "请来", Posts: []int64{water, power}})
	due := get(t, w, "branch", n).Parts
	w.Do(t, "water_company", n, do(ticket.Arrive))
	w.Forward(5 * 24 * time.Hour)
	drain(t, w)
	drain(t, w)
	f := get(t, w, "branch", n)
	last := f.Events[len(f.Events)-1]
	if last.Action != ticket.Arrive || last.ActorTitle != "汾邻" || len(last.Detail().Posts) != 1 || last.Detail().Posts[0] != power || f.State != ticket.Whistled {
		t.Errorf("the power company was not there in time: %+v, due %+v", last, due)
	}
	if n := countOf(f.Events, ticket.Arrive); n != 2 {
		t.Errorf("%d events of arriving, one of them by the clock", n)
	}

	w.Refused(t, "branch", n, ticket.Input{Action: ticket.Rate, Posts: []int64{power}, Satisfaction: ticket.Satisfied}, ticket.ErrInvalid) // never came
	w.Refused(t, "water_company", n, rate, ticket.ErrNotAllowed)                                                                           // rates nobody
	w.Do(t, "branch", n, rate)
	f = get(t, w, "branch", n)
	for _, p := range f.Parts {
		if p.PostID == water && p.Rating != ticket.Satisfied || p.PostID == power && p.Rating != "" {
			t.Errorf("rated: %+v", p)
		}
	}
	if f.Satisfaction != "" {
		t.Error("the rating of a department became the resident's")
	}
	verify(t, w)
}

func countOf(events []ticket.Event, a ticket.Action) (n int) {
	for _, e := range events {
		if e.Action == a {
			n++
		}
	}
	return n
}

func TestAdd_WhoStandsAboveSupervisesAndTheCityWatches(t *testing.T) {
	w := tickettest.New(t)
	n := contacted(t, w)
	w.Do(t, "li", n, say(ticket.Add, "还是不亮"))
	if f := get(t, w, "city", n); f.Watched {
		t.Fatal("the reporter put it on the watch list")
	}
	w.Refused(t, "city", n, do(ticket.Add), ticket.ErrInvalid)
	w.Do(t, "city", n, say(ticket.Add, "三天内办结，结果报我"))
	f := get(t, w, "city", n)
	last := f.Events[len(f.Events)-1]
	if !f.Watched || !last.Detail().Supervised || last.ActorTitle != "市委社会工作部" {
		t.Errorf("watched %v: %+v", f.Watched, last)
	}
	verify(t, w)
}

func TestReject_OnlyOnAGround(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	w.Refused(t, "community", n, say(ticket.Reject, "太难办"), ticket.ErrInvalid)
	w.Refused(t, "community", n, ticket.Input{Action: ticket.Reject, Ground: "too hard"}, ticket.ErrInvalid)
	w.Do(t, "community", n, ticket.Input{Action: ticket.Reject, Ground: "procedure", Note: "已告知去法院"})
	f := get(t, w, "li", n)
	last := f.Events[len(f.Events)-1]
	if f.State != ticket.Rejected || last.Detail().Ground != "procedure" || last.Note != "须通过诉讼、仲裁、纪检监察、行政复议、政府信息公开等程序解决。已告知去法院。" {
		t.Errorf("%s: %+v", f.State, last)
	}
	w.Forward(14 * 24 * time.Hour)
	w.Do(t, "li", n, say(ticket.Reopen, "不是诉讼的事"))
	verify(t, w)
}

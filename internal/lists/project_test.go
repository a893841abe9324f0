package lists_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"slices"
	"sync"
	"testing"
	"time"

	"fenlin/internal/db"
	"fenlin/internal/lists"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

const day = 24 * time.Hour

func TestProject_FromTheClaimToTheCloseBothSidesAreTold(t *testing.T) {
	h := newHall(t)
	p := h.project(t)
	needs, resources, err := h.Joined(t.Context(), []int64{p.ID})
	must(t, err)
	need := needs[p.ID][0].ID
	if got := h.state(t, lists.Needs, need); got != lists.Matched || len(resources[p.ID]) != 1 {
		t.Errorf("the need is %s", got)
	}
	h.do(t, "community", lists.Projects, p.ID, lists.Deed{Action: lists.Agree})
	photo := h.picture(t, "hospital")
	h.do(t, "hospital", lists.Projects, p.ID, lists.Deed{Action: lists.Progress, Note: "查了三十位老人", Day: "2026-11-22", Photos: []int64{photo}})
	refused(t, h.Service.Act(t.Context(), h.Actor("hospital"), lists.Projects, p.ID, lists.Deed{Action: lists.Progress, Note: "明天的", Day: "2026-11-24"}), lists.ErrInvalid, "day")
	refused(t, h.Service.Act(t.Context(), h.Actor("hospital"), lists.Projects, p.ID, lists.Deed{Action: lists.Progress, Note: "同一张", Photos: []int64{photo}}), ticket.ErrInvalid, "photos")
	for who, ok := range map[string]bool{"hospital": true, "community": true, "city": true, "school": false, "li": false} {
		if _, err := h.Photo(t.Context(), h.Actor(who), p.ID, photo); (err == nil) != ok {
			t.Errorf("%s looks at the photo: %v", who, err)
		}
	}
	h.do(t, "hospital", lists.Projects, p.ID, lists.Deed{Action: lists.Finish, Note: "八十位都查了"})
	refused(t, h.Service.Act(t.Context(), h.Actor("community"), lists.Projects, p.ID, lists.Deed{Action: lists.Evaluate, Note: "好"}), lists.ErrInvalid, "verdict")
	h.do(t, "community", lists.Projects, p.ID, lists.Deed{Action: lists.Evaluate, Note: "老人都说好", Verdict: lists.Satisfied})
	h.do(t, "hospital", lists.Projects, p.ID, lists.Deed{Action: lists.Remark, Note: "以后每年来"})
	h.do(t, "community", lists.Projects, p.ID, lists.Deed{Action: lists.Close})
	if got := h.state(t, lists.Needs, need); got != lists.Done {
		t.Errorf("the need is %s", got)
	}
	want := []string{"project_proposed:community", "project_agreed:unit", "project_evaluate:community", "project_evaluated:unit", "project_closed:unit"}
	if got := h.told(t); !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
	full, err := h.Project(t.Context(), h.Actor("hospital"), p.ID)
	must(t, err)
	var line []string
	for _, e := range full.Timeline {
		line = append(line, string(e.Action)+" "+e.ActorTitle)
	}
	if want := []string{
		"create 人民医院", "agree 南薰社区党委书记", "progress 人民医院", "finish 人民医院", "evaluate 南薰社区党委书记", "remark 人民医院", "close 南薰社区党委书记",
	}; !slices.Equal(line, want) || full.Timeline[2].Day != "2026-11-22" || full.Item.UnitWords != "以后每年来" {
		t.Errorf("%v", line)
	}
	h.judge(t)
	shown, err := h.Project(t.Context(), h.Actor("li"), p.ID)
	must(t, err)
	if shown.Whole || len(shown.Timeline) > 0 || shown.Item.About+shown.Item.UnitWords+shown.Item.CommunityWords != "" || shown.Item.Verdict != lists.Satisfied {
		t.Errorf("a resident sees %+v", shown)
	}
}

// picture is a photo that somebody sent.
func (h *hall) picture(t *testing.T, who string) int64 {
	t.Helper()
	var raw bytes.Buffer
	must(t, png.Encode(&raw, image.NewGray(image.Rect(0, 0, 9, 9))))
	id, err := h.Keep(t.Context(), h.Who[who], "", raw.Bytes())
	must(t, err)
	return id
}

func TestClaim_TheNeedGoesToOneAndComesBackWhenItIsNothing(t *testing.T) {
	h := newHall(t)
	n := h.need(t, nil)
	units := []string{"hospital", "school"}
	results := make([]error, 2)
	var made [2]lists.Project
	var group sync.WaitGroup
	for i, who := range units {
		by := h.Actor(who)
		group.Go(func() {
			made[i], results[i] = h.Propose(t.Context(), by, "", lists.Proposal{Needs: []int64{n.ID}, Unit: h.Units[who], About: "我们来做体检"})
		})
	}
	group.Wait()
	won := slices.Index(results, nil)
	if won < 0 || !errors.Is(results[1-won], lists.ErrTaken) {
		t.Fatalf("%v", results)
	}
	lost := units[1-won]
	again := func() (lists.Project, error) {
		return h.Propose(t.Context(), h.Actor(lost), "", lists.Proposal{Needs: []int64{n.ID}, Unit: h.Units[lost], About: "我们来做体检"})
	}
	h.do(t, "community", lists.Projects, made[won].ID, lists.Deed{Action: lists.Refuse, Note: "时间不合适"})
	p, err := again()
	must(t, err)
	h.do(t, lost, lists.Projects, p.ID, lists.Deed{Action: lists.Cancel, Note: "人手不够"})
	p, err = again()
	must(t, err)
	h.Forward(15 * day)
	h.ring(t)
	if got := h.state(t, lists.Projects, p.ID); got != lists.Cancelled {
		t.Errorf("nobody answered, and it is %s", got)
	}
	if got := h.state(t, lists.Needs, n.ID); got != lists.Open {
		t.Errorf("the need is %s", got)
	}
	h.ring(t)
	if got := h.told(t); got[len(got)-1] != "project_lapsed:unit" {
		t.Errorf("told %v", got)
	}
}

func TestClaim_ANeedThatWantsTwoTakesTwoDifferentUnits(t *testing.T) {
	h := newHall(t)
	n := h.need(t, func(d *lists.NeedDraft) { d.Wants = ptr(2) })
	h.claim(t, n.ID)
	_, err := h.Propose(t.Context(), h.Actor("school"), "", lists.Proposal{Needs: []int64{n.ID}, Unit: h.Units["school"], About: "我们再来一次"})
	refused(t, err, lists.ErrClaimed, "")
	_, err = h.Propose(t.Context(), h.Actor("hospital"), "k", lists.Proposal{Needs: []int64{n.ID}, Unit: h.Units["hospital"], About: "我们来做体检"})
	must(t, err)
	if got := h.state(t, lists.Needs, n.ID); got != lists.Matched {
		t.Errorf("the need is %s", got)
	}
	refused(t, h.ChangeNeed(t.Context(), h.Actor("community"), n.ID, 0, lists.NeedDraft{Wants: ptr(1)}), lists.ErrInvalid, "wants")
	must(t, h.ChangeNeed(t.Context(), h.Actor("community"), n.ID, 0, lists.NeedDraft{Wants: ptr(3)}))
	if got := h.state(t, lists.Needs, n.ID); got != lists.Open {
		t.Errorf("wanting three the need is %s", got)
	}
	must(t, h.ChangeNeed(t.Context(), h.Actor("community"), n.ID, 0, lists.NeedDraft{Wants: ptr(2)}))
}

func TestPropose_WhatIsWrongIsSaid(t *testing.T) {
	h := newHall(t)
	n, r := h.need(t, nil), h.resource(t, "hospital", nil)
	for name, c := range map[string]struct {
		who   string
		d     lists.Proposal
		want  error
		field string
	}{
		"nothing wanted":        {"hospital", lists.Proposal{Resources: []int64{r.ID}}, lists.ErrInvalid, "need_ids"},
		"an unknown need":       {"hospital", lists.Proposal{Needs: []int64{1}, Resources: []int64{r.ID}}, lists.ErrUnknown, ""},
		"a draft":               {"hospital", lists.Proposal{Needs: []int64{h.draftNeed(t)}, Resources: []int64{r.ID}}, lists.ErrUnknown, ""},
		"by whoever likes":      {"li", lists.Proposal{Needs: []int64{n.ID}, Resources: []int64{r.ID}}, lists.ErrNotYours, ""},
		"another's resource":    {"school", lists.Proposal{Needs: []int64{n.ID}, Resources: []int64{r.ID}}, lists.ErrNotYours, ""},
		"nothing to bring":      {"hospital", lists.Proposal{Needs: []int64{n.ID}, Unit: h.Units["hospital"]}, lists.ErrInvalid, "about"},
		"asked without a thing": {"community", lists.Proposal{Needs: []int64{n.ID}, Unit: h.Units["hospital"], About: "请来体检吧"}, lists.ErrInvalid, "resource_ids"},
		"ends before it begins": {"hospital", lists.Proposal{Needs: []int64{n.ID}, Resources: []int64{r.ID}, StartOn: "2026-12-02", EndOn: "2026-12-01"}, lists.ErrInvalid, "end_on"},
		"over already":          {"hospital", lists.Proposal{Needs: []int64{n.ID}, Resources: []int64{r.ID}, EndOn: "2026-11-01"}, lists.ErrInvalid, "end_on"},
		"no day":                {"hospital", lists.Proposal{Needs: []int64{n.ID}, Resources: []int64{r.ID}, EndOn: "2026-13-01"}, lists.ErrInvalid, "end_on"},
	} {
		_, err := h.Propose(t.Context(), h.Actor(c.who), "", c.d)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		} else if c.field != "" {
			refused(t, err, lists.ErrInvalid, c.field)
		}
	}
	ok := lists.Proposal{Needs: []int64{n.ID}, Resources: []int64{r.ID}}
	p, err := h.Propose(t.Context(), h.Actor("community"), "k", ok)
	must(t, err)
	if again, err := h.Propose(t.Context(), h.Actor("community"), "k", ok); err != nil || again.ID != p.ID {
		t.Errorf("again: %d %v", again.ID, err)
	}
	if p.AskedBy != lists.TheCommunity {
		t.Errorf("asked by %s", p.AskedBy)
	}
	refused(t, h.Service.Act(t.Context(), h.Actor("community"), lists.Projects, p.ID, lists.Deed{Action: lists.Agree}), lists.ErrNotYours, "")
	refused(t, h.Service.Act(t.Context(), h.Actor("hospital"), lists.Projects, p.ID, lists.Deed{Action: lists.Agree, Version: 9}), lists.ErrStale, "")
	h.do(t, "hospital", lists.Projects, p.ID, lists.Deed{Action: lists.Agree})
}

func TestProject_WithoutANoteItIsAskedFor(t *testing.T) {
	h := newHall(t)
	p := h.project(t)
	h.do(t, "community", lists.Projects, p.ID, lists.Deed{Action: lists.Agree})
	asked := func() (n int) {
		for _, l := range h.told(t) {
			if l == "project_progress:unit" {
				n++
			}
		}
		return n
	}
	h.Forward(20 * day)
	h.do(t, "hospital", lists.Projects, p.ID, lists.Deed{Action: lists.Progress, Note: "开始了"})
	for _, c := range []struct{ after, asked int }{{20, 0}, {11, 1}, {20, 1}, {11, 2}} {
		h.Forward(time.Duration(c.after) * day)
		h.ring(t)
		if got := asked(); got != c.asked {
			t.Errorf("asked %d times, want %d", got, c.asked)
		}
	}
	h.do(t, "hospital", lists.Projects, p.ID, lists.Deed{Action: lists.Finish, Note: "做完了"})
	h.Forward(40 * day)
	h.ring(t)
	if got := asked(); got != 2 {
		t.Errorf("asked %d times of what is done", got)
	}
}

func TestNeeds_OthersSeeWhatWasCheckedMasked(t *testing.T) {
	h := newHall(t)
	n, err := h.Tell(t.Context(), h.Actor("branch"), "k", lists.NeedDraft{
		Org: ptr(h.Town.Units["福馨苑小区"]), Title: ptr("请人修电脑"), Kind: ptr("technology"), About: ptr("联系电话13812345678"),
	})
	must(t, err)
	if again, err := h.Tell(t.Context(), h.Actor("branch"), "k", lists.NeedDraft{Org: ptr(h.Town.Units["福馨苑小区"]), Title: ptr("请人修电脑"), Kind: ptr("technology")}); err != nil || again.ID != n.ID {
		t.Errorf("again: %d %v", again.ID, err)
	}
	if _, err := h.Tell(t.Context(), h.Actor("branch"), "", lists.NeedDraft{Org: ptr(h.Town.Units["昌瑞绿洲小区"]), Title: ptr("别处的"), Kind: ptr("place")}); !errors.Is(err, org.ErrOutside) {
		t.Errorf("elsewhere: %v", err)
	}
	h.do(t, "branch", lists.Needs, n.ID, lists.Deed{Action: lists.Publish})
	if _, err := h.Need(t.Context(), h.Actor("li"), n.ID); !errors.Is(err, lists.ErrUnknown) {
		t.Errorf("unchecked it is seen: %v", err)
	}
	h.judge(t)
	shown, err := h.Need(t.Context(), h.Actor("li"), n.ID)
	must(t, err)
	if shown.Item.About != "联系电话***" || shown.Whole {
		t.Errorf("%+v", shown.Item)
	}
	must(t, h.ChangeNeed(t.Context(), h.Actor("branch"), n.ID, 0, lists.NeedDraft{About: ptr("你这个傻逼")}))
	if _, err := h.Need(t.Context(), h.Actor("li"), n.ID); !errors.Is(err, lists.ErrUnknown) {
		t.Errorf("changed words are seen unchecked: %v", err)
	}
	h.judge(t)
	if _, err := h.Need(t.Context(), h.Actor("li"), n.ID); !errors.Is(err, lists.ErrUnknown) {
		t.Errorf("an insult is seen: %v", err)
	}
	h.need(t, nil)
	for who, want := range map[string][2]int{"branch": {2, 1}, "community": {2, 2}, "city": {2, 2}, "li": {1, 0}, "hospital": {1, 0}} {
		for i, view := range []lists.View{lists.All, lists.Mine} {
			found, err := h.Needs(t.Context(), h.Actor(who), lists.Listing{View: view, Org: h.Town.Units["汾阳市"], Limit: 9})
			must(t, err)
			if len(found) != want[i] {
				t.Errorf("%s sees %d of %s, want %d", who, len(found), view, want[i])
			}
		}
	}
}

func TestResource_EndsWithItsDay(t *testing.T) {
	h := newHall(t)
	r := h.resource(t, "hospital", func(d *lists.ResourceDraft) { d.ToOn = ptr("2026-11-24") })
	_, err := h.Offer(t.Context(), h.Actor("school"), "", lists.ResourceDraft{Unit: ptr(h.Units["hospital"]), Title: ptr("别人的"), Kind: ptr("place")})
	refused(t, err, lists.ErrNotYours, "")
	for _, c := range []struct {
		after time.Duration
		want  lists.State
	}{{day, lists.Open}, {day, lists.Ended}} {
		h.Forward(c.after)
		h.ring(t)
		if got := h.state(t, lists.Resources, r.ID); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestPeople_WhoLeavesIsTakenOutAndTheirTitleStays(t *testing.T) {
	h := newHall(t)
	p := h.project(t)
	count := func(who string) int {
		mine, err := h.Mine(t.Context(), h.Who[who])
		must(t, err)
		return len(mine)
	}
	if count("hospital") == 0 || count("li") != 0 {
		t.Fatal("nothing to forget")
	}
	before := count("hospital")
	must(t, h.Town.Unite(t.Context(), h.Who["hospital"], h.Who["li"]))
	if count("li") != before || count("hospital") != 0 {
		t.Errorf("%d became %d", before, count("li"))
	}
	if full, err := h.Project(t.Context(), h.Actor("li"), p.ID); err != nil || !full.Whole {
		t.Errorf("who they turned out to be does not speak for the unit: %v", err)
	}
	must(t, h.Town.Forget(t.Context(), h.Who["li"]))
	full, err := h.Project(t.Context(), h.Actor("community"), p.ID)
	must(t, err)
	if e := full.Timeline[0]; e.ActorID != 0 || e.ActorTitle != "人民医院" || count("li") != 0 {
		t.Errorf("%+v", e)
	}
	if n, err := h.Service.Expire(t.Context(), db.Expiry{Before: h.Clock().Add(time.Hour)}); err != nil || n == 0 {
		t.Errorf("%d %v", n, err)
	}
}

func TestOverview_CountsWhatIsThereAndWhatIsDue(t *testing.T) {
	h := newHall(t)
	h.project(t)
	h.need(t, func(d *lists.NeedDraft) { d.WantedOn = ptr("2026-12-01") })
	a := h.signed(t)
	o, err := h.Overview(t.Context(), h.Actor("community"), h.Town.Units["南薰社区"], 0)
	must(t, err)
	if o.Counts[lists.Needs][lists.Open] != 1 || o.Counts[lists.Needs][lists.Matched] != 1 || o.Counts[lists.Resources][lists.Open] != 1 || o.Counts[lists.Projects][lists.Proposed] != 1 || o.Counts[lists.Agreements][lists.Running] != 1 {
		t.Errorf("%v", o.Counts)
	}
	if len(o.Due) != 3 || o.Due[0].On != "2026-12-01" || o.Due[2].ID != a.ID {
		t.Errorf("%+v", o.Due)
	}
	for _, c := range []struct {
		who       string
		org, unit int64
		ok        bool
	}{
		{"hospital", 0, h.Units["hospital"], true},
		{"city", 0, h.Units["hospital"], true},
		{"school", 0, h.Units["hospital"], false},
		{"community", 0, h.Units["hospital"], false},
		{"li", h.Town.Units["南薰社区"], 0, false},
		{"community", h.Town.Units["文峰街道"], 0, false},
		{"city", 0, 0, true},
		{"city", h.Town.Units["汾阳市"], h.Units["hospital"], false},
	} {
		if _, err := h.Overview(t.Context(), h.Actor(c.who), c.org, c.unit); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for who, want := range map[string]int{"community": 2, "hospital": 1, "school": 0, "li": 2} { // their own; needs that are open or met
		o, err := h.Overview(t.Context(), h.Actor(who), 0, 0)
		must(t, err)
		if got := o.Counts[lists.Needs][lists.Open] + o.Counts[lists.Needs][lists.Matched]; got != want {
			t.Errorf("%s: %d needs, want %d: %+v", who, got, want, o.Counts)
		}
		if who == "li" && (!o.Public || o.Counts[lists.Projects][lists.Proposed] != 0) {
			t.Errorf("everybody sees what is not public: %+v", o.Counts)
		}
	}
	if _, err := h.Scope(t.Context(), h.Actor("city"), 0, 0); err == nil {
		t.Error("a workbook of nothing")
	}
}

package activity_test

import (
	"slices"
	"testing"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/org"
)

// rights are what somebody may do with an activity beside its actions.
func (h *hall) rights(t *testing.T, by org.Actor, id int64) []activity.Right {
	t.Helper()
	f, err := h.Show(t.Context(), by, id)
	must(t, err)
	return h.Rights(f)
}

func TestRights_FollowTheActivityThroughItsLife(t *testing.T) {
	h := newHall(t)
	made, err := h.Make(t.Context(), h.Actor("branch"), "", h.draft(2), activity.Repeat{})
	must(t, err)
	id, branch := made[0].ID, h.Actor("branch")
	check := func(when string, want ...activity.Right) {
		t.Helper()
		if got := h.rights(t, branch, id); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	check("a draft", activity.MayChange, activity.MayHang)
	must(t, h.Act2(t, "branch", id, activity.Publish, ""))
	check("published", activity.MayChange, activity.MayMeet, activity.MayShow, activity.MayAskFor, activity.MayHang)
	if got := h.rights(t, h.Actor("li"), id); got != nil {
		t.Errorf("of whoever does not run it: %v", got)
	}
	p := h.person(t)
	a := h.show(t, id)
	h.signUp(t, p, a)
	must(t, h.Help(t.Context(), branch, id, p.ID, true))
	h.Forward(24*time.Hour + time.Minute)
	h.ring(t)
	check("running", activity.MayChange, activity.MayMeet, activity.MayShow, activity.MayTickIn, activity.MayTickUp, activity.MayAskFor, activity.MayHang, activity.MayCount, activity.MayAmend)
	if got, want := h.rights(t, org.Actor{Person: p.ID}, id), []activity.Right{activity.MayMeet, activity.MayShow, activity.MayTickIn, activity.MayTickUp, activity.MayHang}; !slices.Equal(got, want) {
		t.Errorf("of a helper: %v", got)
	}
	list, err := h.SignUps(t.Context(), branch, id, 0, 9)
	if err != nil || len(list) != 1 || !list[0].Helps {
		t.Errorf("%+v %v", list, err)
	}
	h.Forward(2 * time.Hour)
	h.ring(t)
	check("done", activity.MaySum, activity.MayMeet, activity.MayShow, activity.MayTickUp, activity.MayHang, activity.MayCount, activity.MayAmend, activity.MayEnter)
	must(t, h.Act2(t, "branch", id, activity.Archive, "清了三栋楼"))
	check("archived", activity.MaySum, activity.MayMeet, activity.MayCount, activity.MayAmend, activity.MayEnter)
	h.Forward(400 * 24 * time.Hour)
	check("long ago", activity.MaySum, activity.MayMeet, activity.MayCount)
}

func TestVenues_AreTheUnitsOfOnesPostsAndThoseBelow(t *testing.T) {
	h := newHall(t)
	names := func(who string) []string {
		t.Helper()
		venues, err := h.Venues(t.Context(), h.Actor(who))
		must(t, err)
		var out []string
		for _, v := range venues {
			out = append(out, v.Name)
		}
		return out
	}
	if got := names("branch"); !slices.Equal(got, []string{"福馨苑小区"}) {
		t.Errorf("a branch secretary: %v", got)
	}
	if got := names("community"); len(got) < 2 || got[0] != "南薰社区" || !slices.Contains(got, "福馨苑小区") {
		t.Errorf("a community secretary: %v", got)
	}
	if got := names("li"); got != nil {
		t.Errorf("a resident: %v", got)
	}
}

package activity_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"slices"
	"testing"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/db"
	"fenlin/internal/ticket"
)

func (h *hall) picture(t testing.TB, who string) int64 {
	t.Helper()
	var raw bytes.Buffer
	must(t, png.Encode(&raw, image.NewGray(image.Rect(0, 0, 9, 9))))
	id, err := h.Keep(t.Context(), h.Who[who], "", raw.Bytes())
	must(t, err)
	return id
}

func TestPhotos_WhoRunsAnActivityHangsOrdersAndRemovesThem(t *testing.T) {
	h := newHall(t)
	a, people := h.running(t, 2, nil)
	helper := people[0]
	branch := h.Actor("branch")
	must(t, h.Help(t.Context(), branch, a.ID, helper.ID, true))
	h.Who["helper"] = helper.ID
	add := func(who, caption string) int64 {
		id := h.picture(t, who)
		must(t, h.AddPhoto(t.Context(), h.Actor(who), a.ID, id, caption))
		return id
	}
	first, middle := add("branch", "集合"), add("helper", "清扫中")
	h.Forward(3 * time.Hour)
	h.ring(t)
	third := add("branch", "")
	must(t, h.AddPhoto(t.Context(), branch, a.ID, third, "again"))
	must(t, h.ChangePhoto(t.Context(), branch, a.ID, third, "扫完了", 1))
	now := h.show(t, a.ID)
	var got string
	for _, p := range now.Photos {
		got += fmt.Sprint(p.PhotoID == first, p.PhotoID == middle, p.PhotoID == third, p.Caption, now.PhaseOf(p), ";")
	}
	if want := "false false true扫完了after;true false false集合during;false true false清扫中during;"; got != want {
		t.Errorf("hung: %s", got)
	}
	if content, err := h.Service.Photo(t.Context(), h.Actor("li"), a.ID, first); err != nil || len(content) == 0 {
		t.Errorf("a resident sees %d bytes: %v", len(content), err)
	}
	// Only who runs it; only one's own pictures; nothing rude under them.
	refused(t, h.AddPhoto(t.Context(), h.Actor("li"), a.ID, h.picture(t, "li"), ""), activity.ErrNotYours, "")
	refused(t, h.AddPhoto(t.Context(), branch, a.ID, h.picture(t, "li"), ""), ticket.ErrInvalid, "photos")
	refused(t, h.ChangePhoto(t.Context(), branch, a.ID, first, "傻逼", 0), activity.ErrInvalid, "caption")
	refused(t, h.ChangePhoto(t.Context(), branch, a.ID, 5, "", 0), activity.ErrPhoto, "")
	must(t, h.RemovePhoto(t.Context(), h.Actor("helper"), a.ID, first))
	refused(t, h.RemovePhoto(t.Context(), branch, a.ID, first), activity.ErrPhoto, "")
	refused(t, second(h.Service.Photo(t.Context(), branch, a.ID, first)), activity.ErrPhoto, "")
	if _, err := h.Town.Photo(t.Context(), h.Actor("li"), middle); err == nil {
		t.Error("a stranger sees it as a photo of a ticket")
	}
	// Who leaves leaves the photos of what was done together.
	must(t, h.Town.Forget(t.Context(), helper.ID))
	if now := h.show(t, a.ID); len(now.Photos) != 2 {
		t.Errorf("after leaving: %+v", now.Photos)
	}
	for range h.Rules().Photos.Most - 2 {
		add("branch", "")
	}
	refused(t, h.AddPhoto(t.Context(), branch, a.ID, h.picture(t, "branch"), ""), activity.ErrManyPhotos, "")
	must(t, h.Act2(t, "branch", a.ID, activity.Archive, "扫了三栋楼"))
	refused(t, h.AddPhoto(t.Context(), branch, a.ID, h.picture(t, "branch"), ""), activity.ErrState, "")
	// What was taken down, and what has been there too long, lies nowhere any more.
	if left := h.Objects(t); slices.Contains(left, first) || !slices.Contains(left, middle) {
		t.Errorf("the store holds %v, with %d and without %d", left, middle, first)
	}
	_, err := h.ExpirePhotos(t.Context(), db.Expiry{Before: h.Clock().Add(time.Hour)})
	must(t, err)
	if left := h.Objects(t); len(left) != 4 { // those that were never hung
		t.Errorf("the store holds %v", left)
	}
}

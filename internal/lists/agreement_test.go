package lists_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"fenlin/internal/lists"
	"fenlin/internal/ticket"
)

func TestAgreement_IsSignedByBothRunsEndsAndIsRenewed(t *testing.T) {
	h := newHall(t)
	a := h.agreement(t)
	refused(t, h.Service.Act(t.Context(), h.Actor("hospital"), lists.Agreements, a.ID, lists.Deed{Action: lists.Confirm}), lists.ErrState, "")
	must(t, h.Sign(t.Context(), h.Actor("community"), a.ID, 0, []byte(aPDF)))
	refused(t, h.Service.Act(t.Context(), h.Actor("community"), lists.Agreements, a.ID, lists.Deed{Action: lists.Confirm}), lists.ErrState, "")
	must(t, h.ChangeAgreement(t.Context(), h.Actor("hospital"), a.ID, 0, lists.AgreementDraft{FromOn: ptr("2026-12-01")}))
	f, err := h.Agreement(t.Context(), h.Actor("community"), a.ID)
	must(t, err)
	if f.Item.CommunityAt != 0 || !slices.Contains(codes(f.Actions), lists.Confirm) {
		t.Errorf("a changed draft is confirmed still: %+v", f)
	}
	h.Forward(time.Minute)
	h.do(t, "community", lists.Agreements, a.ID, lists.Deed{Action: lists.Confirm})
	h.do(t, "hospital", lists.Agreements, a.ID, lists.Deed{Action: lists.Confirm})
	if got := h.state(t, lists.Agreements, a.ID); got != lists.Signed {
		t.Errorf("it is %s", got)
	}
	refused(t, h.ChangeAgreement(t.Context(), h.Actor("hospital"), a.ID, 0, lists.AgreementDraft{ToOn: ptr("2028-12-01")}), lists.ErrState, "")
	refused(t, h.Sign(t.Context(), h.Actor("hospital"), a.ID, 0, []byte(aPDF)), lists.ErrState, "")
	h.Forward(8 * day)
	h.ring(t)
	if got := h.state(t, lists.Agreements, a.ID); got != lists.Running {
		t.Errorf("it is %s", got)
	}
	h.Forward(330 * day)
	h.ring(t)
	h.ring(t)
	want := []string{"agreement_confirm:unit", "agreement_confirm:unit", "agreement_signed:community", "agreement_signed:unit", "agreement_ending:community", "agreement_ending:unit"}
	if got := h.told(t); !slices.Equal(got[:6], want) {
		t.Errorf("told %v", got)
	}
	renewal := lists.AgreementDraft{Renews: &a.ID, FromOn: ptr("2027-11-23"), ToOn: ptr("2028-11-22")}
	next, err := h.Draft(t.Context(), h.Actor("hospital"), "", renewal)
	must(t, err)
	if next.RenewsID != a.ID || next.UnitID != a.UnitID || len(next.Items) != 1 {
		t.Errorf("%+v", next)
	}
	_, err = h.Draft(t.Context(), h.Actor("community"), "", renewal)
	refused(t, err, lists.ErrRenewed, "")
	h.do(t, "hospital", lists.Agreements, next.ID, lists.Deed{Action: lists.Stop, Note: "写错了"})
	if _, err = h.Draft(t.Context(), h.Actor("community"), "", renewal); err != nil {
		t.Errorf("after one was given up: %v", err)
	}
	h.Forward(60 * day)
	h.ring(t)
	if got := h.state(t, lists.Agreements, a.ID); got != lists.Ended {
		t.Errorf("it is %s", got)
	}
}

func TestAgreement_ItsItemsAreTheCitys(t *testing.T) {
	h := newHall(t)
	draft := func(items ...lists.Item) error {
		_, err := h.Draft(t.Context(), h.Actor("hospital"), "", lists.AgreementDraft{
			Community: ptr(h.Town.Units["南薰社区"]), Unit: ptr(h.Units["hospital"]), FromOn: ptr("2026-12-01"), ToOn: ptr("2027-11-30"), Items: &items,
		})
		return err
	}
	words := lists.Item{Words: "每月来一次"}
	refused(t, draft(), lists.ErrInvalid, "items")
	refused(t, draft(words), lists.ErrInvalid, "items[0].code")
	refused(t, draft(lists.Item{Code: "dual_service", Words: "一"}), lists.ErrInvalid, "items[0].words")
	refused(t, draft(lists.Item{Code: "dual_service", Words: "服务"}, lists.Item{Code: "dual_service", Words: "服务"}), lists.ErrInvalid, "items[1].code")
	must(t, draft(lists.Item{Code: "dual_service", Words: "服务"}, lists.Item{Code: "dual_link", Words: "包联"}))
	text, err := os.ReadFile("../../config/lists.yaml")
	must(t, err)
	before, after, _ := strings.Cut(string(text), "agreement_items:")
	empty, err := lists.LoadRules([]byte(before + "agreement_items: []\n" + after[strings.Index(after, "answer_days"):]))
	must(t, err)
	h.Adopt2(empty)
	refused(t, draft(lists.Item{Code: "dual_service", Words: "服务"}), lists.ErrInvalid, "items[0].code")
	must(t, draft(words))
}

// Adopt2 puts other rules of the lists in force.
func (h *hall) Adopt2(r *lists.Rules) { h.Service.Adopt(r) }

func TestDocument_OnlyWhatIsOneAndOnlyForTheParties(t *testing.T) {
	h := newHall(t)
	a := h.agreement(t)
	picture := func(encode func(*bytes.Buffer, image.Image) error) []byte {
		var b bytes.Buffer
		must(t, encode(&b, image.NewGray(image.Rect(0, 0, 30, 20))))
		return b.Bytes()
	}
	aJPEG := picture(func(b *bytes.Buffer, m image.Image) error { return jpeg.Encode(b, m, nil) })
	aPNG := picture(func(b *bytes.Buffer, m image.Image) error { return png.Encode(b, m) })
	aGIF := picture(func(b *bytes.Buffer, m image.Image) error { return gif.Encode(b, m, nil) })
	const page = "<script>alert(1)</script>"
	for name, c := range map[string]struct {
		raw  []byte
		want error
		kind string
	}{
		"a PDF":                           {[]byte(aPDF), nil, "application/pdf"},
		"a JPEG":                          {aJPEG, nil, "image/jpeg"},
		"a PNG":                           {aPNG, nil, "image/jpeg"},
		"a JPEG with a page behind":       {append(slices.Clone(aJPEG), page...), nil, "image/jpeg"},
		"a PNG with an archive behind":    {append(slices.Clone(aPNG), "PK\x03\x04"...), nil, "image/jpeg"},
		"a page before a PDF":             {[]byte(page + aPDF), ticket.ErrNotDocument, ""},
		"an archive behind a PDF":         {append([]byte(aPDF), "PK\x03\x04archive"...), ticket.ErrNotDocument, ""},
		"a page behind a PDF":             {append([]byte(aPDF), page...), ticket.ErrNotDocument, ""},
		"a PDF that is cut off":           {[]byte(aPDF[:30]), ticket.ErrNotDocument, ""},
		"a GIF":                           {aGIF, ticket.ErrNotDocument, ""},
		"a page":                          {[]byte("<html>" + page), ticket.ErrNotDocument, ""},
		"a program":                       {[]byte("MZ\x90\x00"), ticket.ErrNotDocument, ""},
		"nothing":                         {nil, ticket.ErrNotDocument, ""},
		"a JPEG's mark and nothing else":  {[]byte("\xff\xd8\xff\xe0"), ticket.ErrNotPicture, ""},
		"a PDF of more than ten megabyte": {append([]byte(aPDF), make([]byte, ticket.MaxPhoto)...), ticket.ErrBigPicture, ""},
	} {
		err := h.Sign(t.Context(), h.Actor("hospital"), a.ID, 0, c.raw)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.want != nil {
			continue
		}
		f, err := h.Document(t.Context(), h.Actor("community"), a.ID)
		must(t, err)
		if ticket.TypeOf(f) != c.kind || bytes.Contains(f, []byte(page)) || bytes.Contains(f, []byte("PK\x03\x04")) {
			t.Errorf("%s is kept as %s of %d bytes", name, ticket.TypeOf(f), len(f))
		}
	}
	var kept int64
	must(t, h.Service.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM photos WHERE holder = ?", fmt.Sprintf("agreement:%d", a.ID)).Scan(&kept).Error)
	if kept != 1 {
		t.Errorf("%d documents are kept of one agreement", kept)
	}
	if left := h.Objects(t); len(left) != 1 {
		t.Errorf("the store holds %v", left)
	}
	h.do(t, "community", lists.Agreements, a.ID, lists.Deed{Action: lists.Confirm})
	full, err := h.Agreement(t.Context(), h.Actor("hospital"), a.ID)
	must(t, err)
	for who, ok := range map[string]bool{"hospital": true, "community": true, "subdistrict": true, "city": true, "school": false, "branch": false, "otherbranch": false, "leader": false, "li": false} {
		if _, err := h.Document(t.Context(), h.Actor(who), a.ID); (err == nil) != ok || err != nil && !errors.Is(err, lists.ErrUnknown) {
			t.Errorf("%s reads the document: %v", who, err)
		}
		if seen, err := h.Agreement(t.Context(), h.Actor(who), a.ID); err != nil || (seen.Item.DocumentID != 0) != ok {
			t.Errorf("%s sees %+v: %v", who, seen.Item, err)
		}
	}
	for who := range h.Who { // nor by the way of photos
		if raw, err := h.Town.Photo(t.Context(), h.Actor(who), full.Item.DocumentID); err == nil && !bytes.HasPrefix(raw, []byte("\xff\xd8")) {
			t.Errorf("%s gets it as a photo", who)
		} else if err == nil && who != "hospital" {
			t.Errorf("%s gets another's photo", who)
		}
	}
}

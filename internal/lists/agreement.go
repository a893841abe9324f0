package lists

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

const (
	maxItems = 20
	maxWords = 200 // characters of an item
	maxTerm  = 10  // years
)

// AgreementDraft is an agreement to be signed, or what is to be changed of one:
// nil stays as it is.
type AgreementDraft struct {
	Community, Unit *int64 // of a new one; left out of one that renews or is for a project
	Project         *int64 // of a new one
	Renews          *int64 // of a new one
	Items           *[]Item
	FromOn, ToOn    *string
}

// Draft writes an agreement, for either side to sign. One that renews another
// links it. A request with a key that was used before returns what it made then.
// Errors: ErrInvalid, ErrUnknown, ErrNotYours, ErrState, ErrRenewed,
// org.ErrWorkUnit, org.ErrUnknownUnit, ErrKeyReused.
func (s *Service) Draft(ctx context.Context, by org.Actor, key string, d AgreementDraft) (Agreement, error) {
	a := Agreement{ID: s.DB.NewID(), State: Drafted, Version: 1, CreatedAt: s.Now().UnixMilli()}
	set(&a.CommunityID, d.Community)
	set(&a.UnitID, d.Unit)
	if err := s.after(ctx, by, &a, d); err != nil {
		return a, err
	}
	if a.CommunityID == 0 || a.UnitID == 0 {
		return a, ErrInvalid.At("community_id", "请选择签约的社区和单位")
	}
	u, err := s.unitOf(ctx, a.UnitID)
	if err != nil {
		return a, err
	}
	place, err := s.Org.Unit(ctx, a.CommunityID)
	if err != nil {
		return a, err
	}
	if place.Kind != org.Community || place.ClosedAt != 0 {
		return a, ErrInvalid.At("community_id", "协议由社区和单位签订，请选择社区")
	}
	may := a.stand().speaks(by, place.Path, u.ContactID)
	if may&both == 0 {
		return a, ErrNotYours
	}
	trimItems(&a, d)
	if err := s.checkAgreement(a, Agreement{}); err != nil {
		return a, err
	}
	if key != "" {
		a.RequestKey = &key
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&a).Error; err != nil {
			return err
		}
		if err := s.log(tx, Agreements, a.ID, speaker(by, may, both, place.Path, u), Event{Action: Create, ToState: Drafted}); err != nil {
			return err
		}
		return s.ask(tx, Agreements, a.ID, 1)
	})
	s.Outbox.Wake()
	if errors.Is(err, gorm.ErrDuplicatedKey) && a.RenewKey != nil {
		var before int64
		if err := s.DB.Read(ctx).Raw("SELECT COUNT(*) FROM list_agreements WHERE request_key = ?", key).Scan(&before).Error; err != nil {
			return a, err
		}
		if before == 0 {
			return a, ErrRenewed
		}
	}
	return once(ctx, s, key, a, err, func(was Agreement) bool { return was.UnitID == a.UnitID && was.CommunityID == a.CommunityID })
}

// after takes the parties from the agreement that is renewed, or from the project.
func (s *Service) after(ctx context.Context, by org.Actor, a *Agreement, d AgreementDraft) error {
	set(&a.ProjectID, d.Project)
	set(&a.RenewsID, d.Renews)
	if a.RenewsID != 0 {
		old, err := take[Agreement](s.DB.Read(ctx), a.RenewsID)
		if err != nil {
			return err
		}
		path, u, err := s.parties(ctx, old.stand())
		_, now := rowIn(Agreements, Renew, old.State)
		switch {
		case err != nil:
			return err
		case old.stand().speaks(by, path, u.ContactID)&both == 0:
			return ErrUnknown
		case !now:
			return ErrState.Say("履行中和已到期的协议才能续签")
		}
		a.CommunityID, a.UnitID, a.RenewKey = old.CommunityID, old.UnitID, &old.ID
		a.Items = old.Items
	}
	if a.ProjectID == 0 {
		return nil
	}
	p, err := take[Project](s.DB.Read(ctx), a.ProjectID)
	_, now := rowIn(Projects, Sign, p.State)
	switch {
	case err != nil:
		return err
	case a.CommunityID != 0 && a.CommunityID != p.CommunityID || a.UnitID != 0 && a.UnitID != p.UnitID:
		return ErrInvalid.At("project_id", "这个项目不是这两方的，请重新选")
	case !now:
		return ErrState.Say("双方同意的项目才能签协议")
	}
	a.CommunityID, a.UnitID = p.CommunityID, p.UnitID
	return nil
}

func trimItems(a *Agreement, d AgreementDraft) {
	set(&a.FromOn, d.FromOn)
	set(&a.ToOn, d.ToOn)
	if d.Items == nil {
		return
	}
	a.Items = slices.Clone(*d.Items)
	for i := range a.Items {
		a.Items[i].Words = strings.TrimSpace(a.Items[i].Words)
	}
}

func (s *Service) checkAgreement(a, was Agreement) error {
	if err := first(dated("from_on", a.FromOn), dated("to_on", a.ToOn)); err != nil {
		return err
	}
	switch {
	case a.FromOn == "" || a.ToOn == "":
		return ErrInvalid.At("from_on", "请写明协议的起止日期")
	case a.FromOn > a.ToOn:
		return ErrInvalid.At("to_on", "截止日期应不早于开始日期，请核对是否填反了")
	case a.ToOn != was.ToOn && a.ToOn < s.today():
		return ErrInvalid.At("to_on", "截止日期已经过去")
	case len(a.Items) == 0 || len(a.Items) > maxItems:
		return ErrInvalid.At("items", fmt.Sprintf("请选择 1 到 %d 项协议内容", maxItems))
	}
	if from, err := time.Parse(time.DateOnly, a.FromOn); err != nil || from.AddDate(maxTerm, 0, 0).Format(time.DateOnly) < a.ToOn {
		return ErrInvalid.At("to_on", fmt.Sprintf("协议最长 %d 年", maxTerm))
	}
	dictionary, seen := s.Rules().Items, map[string]bool{}
	for i, item := range a.Items {
		field := fmt.Sprintf("items[%d]", i)
		_, known := nameIn(dictionary, item.Code)
		switch {
		case len(dictionary) == 0 && item.Code != "":
			return ErrInvalid.At(field+".code", "市里还没有设协议项目，请直接写内容")
		case len(dictionary) > 0 && !known:
			return ErrInvalid.At(field+".code", "请从协议项目里选")
		case item.Code != "" && seen[item.Code]:
			return ErrInvalid.At(field+".code", "这一项重复了")
		}
		seen[item.Code] = true
		if err := worded(field+".words", "协议内容", item.Words, 2, maxWords); err != nil {
			return err
		}
	}
	return nil
}

// ChangeAgreement changes a draft; who had confirmed it is asked again. Errors:
// ErrUnknown, ErrNotYours, ErrStale, ErrState, ErrInvalid.
func (s *Service) ChangeAgreement(ctx context.Context, by org.Actor, id int64, version int, d AgreementDraft) error {
	was, err := take[Agreement](s.DB.Read(ctx), id)
	if err != nil {
		return err
	}
	w, err := s.mayChange(ctx, by, was.stand(), version, Change)
	if err != nil {
		return err
	}
	a := was
	trimItems(&a, d)
	if err := s.checkAgreement(a, was); err != nil {
		return err
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		items, err := encoded(a.Items)
		if err != nil {
			return err
		}
		values := map[string]any{"items": items, "from_on": a.FromOn, "to_on": a.ToOn, "unit_at": 0, "community_at": 0}
		return changeThing[Agreement](s, tx, was.stand(), w, values, !slices.Equal(a.Items, was.Items))
	})
	s.Outbox.Wake()
	return err
}

// Sign keeps the signed document of a draft, which confirms it for the side that
// sends it and asks the other. Another document takes the place of the first.
// Errors: ErrUnknown, ErrNotYours, ErrStale, ErrState, ticket.ErrNotDocument,
// ticket.ErrBigPicture, ticket.ErrPhotosAway.
func (s *Service) Sign(ctx context.Context, by org.Actor, id int64, version int, raw []byte) error {
	a, err := take[Agreement](s.DB.Read(ctx), id)
	if err != nil {
		return err
	}
	w, err := s.mayChange(ctx, by, a.stand(), version, Attach)
	if err != nil {
		return err
	}
	file, err := s.Tickets.Document(ctx, raw)
	if err != nil {
		return err
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		held, err := s.Tickets.Hold(tx, Holder(Agreements, a.ID), w.person, file)
		if err != nil {
			return err
		}
		values := map[string]any{"document_id": held, "unit_at": 0, "community_at": 0}
		values[confirmed[w.side]] = s.Now().UnixMilli()
		if err := turn[Agreement](tx, a.stand(), values); err != nil {
			return err
		}
		if a.DocumentID != 0 {
			if err := s.Tickets.Drop(tx, []int64{a.DocumentID}); err != nil {
				return err
			}
		}
		if err := s.log(tx, Agreements, a.ID, w, Event{Action: Attach, ToState: Drafted}); err != nil {
			return err
		}
		return s.tell(tx, Agreements, a.ID, LetterConfirm, other(w.side), "")
	})
	s.Outbox.Wake()
	return err
}

var confirmed = map[Side]string{TheUnit: "unit_at", TheCommunity: "community_at"}

// Document is the signed document of an agreement, for its parties and those
// above the community. Errors: ErrUnknown.
func (s *Service) Document(ctx context.Context, by org.Actor, id int64) ([]byte, error) {
	a, err := take[Agreement](s.DB.Read(ctx), id)
	if err != nil {
		return nil, err
	}
	if err := s.party(ctx, by, a.stand()); err != nil || a.DocumentID == 0 {
		return nil, errors.Join(err, ErrUnknown.Say("没有找到这份文件，请确认协议已经上传"))
	}
	return s.held(ctx, Agreements, id, a.DocumentID)
}

// Photo is a picture of a project's progress, for its parties and those above
// the community. Errors: ErrUnknown.
func (s *Service) Photo(ctx context.Context, by org.Actor, project, photo int64) ([]byte, error) {
	p, err := take[Project](s.DB.Read(ctx), project)
	if err != nil {
		return nil, err
	}
	if err := s.party(ctx, by, p.stand()); err != nil {
		return nil, err
	}
	return s.held(ctx, Projects, project, photo)
}

// Holder is how pictures and documents of a thing are kept.
func Holder(l List, id int64) string { return fmt.Sprintf("%s:%d", l, id) }

func (s *Service) held(ctx context.Context, l List, id, file int64) ([]byte, error) {
	f, err := s.Tickets.Lent(ctx, Holder(l, id), file)
	if errors.Is(err, ticket.ErrUnknown) {
		err = ErrUnknown
	}
	return f, err
}

// party is ErrUnknown for whoever speaks for neither side.
func (s *Service) party(ctx context.Context, by org.Actor, st standing) error {
	path, u, err := s.parties(ctx, st)
	if err == nil && st.speaks(by, path, u.ContactID)&both == 0 {
		err = ErrUnknown
	}
	return err
}

// agreementBecame is what follows from a deed to an agreement.
func (s *Service) agreementBecame(tx *gorm.DB, a Agreement, act Action, w who, d Deed, values map[string]any) []func() error {
	switch act {
	case Confirm:
		values[confirmed[w.side]] = s.Now().UnixMilli()
		if w.side == TheUnit && a.CommunityAt == 0 || w.side == TheCommunity && a.UnitAt == 0 {
			return []func() error{func() error { return s.tell(tx, Agreements, a.ID, LetterConfirm, other(w.side), "") }}
		}
		values["state"] = Signed
		if a.FromOn <= s.today() {
			values["state"] = Running
		}
		return []func() error{
			func() error { return s.tellBoth(tx, Agreements, a.ID, LetterSigned, s.Now().UnixMilli()) },
			func() error {
				if s.endsSoon(a) <= s.Now().UnixMilli() { // too short to be told of
					return nil
				}
				return s.plan(tx, Timer{Agreements, a.ID, nearsItsEnd, s.endsSoon(a)})
			},
		}
	case Stop:
		values["reason"], values["renew_key"] = d.Note, nil
		return []func() error{func() error { return s.tell(tx, Agreements, a.ID, LetterTerminated, other(w.side), d.Note) }}
	default:
	}
	return nil
}

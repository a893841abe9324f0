package wish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// Input is an action with what it asks for.
type Input struct {
	Action       Action
	Key          string // of the request; used before it does nothing more
	Version      int    // that was read; 0: whatever it is now
	Note         string
	Satisfaction Satisfaction
	Unit         int64 // of a claim: the work unit for which it is
}

// Act does an action. Of two who claim one wish at the same moment one gets it;
// claimed again by the same person it stays claimed. Errors: ErrUnknown,
// ErrNotAllowed, ErrTaken, ErrNotMember, ErrUnit, ErrStale, ErrInvalid,
// ErrManyClaims, ErrKeyReused.
func (s *Service) Act(ctx context.Context, by org.Actor, id int64, in Input) (Wish, error) {
	in.Note = strings.TrimSpace(in.Note)
	for range slotTries {
		if done, err := s.requested(ctx, by, id, in); done || err != nil {
			if err != nil {
				return Wish{}, err
			}
			return s.Of(ctx, id)
		}
		w, err := s.act(ctx, by, id, in)
		if !errors.Is(err, gorm.ErrDuplicatedKey) {
			s.Outbox.Wake()
			return w, err
		}
	}
	return Wish{}, errs.ErrBusy
}

// requested says that the same request was done before.
func (s *Service) requested(ctx context.Context, by org.Actor, id int64, in Input) (bool, error) {
	if in.Key == "" {
		return false, nil
	}
	var found []Event
	if err := s.DB.Read(ctx).Find(&found, "request_key = ?", in.Key).Error; err != nil || len(found) == 0 {
		return false, err
	}
	if e := found[0]; e.WishID != id || e.Action != in.Action || e.ActorID != by.Person {
		return false, ErrKeyReused
	}
	return true, nil
}

func (s *Service) act(ctx context.Context, by org.Actor, id int64, in Input) (Wish, error) {
	v, err := s.viewer(ctx, by)
	if err != nil {
		return Wish{}, err
	}
	w, err := s.Of(ctx, id)
	if err != nil {
		return w, err
	}
	place, err := s.Org.Unit(ctx, w.OrgID)
	if err != nil {
		return w, err
	}
	is := v.is(w, place)
	if !v.sees(w, is) {
		return w, ErrUnknown
	}
	if in.Action == Claim && w.State == Claimed && is&claimer != 0 {
		return w, nil
	}
	r, ok := find(w, in.Action, is&^system)
	if !ok {
		return w, refusal(w, in.Action, is)
	}
	if in.Version != 0 && in.Version != w.Version {
		return w, ErrStale
	}
	if err := checkInput(r, in); err != nil {
		return w, err
	}
	if in.Unit != 0 && !slices.ContainsFunc(v.units, func(u org.WorkUnit) bool { return u.ID == in.Unit }) {
		return w, ErrUnit
	}
	if in.Action == Claim && in.Unit == 0 && !v.member {
		if len(v.units) != 1 {
			return w, ErrUnit.Say("请选择代表哪个单位认领")
		}
		in.Unit = v.units[0].ID
	}
	e := Event{ActorID: by.Person, ActorTitle: v.titled(w, r.by&is, place), Note: in.Note}
	if in.Key != "" {
		e.RequestKey = &in.Key
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		after, err := s.move(tx, w, r, in, e)
		if err == nil {
			w = after
		}
		return err
	})
	if in.Action == Claim && errors.Is(err, ErrStale) {
		err = ErrTaken
	}
	return w, err
}

// refusal says why an action is not offered.
func refusal(w Wish, a Action, is relation) error {
	label := a.Label()
	switch {
	case a == Claim && slices.Contains([]State{Claimed, Fulfilled, Granted}, w.State):
		return ErrTaken
	case a == Claim && w.State == Open && is&helper == 0 && is&wisher == 0:
		return ErrNotMember
	case a == Publish && w.State == Submitted && w.Content == ticket.Unjudged && is&desk != 0:
		return ErrNotAllowed.Say("这个心愿的文字还在做内容检查，请过几分钟再发布")
	case a == Publish && w.Content == ticket.Risky && is&desk != 0:
		return ErrNotAllowed.Say("这个心愿的文字没有通过内容检查，请不予发布，并请本人改写后再提交")
	case label == "":
		return ErrInvalid.At("action", "没有这个操作")
	}
	return ErrNotAllowed.Say("这个心愿" + w.State.Name() + "，您现在不能「" + label + "」，请刷新后再看")
}

func checkInput(r rule, in Input) error {
	switch {
	case r.note != "" && in.Note == "":
		return ErrInvalid.At(string(FieldNote), r.note)
	case len([]rune(in.Note)) > maxNote:
		return ErrInvalid.At(string(FieldNote), fmt.Sprintf("请控制在 %d 字以内", maxNote))
	case strings.ContainsFunc(in.Note, func(c rune) bool { return unicode.IsControl(c) && c != '\n' }):
		return ErrInvalid.At(string(FieldNote), "里面有不能显示的字符，请重新写")
	case !slices.Contains([]Satisfaction{"", ticket.Satisfied, ticket.Basic, ticket.Dissatisfied}, in.Satisfaction):
		return ErrInvalid.At(string(FieldSatisfaction), "请选满意、基本满意或不满意")
	}
	return nil
}

// becomes is what a rule makes of a wish. actor is who does it, 0 the service.
func (w Wish) becomes(r rule, in Input, actor, now int64, rules *Rules) Wish {
	w.State = r.to
	w.Version++
	switch r.action {
	case Publish:
		w.PublishedAt = now
		w.Content = ticket.Passed // a person has read what was doubtful
	case Claim:
		w.ClaimerID, w.UnitID = actor, in.Unit
		w.claimAt(now, rules)
	case GiveBack:
		w.ClaimerID, w.UnitID, w.ClaimUntil = 0, 0, 0
	case Fulfil:
		w.ClaimUntil, w.ConfirmBy = 0, now+days(rules.ConfirmDays)
	case Deny:
		w.ConfirmBy = 0
		w.claimAt(now, rules)
	case Confirm:
		w.Satisfaction = in.Satisfaction
		w.Outcome = map[relation]Outcome{wisher: Said, desk: Vouched, system: Tacit}[r.by]
	case Post, Decline, Withdraw, Close, Expire:
	}
	if w.State == Open && now >= w.Until {
		w.State = Expired
	}
	if w.State.Over() {
		w.EndedAt, w.PostedSlot, w.ClaimUntil, w.ConfirmBy = now, nil, 0, 0
	}
	if w.State != Claimed {
		w.ClaimSlot = nil
	}
	return w
}

// claimAt begins the time to fulfil a wish: not beyond the wish's own, but a day at least.
func (w *Wish) claimAt(now int64, rules *Rules) {
	w.ClaimUntil = max(min(now+days(rules.ClaimDays), w.Until), now+days(1))
}

// Due is by when a wish is to be fulfilled if it is claimed now.
func (s *Service) Due(w Wish) int64 {
	w.claimAt(s.Now().UnixMilli(), s.Rules())
	return w.ClaimUntil
}

// move does what a row of the table allows, with its event, timers and letters.
// Errors: ErrStale, ErrManyClaims.
func (s *Service) move(tx *gorm.DB, w Wish, r rule, in Input, e Event) (Wish, error) {
	now := s.Now().UnixMilli()
	next := w.becomes(r, in, e.ActorID, now, s.Rules())
	if r.action == Claim {
		slot, err := freeSlot(tx, "claim_slot", "claimer_id", e.ActorID, s.Rules().Claimed)
		if err != nil {
			return w, err
		}
		if slot == nil {
			return w, ErrManyClaims.Say(fmt.Sprintf("您手上已认领 %d 个心愿，请先完成或退回一个再认领", s.Rules().Claimed))
		}
		next.ClaimSlot = slot
	}
	did := tx.Model(&Wish{}).Where("id = ? AND version = ? AND state = ?", w.ID, w.Version, w.State).Select(
		"State", "Version", "Content", "ClaimerID", "UnitID", "ClaimUntil", "ConfirmBy", "Outcome", "Satisfaction", "PublishedAt", "EndedAt", "PostedSlot", "ClaimSlot",
	).Updates(&next)
	if did.Error != nil {
		return w, did.Error
	}
	if did.RowsAffected == 0 {
		return w, ErrStale
	}
	e.ID, e.WishID, e.Seq, e.Action, e.FromState, e.ToState, e.At = s.DB.NewID(), w.ID, next.Version, r.action, w.State, next.State, now
	if err := tx.Create(&e).Error; err != nil {
		return w, err
	}
	if err := s.Outbox.Add(tx, timers(next, s.Rules())...); err != nil {
		return w, err
	}
	return next, s.letters(tx, w, next, r, e)
}

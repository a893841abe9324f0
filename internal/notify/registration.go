package notify

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
)

// TopicRegistration is a dual registration (双报到) that waits for somebody's
// word or is decided; payload: registered.
const TopicRegistration = "member.registered"

type registered struct {
	Person int64 `json:"person"`
}

// The kinds of notices about registrations: what came of it, for the member;
// whose word is asked for; and a work unit's. registrationNumber stands before
// an id where a ticket has its number.
const (
	kindRegistration   = "registration"
	kindAsked          = "registration_asked"
	kindPartner        = "partnership"
	registrationNumber = "BD"
)

// Registered leaves a registration to the outbox, in the transaction that changes it.
func (s *Service) Registered(tx *gorm.DB, r member.Registration) error {
	key := fmt.Sprintf("registration:%d:%d:%d:%d", r.PersonID, r.AskedAt, r.RefusedAt, r.DoneAt)
	return s.Outbox.Add(tx, outbox.New(TopicRegistration, key, r.PersonID, registered{r.PersonID}, s.Now()))
}

// registration tells who is asked for a word, or the member what came of it.
func (s *Service) registration(ctx context.Context, e outbox.Event) error {
	var h registered
	if err := e.Decode(&h); err != nil {
		return err
	}
	r, err := s.Members.Registration(ctx, h.Person)
	if errors.Is(err, member.ErrRegistration) {
		return outbox.Cancel(err)
	}
	if err != nil {
		return err
	}
	var letters []letter
	switch where := r.Unit + "，" + r.Community; {
	case r.DoneAt != 0:
		letters = []letter{{kindRegistration, "双报到已办好", where, "看志愿活动请回复「活动」", []int64{r.PersonID}, nil}}
	case r.RefusedAt != 0:
		letters = []letter{{kindRegistration, "双报到没通过", r.Reason, "改好后请重新登记", []int64{r.PersonID}, nil}}
	default:
		if letters, err = s.askedFor(ctx, r); err != nil {
			return err
		}
	}
	return s.write(ctx, e.Key, registrationNumber+strconv.FormatInt(r.PersonID, 10), r.Community, letters...)
}

// TopicPartner is a unit that asks a community to serve it, or an answer to it;
// payload: partnerAsk.
const TopicPartner = "org.partner"

type partnerAsk struct {
	Unit      int64  `json:"unit"`
	Community int64  `json:"community"`
	By        int64  `json:"by"`
	Answered  bool   `json:"answered"`
	Reason    string `json:"reason,omitempty"` // of a no
}

// PartnerAsked leaves an ask, or its answer, to the outbox, in the transaction
// that changes it. What was read to be answered has its names.
func (s *Service) PartnerAsked(tx *gorm.DB, a org.PartnerAsk) error {
	p := partnerAsk{a.UnitID, a.CommunityID, a.AskedBy, a.Unit != "", a.Reason}
	key := fmt.Sprintf("partner:%d:%d:%d:%t", a.UnitID, a.CommunityID, a.AskedAt, p.Answered)
	return s.Outbox.Add(tx, outbox.New(TopicPartner, key, a.UnitID, p, s.Now()))
}

// partner tells the community of an ask, and who asked of the answer.
func (s *Service) partner(ctx context.Context, e outbox.Event) error {
	var p partnerAsk
	if err := e.Decode(&p); err != nil {
		return err
	}
	unit, err := s.Org.NameOfWorkUnit(ctx, p.Unit)
	if err != nil {
		return outbox.Cancel(err)
	}
	community, err := s.Org.Unit(ctx, p.Community)
	if err != nil {
		return outbox.Cancel(err)
	}
	l := letter{kindPartner, "单位来报到", unit + "想和" + community.Name + "结对", "请打开单位报到，同意或写明原因", nil, nil}
	switch {
	case p.Reason != "":
		l.title, l.body, l.next, l.people = "单位报到没有通过", p.Reason, "改好后可以再报到，或报别的社区", []int64{p.By}
	case p.Answered:
		l.title, l.body, l.next, l.people = "单位报到已办好", unit+"和"+community.Name+"已结对", "可以看社区的需求清单", []int64{p.By}
	default:
		if l.people, err = s.Org.HoldersAt(ctx, p.Community, org.CommunitySecretary, org.Clerk); err != nil {
			return err
		}
	}
	return s.write(ctx, e.Key, registrationNumber+strconv.FormatInt(p.Unit, 10), community.Name, l)
}

// askedFor are the letters to those whose word is missing: who answers for the
// unit, and who keeps the members of the communities.
func (s *Service) askedFor(ctx context.Context, r member.Registration) ([]letter, error) {
	var out []letter
	for _, party := range r.Waits(s.Now()) {
		l := letter{kind: kindAsked, next: "请打开双报到确认或写明原因"}
		var err error
		switch party {
		case member.TheUnit:
			l.title, l.body, l.people = "双报到待单位确认", r.Name+"登记在"+r.Unit+"工作", []int64{r.ContactID}
		case member.TheCommunity:
			l.title, l.body = "双报到待社区确认", r.Name+"登记住在"+r.Community
			l.people, err = s.Org.HoldersAt(ctx, r.CommunityID, org.CommunitySecretary, org.Clerk)
		case member.TheFormer:
			l.title, l.body, l.next = "党员转出", r.Name+"转到"+r.Community, "七天内不答复视为同意"
			l.people, err = s.Org.HoldersAt(ctx, r.FromCommunityID, org.CommunitySecretary, org.Clerk)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}

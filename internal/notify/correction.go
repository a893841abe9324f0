package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/outbox"
)

// TopicCorrection is a correction of somebody's own data that waits for who
// keeps the ledger, or is decided; payload: correction.
const TopicCorrection = "member.correction"

type correction struct {
	ID int64 `json:"id"`
}

// The kinds of notices about corrections: for who decides, and for who asked.
// correctionNumber stands before an id where a ticket has its number.
const (
	kindCorrection       = "correction"
	kindCorrectionAnswer = "correction_answer"
	correctionNumber     = "GZ"
)

// CorrectionAsked leaves a correction to the outbox, in the transaction that
// asks for it or decides it.
func (s *Service) CorrectionAsked(tx *gorm.DB, c member.Correction) error {
	return s.Outbox.Add(tx, outbox.New(TopicCorrection, fmt.Sprintf("correction:%d:%d", c.ID, c.DecidedAt), c.ID, correction{c.ID}, s.Now()))
}

// correction tells those nearest who keep the ledger, or who asked of the answer.
func (s *Service) correction(ctx context.Context, e outbox.Event) error {
	var h correction
	if err := e.Decode(&h); err != nil {
		return err
	}
	c, err := s.Members.Correction(ctx, h.ID)
	if errors.Is(err, member.ErrCorrection) { // asked anew, or who asked has left
		return outbox.Cancel(err)
	}
	if err != nil {
		return err
	}
	at, err := s.Org.Unit(ctx, c.OrgID)
	if err != nil {
		return err
	}
	title := member.CorrectionTitle(c.Field)
	l := letter{kindCorrection, "有人申请更正信息", title + "，" + at.Name + "的台账", "请核对证件后办理", nil, nil}
	switch {
	case c.DecidedAt == 0:
		l.people, err = s.keepers(ctx, at, c.PersonID)
	case c.Accepted:
		l = letter{kindCorrectionAnswer, "您申请的更正已办好", title + "已更正", "可以打开「我的权利」查看", []int64{c.PersonID}, nil}
	default:
		l = letter{kindCorrectionAnswer, "您申请的更正没有办", title + "：" + c.Answer, "有疑问请问社区", []int64{c.PersonID}, nil}
	}
	if err != nil {
		return err
	}
	return s.write(ctx, e.Key, correctionNumber+strconv.FormatInt(c.ID, 10), at.Name, l)
}

// keepers are the nearest who keep the ledgers of a unit, without one person:
// nobody decides on their own correction.
func (s *Service) keepers(ctx context.Context, at org.Unit, without int64) ([]int64, error) {
	for _, unit := range at.Chain() {
		people, err := s.Org.HoldersAt(ctx, unit, org.CommunitySecretary, org.SubdistrictSecretary, org.CitySecretary, org.Clerk)
		if err != nil {
			return nil, err
		}
		if people = slices.DeleteFunc(people, func(p int64) bool { return p == without }); len(people) > 0 {
			return people, nil
		}
	}
	return nil, nil
}

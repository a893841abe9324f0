package member

import (
	"context"

	"gorm.io/gorm"

	"fenlin/internal/errs"
)

// Brief (简报) says which briefs somebody who leads wants of what they lead.
type Brief string

// The choices. Who never chose gets both: a brief has only counts, comes when
// there is something to say, and says how to be rid of it.
const (
	NoBrief     Brief = "off"
	DailyBrief  Brief = "daily"
	WeeklyBrief Brief = "weekly"
	BothBriefs  Brief = "both"
)

// ErrBrief is a choice that does not exist.
var ErrBrief = errs.New(errs.Invalid, "brief", "请选不要、每天、每周，或每天和每周都要").At("brief", "应为 off、daily、weekly 或 both")

// Daily says that the brief of a day is wanted.
func (b Brief) Daily() bool { return b != NoBrief && b != WeeklyBrief }

// Weekly says that the brief of a week is wanted.
func (b Brief) Weekly() bool { return b != NoBrief && b != DailyBrief }

// ChooseBrief sets which briefs a person wants. Errors: ErrBrief.
func (s *Service) ChooseBrief(ctx context.Context, person int64, b Brief) error {
	switch b {
	case NoBrief, DailyBrief, WeeklyBrief, BothBriefs:
	default:
		return ErrBrief
	}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET brief = ? WHERE id = ?", b, person).Error
	})
}

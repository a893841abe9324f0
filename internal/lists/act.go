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
)

// Deed is what a party does to a thing.
type Deed struct {
	Action  Action
	Version int // 0: whatever it is now
	Note    string
	Day     string  // of progress; empty: today
	Photos  []int64 // of progress
	Verdict Verdict // of an evaluation
}

// Act does what a party asks. Errors: ErrUnknown, ErrNotYours, ErrStale,
// ErrState, ErrInvalid.
func (s *Service) Act(ctx context.Context, by org.Actor, l List, id int64, d Deed) error {
	var err error
	switch l {
	case Needs:
		err = act[Need](ctx, s, by, id, d)
	case Resources:
		err = act[Resource](ctx, s, by, id, d)
	case Projects:
		err = act[Project](ctx, s, by, id, d)
	case Agreements:
		err = act[Agreement](ctx, s, by, id, d)
	default:
		err = ErrUnknown
	}
	s.Outbox.Wake()
	return err
}

func act[T thing](ctx context.Context, s *Service, by org.Actor, id int64, d Deed) error {
	t, err := take[T](s.DB.Read(ctx), id)
	if err != nil {
		return err
	}
	st := t.stand()
	path, u, err := s.parties(ctx, st)
	if err != nil {
		return err
	}
	may := st.speaks(by, path, u.ContactID)
	if d.Note = strings.TrimSpace(d.Note); d.Day == "" && d.Action == Progress {
		d.Day = s.today()
	}
	row, err := st.decide(may, d, s.today())
	if err != nil {
		return err
	}
	w := speaker(by, may, asked(row.by, st, may), path, u)
	return s.DB.Tx(ctx, func(tx *gorm.DB) error { return become(s, tx, t, row, w, d) })
}

// asked are the sides for which a row is, of a thing.
func asked(by sides, st standing, may sides) sides {
	switch {
	case by&answers != 0:
		return sidesOf[other(st.asked)]
	case by&asks != 0:
		return sidesOf[st.asked]
	case by&owes != 0:
		for _, side := range st.owing {
			if may&sidesOf[side] != 0 {
				return sidesOf[side]
			}
		}
	}
	return by
}

// decide says by which row a deed may be done. Errors: ErrUnknown, ErrNotYours,
// ErrStale, ErrState, ErrInvalid.
func (st standing) decide(may sides, d Deed, today string) (rule, error) {
	of := func(r rule) bool { return r.list == st.list && r.action == d.Action && r.by != clock && !r.own }
	i := slices.IndexFunc(table, func(r rule) bool { return of(r) && slices.Contains(r.from, st.state) })
	if i < 0 {
		i = slices.IndexFunc(table, of)
	}
	switch {
	case may&both == 0 && !st.seen():
		return rule{}, ErrUnknown
	case i < 0:
		return rule{}, ErrInvalid.At("action", "没有这个操作，请刷新后在页面上选择")
	case may&both == 0:
		return rule{}, ErrNotYours
	case d.Version != 0 && d.Version != st.version:
		return rule{}, ErrStale
	}
	row := table[i]
	most := maxNote
	if d.Action == Progress {
		most = maxProgress
	}
	switch {
	case !slices.Contains(row.from, st.state):
		return row, ErrState.Say(st.list.Name() + st.list.NameOf(st.state) + "，不能" + row.name + "，请刷新后再看")
	case d.Action == Confirm && may&owes == 0:
		return row, ErrState.Say("先上传签好的协议再确认；已经确认过的，请等对方确认")
	case may&row.by == 0:
		return row, ErrNotYours.Say("「" + row.name + "」由另一方办理，请与对方联系")
	case row.note != "" && d.Note == "":
		return row, ErrInvalid.At("note", row.note)
	case len([]rune(d.Note)) > most:
		return row, ErrInvalid.At("note", fmt.Sprintf("请控制在 %d 字以内", most))
	case d.Action == Evaluate && d.Verdict.Name() == "":
		return row, ErrInvalid.At("verdict", "请选满意、基本满意或不满意")
	case d.Day > today:
		return row, ErrInvalid.At("day", "进展的日期不能晚于今天")
	case len(d.Photos) > maxPhotos:
		return row, ErrInvalid.At("photo_ids", "一次最多附 9 张照片")
	case len(d.Photos) > 0 && d.Action != Progress:
		return row, ErrInvalid.At("photo_ids", "照片请附在进展里")
	}
	if err := first(worded("note", "说明", d.Note, 0, most), dated("day", d.Day)); err != nil {
		return row, err
	}
	return row, nil
}

// become does a deed that its row allows, with all that follows from it.
func become[T thing](s *Service, tx *gorm.DB, t T, row rule, w who, d Deed) error {
	st := t.stand()
	to := row.to
	if to == "" {
		to = st.state
	}
	values := map[string]any{"state": to}
	var after []func() error
	switch v := any(t).(type) {
	case Need, Resource:
		if row.action == Publish {
			after = append(after, func() error { return s.ask(tx, st.list, st.id, st.version+1) })
		} else {
			values["reason"] = d.Note
		}
		if n, ok := any(t).(Need); ok && row.action == Withdraw && n.Taken > 0 {
			return ErrState.Say("已有单位认领，请先在项目里取消")
		}
	case Project:
		after = append(after, s.projectBecame(tx, v, row.action, w, d, values)...)
	case Agreement:
		after = append(after, s.agreementBecame(tx, v, row.action, w, d, values)...)
	}
	if err := turn[T](tx, st, values); err != nil {
		return err
	}
	to, _ = values["state"].(State)
	event := Event{Action: row.action, ToState: to, Note: d.Note, Day: d.Day, Photos: d.Photos}
	if d.Action == Evaluate {
		event.Note = d.Verdict.Name() + "：" + d.Note
	}
	if err := s.log(tx, st.list, st.id, w, event); err != nil {
		return err
	}
	for _, then := range after {
		if err := then(); err != nil {
			return err
		}
	}
	return nil
}

// projectBecame is what follows from a deed to a project: more that is set, and
// what is done once that is stored.
func (s *Service) projectBecame(tx *gorm.DB, p Project, a Action, w who, d Deed, values map[string]any) []func() error {
	now := s.Now().UnixMilli()
	tell := func(l Letter, to Side) func() error {
		return func() error { return s.tell(tx, Projects, p.ID, l, to, d.Note) }
	}
	watch := func() error {
		p.NotedAt = now
		return s.plan(tx, Timer{Projects, p.ID, wantsProgress, s.progressDue(p)})
	}
	free := func() error { return release(tx, p.ID) }
	switch a {
	case Agree:
		values["noted_at"] = now
		return []func() error{watch, tell(LetterAgreed, p.AskedBy)}
	case Refuse:
		values["reason"] = d.Note
		return []func() error{free, tell(LetterRefused, p.AskedBy)}
	case Cancel:
		values["reason"] = d.Note
		return []func() error{free, tell(LetterCancelled, other(w.side))}
	case Lapse:
		values["reason"] = d.Note
		return []func() error{free, tell(LetterLapsed, p.AskedBy)}
	case Progress:
		values["noted_at"] = now
		return []func() error{watch, func() error { return s.Tickets.Lend(tx, Holder(Projects, p.ID), w.person, d.Photos) }}
	case Finish:
		return []func() error{tell(LetterEvaluate, TheCommunity)}
	case Evaluate:
		values["verdict"], values["community_words"] = d.Verdict, d.Note
		return []func() error{tell(LetterEvaluated, TheUnit)}
	case Remark:
		values["unit_words"] = d.Note
	case Close:
		return []func() error{
			func() error {
				return tx.Exec("UPDATE list_project_needs SET claim_key = NULL WHERE project_id = ?", p.ID).Error
			},
			func() error { return s.met(tx, p) }, tell(LetterClosed, TheUnit),
		}
	default:
	}
	return nil
}

// days are so many days in milliseconds.
func (s *Service) days(n int) int64 { return int64(n) * (24 * time.Hour).Milliseconds() }

// ringAtOnce is how many things begin and end in one round.
const ringAtOnce = 500

// Ring ends resources, and begins and ends agreements, whose day has come, and
// returns how many. It is to be called often, by any number of replicas.
func (s *Service) Ring(ctx context.Context) (int, error) {
	today := s.today()
	expired, err := ring[Resource](ctx, s, Expire, "state = 'open' AND to_on <> '' AND to_on < ?", today)
	if err != nil {
		return expired, err
	}
	begun, err := ring[Agreement](ctx, s, Begin, "state = 'signed' AND from_on <= ?", today)
	if err != nil {
		return expired + begun, err
	}
	ended, err := ring[Agreement](ctx, s, End, "state = 'running' AND to_on < ?", today)
	return expired + begun + ended, err
}

func ring[T thing](ctx context.Context, s *Service, a Action, due, today string) (int, error) {
	var found []T
	if err := s.DB.Read(ctx).Order("id").Limit(ringAtOnce).Find(&found, due, today).Error; err != nil {
		return 0, err
	}
	for i, t := range found {
		row := rowOf(t.stand().list, a)
		err := s.DB.Tx(ctx, func(tx *gorm.DB) error { return become(s, tx, t, row, who{side: TheClock}, Deed{Action: a}) })
		if err != nil && !errors.Is(err, ErrStale) {
			return i, err
		}
	}
	return len(found), nil
}

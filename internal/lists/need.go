package lists

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"

	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// The most of a need.
const (
	maxPeople = 1_000_000
	maxWants  = 50
	maxPlaces = 50
)

// NeedDraft is a need to be told, or what is to be changed of one: nil stays as it is.
type NeedDraft struct {
	Org      *int64 // of a new one
	Title    *string
	Kind     *string
	About    *string
	People   *int
	Wants    *int
	WantedOn *string
	Places   *[]int64
}

func set[T any](into *T, from *T) {
	if from != nil {
		*into = *from
	}
}

func trimmed(into *string, from *string) {
	if from != nil {
		*into = strings.TrimSpace(*from)
	}
}

func (d NeedDraft) fill(n *Need) {
	trimmed(&n.Title, d.Title)
	trimmed(&n.About, d.About)
	set(&n.Kind, d.Kind)
	set(&n.People, d.People)
	set(&n.Wants, d.Wants)
	set(&n.WantedOn, d.WantedOn)
	set(&n.Places, d.Places)
}

func (s *Service) checkNeed(ctx context.Context, n Need, was Need) error {
	if err := first(worded("title", "标题", n.Title, 2, maxTitle), worded("about", "说明", n.About, 0, maxAbout), dated("wanted_on", n.WantedOn)); err != nil {
		return err
	}
	_, known := nameIn(s.Rules().Kinds, n.Kind)
	switch {
	case !known && n.Kind != was.Kind:
		return ErrInvalid.At("kind", "请选择类别")
	case n.People < 0 || n.People > maxPeople:
		return ErrInvalid.At("people", "受益人数应在 0 到 1000000 之间；不清楚请填 0")
	case n.Wants < 1 || n.Wants > maxWants:
		return ErrInvalid.At("wants", "需要的单位数应在 1 到 50 之间")
	case n.Wants < n.Taken:
		return ErrInvalid.At("wants", "不能少于已经认领的单位数")
	case n.WantedOn != "" && n.WantedOn != was.WantedOn && n.WantedOn < s.today():
		return ErrInvalid.At("wanted_on", "希望的日期已经过去")
	case len(n.Places) > maxPlaces:
		return ErrInvalid.At("place_ids", "小区请控制在 50 个以内")
	}
	return s.placed(ctx, n.Places, org.CompoundKind, n.CommunityID, "place_ids")
}

// placed says whether units are of a kind, and below one if that is not 0.
func (s *Service) placed(ctx context.Context, ids []int64, kind org.Kind, below int64, field string) error {
	units, err := s.Org.Units(ctx, append([]int64{-1}, ids...))
	if err != nil {
		return err
	}
	for _, id := range ids {
		u := units[id]
		if u.Kind != kind || u.ClosedAt != 0 || below != 0 && !slices.Contains(u.Chain(), below) {
			return ErrInvalid.At(field, "没有找到其中一个"+map[org.Kind]string{org.CompoundKind: "小区", org.Community: "社区"}[kind]+"，请重新选")
		}
	}
	return nil
}

// Tell keeps a new need, as a draft. A request with a key that was used before
// returns what it made then. Errors: ErrInvalid, org.ErrOutside,
// org.ErrUnknownUnit, ErrKeyReused.
func (s *Service) Tell(ctx context.Context, by org.Actor, key string, d NeedDraft) (Need, error) {
	if d.Org == nil {
		return Need{}, ErrInvalid.At("org_id", "请选择社区或小区")
	}
	u, err := s.Org.Unit(ctx, *d.Org)
	if err != nil {
		return Need{}, err
	}
	if !by.May(org.ManageLists, u.Path) {
		return Need{}, org.ErrOutside
	}
	at, err := s.communityOf(ctx, u)
	if err != nil {
		return Need{}, err
	}
	if u.Kind != org.Community && u.Kind != org.CompoundKind || u.ClosedAt != 0 {
		return Need{}, ErrInvalid.At("org_id", "请选择社区或小区")
	}
	n := Need{ID: s.DB.NewID(), OrgID: u.ID, CommunityID: at.ID, Wants: 1, Places: []int64{}, State: Drafted, Version: 1, CreatedAt: s.Now().UnixMilli()}
	d.fill(&n)
	if err := s.checkNeed(ctx, n, Need{}); err != nil {
		return Need{}, err
	}
	if key != "" {
		n.RequestKey = &key
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&n).Error; err != nil {
			return err
		}
		return s.log(tx, Needs, n.ID, speaker(by, community, community, u.Path, org.WorkUnit{}), Event{Action: Create, ToState: Drafted})
	})
	return once(ctx, s, key, n, err, func(was Need) bool { return was.OrgID == n.OrgID && was.Title == n.Title })
}

// once is what a request with a key made, or made before.
func once[T thing](ctx context.Context, s *Service, key string, made T, err error, same func(T) bool) (T, error) {
	if key == "" || !errors.Is(err, gorm.ErrDuplicatedKey) {
		return made, err
	}
	var before []T
	if err := s.DB.Read(ctx).Find(&before, "request_key = ?", key).Error; err != nil {
		return made, err
	}
	if len(before) == 0 || !same(before[0]) {
		return made, ErrKeyReused
	}
	return before[0], nil
}

// ChangeNeed changes a need that waits to be served. Errors: ErrUnknown,
// ErrNotYours, ErrStale, ErrState, ErrInvalid.
func (s *Service) ChangeNeed(ctx context.Context, by org.Actor, id int64, version int, d NeedDraft) error {
	was, err := take[Need](s.DB.Read(ctx), id)
	if err != nil {
		return err
	}
	n := was
	d.fill(&n)
	w, err := s.mayChange(ctx, by, was.stand(), version, Change)
	if err != nil {
		return err
	}
	if err := s.checkNeed(ctx, n, was); err != nil {
		return err
	}
	if n.State == Matched && n.Wants > n.Taken {
		n.State = Open
	} else if n.State == Open && n.Wants == n.Taken {
		n.State = Matched
	}
	changed := n.Title != was.Title || n.About != was.About
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		places, err := encoded(n.Places)
		if err != nil {
			return err
		}
		values := map[string]any{"title": n.Title, "kind": n.Kind, "about": n.About, "people": n.People, "wants": n.Wants, "wanted_on": n.WantedOn, "places": places, "state": n.State}
		return changeThing[Need](s, tx, was.stand(), w, values, changed)
	})
}

// mayChange says as whom somebody takes an action that has its own way: Change
// or Attach. Errors: ErrUnknown, ErrNotYours, ErrStale, ErrState.
func (s *Service) mayChange(ctx context.Context, by org.Actor, st standing, version int, a Action) (who, error) {
	path, u, err := s.parties(ctx, st)
	if err != nil {
		return who{}, err
	}
	may := st.speaks(by, path, u.ContactID)
	row, now := rowIn(st.list, a, st.state)
	switch {
	case may == 0 && !st.seen():
		return who{}, ErrUnknown
	case may == 0:
		return who{}, ErrNotYours
	case version != 0 && version != st.version:
		return who{}, ErrStale
	case !now:
		return who{}, ErrState.Say(st.list.Name() + st.list.NameOf(st.state) + "，不能再改")
	case may&row.by == 0:
		return who{}, ErrNotYours.Say("等对方答复的项目由提出的一方修改；您可以同意或不同意")
	}
	return speaker(by, may, asked(row.by, st, may), path, u), nil
}

// changeThing stores what was changed of a thing, and has changed words looked at again.
func changeThing[T thing](s *Service, tx *gorm.DB, st standing, w who, values map[string]any, words bool) error {
	if words {
		values["content"] = ticket.Unjudged
	}
	if err := turn[T](tx, st, values); err != nil {
		return err
	}
	if err := s.log(tx, st.list, st.id, w, Event{Action: Change, ToState: st.state}); err != nil || !words || st.state == Drafted && st.list != Agreements {
		return err
	}
	return s.ask(tx, st.list, st.id, st.version+1)
}

// release gives needs back that a project held.
func release(tx *gorm.DB, project int64) error {
	if err := tx.Exec(`UPDATE list_needs SET state = CASE WHEN state = 'matched' THEN 'open' ELSE state END, taken = taken - 1, version = version + 1
WHERE taken > 0 AND id IN (SELECT need_id FROM list_project_needs WHERE project_id = ? AND claim_key IS NOT NULL)`, project).Error; err != nil {
		return err
	}
	return tx.Exec("UPDATE list_project_needs SET claim_key = NULL WHERE project_id = ?", project).Error
}

// claim gives a need to a project, if it still wants one. Errors: ErrTaken.
func claim(tx *gorm.DB, need int64) error {
	// state stands before taken: MySQL reads what was assigned before, SQLite does not.
	did := tx.Exec(`UPDATE list_needs SET state = CASE WHEN taken + 1 >= wants THEN 'matched' ELSE 'open' END, taken = taken + 1, version = version + 1
WHERE id = ? AND state = 'open' AND taken < wants`, need)
	if did.Error == nil && did.RowsAffected == 0 {
		return ErrTaken
	}
	return did.Error
}

// met closes the needs that a closed project served, once as many projects are
// closed as they want.
func (s *Service) met(tx *gorm.DB, p Project) error {
	var needs []Need
	if err := tx.Find(&needs, "id IN (SELECT need_id FROM list_project_needs WHERE project_id = ?) AND state IN ?", p.ID, []State{Open, Matched}).Error; err != nil {
		return err
	}
	for _, n := range needs {
		var closed int64
		if err := tx.Raw("SELECT COUNT(*) FROM list_project_needs l JOIN list_projects p ON p.id = l.project_id WHERE l.need_id = ? AND p.state = ?", n.ID, Closed).Scan(&closed).Error; err != nil {
			return err
		}
		if int(closed) < n.Wants {
			continue
		}
		if err := turn[Need](tx, n.stand(), map[string]any{"state": Done}); err != nil {
			return err
		}
		if err := s.log(tx, Needs, n.ID, who{side: TheClock}, Event{Action: Complete, ToState: Done, Note: "项目已办结：" + p.Title}); err != nil {
			return err
		}
	}
	return nil
}

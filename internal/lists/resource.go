package lists

import (
	"context"
	"encoding/json"
	"errors"

	"gorm.io/gorm"

	"fenlin/internal/org"
)

const maxQuantity = 1_000_000

// ResourceDraft is a resource to be offered, or what is to be changed of one:
// nil stays as it is.
type ResourceDraft struct {
	Unit         *int64 // of a new one
	Title        *string
	Kind         *string
	About        *string
	Amount       *string
	Quantity     *int
	FromOn, ToOn *string
	Places       *[]int64
}

func (d ResourceDraft) fill(r *Resource) {
	trimmed(&r.Title, d.Title)
	trimmed(&r.About, d.About)
	trimmed(&r.Amount, d.Amount)
	set(&r.Kind, d.Kind)
	set(&r.Quantity, d.Quantity)
	set(&r.FromOn, d.FromOn)
	set(&r.ToOn, d.ToOn)
	set(&r.Places, d.Places)
}

func (s *Service) checkResource(ctx context.Context, r Resource, was Resource) error {
	if err := first(
		worded("title", "标题", r.Title, 2, maxTitle), worded("about", "说明", r.About, 0, maxAbout), worded("amount", "数量", r.Amount, 0, maxAmount),
		dated("from_on", r.FromOn), dated("to_on", r.ToOn),
	); err != nil {
		return err
	}
	_, known := nameIn(s.Rules().Kinds, r.Kind)
	switch {
	case !known && r.Kind != was.Kind:
		return ErrInvalid.At("kind", "请选择类别")
	case r.Quantity < 0 || r.Quantity > maxQuantity:
		return ErrInvalid.At("quantity", "数量应在 0 到 1000000 之间；说不清请填 0")
	case r.ToOn != "" && r.FromOn > r.ToOn:
		return ErrInvalid.At("to_on", "结束日期应不早于开始日期，请核对是否填反了")
	case r.ToOn != "" && r.ToOn != was.ToOn && r.ToOn < s.today():
		return ErrInvalid.At("to_on", "结束日期已经过去")
	case len(r.Places) > maxPlaces:
		return ErrInvalid.At("place_ids", "社区请控制在 50 个以内")
	}
	return s.placed(ctx, r.Places, org.Community, 0, "place_ids")
}

// Offer keeps a new resource of a work unit, as a draft, told by the unit's
// contact. A request with a key that was used before returns what it made then.
// Errors: ErrInvalid, ErrNotYours, org.ErrWorkUnit, ErrKeyReused.
func (s *Service) Offer(ctx context.Context, by org.Actor, key string, d ResourceDraft) (Resource, error) {
	if d.Unit == nil {
		return Resource{}, ErrInvalid.At("unit_id", "请选择单位")
	}
	u, err := s.unitOf(ctx, *d.Unit)
	if err != nil {
		return Resource{}, err
	}
	if u.ContactID == 0 || u.ContactID != by.Person {
		return Resource{}, ErrNotYours.Say("只有单位的联系人可以发布资源，请单位联系市里登记联系人")
	}
	r := Resource{ID: s.DB.NewID(), UnitID: u.ID, Places: []int64{}, State: Drafted, Version: 1, CreatedAt: s.Now().UnixMilli()}
	d.fill(&r)
	if err := s.checkResource(ctx, r, Resource{}); err != nil {
		return Resource{}, err
	}
	if key != "" {
		r.RequestKey = &key
	}
	err = s.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Create(&r).Error; err != nil {
			return err
		}
		return s.log(tx, Resources, r.ID, who{by.Person, u.Name, TheUnit}, Event{Action: Create, ToState: Drafted})
	})
	return once(ctx, s, key, r, err, func(was Resource) bool { return was.UnitID == r.UnitID && was.Title == r.Title })
}

// unitOf is a work unit that is there. Error: org.ErrWorkUnit.
func (s *Service) unitOf(ctx context.Context, id int64) (org.WorkUnit, error) {
	var u org.WorkUnit
	err := s.DB.Read(ctx).Take(&u, "id = ? AND closed_at = 0", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = org.ErrWorkUnit
	}
	return u, err
}

// ChangeResource changes a resource that is offered or will be. Errors:
// ErrUnknown, ErrNotYours, ErrStale, ErrState, ErrInvalid.
func (s *Service) ChangeResource(ctx context.Context, by org.Actor, id int64, version int, d ResourceDraft) error {
	was, err := take[Resource](s.DB.Read(ctx), id)
	if err != nil {
		return err
	}
	r := was
	d.fill(&r)
	w, err := s.mayChange(ctx, by, was.stand(), version, Change)
	if err != nil {
		return err
	}
	if err := s.checkResource(ctx, r, was); err != nil {
		return err
	}
	changed := r.Title != was.Title || r.About != was.About || r.Amount != was.Amount
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		places, err := encoded(r.Places)
		if err != nil {
			return err
		}
		values := map[string]any{"title": r.Title, "kind": r.Kind, "about": r.About, "amount": r.Amount, "quantity": r.Quantity, "from_on": r.FromOn, "to_on": r.ToOn, "places": places}
		return changeThing[Resource](s, tx, was.stand(), w, values, changed)
	})
}

// encoded is a list as its column holds it: maps of values know no serializer.
func encoded[T any](list []T) (string, error) {
	if list == nil {
		list = []T{}
	}
	b, err := json.Marshal(list)
	return string(b), err
}

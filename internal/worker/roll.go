package worker

import (
	"context"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/member"
	"fenlin/internal/org"
)

// ErrUnknown says that nobody of that id works in the asker's scope.
var ErrUnknown = errs.New(errs.NotFound, "worker_unknown", "没有这位社区工作者，或不在您负责的范围内")

// Roll is a question for workers.
type Roll struct {
	Org   int64 // the subtree; 0 = all that the asker may see
	After int64 // the person after whom a page begins
	Limit int
}

// Entry is a worker with the person and the community's name.
type Entry struct {
	Worker
	Person    member.Person
	Community string
}

const selectEntries = `SELECT w.*, u.name AS community, u.path, p.name, p.phone, p.id_number, p.birth, p.address, p.gender
FROM workers w JOIN people p ON p.id = w.person_id JOIN org_units u ON u.id = w.community_id WHERE w.left_at = 0 AND `

type entryRow struct {
	Worker
	Community, Path, Name, Phone, IDNumber, Birth, Address, Gender string
}

func (r entryRow) entry() Entry {
	p := member.Person{ID: r.PersonID, Name: r.Name, Phone: r.Phone, IDNumber: r.IDNumber, Birth: r.Birth, Address: r.Address, Gender: r.Gender}
	return Entry{Worker: r.Worker, Person: p, Community: r.Community}
}

// Workers returns those who work in a subtree, by person. Errors:
// org.ErrOutside, org.ErrUnknownUnit.
func (s *Service) Workers(ctx context.Context, by org.Actor, q Roll) ([]Entry, error) {
	path, err := s.scope(ctx, by, q.Org)
	if err != nil {
		return nil, err
	}
	from, to := org.Below(path)
	var rows []entryRow
	err = s.DB.Read(ctx).Raw(selectEntries+"u.path >= ? AND u.path < ? AND w.person_id > ? ORDER BY w.person_id LIMIT ?", from, to, q.After, q.Limit).Scan(&rows).Error
	out := make([]Entry, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.entry())
	}
	return out, err
}

// scope is the path of the subtree that is asked for, if the actor may see it.
func (s *Service) scope(ctx context.Context, by org.Actor, unit int64) (string, error) {
	if unit == 0 {
		post, ok := by.Scope(org.SeeMembers)
		if !ok {
			return "", org.ErrOutside
		}
		return post.OrgPath, nil
	}
	var paths []string
	if err := s.DB.Read(ctx).Raw("SELECT path FROM org_units WHERE id = ?", unit).Scan(&paths).Error; err != nil {
		return "", err
	}
	switch {
	case len(paths) == 0:
		return "", org.ErrUnknownUnit
	case !by.May(org.SeeMembers, paths[0]):
		return "", org.ErrOutside
	}
	return paths[0], nil
}

// Leave ends somebody's work now; their row stays. Error: ErrUnknown.
func (s *Service) Leave(ctx context.Context, by org.Actor, person int64) error {
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		var rows []entryRow
		if err := tx.Raw(selectEntries+"w.person_id = ?", person).Scan(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 || !by.May(org.ManageMembers, rows[0].Path) {
			return ErrUnknown
		}
		return tx.Exec("UPDATE workers SET left_at = ? WHERE person_id = ?", s.Now().UnixMilli(), person).Error
	})
}

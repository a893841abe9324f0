package member

import (
	"context"
	"regexp"
	"strings"

	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// errSearch says that a search cannot be understood.
var errSearch = errs.New(errs.Invalid, "search", "请输入姓名、完整的手机号或完整的身份证号").At("q", "请输入姓名、完整的手机号或完整的身份证号")

// Roll is a question to the ledger.
type Roll struct {
	Org      int64    // the subtree; 0 = all that the asker may see
	Category Category // empty = all four
	Search   string   // the beginning of a name, a whole phone or a whole ID number
	After    int64    // the person after whom a page begins
	Limit    int
}

// Members returns the entries of a subtree, those who live and serve there
// among them, by person. Errors: org.ErrOutside, org.ErrUnknownUnit.
func (s *Service) Members(ctx context.Context, by org.Actor, q Roll) ([]Entry, error) {
	where, args, err := s.scope(ctx, by, q.Org)
	if err != nil {
		return nil, err
	}
	where += " AND m.left_at = 0 AND m.person_id > ?"
	args = append(args, q.After)
	if q.Category != "" {
		where, args = where+" AND m.category = ?", append(args, q.Category)
	}
	if text := strings.TrimSpace(q.Search); text != "" {
		cond, found, err := s.search(text)
		if err != nil {
			return nil, err
		}
		where, args = where+" AND "+cond, append(args, found...)
	}
	var rows []entryRow
	if err := s.DB.Read(ctx).Raw(selectEntries+"WHERE "+where+" ORDER BY m.person_id LIMIT ?", append(args, q.Limit)...).Scan(&rows).Error; err != nil {
		return nil, err
	}
	out := make([]Entry, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.entry())
	}
	return out, nil
}

// scope is the condition on entries m with branch b and community c that keeps
// to a subtree the actor may see.
func (s *Service) scope(ctx context.Context, by org.Actor, unit int64) (string, []any, error) {
	var path string
	if unit == 0 {
		post, ok := by.Scope(org.SeeMembers)
		if !ok {
			return "", nil, org.ErrOutside
		}
		path = post.OrgPath
	} else {
		var found []string
		if err := s.DB.Read(ctx).Raw("SELECT path FROM org_units WHERE id = ?", unit).Scan(&found).Error; err != nil {
			return "", nil, err
		}
		if len(found) == 0 {
			return "", nil, org.ErrUnknownUnit
		}
		if path = found[0]; !by.May(org.SeeMembers, path) {
			return "", nil, org.ErrOutside
		}
	}
	from, to := org.Below(path)
	return "(b.path >= ? AND b.path < ? OR c.path >= ? AND c.path < ?)", []any{from, to, from, to}, nil
}

var (
	looksLikePhone = regexp.MustCompile(`^\+?\d{11,15}$`)
	looksLikeName  = regexp.MustCompile(`^[\p{Han}·A-Za-z ]{1,40}$`)
)

// search is the condition on people p that a text asks for.
func (s *Service) search(text string) (string, []any, error) {
	switch {
	case anIDNumber.MatchString(text):
		return "p.id_index IN ?", []any{s.Keys.Indexes(FieldIDNumber, strings.ToUpper(text))}, nil
	case looksLikePhone.MatchString(text):
		return "p.phone_index IN ?", []any{s.Keys.Indexes(FieldPhone, text)}, nil
	case looksLikeName.MatchString(text):
		return "p.name LIKE ?", []any{text + "%"}, nil
	}
	return "", nil, errSearch
}

// Summary counts the entries of a subtree by category. Errors: those of Members.
func (s *Service) Summary(ctx context.Context, by org.Actor, unit int64) (map[Category]int64, error) {
	where, args, err := s.scope(ctx, by, unit)
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Category Category
		N        int64
	}
	err = s.DB.Read(ctx).Raw(`SELECT m.category, COUNT(*) AS n FROM party_members m
LEFT JOIN org_units b ON b.id = m.branch_id LEFT JOIN org_units c ON c.id = m.community_id
WHERE m.left_at = 0 AND `+where+" GROUP BY m.category", args...).Scan(&rows).Error
	out := make(map[Category]int64, len(rows))
	for _, r := range rows {
		out[r.Category] = r.N
	}
	return out, err
}

// RevealMember gives a personal field of somebody in the ledger to whoever
// manages it; the look is logged. Errors: ErrNotMember, those of Reveal.
func (s *Service) RevealMember(ctx context.Context, by org.Actor, person int64, field, reason string) (Contact, error) {
	e, err := s.entry(s.DB.Read(ctx), person)
	if err == nil && !e.seen(by, org.ManageMembers) {
		err = ErrNotMember
	}
	if err != nil {
		return Contact{}, err
	}
	post, _ := by.Scope(org.ManageMembers)
	return s.Reveal(ctx, Access{ByID: by.Person, ByTitle: post.Title, SubjectID: person, Field: field, Reason: strings.TrimSpace(reason)})
}

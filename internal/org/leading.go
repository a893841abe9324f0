package org

import (
	"context"
	"slices"
)

// Leading are the people who hold a post that allows p now, each once. Whoever
// holds none allows nothing, so a vacant post brings nobody.
func (s *Service) Leading(ctx context.Context, p Permission) ([]int64, error) {
	var roles []Role
	for role := range grants[p] {
		roles = append(roles, role)
	}
	slices.Sort(roles)
	now := s.Now().UnixMilli()
	var people []int64
	err := s.DB.Read(ctx).Raw(`SELECT DISTINCT a.person_id FROM appointments a JOIN posts p ON p.id = a.post_id
WHERE p.role IN ? AND a.from_at <= ? AND (a.to_at = 0 OR a.to_at > ?) ORDER BY a.person_id`, roles, now, now).Scan(&people).Error
	return people, err
}

// Highest are the actor's posts that allow p, without those under another of
// them: what one of them tells of its subtree holds the other's.
func (a Actor) Highest(p Permission) []Post {
	var out []Post
	for _, post := range a.Posts {
		if !grants[p][post.Role] || slices.ContainsFunc(out, func(o Post) bool { return Within(post.OrgPath, o.OrgPath) }) {
			continue
		}
		out = slices.DeleteFunc(out, func(o Post) bool { return Within(o.OrgPath, post.OrgPath) })
		out = append(out, post)
	}
	return out
}

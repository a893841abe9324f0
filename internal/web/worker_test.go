package web_test

import (
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/member"
	"fenlin/internal/worker"
)

// hires makes two workers of the community and returns their ids.
func (s *site) hires(t *testing.T) (ids []int64) {
	t.Helper()
	must(t, s.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		found, misfits, err := s.Members.Resolve(tx, []member.Named{{Name: "王志强", Phone: "13811112222", Birth: "1976-05-04"}, {Name: "李梅", Phone: "13833334444"}})
		if err != nil || len(misfits) > 0 {
			return fmt.Errorf("%v %w", misfits, err)
		}
		ids = []int64{found[0].PersonID, found[1].PersonID}
		return s.Workers.Load(tx, []worker.Worker{
			{PersonID: ids[0], CommunityID: s.Units["南薰社区"], Kind: worker.Secretary, Education: "college", Since: "2021-03-15"},
			{PersonID: ids[1], CommunityID: s.Units["南薰社区"], Kind: worker.Graduate},
		})
	}))
	return ids
}

// ledgerOfWorkers does what succeeds with workers.
func (s *site) ledgerOfWorkers(t *testing.T) {
	t.Helper()
	ids := s.hires(t)
	s.call(t, "community", "GET", "/workers", nil).want(t, 200)
	s.call(t, "community", "POST", fmt.Sprintf("/workers/%d/leave", ids[0]), nil).want(t, 204)
}

func TestWorkers_AreListedMaskedWithinTheScope(t *testing.T) {
	s := newSite(t, "")
	ids := s.hires(t)
	first := s.call(t, "community", "GET", "/workers?limit=1", nil).want(t, 200)
	rest := s.call(t, "city", "GET", fmt.Sprintf("/workers?org=%d&cursor=%s", s.Units["文峰街道"], first.at("next_cursor")), nil).want(t, 200)
	if first.at("items", 0, "phone") != "138****2222" || first.at("items", 0, "community", "name") != "南薰社区" || len(rest.list("items")) != 1 ||
		rest.at("next_cursor") != "" || strings.Contains(string(first.content), "1976-05") {
		t.Errorf("%s %s", first.content, rest.content)
	}
	for _, who := range []string{"li", "leader", "privacy"} {
		s.call(t, who, "GET", "/workers", nil).refused(t, 403, "outside_scope")
	}
	s.call(t, "branch", "GET", fmt.Sprintf("/workers?org=%d", s.Units["南薰社区"]), nil).refused(t, 403, "outside_scope")
	s.call(t, "city", "GET", "/workers?org=42", nil).refused(t, 404, "org_unknown")
	s.call(t, "city", "GET", "/workers?cursor=zz", nil).refused(t, 422, "cursor")

	leave := fmt.Sprintf("/workers/%d/leave", ids[0])
	s.call(t, "branch", "POST", leave, nil).refused(t, 404, "worker_unknown")
	s.call(t, "community", "POST", leave, nil).want(t, 204)
	s.call(t, "community", "POST", leave, nil).refused(t, 404, "worker_unknown")
	if left := s.call(t, "community", "GET", "/workers", nil).want(t, 200); len(left.list("items")) != 1 || left.at("items", 0, "name") != "李梅" {
		t.Errorf("%s", left.content)
	}
}

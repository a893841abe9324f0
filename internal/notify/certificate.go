package notify

import (
	"context"
	"errors"
	"fmt"

	"fenlin/internal/activity"
	"fenlin/internal/outbox"
)

const kindCertificate = "certificate_revoked"

// certificate tells a person that a certificate of theirs is valid no more.
func (s *Service) certificate(ctx context.Context, e outbox.Event) error {
	var r activity.Revoked
	if err := e.Decode(&r); err != nil {
		return err
	}
	c, err := s.Activities.RevokedCertificate(ctx, r.Certificate)
	if errors.Is(err, activity.ErrCertificate) || err == nil && c.PersonID == 0 { // who left is told nothing
		return outbox.Cancel(fmt.Errorf("nobody to tell: %w", errors.Join(err, activity.ErrCertificate)))
	}
	if err != nil {
		return err
	}
	return s.owe(ctx, []Notice{{
		ID: s.DB.NewID(), Key: e.Key, PersonID: c.PersonID, Kind: kindCertificate, Number: c.Number, Title: "志愿证明已撤销", Place: c.OrgName,
		Body: clip(c.RevokedWhy.Name()+"："+c.RevokedNote, 200), Next: "回复「证明」重新开一份", State: Owed, Tries: []Try{}, CreatedAt: s.Now().UnixMilli(),
	}}, false)
}

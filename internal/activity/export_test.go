package activity

import "gorm.io/gorm"

// NewNumber is for tests.
var NewNumber = newNumber

// CertificatesChanged is what corrections call.
func CertificatesChanged(s *Service, tx *gorm.DB, person int64) error {
	return s.certificatesChanged(tx, person)
}

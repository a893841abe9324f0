package lists

import "gorm.io/gorm"

// Sample is what Load puts into the tables: each project joins the need and the
// resource of the same place in their lists.
type Sample struct {
	Needs      []Need
	Resources  []Resource
	Projects   []Project
	Agreements []Agreement
	Events     []Event
}

// Load puts things of the lists into the tables, as part of the caller's
// transaction; the caller gives their ids.
func Load(tx *gorm.DB, l Sample) error {
	for i := range l.Needs {
		l.Needs[i].Version, l.Needs[i].Places = 1, []int64{}
	}
	for i := range l.Resources {
		l.Resources[i].Version, l.Resources[i].Places = 1, []int64{}
	}
	for i := range l.Projects {
		l.Projects[i].Version = 1
	}
	for i := range l.Agreements {
		l.Agreements[i].Version = 1
	}
	for _, rows := range []any{&l.Needs, &l.Resources, &l.Projects, &l.Agreements, &l.Events} {
		if err := tx.Create(rows).Error; err != nil {
			return err
		}
	}
	for i, p := range l.Projects {
		if err := tx.Exec("INSERT INTO list_project_needs (project_id, need_id, claim_key) VALUES (?, ?, ?)", p.ID, l.Needs[i].ID, claimKey(l.Needs[i].ID, p.UnitID)).Error; err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO list_project_resources (project_id, resource_id) VALUES (?, ?)", p.ID, l.Resources[i].ID).Error; err != nil {
			return err
		}
	}
	return nil
}

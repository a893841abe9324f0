// Package consult knows how residents run a compound themselves: what is done
// for it (自办物业的服务项目).
package consult

import "gorm.io/gorm"

// Item is a service that a self-run compound has done for what its residents pay.
type Item struct {
	ID         int64
	CompoundID int64
	Name       string // unique in the compound
	Sample     bool
	CreatedAt  int64 // epoch milliseconds
}

// TableName is gorm's.
func (Item) TableName() string { return "service_items" }

// Load puts many items into the table, as part of the caller's transaction; the
// caller gives their ids.
func Load(tx *gorm.DB, items []Item) error { return tx.Create(items).Error }

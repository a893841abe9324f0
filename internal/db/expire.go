package db

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Expiry asks that what is past its time goes.
type Expiry struct {
	Before time.Time
	Dry    bool          // only count
	Told   func(n int64) // how many went so far, after each full batch; may be nil
}

// Due says which rows are past their time and what becomes of them.
type Due[K int64 | string] struct {
	Key   string // the column that names a row
	From  string // table WHERE condition: what to find, by an index
	Args  []any  // of From
	Batch int    // rows of one transaction; 0: 500

	// Drop lets rows go, or what of them is personal, so that From finds them no
	// more; it tells how many. Others may have changed or dropped them meanwhile.
	Drop func(tx *gorm.DB, keys []K) *gorm.DB
}

// expireBatch is short, so that nobody waits long for a row.
const expireBatch = 500

// Expire lets rows go that are past their time, a batch a transaction, and
// returns how many went, or of a dry run would go. Begun again it goes on where
// it was; several replicas may do it at once.
func Expire[K int64 | string](ctx context.Context, d *DB, x Expiry, due Due[K]) (int64, error) {
	var total int64
	if x.Dry {
		err := d.Read(ctx).Raw("SELECT COUNT(*) FROM "+due.From, due.Args...).Scan(&total).Error
		return total, err
	}
	batch := due.Batch
	if batch == 0 {
		batch = expireBatch
	}
	find := "SELECT " + due.Key + " FROM " + due.From + " LIMIT ?"
	args := append(append([]any{}, due.Args...), batch)
	for {
		var keys []K
		var gone int64
		err := d.Tx(ctx, func(tx *gorm.DB) error {
			keys, gone = nil, 0
			if err := tx.Raw(find, args...).Scan(&keys).Error; err != nil || len(keys) == 0 {
				return err
			}
			dropped := due.Drop(tx, keys)
			gone = dropped.RowsAffected
			return dropped.Error
		})
		if err != nil {
			return total, err
		}
		if total += gone; len(keys) < batch || gone == 0 {
			return total, nil
		}
		if x.Told != nil {
			x.Told(total)
		}
	}
}

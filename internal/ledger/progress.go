package ledger

import (
	"context"
	"sync"
	"sync/atomic"

	"gorm.io/gorm"
)

// progress is how far the import has come that runs in this program. It is kept
// in memory and, for the other replicas, written to the table beside the
// import's transaction: where the embedded database has one writer only, that
// waits, and nobody else needs it.
type progress struct {
	service *Service
	id      int64
	total   atomic.Int64
	done    atomic.Int64
	writing atomic.Bool
}

// watched are the imports that run in this program, by their ids.
type watched struct {
	sync.Mutex
	running map[int64]*progress
}

func (s *Service) watch(id int64) *progress {
	s.watched.Lock()
	defer s.watched.Unlock()
	if s.watched.running == nil {
		s.watched.running = map[int64]*progress{}
	}
	p := &progress{service: s, id: id}
	s.watched.running[id] = p
	return p
}

func (s *Service) unwatch(id int64) {
	s.watched.Lock()
	defer s.watched.Unlock()
	delete(s.watched.running, id)
}

// catchUp brings a job that runs here up to this moment.
func (s *Service) catchUp(job *Import) {
	if job.State != Running {
		return
	}
	s.watched.Lock()
	defer s.watched.Unlock()
	if p := s.watched.running[job.ID]; p != nil {
		job.Total, job.Done = int(p.total.Load()), int(p.done.Load())
	}
}

type totalKey struct{}

// context carries the progress to the ledger's Apply.
func (p *progress) context(ctx context.Context) context.Context {
	ctx = context.WithValue(ctx, totalKey{}, func(total int) { p.total.Store(int64(total)); p.write(ctx) })
	return context.WithValue(ctx, progressKey{}, func(done int) { p.done.Store(int64(done)); p.write(ctx) })
}

// reached tells that the rows are read.
func (s *Service) reached(ctx context.Context, total int) {
	if tell, ok := ctx.Value(totalKey{}).(func(int)); ok {
		tell(total)
	}
}

// write puts the progress into the table without waiting for it.
func (p *progress) write(ctx context.Context) {
	if !p.writing.CompareAndSwap(false, true) {
		return // one is on its way
	}
	go func() {
		defer p.writing.Store(false)
		_ = p.service.DB.Tx(ctx, func(tx *gorm.DB) error { // the next one comes soon
			return tx.Exec("UPDATE imports SET total = ?, done = ? WHERE id = ? AND finished_at = 0", p.total.Load(), p.done.Load(), p.id).Error
		})
	}()
}

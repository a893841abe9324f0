package ticket_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/blob"
	"fenlin/internal/db"
	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

// moody is a store that can be away, at once or after some calls.
type moody struct {
	blob.Store
	left atomic.Int64 // calls until it is away
}

var errAway = errors.New("the store is away")

func newMoody(w *tickettest.Town) *moody {
	m := &moody{Store: w.Service.Photos}
	m.left.Store(1 << 40)
	w.Service.Photos = m
	return m
}

func (m *moody) away() error {
	if m.left.Add(-1) < 0 {
		return errAway
	}
	return nil
}

func (m *moody) Put(ctx context.Context, id int64, content []byte) error {
	return errors.Join(m.away(), m.Store.Put(ctx, id, content))
}

func (m *moody) Get(ctx context.Context, id int64) ([]byte, error) {
	if err := m.away(); err != nil {
		return nil, err
	}
	return m.Store.Get(ctx, id)
}

func (m *moody) Delete(ctx context.Context, id int64) error {
	if err := m.away(); err != nil {
		return err
	}
	return m.Store.Delete(ctx, id)
}

// kept is a photo of somebody.
func kept(t *testing.T, w *tickettest.Town, who string) int64 {
	t.Helper()
	id, err := w.Keep(t.Context(), w.Who[who], "", picture(t))
	must(t, err)
	return id
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeep_WhatIsKeptLiesInTheStoreAndNotInTheDatabase(t *testing.T) {
	w := tickettest.New(t)
	id := kept(t, w, "li")
	content, err := w.Photo(t.Context(), w.Actor("li"), id)
	if err != nil || !bytes.HasPrefix(content, []byte("\xff\xd8\xff")) {
		t.Fatalf("%d bytes, %v", len(content), err)
	}
	var row ticket.Photo
	must(t, w.DB.Read(t.Context()).Take(&row, id).Error)
	if len(row.Content) != 0 || len(row.Digest) != 64 {
		t.Errorf("the row holds %d bytes, digest %q", len(row.Content), row.Digest)
	}
	w.Forward(25 * time.Hour)
	if left := w.Objects(t); !slices.Equal(left, []int64{id}) {
		t.Errorf("a day later: %v", left)
	}
}

// Each way in which a photo's row goes takes its object along, and no other's.
func TestPhotos_WhoDropsTheRowLetsTheObjectGo(t *testing.T) {
	for name, drop := range map[string]func(*testing.T, *tickettest.Town) (id int64){
		"never attached": func(t *testing.T, w *tickettest.Town) int64 {
			id := kept(t, w, "wang")
			w.Forward(time.Hour)
			_, err := w.ExpirePhotos(t.Context(), db.Expiry{Before: w.Clock()})
			must(t, err)
			return id
		},
		"of an anonymised ticket": func(t *testing.T, w *tickettest.Town) int64 {
			tk := settled(t, w)
			f, err := w.Get(t.Context(), w.Actor("branch"), tk.Number)
			must(t, err)
			w.Forward(time.Hour)
			_, err = w.Anonymise(t.Context(), db.Expiry{Before: w.Clock()})
			must(t, err)
			return f.Photos[0]
		},
		"of who leaves": func(t *testing.T, w *tickettest.Town) int64 {
			id := kept(t, w, "wang")
			must(t, w.Forget(t.Context(), w.Who["wang"]))
			return id
		},
		"taken down": func(t *testing.T, w *tickettest.Town) int64 {
			id := kept(t, w, "wang")
			must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return w.Lend(tx, "activity:1", w.Who["wang"], []int64{id}) }))
			must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return w.Drop(tx, []int64{id}) }))
			return id
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := tickettest.New(t)
			held := kept(t, w, "li")
			must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return w.Lend(tx, "activity:2", w.Who["li"], []int64{held}) }))
			id := drop(t, w)
			if left := w.Objects(t); !slices.Equal(left, []int64{held}) {
				t.Errorf("left %v of %d and %d", left, held, id)
			}
			if _, err := w.Lent(t.Context(), "activity:2", held); err != nil {
				t.Errorf("the other: %v", err)
			}
		})
	}
}

func TestPhotos_ADropThatIsUndoneKeepsTheObject(t *testing.T) {
	w := tickettest.New(t)
	id := kept(t, w, "li")
	must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return w.Lend(tx, "activity:1", w.Who["li"], []int64{id}) }))
	err := w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return errors.Join(w.Drop(tx, []int64{id}), errAway) })
	if !errors.Is(err, errAway) {
		t.Fatal(err)
	}
	if left := w.Objects(t); !slices.Equal(left, []int64{id}) {
		t.Errorf("left %v", left)
	}
}

// A kill between the object and its row leaves an object that nobody knows of.
func TestStore_AnObjectWithoutARowGoesAfterADay(t *testing.T) {
	w := tickettest.New(t)
	pdf := []byte("%PDF-1.7\n%%EOF\n")
	_, err := w.Document(t.Context(), pdf) // and its transaction never comes
	must(t, err)
	held, err := w.Document(t.Context(), pdf)
	must(t, err)
	var id int64
	must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) (err error) { id, err = w.Hold(tx, "agreement:1", w.Who["li"], held); return err }))
	w.Forward(23 * time.Hour)
	if left := w.Objects(t); len(left) != 2 {
		t.Errorf("within the day: %v", left)
	}
	w.Forward(2 * time.Hour)
	if left := w.Objects(t); !slices.Equal(left, []int64{id}) {
		t.Errorf("after it: %v, want %d", left, id)
	}
}

func TestPhoto_AnObjectThatIsGoneOrAnotherIsSaid(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"gone":    os.Remove,
		"cut off": func(path string) error { return os.Truncate(path, 100) },
		"another": func(path string) error { return os.WriteFile(path, []byte("\xff\xd8\xff another"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			w := tickettest.New(t)
			id := kept(t, w, "li")
			must(t, filepath.WalkDir(w.Folder, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				return harm(path)
			}))
			if content, err := w.Photo(t.Context(), w.Actor("li"), id); !errors.Is(err, ticket.ErrPhotoGone) || content != nil {
				t.Errorf("%d bytes, %v", len(content), err)
			}
			if _, err := w.Photo(t.Context(), w.Actor("stranger"), id); !errors.Is(err, ticket.ErrUnknown) {
				t.Errorf("a stranger: %v", err)
			}
		})
	}
}

func TestKeep_AStoreThatIsAwayIsSaidAndNothingIsKept(t *testing.T) {
	w := tickettest.New(t)
	store := newMoody(w)
	before := kept(t, w, "li")
	store.left.Store(0)
	if _, err := w.Keep(t.Context(), w.Who["li"], "key", picture(t)); !errors.Is(err, ticket.ErrPhotosAway) {
		t.Errorf("keep: %v", err)
	}
	if _, err := w.Document(t.Context(), []byte("%PDF-1.7\n%%EOF\n")); !errors.Is(err, ticket.ErrPhotosAway) {
		t.Errorf("document: %v", err)
	}
	if _, err := w.Photo(t.Context(), w.Actor("li"), before); !errors.Is(err, ticket.ErrPhotosAway) {
		t.Errorf("photo: %v", err)
	}
	var rows int64
	must(t, w.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM photos").Scan(&rows).Error)
	if rows != 1 {
		t.Errorf("%d rows", rows)
	}
	store.left.Store(1 << 40)
	if _, err := w.Keep(t.Context(), w.Who["li"], "key", picture(t)); err != nil {
		t.Errorf("sent again: %v", err)
	}
}

func TestLetGo_WaitsForAStoreThatIsAwayHoweverLong(t *testing.T) {
	w := tickettest.New(t)
	store := newMoody(w)
	kept(t, w, "wang")
	must(t, w.Forget(t.Context(), w.Who["wang"]))
	store.left.Store(0)
	for range 80 { // longer than an event is tried that fails, and the look after a day too
		if left := w.Objects(t); len(left) != 1 {
			t.Fatalf("left %v", left)
		}
		w.Forward(time.Hour)
	}
	store.left.Store(1 << 40)
	if left := w.Objects(t); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// inDatabase puts photos into the database as versions before the store did.
func inDatabase(t *testing.T, w *tickettest.Town, n int) (ids []int64) {
	t.Helper()
	must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		ids = nil
		for range n {
			id := w.DB.NewID()
			err := tx.Exec("INSERT INTO photos (id, owner_id, ticket_id, content, created_at) VALUES (?, ?, 0, ?, 1)", id, w.Who["li"], []byte("\xff\xd8\xff a picture")).Error
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	}))
	return ids
}

func TestMovePhotos_GoesOnWhereItWasAndLosesNone(t *testing.T) {
	w := tickettest.New(t)
	store := newMoody(w)
	ids := inDatabase(t, w, 230)
	shown := func(when string) {
		t.Helper()
		for _, id := range ids {
			if content, err := w.Photo(t.Context(), w.Actor("li"), id); err != nil || string(content) != "\xff\xd8\xff a picture" {
				t.Fatalf("%s: %q, %v", when, content, err)
			}
		}
	}
	shown("before")
	store.left.Store(150)
	var said [][2]int64
	told := func(moved, left int64) { said = append(said, [2]int64{moved, left}) }
	if n, err := w.MovePhotos(t.Context(), told); n != 150 || !errors.Is(err, errAway) {
		t.Errorf("%d moved, %v", n, err)
	}
	store.left.Store(1 << 40)
	shown("half way")
	if n, err := w.MovePhotos(t.Context(), told); n != 80 || err != nil {
		t.Errorf("%d moved, %v", n, err)
	}
	if want := [][2]int64{{100, 130}, {80, 0}}; !slices.Equal(said, want) {
		t.Errorf("said %v", said)
	}
	w.Forward(25 * time.Hour)
	if left := w.Objects(t); !slices.Equal(left, ids) {
		t.Errorf("%d objects", len(left))
	}
	shown("after")
	var left int64
	must(t, w.DB.Read(t.Context()).Raw("SELECT COUNT(*) FROM photos WHERE content <> '' OR digest = ''").Scan(&left).Error)
	if n, err := w.MovePhotos(t.Context(), told); left != 0 || n != 0 || err != nil {
		t.Errorf("%d rows hold pictures; again: %d, %v", left, n, err)
	}
}

// dropping is a store in which somebody drops the photo while it is moved.
type dropping struct {
	blob.Store
	drop func(id int64)
}

func (d dropping) Put(ctx context.Context, id int64, content []byte) error {
	d.drop(id)
	return d.Store.Put(ctx, id, content)
}

func TestMovePhotos_OneThatIsDroppedMeanwhileLeavesNothing(t *testing.T) {
	w := tickettest.New(t)
	inDatabase(t, w, 1)
	w.Service.Photos = dropping{w.Service.Photos, func(int64) { must(t, w.Forget(t.Context(), w.Who["li"])) }}
	_, err := w.MovePhotos(t.Context(), func(int64, int64) {})
	must(t, err)
	w.Forward(25 * time.Hour)
	if left := w.Objects(t); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// MariaDB takes statements of 16 MB, and every byte of this one would be two.
func TestHold_ADocumentOfTenMegabyteIsKeptWhateverIsInIt(t *testing.T) {
	w := tickettest.New(t)
	pdf := slices.Concat([]byte("%PDF-1.7\n"), bytes.Repeat([]byte{0, '\''}, 5<<20)[:ticket.MaxPhoto-30], []byte("\n%%EOF\n"))
	held, err := w.Document(t.Context(), pdf)
	must(t, err)
	var id int64
	must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) (err error) { id, err = w.Hold(tx, "agreement:1", w.Who["li"], held); return err }))
	if got, err := w.Lent(t.Context(), "agreement:1", id); err != nil || !bytes.Equal(got, pdf) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

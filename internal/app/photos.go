package app

import (
	"context"
	"fmt"
	"path/filepath"

	"fenlin/internal/blob"
)

// photos opens the store of pictures and documents.
func (c *Config) photos() (*blob.Counted, error) {
	store, err := blob.Open(c.Photos, c.photoFolder())
	if err != nil {
		return nil, fmt.Errorf("FENLIN_PHOTOS: %w", err)
	}
	return &blob.Counted{Store: store}, nil
}

func (c *Config) photoFolder() string { return filepath.Join(c.DataDir, "photos") }

// photosApart says that there may be several replicas, each with photos of its own.
func (c *Config) photosApart() bool { return c.Redis != "" && c.Photos == "" }

// lookPhotos tries the store of pictures and documents.
func lookPhotos(ctx context.Context, p *patient) []Finding {
	store, err := p.photos()
	if err == nil {
		err = store.Ping(ctx)
	}
	switch {
	case err != nil && p.Photos == "":
		return []Finding{wrong("the folder of photos cannot be written (%w): give FENLIN_DATA_DIR a disk with space and rights, or set FENLIN_PHOTOS", err)}
	case err != nil:
		return []Finding{wrong("the bucket of photos does not answer (%w): check FENLIN_PHOTOS, that the bucket is there, and that its key may list, read, write and delete", err)}
	case p.photosApart():
		return []Finding{warn("with FENLIN_REDIS there may be several replicas, and each keeps photos in its own folder %s: set FENLIN_PHOTOS, or share the folder", p.photoFolder())}
	case p.Photos == "":
		return fine("kept in " + p.photoFolder())
	}
	return fine("the bucket answers")
}

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

// diagnosePhotos tries the store of pictures and documents.
func diagnosePhotos(ctx context.Context, c Config) Finding {
	store, err := c.photos()
	if err == nil {
		err = store.Ping(ctx)
	}
	switch {
	case err != nil && c.Photos == "":
		return Finding{What: "photos", Err: fmt.Errorf("the folder of photos cannot be written (%w): give FENLIN_DATA_DIR a disk with space and rights, or set FENLIN_PHOTOS", err)}
	case err != nil:
		return Finding{What: "photos", Err: fmt.Errorf("the bucket of photos does not answer (%w): check FENLIN_PHOTOS, that the bucket is there, and that its key may list, read, write and delete", err)}
	case c.photosApart():
		return Finding{What: "photos", Note: "WARNING: with FENLIN_REDIS there may be several replicas, and each keeps photos in its own folder " + c.photoFolder() + ": set FENLIN_PHOTOS, or share the folder"}
	case c.Photos == "":
		return Finding{What: "photos", Note: "kept in " + c.photoFolder()}
	}
	return Finding{What: "photos", Note: "the bucket answers"}
}

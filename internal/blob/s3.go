package blob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	patience = 8 * time.Second // for one call with its tries: less than an event of the outbox may take
	tries    = 2
	most     = 16 << 20 // bytes that are read of one object; ours are 10 MB at most
)

// bucket is a Store in a bucket of a service that speaks S3.
type bucket struct {
	client *minio.Client
	name   string
}

func open(o options) (*bucket, error) {
	lookup := map[string]minio.BucketLookupType{"": minio.BucketLookupAuto, "dns": minio.BucketLookupDNS, "path": minio.BucketLookupPath}[o.lookup]
	transport, err := minio.DefaultTransport(o.tls)
	if err != nil {
		return nil, err
	}
	client, err := minio.New(o.host, &minio.Options{
		Creds: credentials.NewStaticV4(o.key, o.secret, ""), Secure: o.tls, Region: o.region, BucketLookup: lookup, Transport: transport, MaxRetries: tries,
	})
	if err != nil {
		return nil, fmt.Errorf("the address of the bucket: %w", err)
	}
	return &bucket{client, o.bucket}, nil
}

// Put implements Store. The service checks what arrives by its MD5, which all of them can.
func (b *bucket) Put(ctx context.Context, id int64, content []byte) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := b.client.PutObject(ctx, b.name, name(id), bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{
		ContentType: "application/octet-stream", SendContentMd5: true, DisableMultipart: true,
	})
	return err
}

// Get implements Store.
func (b *bucket) Get(ctx context.Context, id int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	object, err := b.client.GetObject(ctx, b.name, name(id), minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer func() { _ = object.Close() }()
	content, err := io.ReadAll(io.LimitReader(object, most))
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		err = ErrAbsent
	}
	return content, err
}

// Delete implements Store; S3 says nothing of what was not there.
func (b *bucket) Delete(ctx context.Context, id int64) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return b.client.RemoveObject(ctx, b.name, name(id), minio.RemoveObjectOptions{})
}

// Ping implements Store.
func (b *bucket) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	there, err := b.client.BucketExists(ctx, b.name)
	if err == nil && !there {
		err = fmt.Errorf("there is no bucket %q", b.name)
	}
	return err
}

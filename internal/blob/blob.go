// Package blob keeps pictures and documents beside the database: in a local
// folder, or in a bucket of any service that speaks S3. Names are the same in
// both, so that one can be copied into the other.
package blob

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"strconv"
	"strings"
)

// ErrAbsent says that there is no object of that id.
var ErrAbsent = errors.New("blob: no such object")

// Store keeps objects by their id. An object is written once, or again with the
// same content, and is whole or not there at all.
type Store interface {
	// Put returns when the object would outlive a power cut.
	Put(ctx context.Context, id int64, content []byte) error
	// Get reads an object. Error: ErrAbsent.
	Get(ctx context.Context, id int64) ([]byte, error)
	// Delete removes an object and what a broken Put left of it; one that is not there is no error.
	Delete(ctx context.Context, id int64) error
	// Ping says whether objects can be kept now.
	Ping(ctx context.Context) error
}

// Open opens the store at `s3://KEY:SECRET@host:9000/bucket?region=&tls=&lookup=`,
// or the folder when the address is empty. It fails on a bad address only: a
// store that is away is found out by Ping and by use. Errors hold no secret.
func Open(address, folder string) (Store, error) {
	if address == "" {
		return Folder(folder), nil
	}
	o, err := parse(address)
	if err != nil {
		return nil, err
	}
	return open(o)
}

// Check says what is wrong with an address, without its secrets.
func Check(address string) error {
	_, err := Open(address, "")
	return err
}

// options are an address in its parts.
type options struct {
	key, secret, host, bucket, region string
	tls                               bool
	lookup                            string // "", "dns" or "path"
}

var errAddress = errors.New("the address of a bucket is not of the form s3://KEY:SECRET@host:9000/bucket?region=…&tls=true (write %2F for / and %2B for + in KEY and SECRET)")

func parse(address string) (o options, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.User == nil || u.Host == "" {
		return o, errAddress // what url.Parse says quotes the secret
	}
	o = options{key: u.User.Username(), host: u.Host, bucket: strings.Trim(u.Path, "/"), region: "us-east-1", tls: true}
	o.secret, _ = u.User.Password()
	if o.key == "" || o.secret == "" || o.bucket == "" || strings.Contains(o.bucket, "/") || u.Fragment != "" {
		return o, errAddress
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return o, errAddress
	}
	for name, values := range query {
		value := values[0]
		switch name {
		case "region":
			o.region = value
		case "tls":
			if o.tls, err = strconv.ParseBool(value); err != nil {
				return o, errors.New("tls of a bucket's address is true or false")
			}
		case "lookup":
			if o.lookup = value; value != "dns" && value != "path" {
				return o, errors.New("lookup of a bucket's address is dns (bucket.host) or path (host/bucket)")
			}
		default:
			return o, errors.New("a bucket's address takes region, tls and lookup, and nothing else")
		}
	}
	return o, nil
}

// name is where an object lies: spread over 65,536 folders, which stay small
// with a hundred million objects and need no list of them.
func name(id int64) string {
	h := fnv.New32a()
	file := strconv.FormatInt(id, 10)
	_, _ = h.Write([]byte(file))
	sum := h.Sum32()
	return fmt.Sprintf("%02x/%02x/%s", sum>>8&0xff, sum&0xff, file)
}

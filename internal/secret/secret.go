// Package secret keeps personal data field by field: sealed at rest, found
// again by a blind index, masked for those who need not see it whole.
package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// keySize is a key's length in bytes: AES-256.
const keySize = 32

// ErrUnreadable says that a field cannot be opened: its key is gone, it was
// changed, or it was moved from another place.
var ErrUnreadable = errors.New("secret: the field cannot be opened with the keys given")

// Keyring holds the keys, newest first. The newest seals; all of them open.
type Keyring struct{ keys []key }

type key struct {
	id    string // begins every field that it sealed
	aead  cipher.AEAD
	index []byte
}

// NewKeyring reads keys, each base64 of 32 bytes, newest first, commas between.
// No error of it holds a key.
func NewKeyring(text string) (*Keyring, error) {
	k := &Keyring{}
	for i, part := range strings.Split(text, ",") {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil || len(raw) != keySize {
			return nil, fmt.Errorf("key %d is not base64 of 32 bytes: make one with `openssl rand -base64 32`", i+1)
		}
		one, err := newKey(raw)
		if err != nil {
			return nil, err
		}
		if k.find(one.id) != nil {
			return nil, fmt.Errorf("key %d is there twice", i+1)
		}
		k.keys = append(k.keys, one)
	}
	return k, nil
}

func newKey(raw []byte) (key, error) {
	derive := func(use string) ([]byte, error) { return hkdf.Key(sha256.New, raw, nil, "fenlin "+use, keySize) }
	id, err := derive("key id")
	if err != nil {
		return key{}, err
	}
	sealing, err := derive("field")
	if err != nil {
		return key{}, err
	}
	index, err := derive("blind index")
	if err != nil {
		return key{}, err
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCM(block)
	return key{id: hex.EncodeToString(id[:4]), aead: aead, index: index}, err
}

func (k *Keyring) find(id string) *key {
	for i := range k.keys {
		if k.keys[i].id == id {
			return &k.keys[i]
		}
	}
	return nil
}

// Seal encrypts a field. Place names where it stands, such as "people.phone/42";
// it opens there only. Nothing seals to nothing.
func (k *Keyring) Seal(plain, place string) string {
	if plain == "" {
		return ""
	}
	return k.keys[0].id + "." + base64.RawURLEncoding.EncodeToString(k.keys[0].seal([]byte(plain), place))
}

func (k *key) seal(plain []byte, place string) []byte {
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(plain)+k.aead.Overhead())
	_, _ = rand.Read(nonce) // never fails
	return k.aead.Seal(nonce, nonce, plain, []byte(place))
}

func (k *key) open(sealed []byte, place string) ([]byte, error) {
	n := k.aead.NonceSize()
	if len(sealed) < n {
		return nil, ErrUnreadable
	}
	plain, err := k.aead.Open(nil, sealed[:n], sealed[n:], []byte(place))
	if err != nil {
		return nil, ErrUnreadable
	}
	return plain, nil
}

// SealBytes is Seal for a file.
func (k *Keyring) SealBytes(plain []byte, place string) []byte {
	if len(plain) == 0 {
		return []byte{}
	}
	return append([]byte(k.Newest()), k.keys[0].seal(plain, place)...)
}

// OpenBytes is Open for a file that SealBytes sealed.
func (k *Keyring) OpenBytes(sealed []byte, place string) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	id, rest, _ := bytes.Cut(sealed, []byte("."))
	by := k.find(string(id))
	if by == nil {
		return nil, ErrUnreadable
	}
	return by.open(rest, place)
}

// Open decrypts a field that Seal made for the place, or says ErrUnreadable.
func (k *Keyring) Open(sealed, place string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	id, text, _ := strings.Cut(sealed, ".")
	by := k.find(id)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if by == nil || err != nil {
		return "", ErrUnreadable
	}
	plain, err := by.open(raw, place)
	return string(plain), err
}

// Newest is how fields begin that the newest key sealed; those that do not are
// due for rotation.
func (k *Keyring) Newest() string { return k.keys[0].id + "." }

// Index is a value's blind index by the newest key: the same for the same value
// of the same kind, and telling nothing without the key. Nothing has none.
func (k *Keyring) Index(kind, value string) string {
	if value == "" {
		return ""
	}
	return k.keys[0].blind(kind, value)
}

// Indexes are a value's blind indexes by each key, to search with while a
// rotation runs.
func (k *Keyring) Indexes(kind, value string) []string {
	out := make([]string, 0, len(k.keys))
	for i := range k.keys {
		out = append(out, k.keys[i].blind(kind, value))
	}
	return out
}

func (k *key) blind(kind, value string) string {
	h := hmac.New(sha256.New, k.index)
	_, _ = h.Write([]byte(kind + "\x00" + value))
	return hex.EncodeToString(h.Sum(nil)[:20])
}

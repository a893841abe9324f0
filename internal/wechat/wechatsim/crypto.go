package wechatsim

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const blockSize = 32 // the protocol pads to 32 bytes, not to AES's 16

// sign is the hex SHA-1 of the sorted parts, as the protocol prescribes.
func sign(parts ...string) string {
	parts = slices.Clone(parts)
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// seal encrypts a message: 16 random bytes, its length, itself, the app id.
func seal(key []byte, appID string, message []byte) (string, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return "", fmt.Errorf("wechatsim: cipher: %w", err)
	}
	plain := make([]byte, 16, 64+len(message)+len(appID))
	_, _ = rand.Read(plain) // never fails
	plain = binary.BigEndian.AppendUint32(plain, uint32(len(message)))
	plain = append(append(plain, message...), appID...)
	pad := blockSize - len(plain)%blockSize
	plain = append(plain, bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, key[:16]).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain), nil
}

var errSealed = errors.New("wechatsim: the encrypted text is damaged")

// open reverses seal and gives the message and the app id inside.
func open(key []byte, text string) (message []byte, appID string, err error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) == 0 || len(data)%blockSize != 0 {
		return nil, "", errSealed
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, "", fmt.Errorf("wechatsim: cipher: %w", err)
	}
	cipher.NewCBCDecrypter(block, key[:16]).CryptBlocks(data, data)
	pad := int(data[len(data)-1])
	if pad < 1 || pad > blockSize || len(data)-pad < 20 {
		return nil, "", errSealed
	}
	data = data[:len(data)-pad]
	size := int64(binary.BigEndian.Uint32(data[16:20]))
	if size > int64(len(data)-20) {
		return nil, "", errSealed
	}
	return data[20 : 20+size], string(data[20+size:]), nil
}

// random is n hex characters nobody can guess.
func random(n int) string {
	b := make([]byte, (n+1)/2)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)[:n]
}

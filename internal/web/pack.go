package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// asset is a file of ours as it is sent: plain, or packed to whoever takes that.
type asset struct {
	kind   string // media type
	tag    string // changes with the content
	fixed  bool   // its address names its content
	policy string // what it may load
	plain  []byte
	packed func() []byte
}

func newAsset(name string, content []byte) asset {
	sum := sha256.Sum256(content)
	return asset{
		kind: mime.TypeByExtension(path.Ext(name)), tag: hex.EncodeToString(sum[:8]), policy: policy, plain: content,
		packed: sync.OnceValue(func() []byte { return squeeze(content, gzip.BestCompression) }),
	}
}

// send answers with the asset. A browser asks each time whether it changed, but
// for one whose address names its content.
func (a asset) send(c *gin.Context, status int) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", a.policy)
	h.Set("Cache-Control", "no-cache")
	if a.fixed || c.Query("v") == a.tag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", `W/"`+a.tag+`"`)
	h.Set("Vary", "Accept-Encoding")
	if status == http.StatusOK && strings.Contains(c.GetHeader("If-None-Match"), `"`+a.tag+`"`) {
		c.Status(http.StatusNotModified)
		return
	}
	content := a.plain
	if takesGzip(c) && len(content) > smallest {
		h.Set("Content-Encoding", "gzip")
		content = a.packed()
	}
	c.Data(status, a.kind, content)
}

// smallest is how many bytes are worth packing.
const smallest = 1024

func takesGzip(c *gin.Context) bool {
	for part := range strings.SplitSeq(c.GetHeader("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(part, ";")
		if name = strings.TrimSpace(name); name == "gzip" || name == "*" {
			q = strings.TrimSpace(strings.ReplaceAll(q, " ", ""))
			weight, err := strconv.ParseFloat(strings.TrimPrefix(q, "q="), 64)
			return q == "" || err == nil && weight > 0
		}
	}
	return false
}

func squeeze(content []byte, level int) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, level) // the levels are ours
	_, _ = z.Write(content)                  // into memory
	_ = z.Close()
	return out.Bytes()
}

// pack sends the answers about rates packed: hundreds of rows that are much alike.
func pack(c *gin.Context) {
	if !strings.HasPrefix(c.Request.URL.Path, apiPrefix+"/stats/") || strings.HasSuffix(c.Request.URL.Path, ".xlsx") || !takesGzip(c) {
		return
	}
	w := &packing{ResponseWriter: c.Writer}
	c.Writer = w
	c.Header("Vary", "Accept-Encoding")
	defer func() { c.Writer = w.ResponseWriter }()
	c.Next()
	if w.held.Len() == 0 {
		return
	}
	content := w.held.Bytes()
	if len(content) > smallest {
		c.Header("Content-Encoding", "gzip")
		content = squeeze(content, gzip.BestSpeed)
	}
	_, _ = w.ResponseWriter.Write(content) // else the client has gone
}

// packing holds back what is written.
type packing struct {
	gin.ResponseWriter
	held bytes.Buffer
}

func (p *packing) Write(b []byte) (int, error)       { return p.held.Write(b) }
func (p *packing) WriteString(s string) (int, error) { return p.held.WriteString(s) }

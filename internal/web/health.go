package web

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// alive says that the process answers.
func (s *Server) alive(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"status": "ok", "version": s.Version})
}

// ready says whether requests can be served; what we can do without only degrades.
func (s *Server) ready(c *gin.Context) {
	h := s.Health(c.Request.Context())
	degraded := list[string](h.Degraded)
	switch {
	case !h.Ready:
		c.JSON(http.StatusServiceUnavailable, gin.H{"status": "unready", "detail": h.Detail, "degraded": degraded})
	case len(degraded) > 0:
		c.JSON(http.StatusOK, gin.H{"status": "degraded", "degraded": degraded})
	default:
		c.JSON(http.StatusOK, gin.H{"status": "ok", "degraded": degraded})
	}
}

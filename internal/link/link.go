// Package link has the addresses of the phone's pages that notices, codes and
// chat replies carry. The client names the same ones in its feature.json files.
package link

import (
	"net/url"
	"strings"
)

// Page is the address of a page after /app/#; what begins with a colon is put in by At.
type Page string

// The pages that the program leads to.
const (
	Ticket        Page = "/tickets/:number"
	Activity      Page = "/activities/:id"
	CheckIn       Page = "/checkin/:code"
	Wish          Page = "/wishes/:id"
	Certificates  Page = "/certificates"
	Register      Page = "/register"      // a member's own registration
	Registrations Page = "/registrations" // those that wait for somebody's word
	Partnerships  Page = "/partnerships"
	Corrections   Page = "/corrections" // those that wait for who keeps a ledger
	Rights        Page = "/rights"
	Project       Page = "/projects/:id"
	Agreement     Page = "/agreements/:id"
)

// At is the page's whole address at a site, with these in place of its parameters.
func (p Page) At(site string, values ...string) string {
	parts := strings.Split(string(p), "/")
	for i, part := range parts {
		if strings.HasPrefix(part, ":") && len(values) > 0 {
			parts[i], values = url.PathEscape(values[0]), values[1:]
		}
	}
	return site + "/app/#" + strings.Join(parts, "/")
}

package web

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"fenlin/internal/org"
)

// id is a number of ours as JSON holds it: JavaScript would round it. Empty stands for none.
type id string

// Schema is how the document describes an id.
func (id) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: "^[0-9]{0,19}$", Examples: []any{"583920174650163201"}}
}

func idOf(n int64) id { return id(strconv.FormatInt(n, 10)) }

func idsOf(numbers []int64) list[id] {
	out := make(list[id], 0, len(numbers))
	for _, n := range numbers {
		out = append(out, idOf(n))
	}
	return out
}

// number is the id; 0 when it is empty, and what nothing has when it is too large.
func (i id) number() int64 {
	if i == "" {
		return 0
	}
	n, err := strconv.ParseInt(string(i), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

func (l list[T]) numbers(number func(T) int64) []int64 {
	out := make([]int64, 0, len(l))
	for _, i := range l {
		out = append(out, number(i))
	}
	return out
}

// list is a slice that is never null in JSON.
type list[T any] []T

// MarshalJSON writes [] for nil.
func (l list[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]T(l))
}

// TransformSchema says so in the document.
func (list[T]) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Nullable = false
	return s
}

// maybe is an object or null.
type maybe[T any] struct{ value *T }

func some[T any](v T) maybe[T] { return maybe[T]{&v} }

// MarshalJSON writes the object or null.
func (m maybe[T]) MarshalJSON() ([]byte, error) { return json.Marshal(m.value) }

// Schema is how the document describes it.
func (maybe[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}

// page is one page of a list.
type page[T any] struct {
	Items      list[T] `json:"items"`
	NextCursor string  `json:"next_cursor" doc:"give it as cursor to get the next page; empty on the last"`
}

// Paged are the parameters of a list; exported because huma reads embedded structs only then.
type Paged struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"length of a page"`
	Cursor string `query:"cursor" maxLength:"400" doc:"next_cursor of the page before"`
}

// after is the number that the page before ended with; 0 for the first page.
// Error: errCursor.
func (p Paged) after() (int64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(p.Cursor, 10, 64)
	if err != nil || n <= 0 {
		return 0, errCursor
	}
	return n, nil
}

// since is the moment and the number that the page before ended with, as ended
// wrote them; 0 and 0 for the first page. Error: errCursor.
func (p Paged) since() (at, number int64, err error) {
	if p.Cursor == "" {
		return 0, 0, nil
	}
	var rest string
	if n, _ := fmt.Sscanf(p.Cursor, "%d-%d%s", &at, &number, &rest); n != 2 {
		return 0, 0, errCursor
	}
	return at, number, nil
}

// ended is where a page ends that is in the order of moments.
func ended(at, number int64) string { return fmt.Sprintf("%d-%d", at, number) }

// cut makes a page of what was found, one more than its limit if there is more,
// and says the number that it ends with; empty on the last.
func cut[T any](found []T, limit int, number func(T) int64) ([]T, string) {
	if len(found) <= limit {
		return found, ""
	}
	return found[:limit], strconv.FormatInt(number(found[limit-1]), 10)
}

// body is an answer with a body.
type body[T any] struct{ Body T }

func answer[T any](v T) *body[T] { return &body[T]{v} }

// nothing is an answer without a body.
type nothing struct{}

// moment is a time in the city's zone, or null for 0.
func (s *Server) moment(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := s.local(time.UnixMilli(ms))
	return &t
}

func (s *Server) local(t time.Time) time.Time { return t.In(s.Tickets.Rules().Calendar.Location()) }

// named is a thing with its name.
type named struct {
	ID   id     `json:"id"`
	Name string `json:"name"`
}

// unitView is a unit of the organisation.
type unitView struct {
	ID   id     `json:"id"`
	Kind string `json:"kind" enum:"province,prefecture,city,subdistrict,community,compound,building_group,hub_household,linked_household,department"`
	Name string `json:"name"`
}

// postView is a post, not the person in it.
type postView struct {
	PostID id     `json:"post_id"`
	Role   string `json:"role"`
	Title  string `json:"title"`
}

func viewPost(p org.Post) maybe[postView] {
	if p.ID == 0 {
		return maybe[postView]{}
	}
	return some(postView{idOf(p.ID), string(p.Role), p.Title})
}

// codeName is a code with its name in Chinese.
type codeName struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

func (s *Server) category(code string) codeName {
	c, ok := s.Tickets.Rules().Reader.Category(code)
	if !ok {
		return codeName{code, code}
	}
	return codeName{c.Code, c.Name}
}

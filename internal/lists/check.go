package lists

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"gorm.io/gorm"

	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
)

// worded checks a text that people write.
func worded(field, what, text string, least, most int) error {
	if n := len([]rune(text)); n < least || n > most {
		return ErrInvalid.At(field, fmt.Sprintf("%s请写 %d 到 %d 字", what, least, most))
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
		return ErrInvalid.At(field, what+"里有不能显示的字符，请重新填写")
	}
	return nil
}

// dated checks a day, which may be empty.
func dated(field, day string) error {
	if day == "" {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil || len(day) != len(time.DateOnly) || day < "2000" {
		return ErrInvalid.At(field, "日期请写成 2026-11-23 这样")
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TopicCheck asks whether the words of a thing may be shown to others; payload: Check.
const TopicCheck = "lists.check"

// Check names words that are to be looked at.
type Check struct {
	List    List  `json:"list"`
	ID      int64 `json:"id"`
	Version int   `json:"version"`
}

// Words are what a person wrote of a thing, when.
type Words struct {
	Person, At int64
	Text       string
	version    int
}

// ask has the words of a version looked at.
func (s *Service) ask(tx *gorm.DB, l List, id int64, version int) error {
	return s.Outbox.Add(tx, outbox.New(TopicCheck, fmt.Sprintf("lists-check:%s:%d:%d", l, id, version), id, Check{l, id, version}, s.Now()))
}

// Unjudged are the words of a thing that nobody has looked at yet, or false.
// Error: ErrUnknown.
func (s *Service) Unjudged(ctx context.Context, c Check) (Words, bool, error) {
	tx := s.DB.Read(ctx)
	var st standing
	var text string
	var err error
	switch c.List {
	case Needs:
		var n Need
		n, err = take[Need](tx, c.ID)
		st, text = n.stand(), n.Title+"\n"+n.About
	case Resources:
		var r Resource
		r, err = take[Resource](tx, c.ID)
		st, text = r.stand(), strings.Join([]string{r.Title, r.About, r.Amount}, "\n")
	case Projects:
		var p Project
		p, err = take[Project](tx, c.ID)
		st, text = p.stand(), p.Title+"\n"+p.About
	case Agreements:
		var a Agreement
		a, err = take[Agreement](tx, c.ID)
		st = a.stand()
		for _, i := range a.Items {
			text += i.Words + "\n"
		}
	}
	if err != nil || st.id == 0 || st.content != ticket.Unjudged {
		return Words{}, false, err
	}
	var by Event
	err = tx.Order("id DESC").Limit(1).Find(&by, "list = ? AND ref_id = ? AND action IN ?", c.List, c.ID, []Action{Create, Change, Publish}).Error
	return Words{by.ActorID, by.At, text, st.version}, err == nil, err
}

var tables = map[List]string{Needs: "list_needs", Resources: "list_resources", Projects: "list_projects", Agreements: "list_agreements"}

// Judge keeps what the check says of words, once, unless they were changed
// meanwhile: then it is asked anew. said is WeChat's word. Errors: ErrStale.
func (s *Service) Judge(ctx context.Context, c Check, w Words, said ticket.Judged) error {
	verdict, _ := s.Tickets.Rules().Content.Judge(w.Text, said)
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		did := tx.Exec("UPDATE "+tables[c.List]+" SET content = ? WHERE id = ? AND content = '' AND version = ?", verdict, c.ID, w.version)
		if did.Error == nil && did.RowsAffected == 0 {
			return ErrStale
		}
		return did.Error
	})
}

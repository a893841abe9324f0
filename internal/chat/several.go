package chat

import (
	"context"
	"strings"

	"fenlin/internal/ticket"
)

// several asks of a fresh ticket whose text plainly tells of two things whether
// to report the second apart: nothing waits for the answer.
func (c *turn) several(ctx context.Context, t ticket.Ticket) (string, error) {
	known, err := c.Tickets.Places(ctx)
	if err != nil {
		return "", err
	}
	reader := c.Tickets.Rules().Reader
	for _, part := range reader.Parts(t.Text, known.Gazetteer) {
		r := reader.Read(part, known.Gazetteer)
		if kind := r.Guesses[0]; kind.Code != t.Category || r.Building != "" && r.Building != t.Building {
			if r.Building == "" && t.Building != "" && !elsewhere(part) {
				part = spot(t) + "，" + part
			}
			c.st.Draft = draft{Text: part, Compound: t.OrgID}
			return c.ask(askSplit, "\n\n像是两件事，归不同的人办。「"+short(part, 20)+"」（"+kind.Name+"）要分开报请回复数字：",
				[]option{{Label: "分开报"}}, "一起办就不用回复。"), nil
		}
	}
	return "", nil
}

// elsewhere says that a part names a place that is no building.
func elsewhere(part string) bool {
	for _, place := range [...]string{"小区", "大门", "院", "广场", "路", "花园", "车库", "地库", "车棚", "绿化", "草坪"} {
		if strings.Contains(part, place) {
			return true
		}
	}
	return false
}

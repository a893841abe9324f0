package chat

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"fenlin/internal/activity"
	"fenlin/internal/errs"
	"fenlin/internal/geo"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
	"fenlin/internal/understand"
)

// choices is how many compounds are offered at once.
const choices = 5

const placeTail = "都不是的话，直接写小区名，或点「+」发送位置。"

// askForPlace asks in which compound a draft is.
func (c *turn) askForPlace(ctx context.Context, d draft) (string, error) {
	r, err := c.read(ctx, d.Text)
	if err != nil {
		return "", err
	}
	options, err := c.compounds(ctx, r.Compounds)
	if err != nil {
		return "", err
	}
	c.st.Draft = d
	if len(options) == 0 {
		return c.ask(askPlace, "收到「"+short(d.Text, 20)+"」。请问是哪个小区？", nil, "请写小区名（例如：福馨苑小区），或点「+」发送位置，我来找最近的小区。"), nil
	}
	return c.ask(askPlace, "请问是哪个小区的事？请回复数字：", options, placeTail), nil
}

// askWhere asks where an emergency is that was filed without a compound.
func (c *turn) askWhere(ctx context.Context, t ticket.Ticket, said string) (string, error) {
	r, err := c.read(ctx, t.Text)
	if err != nil {
		return "", err
	}
	options, err := c.compounds(ctx, r.Compounds)
	if err != nil {
		return "", err
	}
	c.st.Number = t.Number
	c.ask(askFixPlace, said+"\n\n请马上告诉我在哪里：写小区名和楼号，或点「+」发送位置。", options, "")
	said, c.st.Prompt = c.st.Prompt, "请告诉我在哪里：写小区名和楼号，或点「+」发送位置。"
	return said, nil
}

// compounds are options for guesses.
func (c *turn) compounds(ctx context.Context, guesses []understand.PlaceGuess) ([]option, error) {
	known, err := c.Tickets.Places(ctx)
	if err != nil {
		return nil, err
	}
	var out []option
	for _, g := range guesses {
		p, ok := known.ByID[g.ID]
		if ok && len(out) < choices && !slices.ContainsFunc(out, func(o option) bool { return o.ID == g.ID }) {
			out = append(out, option{Label: p.Name + "（" + p.Community + "）", ID: g.ID})
		}
	}
	return out, nil
}

// namedPlace takes a compound's name as the answer to where something is.
func (c *turn) namedPlace(ctx context.Context, text string, r understand.Reading) (string, error) {
	found := r.Compounds
	if len(found) == 0 || found[0].Confidence < understand.Sure {
		known, err := c.Tickets.Places(ctx)
		if err != nil {
			return "", err
		}
		if more := known.Gazetteer.Search(text); len(more) > 0 {
			found = more
		}
	}
	options, err := c.compounds(ctx, found)
	if err != nil {
		return "", err
	}
	switch {
	case len(options) == 0:
		return c.repeat("没有找到叫「" + short(text, 16) + "」的小区。"), nil
	case sure(found):
		return c.chosen(ctx, options[0])
	}
	return c.ask(c.st.Ask, "是下面哪一个小区？请回复数字：", options, placeTail), nil
}

// sure says that the first guess needs no question: it is the only one, or its very name.
func sure(found []understand.PlaceGuess) bool {
	const exact = 0.95
	first := found[0].Confidence
	return first >= understand.Sure && (len(found) == 1 || first >= exact && found[1].Confidence < first)
}

// namedSpot takes building, unit and room, with or without a sure compound, as a ticket's right place.
func (c *turn) namedSpot(ctx context.Context, text string, r understand.Reading) (string, bool, error) {
	p := ticket.Place{Building: r.Building, Unit: r.Unit, Floor: r.Floor, Room: r.Room}
	if len(r.Compounds) > 0 && r.Compounds[0].Confidence >= understand.Sure {
		p.OrgID = r.Compounds[0].ID
	}
	if p == (ticket.Place{}) {
		return "", false, nil
	}
	said, err := c.correct(ctx, c.st.Number, p, "位置应为"+text)
	return said, true, err
}

// home shows where the person lives and lets it be changed.
func (c *turn) home(ctx context.Context, name string) (string, error) {
	known, err := c.Tickets.Places(ctx)
	if err != nil {
		return "", err
	}
	if name != "" {
		found := known.Gazetteer.Search(name)
		r := c.Tickets.Rules().Reader.Read(c.m.words(), known.Gazetteer)
		if len(found) == 0 && r.Clear && worth(r) {
			return c.sentence(ctx, c.m.words()) // 小区 路灯坏了
		}
		c.askForHome(known.ByID[c.who.CompoundID])
		return c.namedPlace(ctx, name, r)
	}
	return c.askForHome(known.ByID[c.who.CompoundID]), nil
}

func (c *turn) askForHome(now org.Place) string {
	if now.OrgID == 0 {
		return c.ask(askHome, "您还没有绑定小区。", nil, "请写小区名（例如：福馨苑小区），或点「+」发送位置；绑定后报事不用再写小区名。")
	}
	return c.ask(askHome, "您绑定的小区："+now.Name+"（"+now.Community+"）。", nil, "要换的话，请写新的小区名，或点「+」发送位置；不换就回复「退出」。")
}

// offerHome asks whether to bind compounds that the person named or is near.
func (c *turn) offerHome(ctx context.Context, near []understand.PlaceGuess) (string, error) {
	options, err := c.compounds(ctx, near)
	if err != nil {
		return "", err
	}
	return c.ask(askHome, "要绑定您住的小区吗？请回复数字：", options, "不绑定就回复「退出」。要报事，请直接写一句话。"), nil
}

// live binds the person to a compound.
func (c *turn) live(ctx context.Context, compound int64) (string, error) {
	p, err := c.Org.Place(ctx, compound)
	if err != nil {
		return "", err
	}
	if err := c.Members.Live(ctx, c.who.ID, p.OrgID); err != nil {
		return "", err
	}
	c.forget()
	return "已绑定小区：" + p.Name + "（" + p.Community + "）。\n" + sayExample + "\n换小区请回复「小区」。", nil
}

// arrive greets a person who followed or scanned a code, and binds the
// compound whose code it was.
func (c *turn) arrive(ctx context.Context) (string, error) {
	scene := c.m.Scene
	if scene == "" {
		scene = c.m.EventKey
	}
	scene = strings.TrimPrefix(scene, "qrscene_")
	welcome := ""
	if c.m.Kind == KindSubscribe {
		welcome = sayWelcome + "\n"
	}
	if said, done, err := c.again(ctx); done || err != nil {
		return welcome + said, err
	}
	if scene == "" || !strings.Contains(scene, ":") { // none of our codes on a wall
		return welcome + sayExample + "\n先告诉我您住哪个小区更方便：回复「小区」。全部功能回复「帮助」。", nil
	}
	if code, ok := strings.CutPrefix(scene, CheckInScene); ok {
		said, err := c.checkIn(ctx, activity.Scan{Code: code})
		return welcome + said, err
	}
	if said, ours, err := c.visit(ctx, scene); ours || err != nil {
		return welcome + said, err
	}
	code, err := c.Org.Posted(ctx, scene)
	switch {
	case errors.Is(err, org.ErrCodeUnknown), errors.Is(err, org.ErrCodeRevoked):
		told, _ := errors.AsType[*errs.Error](err)
		return welcome + told.Message + "，例如：福馨苑3号楼2单元楼道灯坏了。", nil
	case err != nil:
		return "", err
	case c.st.Ask == askPlace && code.At.Kind == org.CompoundKind: // the code answers where the draft is
		d := c.st.Draft
		d.Scene = scene
		said, err := c.file(ctx, d, 0)
		return welcome + said, err
	case code.Kind == org.GateCode && (code.ID == 0 || c.who.CompoundID == 0 || c.who.CompoundID == code.At.ID):
		said, err := c.live(ctx, code.At.ID)
		return welcome + said, err
	}
	c.forget()
	c.st.Scene, c.st.SceneAt = scene, c.Now().UnixMilli()
	return welcome + sayBeside(code), nil
}

// location takes a place on the map: for the question that stands, for the
// fresh ticket, or to find the person's compound.
func (c *turn) location(ctx context.Context) (string, error) {
	if said, done, err := c.again(ctx); done || err != nil {
		return said, err
	}
	point := &ticket.Point{Lat: c.m.Lat, Lng: c.m.Lng, Datum: geo.GCJ02}
	switch err := point.Check(); {
	case errors.Is(err, geo.ErrSwapped): // whoever sent it cannot mend it
		point.Lat, point.Lng = point.Lng, point.Lat
	case err != nil:
		return sayNoPoint, nil
	}
	if c.st.Ask == askFence {
		return c.here(ctx, geo.Point{Lat: point.Lat, Lng: point.Lng, Datum: point.Datum})
	}
	near, lead, inside, err := c.nearest(ctx, *point)
	if err != nil {
		return "", err
	}
	switch c.st.Ask {
	case askPlace:
		c.st.Draft.Point = point
		if inside { // the border leaves no question
			return c.chosen(ctx, near[0])
		}
		return c.ask(askPlace, lead+choose(near, "请回复数字："), near, placeTail), nil
	case askHome, askFixPlace:
		return c.ask(c.st.Ask, lead+choose(near, "请回复数字："), near, placeTail), nil
	case askKind, askFix, askFixKind, askWithdraw, askVerdict, askMore, askKnown, askOutage, askAdvert, askSplit, askVisit, askActivity, askSeat, askWish, askWishDo, askWishNote, askWishText, askWishKind, askWishHow, askDigits, askFence, askOut, askNothing:
	}
	t, ok, err := c.fresh(ctx)
	if err != nil {
		return "", err
	}
	if ok {
		label := clean(c.m.Label)
		if label == "" {
			label = fmt.Sprintf("%.5f,%.5f", point.Lat, point.Lng)
		}
		return c.act(ctx, t.Number, ticket.Input{Action: ticket.Add, Note: "位置：" + short(label, 200), Point: point})
	}
	if c.st.Ask == askKind {
		c.st.Draft.Point, c.dirty = point, true
		return c.repeat("位置已记下。"), nil
	}
	return c.ask(askHome, lead+choose(near, "回复数字就绑定为您的小区："), near, "要报事，请直接写一句话。"), nil
}

// nearest are the compounds around a point with what to say before them;
// inside: the point lies within the border of the first and of no other.
func (c *turn) nearest(ctx context.Context, at ticket.Point) (out []option, lead string, inside bool, err error) {
	known, err := c.Tickets.Places(ctx)
	if err != nil {
		return nil, "", false, err
	}
	near := org.Nearest(known.List, at)
	near = near[:min(choices, len(near))]
	for _, n := range near {
		where := distance(n.Metres)
		if n.Inside {
			where = "您就在这里"
		}
		out = append(out, option{Label: n.Name + "（" + n.Community + "，" + where + "）", ID: n.OrgID})
	}
	switch {
	case len(near) == 0:
		return nil, "还没有标在地图上的小区，请直接写小区名。", false, nil
	case near[0].Metres > org.FarAway:
		return out, fmt.Sprintf("您发的位置附近 %d 公里内没有登记的小区，最近的是%s，%s。是下面的小区吗？", org.FarAway/1000, near[0].Name, distance(near[0].Metres)), false, nil
	}
	return out, "离您最近的小区，", near[0].Inside && (len(near) == 1 || !near[1].Inside), nil
}

// choose is how to choose, when there is something to choose.
func choose(options []option, how string) string {
	if len(options) == 0 {
		return ""
	}
	return how
}

func distance(metres float64) string {
	if metres < 1000 {
		return fmt.Sprintf("约 %d 米", int(math.Round(metres/10))*10)
	}
	return fmt.Sprintf("约 %.1f 公里", metres/1000)
}

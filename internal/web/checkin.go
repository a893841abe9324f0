package web

import (
	"context"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/chat"
	"fenlin/internal/link"
	"fenlin/internal/placard"
)

// CheckInView is a check-in and its check-out.
type CheckInView struct {
	ID         id         `json:"id"`
	ActivityID id         `json:"activity_id"`
	PersonID   id         `json:"person_id"`
	State      string     `json:"state" enum:"ok,claimed,refused,struck" doc:"claimed: delivered later by a device that was offline, the organiser confirms; struck: the organiser took it back"`
	InAt       *time.Time `json:"in_at"`
	InHow      string     `json:"in_how" enum:"code,fence,organiser"`
	OutAt      *time.Time `json:"out_at" doc:"null: not yet"`
	OutHow     string     `json:"out_how" doc:"like in_how; empty: not yet"`
	Version    int        `json:"version" doc:"counts its changes; give it with a correction"`
}

func (s *Server) viewPair(p activity.Pair) CheckInView {
	return CheckInView{idOf(p.ID), idOf(p.ActivityID), idOf(p.PersonID), string(p.State), s.moment(p.InAt), p.InHow, s.moment(p.OutAt), p.OutHow, p.Version}
}

func (s *Server) viewPairs(pairs []activity.Pair) (out list[CheckInView]) {
	for _, p := range pairs {
		out = append(out, s.viewPair(p))
	}
	return out
}

// ScanBody is what a person shows to check in or out. It is exported because
// huma reads embedded structs only then.
type ScanBody struct {
	Code     string    `json:"code,omitempty" maxLength:"64" doc:"what the QR code says, or the six digits on the screen"`
	Location *location `json:"location,omitempty" doc:"where the person is: looked at and dropped"`
	Offline  bool      `json:"offline,omitempty" doc:"the device was offline when it scanned and delivers only now: the organiser confirms"`
}

func (b ScanBody) scan() activity.Scan {
	return activity.Scan{Code: b.Code, At: b.Location.point(), Offline: b.Offline}
}

type checkInInput struct {
	Body struct {
		ScanBody
		Either bool `json:"either,omitempty" doc:"one gesture for both: it checks out when the person is in there"`
		Sure   bool `json:"sure,omitempty" doc:"with either: they mean to check out although they checked in just now, after 409 checked_in_just_now"`
	}
}

func (s *Server) checkIn(ctx context.Context, c caller, in *checkInInput) (*body[CheckInView], error) {
	var p activity.Pair
	var err error
	if in.Body.Either {
		scan := in.Body.scan()
		scan.Sure = in.Body.Sure
		p, _, err = s.Activities.Scanned(ctx, c.Person.ID, scan)
	} else {
		p, err = s.Activities.CheckIn(ctx, c.Person.ID, in.Body.scan())
	}
	if err != nil {
		return nil, err
	}
	return answer(s.viewPair(p)), nil
}

type checkOutInput struct {
	ID   id `path:"checkin_id" minLength:"1"`
	Body ScanBody
}

func (s *Server) checkOut(ctx context.Context, c caller, in *checkOutInput) (*body[CheckInView], error) {
	p, err := s.Activities.CheckOut(ctx, c.Person.ID, in.ID.number(), in.Body.scan())
	if err != nil {
		return nil, err
	}
	return answer(s.viewPair(p)), nil
}

type checkInCodeView struct {
	Code    string    `json:"code" doc:"for the QR code"`
	Digits  string    `json:"digits" doc:"to be typed"`
	Until   time.Time `json:"until" doc:"when the next one comes"`
	Printed string    `json:"printed" doc:"of the code that is printed and put up; empty: the activity has no fence"`
	Crowd   crowdView `json:"crowd" doc:"who is there"`
}

func (s *Server) checkInCode(ctx context.Context, c caller, in *ActivityInput) (*body[checkInCodeView], error) {
	now, printed, err := s.Activities.Codes(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	n, err := s.Activities.Crowd(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	return answer(checkInCodeView{now.Text, now.Digits, s.local(now.Until), printed.Text, crowdView{n.Came, n.Inside, n.Claimed}}), nil
}

type drawCheckInInput struct {
	ActivityInput
	Printed bool `query:"printed" doc:"the code that is printed and put up; else the changing one"`
}

// drawCheckInCode draws the changing code as the address of our page, which WeChat's scanner opens and
// the scanner of our own pages understands, without a network too; the printed one as a code of
// the account, whose chat asks for the place, and while WeChat is away as the address.
func (s *Server) drawCheckInCode(ctx context.Context, c caller, in *drawCheckInInput) (*pngOutput, error) {
	now, printed, err := s.Activities.Codes(ctx, c.Actor, in.ID.number())
	if err != nil {
		return nil, err
	}
	a, err := s.Activities.Of(ctx, in.ID.number())
	if err != nil {
		return nil, err
	}
	content, line := link.CheckIn.At(s.Site, now.Text), "签到码 "+now.Digits
	if in.Printed {
		if printed.Text == "" {
			return nil, activity.ErrInvalid.At("printed", "没有设签到范围的活动没有印的码")
		}
		line = "扫码后发送位置，在现场才能签到"
		if _, content, err = s.WeChat.QRCode(ctx, chat.CheckInScene+printed.Text, 0); err != nil {
			content = link.CheckIn.At(s.Site, printed.Text)
		}
	}
	picture, err := s.printer.PNG(placard.Placard{Content: content, Title: a.Title, Lines: []string{line, "微信扫一扫，签到、签退"}})
	return &pngOutput{Type: "image/png", Body: picture}, err
}

type listCheckInsInput struct {
	ActivityInput
	Paged
}

func (s *Server) listCheckIns(ctx context.Context, c caller, in *listCheckInsInput) (*body[page[CheckInView]], error) {
	after, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.Activities.Pairs(ctx, c.Actor, in.ID.number(), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	var out page[CheckInView]
	found, out.NextCursor = cut(found, in.Limit, func(x activity.Pair) int64 { return x.ID })
	out.Items = s.viewPairs(found)
	return answer(out), nil
}

type tickInput struct {
	ActivityInput
	Body struct {
		PersonIDs list[id] `json:"person_ids" minItems:"1" maxItems:"200"`
		Out       bool     `json:"out,omitempty" doc:"check them out; else in"`
	}
}

func (s *Server) tickCheckIns(ctx context.Context, c caller, in *tickInput) (*body[page[CheckInView]], error) {
	var marks []activity.Mark
	for _, p := range in.Body.PersonIDs {
		marks = append(marks, activity.Mark{Person: p.number(), Out: in.Body.Out})
	}
	pairs, err := s.Activities.Tick(ctx, c.Actor, in.ID.number(), marks)
	if err != nil {
		return nil, err
	}
	var out page[CheckInView]
	out.Items = s.viewPairs(pairs)
	return answer(out), nil
}

type decideCheckInInput struct {
	ActivityInput
	CheckIn id `path:"checkin_id" minLength:"1"`
	Body    struct {
		Confirmed bool   `json:"confirmed"`
		Reason    string `json:"reason,omitempty" maxLength:"480" doc:"of a refusal; the person reads it"`
	}
}

func (s *Server) decideCheckIn(ctx context.Context, c caller, in *decideCheckInInput) (*body[CheckInView], error) {
	p, err := s.Activities.Confirm(ctx, c.Actor, in.ID.number(), in.CheckIn.number(), in.Body.Confirmed, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return answer(s.viewPair(p)), nil
}

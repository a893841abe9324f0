package web

import (
	"context"
	"errors"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/org"
	"fenlin/internal/placard"
	"fenlin/internal/wechat"
)

// errNoPicture says that WeChat was not there to make a code.
var errNoPicture = errs.New(errs.Unavailable, "wechat_away", "微信暂时连不上，二维码图片请稍后再下载")

// CodeView is a code as whoever scans it may know it.
type CodeView struct {
	Scene    string          `json:"scene" doc:"what WeChat tells when it is scanned; give it with a report"`
	Kind     string          `json:"kind" enum:"gate,building,point,fixture"`
	Org      unitView        `json:"org" doc:"the compound; of a service point perhaps a community"`
	Building string          `json:"building"`
	Unit     string          `json:"unit"`
	Name     string          `json:"name" doc:"of the gate, the point or the thing"`
	Where    string          `json:"where" doc:"the place as people say it"`
	Category maybe[codeName] `json:"category" doc:"what is likely wrong there; null: anything"`
}

// CodeEntry is a code as those see it who look after it.
type CodeEntry struct {
	ID id `json:"id"`
	CodeView
	Note      string     `json:"note"`
	CreatedAt *time.Time `json:"created_at"`
	RevokedAt *time.Time `json:"revoked_at" doc:"null: it holds"`
}

func (s *Server) viewCode(p org.Posted) CodeView {
	v := CodeView{
		Scene: p.Scene(), Kind: string(p.Kind), Org: unitView{idOf(p.At.ID), string(p.At.Kind), p.At.Name},
		Building: p.Building, Unit: p.Unit, Name: p.Name, Where: p.At.Name + p.Spot(),
	}
	if p.Category != "" {
		v.Category = some(s.category(p.Category))
	}
	return v
}

func (s *Server) entry(p org.Posted) CodeEntry {
	return CodeEntry{idOf(p.ID), s.viewCode(p), p.Note, s.moment(p.CreatedAt), s.moment(p.RevokedAt)}
}

// SceneInput names a code by what it says.
type SceneInput struct {
	Scene string `path:"scene" maxLength:"64" example:"code:583920174650163201"`
}

func (s *Server) showCode(ctx context.Context, in *SceneInput) (*body[CodeView], error) {
	p, err := s.Org.Posted(ctx, in.Scene)
	if err != nil {
		return nil, err
	}
	return answer(s.viewCode(p)), nil
}

type putUpInput struct {
	Once
	Body struct {
		Kind     string `json:"kind" enum:"gate,building,point,fixture"`
		OrgID    id     `json:"org_id" minLength:"1" doc:"the compound; of a service point perhaps a community"`
		Building string `json:"building,omitempty" maxLength:"16"`
		Unit     string `json:"unit,omitempty" maxLength:"16"`
		Name     string `json:"name,omitempty" maxLength:"40" doc:"of the gate, the point or the thing: 南门, 电梯"`
		Category string `json:"category,omitempty" maxLength:"32" doc:"what is likely wrong there, a code of /api/v1/categories; empty: anything"`
		Note     string `json:"note,omitempty" maxLength:"400" doc:"for those who look after it"`
	}
}

func (s *Server) putUpCode(ctx context.Context, c caller, in *putUpInput) (*body[CodeEntry], error) {
	b := in.Body
	if _, ok := s.Tickets.Rules().Reader.Category(b.Category); b.Category != "" && !ok {
		return nil, org.ErrInvalid.At("category", "没有这个类别")
	}
	made, err := s.Org.PutUp(ctx, c.Actor, in.key(c), org.Code{
		Kind: org.CodeKind(b.Kind), OrgID: b.OrgID.number(), Building: b.Building, Unit: b.Unit, Name: b.Name, Category: b.Category, Note: b.Note,
	})
	if err != nil {
		return nil, err
	}
	p, err := s.Org.Posted(ctx, made.Scene())
	return answer(s.entry(p)), err
}

type listCodesInput struct {
	Org     id   `query:"org" doc:"a unit, with all below it; empty: the highest that the caller looks after"`
	Revoked bool `query:"revoked" doc:"also those that are revoked"`
	Paged
}

func (s *Server) listCodes(ctx context.Context, c caller, in *listCodesInput) (*body[page[CodeEntry]], error) {
	codes, next, err := s.codes(ctx, c, in)
	if err != nil {
		return nil, err
	}
	out := page[CodeEntry]{NextCursor: next}
	for _, p := range codes {
		out.Items = append(out.Items, s.entry(p))
	}
	return answer(out), nil
}

func (s *Server) codes(ctx context.Context, c caller, in *listCodesInput) (codes []org.Posted, next string, err error) {
	unit := in.Org.number()
	if in.Org == "" {
		post, ok := c.Scope(org.ManageCodes)
		if !ok {
			return nil, "", org.ErrOutside
		}
		unit = post.OrgID
	}
	after, err := in.after()
	if err != nil {
		return nil, "", err
	}
	codes, err = s.Org.Codes(ctx, c.Actor, org.CodeList{Unit: unit, Revoked: in.Revoked, After: after, Limit: in.Limit + 1})
	codes, next = cut(codes, in.Limit, func(x org.Posted) int64 { return x.ID })
	return codes, next, err
}

func (s *Server) takeDownCode(ctx context.Context, c caller, in *SceneInput) (*nothing, error) {
	return nil, s.Org.TakeDown(ctx, c.Actor, in.Scene)
}

type pngOutput struct {
	Type string `header:"Content-Type" hidden:"true"`
	Next string `header:"X-Next-Cursor" hidden:"true"`
	Body []byte `contentType:"image/png"`
}

func (s *Server) drawCode(ctx context.Context, c caller, in *SceneInput) (*pngOutput, error) {
	p, err := s.Org.Posted(ctx, in.Scene)
	if err != nil {
		return nil, err
	}
	if !c.May(org.ManageCodes, p.At.Path) {
		return nil, org.ErrOutside
	}
	one, err := s.placard(ctx, p)
	if err != nil {
		return nil, err
	}
	picture, err := s.printer.PNG(one)
	return &pngOutput{Type: "image/png", Body: picture}, err
}

type sheetInput struct {
	Org    id     `query:"org" doc:"a unit, with all below it; empty: the highest that the caller looks after"`
	Cursor string `query:"cursor" maxLength:"100" doc:"X-Next-Cursor of the sheet before"`
}

func (s *Server) drawSheet(ctx context.Context, c caller, in *sheetInput) (*pngOutput, error) {
	codes, next, err := s.codes(ctx, c, &listCodesInput{Org: in.Org, Paged: Paged{Limit: placard.PerSheet, Cursor: in.Cursor}})
	if err != nil {
		return nil, err
	}
	var list []placard.Placard
	for _, p := range codes {
		one, err := s.placard(ctx, p)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	sheet, err := s.printer.Sheet(list)
	return &pngOutput{"image/png", next, sheet}, err
}

// placard is what is drawn of a code. What it says is WeChat's to give; it is
// asked once, for WeChat makes 100,000 lasting codes and no more.
func (s *Server) placard(ctx context.Context, p org.Posted) (placard.Placard, error) {
	content := p.Content
	if content == "" {
		var err error
		if _, content, err = s.WeChat.QRCode(ctx, p.Scene(), 0); err != nil {
			if errors.Is(err, wechat.ErrBadScene) {
				return placard.Placard{}, err
			}
			return placard.Placard{}, errNoPicture.Because(err)
		}
		if p.ID != 0 {
			if err := s.Org.KeepContent(ctx, p.ID, content); err != nil {
				return placard.Placard{}, err
			}
		}
	}
	return placard.Placard{Content: content, Title: p.At.Name, Lines: []string{p.Spot(), "微信扫一扫，一句话报事"}}, nil
}

package web

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fenlin/internal/activity"
	"fenlin/internal/placard"
)

// certificatesPath is where certificates are verified.
const certificatesPath = "/open/certificates/"

// CertificateView is a certificate as its owner sees it.
type CertificateView struct {
	Number     string          `json:"number" example:"FYZM2026-1234567846"`
	Check      string          `json:"check" doc:"printed beside the number, to verify it without a camera"`
	State      string          `json:"state" enum:"valid,revoked"`
	From       string          `json:"from" doc:"first day, 2006-01-02"`
	To         string          `json:"to" doc:"last day"`
	Activities int             `json:"activities" doc:"how many it lists"`
	Minutes    int             `json:"minutes" doc:"by check-in and check-out"`
	Manual     int             `json:"manual_minutes" doc:"beside them, written down by hand"`
	Org        named           `json:"org" doc:"the unit that issues it"`
	IssuedAt   *time.Time      `json:"issued_at"`
	RevokedAt  *time.Time      `json:"revoked_at" doc:"null while it is valid"`
	Why        maybe[codeName] `json:"why" doc:"why it was revoked"`
	Note       string          `json:"note" doc:"in the words of whoever revoked it"`
	PDF        string          `json:"pdf" doc:"path of the document, for its owner; empty once revoked"`
	Verify     string          `json:"verify" doc:"address of the page on which anybody may verify it"`
}

func (s *Server) viewCertificate(c activity.Certificate) CertificateView {
	v := CertificateView{
		Number: c.Number, Check: c.Check(), State: "valid", From: c.FromDay, To: c.ToDay, Activities: c.Count, Minutes: c.Minutes, Manual: c.Manual,
		Org: named{idOf(c.OrgID), c.OrgName}, IssuedAt: s.moment(c.IssuedAt), RevokedAt: s.moment(c.RevokedAt), Note: c.RevokedNote,
		PDF: apiPrefix + "/me/certificates/" + c.Number + ".pdf", Verify: s.Site + certificatesPath + c.Token,
	}
	if c.RevokedAt != 0 {
		v.State, v.PDF, v.Why = "revoked", "", some(codeName{string(c.RevokedWhy), c.RevokedWhy.Name()})
	}
	return v
}

func (s *Server) myCertificates(ctx context.Context, c caller, in *Paged) (*body[page[CertificateView]], error) {
	before, err := in.after()
	if err != nil {
		return nil, err
	}
	found, err := s.Activities.Certificates(ctx, c.Person.ID, before, in.Limit+1)
	var out page[CertificateView]
	found, out.NextCursor = cut(found, in.Limit, func(x activity.Certificate) int64 { return x.ID })
	for _, x := range found {
		out.Items = append(out.Items, s.viewCertificate(x))
	}
	return answer(out), err
}

// exportCertificates is every page of them.
func (s *Server) exportCertificates(ctx context.Context, c caller) (list[CertificateView], error) {
	var out list[CertificateView]
	for p := (Paged{Limit: 100}); ; {
		more, err := s.myCertificates(ctx, c, &p)
		if err != nil {
			return nil, err
		}
		out = append(out, more.Body.Items...)
		if p.Cursor = more.Body.NextCursor; p.Cursor == "" {
			return out, nil
		}
	}
}

type certifyInput struct {
	Once
	Body *struct { // may be left out
		From string `json:"from,omitempty" maxLength:"10" doc:"first day, 2006-01-02; left out: the first activity's"`
		To   string `json:"to,omitempty" maxLength:"10" doc:"last day; left out: today"`
	}
}

func (s *Server) certifyMe(ctx context.Context, c caller, in *certifyInput) (*body[CertificateView], error) {
	var days activity.Days
	if in.Body != nil {
		days = activity.Days{From: in.Body.From, To: in.Body.To}
	}
	made, err := s.Activities.Certify(ctx, c.Person, in.key(c), days)
	if err != nil {
		return nil, err
	}
	return answer(s.viewCertificate(made)), nil
}

type certificateFile struct {
	File string `path:"file" pattern:"^FYZM[0-9]{4}-[0-9]{10}\\.pdf$" doc:"the number and .pdf"`
}

type certificateOutput struct {
	Type string `header:"Content-Type" hidden:"true"`
	File string `header:"Content-Disposition" hidden:"true"`
	Body []byte `contentType:"application/pdf"`
}

func (s *Server) printCertificate(ctx context.Context, c caller, in *certificateFile) (*certificateOutput, error) {
	cert, said, err := s.Activities.Whole(ctx, c.Person.ID, strings.TrimSuffix(in.File, ".pdf"))
	if err != nil {
		return nil, err
	}
	doc, err := s.printer.CertificatePDF(s.printed(cert, said))
	return &certificateOutput{"application/pdf", "attachment; filename=" + in.File, doc}, err
}

// printed is a certificate as it is drawn. That who issues it seals it, and who
// is in charge and who handled it sign, is asked by 民发〔2015〕149号.
func (s *Server) printed(c activity.Certificate, said activity.Certified) placard.Certificate {
	day := func(text string) string {
		t, _ := time.Parse(time.DateOnly, text) // as it was stored
		return t.Format("2006年1月2日")
	}
	issued := s.local(time.UnixMilli(c.IssuedAt))
	document, masked := said.Document, said.Masked
	if document == "" {
		document, masked = "证件号码", "未登记，请对照本人证件核对姓名"
	}
	p := placard.Certificate{
		Title: "志愿服务记录证明", Code: s.Site + certificatesPath + c.Token, At: issued, Foot: "编号：" + c.Number,
		Head: []string{"编号：" + c.Number, "校验码：" + c.Check(), "出具日期：" + issued.Format("2006年1月2日")},
		Facts: [][2]string{
			{"姓名", said.Name},
			{document, masked},
			{"服务期间", day(c.FromDay) + " 至 " + day(c.ToDay)},
			{"参加活动", fmt.Sprintf("%d 次", c.Count)},
			{"服务时长", activity.Length(c.Minutes)},
			{"出具单位", c.OrgName},
		},
		Table:  placard.Table{Columns: []placard.Column{{Title: "日期", Wide: 25}, {Title: "活动", Wide: 40}, {Title: "地点", Wide: 31}, {Title: "服务内容", Wide: 31}, {Title: "时长", Wide: 23}, {Title: "记录人", Wide: 24}}},
		Close:  "以上内容根据志愿服务记录如实出具，特此证明。",
		Signed: []string{"出具单位（盖章）：" + c.OrgName, "负责人（签字）：", "经办人（签字）：", "联系电话：", "日期：        年    月    日"},
		Notes: []string{
			"1. 时长按签到签退的记录计算，人工登记的单独列出；等待复核的不在内。无偿出具，不收取任何费用。",
			"2. 核验：扫二维码，或打开 " + s.Site + certificatesPath + " 输入编号和校验码。是否有效、有没有撤销，以核验的结果为准。",
			"3. 发现记录有错误、缺漏，请向出具单位提出，核实更正后可以重新开。",
		},
	}
	if c.Manual > 0 {
		p.Facts[4][1] += "，另有人工登记 " + activity.Length(c.Manual)
	}
	for _, i := range said.Items {
		long := activity.Length(i.Minutes)
		switch {
		case i.Manual > 0 && i.Minutes == 0:
			long = "人工登记 " + activity.Length(i.Manual)
		case i.Manual > 0:
			long += "，人工登记 " + activity.Length(i.Manual)
		}
		p.Table.Rows = append(p.Table.Rows, []string{i.Day, i.Title, i.Place, i.Content, long, i.By})
	}
	return p
}

type revocationInput struct {
	Number string `path:"number" maxLength:"24"`
	Body   struct {
		Reason string `json:"reason" maxLength:"800" doc:"the person is told; the public does not read it"`
	}
}

func (s *Server) revokeCertificate(ctx context.Context, c caller, in *revocationInput) (*nothing, error) {
	return nil, s.Activities.Revoke(ctx, c.Actor, in.Number, in.Body.Reason)
}

// VerifiedView is a certificate as anybody may see it who has it in hand.
type VerifiedView struct {
	Number     string          `json:"number"`
	State      string          `json:"state" enum:"valid,revoked"`
	Org        string          `json:"org" doc:"the unit that issued it, by its name then"`
	IssuedOn   string          `json:"issued_on" doc:"2006-01-02"`
	From       string          `json:"from" doc:"first day; empty once it is revoked, like the next four"`
	To         string          `json:"to"`
	Activities int             `json:"activities"`
	Minutes    int             `json:"minutes"`
	Manual     int             `json:"manual_minutes"`
	RevokedOn  string          `json:"revoked_on" doc:"empty while it is valid"`
	Why        maybe[codeName] `json:"why"`
}

func (s *Server) viewVerified(c activity.Certificate) VerifiedView {
	day := func(ms int64) string { return s.local(time.UnixMilli(ms)).Format(time.DateOnly) }
	v := VerifiedView{Number: c.Number, State: "valid", Org: c.OrgName, IssuedOn: day(c.IssuedAt)}
	if c.RevokedAt != 0 {
		v.State, v.RevokedOn, v.Why = "revoked", day(c.RevokedAt), some(codeName{string(c.RevokedWhy), c.RevokedWhy.Name()})
		return v
	}
	v.From, v.To, v.Activities, v.Minutes, v.Manual = c.FromDay, c.ToDay, c.Count, c.Minutes, c.Manual
	return v
}

type tokenInput struct {
	Token string `path:"token" maxLength:"32"`
}

type verifyOutput struct {
	Robots string `header:"X-Robots-Tag"`
	Body   VerifiedView
}

func (s *Server) verifyCertificate(ctx context.Context, in *tokenInput) (*verifyOutput, error) {
	c, err := s.Activities.Verify(ctx, in.Token)
	return &verifyOutput{noRobots, s.viewVerified(c)}, err
}

package web

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

type signInInput struct {
	Device string `header:"User-Agent" doc:"kept beside the sign-in, for its owner to know it by"`
	Body   struct {
		Code   string `json:"code" minLength:"1" maxLength:"512" doc:"one-time code of WeChat; or chat: and the eight digits that the account sends on 登录; in the demo sim:<openid>"`
		Client string `json:"client" enum:"miniprogram,h5"`
	}
}

type sessionView struct {
	Token     string    `json:"token" doc:"give it as Authorization: Bearer; shown only now"`
	ExpiresAt time.Time `json:"expires_at"`
	Me        meView    `json:"me"`
}

func (s *Server) signIn(ctx context.Context, in *signInInput) (*body[sessionView], error) {
	person, err := s.identify(ctx, in.Body.Client, in.Body.Code)
	if err != nil {
		return nil, err
	}
	token, expires, err := s.Members.SignIn(ctx, person.ID, in.Body.Client, in.Device)
	if err != nil {
		return nil, err
	}
	me, err := s.viewMe(ctx, person)
	return answer(sessionView{token, s.local(expires), me}), err
}

// identify finds who a code stands for.
func (s *Server) identify(ctx context.Context, client, code string) (member.Person, error) {
	if digits, ok := strings.CutPrefix(code, "chat:"); ok {
		return s.Chat.Redeem(ctx, digits)
	}
	app, identify := member.MiniProgram, s.WeChat.Code2Session
	if client == "h5" {
		app, identify = member.Account, s.WeChat.OAuth
	}
	openid, unionid, err := identify(ctx, code)
	if err != nil {
		return member.Person{}, err
	}
	return s.Members.ByOpenID(ctx, app, openid, unionid)
}

func (s *Server) signOut(ctx context.Context, c caller, _ *struct{}) (*nothing, error) {
	return nil, s.Members.SignOut(ctx, c.token)
}

type deviceView struct {
	ID        string     `json:"id"`
	Client    string     `json:"client" enum:"miniprogram,h5"`
	Device    string     `json:"device" doc:"as it calls itself"`
	Current   bool       `json:"current" doc:"the one that asks"`
	CreatedAt *time.Time `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
}

func (s *Server) listDevices(ctx context.Context, c caller, _ *struct{}) (*body[page[deviceView]], error) {
	sessions, current, err := s.Members.Sessions(ctx, c.Person.ID, c.token)
	if err != nil {
		return nil, err
	}
	var out page[deviceView]
	for _, one := range sessions {
		out.Items = append(out.Items, deviceView{one.ID, one.Client, one.Device, one.ID == current, s.moment(one.CreatedAt), s.moment(one.ExpiresAt)})
	}
	return answer(out), nil
}

type signOutOfInput struct {
	ID string `path:"id" maxLength:"32"`
}

func (s *Server) signOutOf(ctx context.Context, c caller, in *signOutOfInput) (*nothing, error) {
	return nil, s.Members.SignOutOf(ctx, c.Person.ID, in.ID)
}

func (s *Server) signOutEverywhere(ctx context.Context, c caller, _ *struct{}) (*nothing, error) {
	return nil, s.Members.SignOutOf(ctx, c.Person.ID, "")
}

type meView struct {
	ID       id             `json:"id"`
	Name     string         `json:"name"`
	Phone    string         `json:"phone" doc:"masked: 138****5678; empty until bound"`
	Compound maybe[named]   `json:"compound" doc:"where this person lives; null while unknown"`
	Digest   int            `json:"digest_hour" doc:"when all reminders of time limits come together, once a day; 0 = each by itself"`
	Brief    string         `json:"brief" enum:"off,daily,weekly,both" doc:"which briefs this person wants of what they lead; nobody else gets any"`
	Roles    list[string]   `json:"roles"`
	Posts    list[heldPost] `json:"posts"`
	Units    list[named]    `json:"units" doc:"the work units for which this person answers, as their contact"`

	Subscriptions list[subscriptionView] `json:"subscriptions" doc:"messages of WeChat's that this person can be asked to agree to; none where they are told without being asked"`
}

type subscriptionView struct {
	App      string `json:"app" enum:"account,miniprogram"`
	Template string `json:"template" doc:"WeChat's id of it"`
	Credits  int    `json:"credits" doc:"how many more of them may be sent: one for each time this person agreed"`
}

type heldPost struct {
	ID    id       `json:"id"`
	Role  string   `json:"role"`
	Title string   `json:"title"`
	Org   unitView `json:"org"`
}

func (s *Server) viewMe(ctx context.Context, p member.Person) (meView, error) {
	actor, err := s.Org.Actor(ctx, p.ID, p.CompoundID)
	if err != nil {
		return meView{}, err
	}
	home, err := s.place(ctx, p.CompoundID)
	if err != nil {
		return meView{}, err
	}
	contact, err := s.Members.Masked(p)
	if err != nil {
		return meView{}, err
	}
	me := meView{ID: idOf(p.ID), Name: p.Name, Phone: contact.Phone, Compound: home, Digest: p.DigestHour, Brief: string(cmp.Or(p.Brief, member.BothBriefs)), Roles: list[string]{string(org.Resident)}}
	if p.Member {
		me.Roles = append(me.Roles, string(org.Member))
	}
	for _, post := range actor.Posts {
		if !slices.Contains(me.Roles, string(post.Role)) {
			me.Roles = append(me.Roles, string(post.Role))
		}
		me.Posts = append(me.Posts, heldPost{idOf(post.ID), string(post.Role), post.Title, unitView{idOf(post.OrgID), string(post.OrgKind), post.OrgName}})
	}
	units, err := s.Org.Answers(ctx, p.ID)
	if err != nil {
		return meView{}, err
	}
	for _, u := range units {
		me.Units = append(me.Units, named{idOf(u.ID), u.Name})
	}
	offered, err := s.Members.Subscriptions(ctx, p.ID)
	for _, o := range offered {
		me.Subscriptions = append(me.Subscriptions, subscriptionView{string(o.App), o.Template, o.Credits})
	}
	return me, err
}

// place is the compound with that id; null for none and for what is no compound.
func (s *Server) place(ctx context.Context, compound int64) (maybe[named], error) {
	if compound == 0 {
		return maybe[named]{}, nil
	}
	known, err := s.Tickets.Places(ctx)
	if err != nil {
		return maybe[named]{}, err
	}
	p, ok := known.ByID[compound]
	if !ok {
		return maybe[named]{}, nil
	}
	return some(named{idOf(p.OrgID), p.Name}), nil
}

func (s *Server) showMe(ctx context.Context, c caller, _ *struct{}) (*body[meView], error) {
	me, err := s.viewMe(ctx, c.Person)
	return answer(me), err
}

type changeMeInput struct {
	Body struct {
		Name       *string `json:"name,omitempty" maxLength:"32" doc:"what this person wants to be called"`
		CompoundID *id     `json:"compound_id,omitempty" doc:"where this person lives; empty forgets it"`
		Digest     *int    `json:"digest_hour,omitempty" minimum:"0" maximum:"22" doc:"6 to 22: reminders of time limits come together at that hour, once a day; 0: each by itself"`
		Brief      *string `json:"brief,omitempty" enum:"off,daily,weekly,both" doc:"which briefs to get of what this person leads"`
	}
}

func (s *Server) changeMe(ctx context.Context, c caller, in *changeMeInput) (*body[meView], error) {
	if compound := in.Body.CompoundID; compound != nil {
		home := int64(0)
		if *compound != "" {
			p, err := s.Org.Place(ctx, compound.number())
			if err != nil {
				return nil, err
			}
			home = p.OrgID
		}
		if err := s.Members.Live(ctx, c.Person.ID, home); err != nil {
			return nil, err
		}
	}
	if name := in.Body.Name; name != nil {
		if err := s.Members.Rename(ctx, c.Person.ID, strings.TrimSpace(*name)); err != nil {
			return nil, err
		}
	}
	if hour := in.Body.Digest; hour != nil {
		if err := s.Members.Digest(ctx, c.Person.ID, *hour); err != nil {
			return nil, err
		}
	}
	if brief := in.Body.Brief; brief != nil {
		if err := s.Members.ChooseBrief(ctx, c.Person.ID, member.Brief(*brief)); err != nil {
			return nil, err
		}
	}
	return s.me(ctx, c.Person.ID)
}

type subscribeInput struct {
	Body struct {
		Template string `json:"template" minLength:"1" maxLength:"64"`
	}
}

// subscribe counts a consent given in the mini-program, of which WeChat tells
// its page alone. The account's are told to the callback.
func (s *Server) subscribe(ctx context.Context, c caller, in *subscribeInput) (*body[meView], error) {
	known, err := s.Members.Identities(ctx, c.Person.ID)
	if err != nil {
		return nil, err
	}
	if err := s.Members.Subscribed(ctx, member.MiniProgram, known[member.MiniProgram].OpenID, in.Body.Template); err != nil {
		return nil, err
	}
	return s.me(ctx, c.Person.ID)
}

// me is a person as they are now.
func (s *Server) me(ctx context.Context, person int64) (*body[meView], error) {
	p, err := s.Members.Person(ctx, person)
	if err != nil {
		return nil, err
	}
	me, err := s.viewMe(ctx, p)
	return answer(me), err
}

type exportView struct {
	AsOf         time.Time                `json:"as_of"`
	Me           meView                   `json:"me"`
	Phone        string                   `json:"phone" doc:"in full, like the next three"`
	IDNumber     string                   `json:"id_number"`
	Birth        string                   `json:"birth"`
	Address      string                   `json:"address"`
	Since        *time.Time               `json:"since" doc:"when Fenlin first met this person"`
	Apps         list[string]             `json:"apps" doc:"of WeChat in which this person is known"`
	Membership   maybe[memberView]        `json:"membership" doc:"the entry in the Party members' ledger"`
	Changes      list[changeView]         `json:"membership_history"`
	Consents     list[consentView]        `json:"consents"`
	Corrected    list[correctionView]     `json:"corrections" doc:"that this person asked for"`
	Sessions     list[deviceView]         `json:"sessions"`
	Tickets      list[ticketView]         `json:"tickets" doc:"reported by this person, with all that happened to them"`
	Following    list[TicketBrief]        `json:"following"`
	Kept         list[KeptView]           `json:"kept_texts" doc:"what read like an advertisement and became no ticket"`
	Registration maybe[RegistrationView]  `json:"registration"`
	Remarks      list[RemarkView]         `json:"remarks" doc:"what communities said of this member to the unit"`
	Lists        list[myDeed]             `json:"lists" doc:"what this person did in the three lists and agreements"`
	Visits       list[myVisit]            `json:"visits" doc:"what this person said of service points"`
	Wishes       list[WishView]           `json:"wishes" doc:"that this person posted or claimed"`
	SignUps      list[mySignUp]           `json:"signups" doc:"for activities"`
	Helps        list[named]              `json:"helps" doc:"activities that this person helps to run"`
	CheckIns     list[CheckInView]        `json:"checkins"`
	Hours        hoursView                `json:"hours"`
	HourFixes    list[HourCorrectionView] `json:"hour_corrections"`
	Feedback     list[myFeedback]         `json:"activity_feedback"`
	Certificates list[CertificateView]    `json:"certificates" doc:"what was certified of this person's hours"`
	Looks        list[lookView]           `json:"looks" doc:"who looked at this person's data, and why"`
}

type exportOutput struct {
	File string `header:"Content-Disposition" hidden:"true"`
	Body exportView
}

// exportMe is all that Fenlin knows of a person.
func (s *Server) exportMe(ctx context.Context, c caller, _ *struct{}) (*exportOutput, error) {
	me, err := s.viewMe(ctx, c.Person)
	if err != nil {
		return nil, err
	}
	out := exportView{AsOf: s.local(s.Now()), Me: me, Since: s.moment(c.CreatedAt)}
	if err := s.exportPerson(ctx, c, &out); err != nil {
		return nil, err
	}
	looks, err := s.Members.Accesses(ctx, c.Person.ID, 0, maxLooks)
	if err != nil {
		return nil, err
	}
	for _, a := range looks {
		out.Looks = append(out.Looks, s.viewLook(a))
	}
	mine, err := s.all(ctx, c, ticket.Mine)
	if err != nil {
		return nil, err
	}
	for _, t := range mine {
		full, err := s.Tickets.View(ctx, c.Actor, t)
		if err != nil {
			return nil, err
		}
		view, err := s.viewTicket(ctx, full)
		if err != nil {
			return nil, err
		}
		out.Tickets = append(out.Tickets, view)
	}
	kept, err := s.Tickets.KeptOf(ctx, c.Person.ID)
	if err != nil {
		return nil, err
	}
	out.Kept = s.viewKept(kept)
	following, err := s.all(ctx, c, ticket.Following)
	if err != nil {
		return nil, err
	}
	out.Following, err = s.briefs(ctx, following, func(ticket.Ticket) bool { return false })
	return &exportOutput{"attachment; filename=fenlin-my-data.json", out}, err
}

// exportPerson is what is known of the person beside their tickets.
func (s *Server) exportPerson(ctx context.Context, c caller, out *exportView) error {
	for name, into := range map[string]*string{
		member.FieldPhone: &out.Phone, member.FieldIDNumber: &out.IDNumber, member.FieldBirth: &out.Birth, member.FieldAddress: &out.Address,
	} {
		plain, err := s.Members.Own(c.Person, name)
		if err != nil {
			return err
		}
		*into = plain
	}
	apps, err := s.Members.Apps(ctx, c.Person.ID)
	if err != nil {
		return err
	}
	for _, a := range apps {
		out.Apps = append(out.Apps, string(a))
	}
	e, err := s.Members.Entry(ctx, c.Actor, c.Person.ID)
	switch {
	case err == nil:
		view, err := s.viewMember(c, e)
		if err != nil {
			return err
		}
		out.Membership = some(view)
		changes, err := s.listChanges(ctx, c, &memberInput{idOf(c.Person.ID)})
		if err != nil {
			return err
		}
		out.Changes = changes.Body.Items
	case !errors.Is(err, member.ErrNotMember):
		return err
	}
	if out.Consents, err = s.consents(ctx, c.Person.ID); err != nil {
		return err
	}
	if out.Corrected, err = s.viewCorrections(s.Members.MyCorrections(ctx, c.Person.ID)); err != nil {
		return err
	}
	if err := s.exportRegistration(ctx, c, out); err != nil {
		return err
	}
	if err := s.exportWishes(ctx, c, out); err != nil {
		return err
	}
	if err := s.exportActivities(ctx, c, out); err != nil {
		return err
	}
	if err := s.exportLists(ctx, c, out); err != nil {
		return err
	}
	visits, err := s.Stations.Mine(ctx, c.Person.ID)
	if err != nil {
		return err
	}
	for _, v := range visits {
		out.Visits = append(out.Visits, myVisit{idOf(v.PointID), VisitView{v.Day, string(v.Verdict), v.Note}})
	}
	if out.Certificates, err = s.exportCertificates(ctx, c); err != nil {
		return err
	}
	devices, err := s.listDevices(ctx, c, nil)
	if err == nil {
		out.Sessions = devices.Body.Items
	}
	return err
}

// all is every page of a list.
func (s *Server) all(ctx context.Context, c caller, v ticket.View) ([]ticket.Ticket, error) {
	var out []ticket.Ticket
	for cursor := ""; ; {
		page, err := s.Tickets.List(ctx, c.Actor, v, 0, ticket.MaxPage, cursor)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Items...)
		if cursor = page.Next; cursor == "" {
			return out, nil
		}
	}
}

// closeMe forgets who a person is; their tickets stay without a name.
func (s *Server) closeMe(ctx context.Context, c caller, _ *struct{}) (*nothing, error) {
	if len(c.Posts) > 0 {
		return nil, member.ErrHoldsPost
	}
	if err := s.Tickets.Forget(ctx, c.Person.ID); err != nil {
		return nil, err
	}
	return nil, s.Members.Close(ctx, c.Person.ID)
}

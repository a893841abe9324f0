package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/activity"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/wechat/wechatsim"
	"fenlin/internal/wish"
	"fenlin/internal/worker"
)

// roles are who asks in the matrix, those with least rights first.
var roles = []string{
	"nobody", "stranger", "zhao", "wang", "li", "othercontact", "contact", "leader", "property", "water_company", "privacy", "operator", "southclerk", "cityclerk",
	"otherbranch", "branch", "othercommunity", "community", "subdistrict", "city",
}

// things makes what the matrix asks for: each is somebody's, and none is the asker's unless they made it.
type things struct {
	*site
	t      *testing.T
	n      int
	made   map[string]string
	book   []byte // a ledger of units
	makers map[string]func() string
}

// populate gives the town everybody in roles and one of everything.
func populate(t *testing.T) *things {
	t.Helper()
	w := &things{site: newSite(t, ""), t: t, made: map[string]string{}}
	w.clerks(t)
	home := w.Units["福馨苑小区"]
	for who, at := range map[string]int64{"zhao": home, "contact": 0, "othercontact": 0, "operator": 0, "othercommunity": 0} {
		p, err := w.Town.Members.Add(t.Context(), member.Person{Name: who, CompoundID: at}, "o-"+who)
		must(t, err)
		w.Who[who] = p.ID
	}
	for who, at := range map[string]struct {
		unit string
		role org.Role
	}{"operator": {"汾阳市", org.Operator}, "othercommunity": {"永安社区", org.CommunitySecretary}} {
		post, err := w.Town.Org.NewPost(t.Context(), w.Units[at.unit], at.role, who)
		must(t, err)
		must(t, w.Town.Org.Seat(t.Context(), post, w.Who[who], 0))
	}
	for name, contact := range map[string]string{"市水利局": "contact", "市林业局": "othercontact"} {
		unit := org.WorkUnit{ID: w.DB.NewID(), Kind: org.Organ, Name: name, ContactID: w.Who[contact]}
		must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Create(&unit).Error }))
		w.Units[name] = unit.ID
	}
	must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE people SET member = ? WHERE id = ?", true, w.Who["wang"]).Error
	}))
	// li stands in the Party members' ledger, by the phone that li has bound.
	w.ok("city", "POST", "/members", object{"name": "李测试", "phone": wechatsim.PhoneOf("o-li"), "id_number": anID, "address": "福馨苑小区3号楼2单元301", "category": "resident", "branch_id": w.unit("福馨苑小区")})
	w.ok("li", "POST", "/me/phone", object{"code": w.sim.PhoneCode("o-li")})
	w.Who["li"] = w.number(w.ok("li", "GET", "/me", nil))
	w.ok("li", "PATCH", "/me", object{"compound_id": w.unit("福馨苑小区")})
	w.past()
	w.makers = w.workshop()
	w.book = filled(t, w.ok("cityclerk", "GET", "/templates/units", nil).content, []string{"汾阳市教育局", "机关单位"})
	return w
}

// past is an activity of the day before: li's nine hours wait for a review, wang's are certified.
func (w *things) past() {
	t := w.t
	w.ok("zhao", "PATCH", "/me", object{"name": "赵"})
	path, _ := w.longDay(t)
	w.made["long"] = strings.TrimPrefix(path, "/activities/")
	w.ok("branch", "POST", path+"/hours/"+fmt.Sprint(w.Who["wang"])+"/review", object{"confirmed": true, "minutes": 540})
	w.Forward(14 * time.Hour)
	clear(w.tokens)
	w.made["pair"] = fmt.Sprint(w.ok("branch", "GET", path+"/checkins", nil).at("items", 0, "id"))
}

// ok is a call that must succeed.
func (w *things) ok(who, method, path string, body any) reply {
	w.t.Helper()
	r := w.call(w.t, who, method, path, body)
	if r.status >= 300 {
		w.t.Errorf("%s: %s %s: %d %s", who, method, path, r.status, r.content)
	}
	return r
}

// id is the id of what was just made.
func (w *things) id(who, method, path string, body any) string {
	w.t.Helper()
	return fmt.Sprint(w.ok(who, method, path, body).at("id"))
}

// next is a name that nothing has yet.
func (w *things) next(name string) string {
	w.n++
	return fmt.Sprint(name, w.n)
}

// workshop makes each kind of thing, by its name in testdata/matrix.txt.
func (w *things) workshop() map[string]func() string {
	t := w.t
	garden, north := w.unit("福馨苑小区"), w.unit("南薰社区")
	act := func(who, path, action string) { w.ok(who, "POST", path+"/actions", object{"action": action}) }
	draft := func() string {
		a := w.anActivity(1, 2)
		delete(a, "fence")
		a["overlapping"] = true
		return w.id("branch", "POST", "/activities", a)
	}
	published := func(people ...string) string {
		id := draft()
		act("branch", "/activities/"+id, "publish")
		for _, p := range people {
			w.ok(p, "POST", "/activities/"+id+"/signup", nil)
		}
		return id
	}
	photo := func(who string) string { return w.id(who, "POST", "/photos", aPicture(t)) }
	need := func() string {
		id := w.id("community", "POST", "/needs", object{"org_id": north, "title": w.next("老人体检"), "kind": "health", "people": 30, "wanted_on": "2027-12-31"})
		act("community", "/needs/"+id, "publish")
		w.passWords(t)
		return id
	}
	resource := func() string {
		id := w.id("contact", "POST", "/resources", object{"unit_id": w.unit("市水利局"), "title": w.next("上门体检"), "kind": "health", "quantity": 3})
		act("contact", "/resources/"+id, "publish")
		w.passWords(t)
		return id
	}
	proposed := func() string {
		return w.id("contact", "POST", "/projects", object{"need_ids": []any{need()}, "about": "每月上门体检一次", "unit_id": w.unit("市水利局")})
	}
	project := func() string {
		id := proposed()
		act("community", "/projects/"+id, "agree")
		return id
	}
	agreement := func() string {
		return w.id("contact", "POST", "/agreements", object{
			"project_id": project(), "from_on": w.Clock().Format(time.DateOnly), "to_on": "2027-12-31", "items": []any{object{"code": "dual_service", "words": "每季度一次"}},
		})
	}
	open := func(who string) string {
		id := w.id(who, "POST", "/wishes", object{"text": "独居的老人想有人陪着说说话", "kind": "company", "share_phone": who == "li", "anonymous": true})
		found, _, err := w.Town.Wishes.Unjudged(t.Context(), wish.Check{Wish: w.number(reply{object: object{"id": id}})})
		must(t, err)
		must(t, w.Town.Wishes.Judge(t.Context(), found, "pass"))
		act("branch", "/wishes/"+id, "publish")
		return id
	}
	job := func() string {
		book := filled(t, w.ok("cityclerk", "GET", "/templates/units", nil).content, []string{w.next("学校"), "学校"})
		return fmt.Sprint(w.send(t, "cityclerk", "units", book).at("id"))
	}
	vacant := func() string {
		return fmt.Sprint(w.ok("community", "POST", "/posts", object{"org_id": north, "role": "grid_worker", "title": w.next("网格员")}).at("post_id"))
	}
	return map[string]func() string{
		"ticket": func() string { return w.Told(t, "li", "福馨苑"+lamp).Number },
		"photo":  func() string { return photo("li") }, "branchphoto": func() string { return photo("branch") },
		"ticketphoto": func() string {
			id := photo("li")
			w.ok("li", "POST", "/tickets", object{"text": "福馨苑5号楼电梯坏了", "photos": []any{id}, "sure": true})
			return id
		},
		"session": func() string {
			w.ok("", "POST", "/sessions", object{"code": "sim:o-li", "client": "h5"})
			for _, one := range w.ok("li", "GET", "/me/sessions", nil).list("items") {
				if s := one.(map[string]any); s["current"] == false && s["client"] == "h5" {
					return s["id"].(string)
				}
			}
			t.Fatal("li has one session")
			return ""
		},
		"outage": func() string {
			return w.id("water_company", "POST", "/outages", w.off("water", 8, "昌瑞绿洲小区"))
		},
		"code": func() string {
			return fmt.Sprint(w.ok("branch", "POST", "/codes", object{"kind": "fixture", "org_id": garden, "building": "3", "name": w.next("电梯")}).at("scene"))
		},
		"point": func() string {
			h := w.hall()
			h["name"] = w.next("党群服务站")
			return w.id("community", "POST", "/service-points", h)
		},
		"draft": func() string { return draft() }, "activity": func() string { return published("li") },
		"offered": func() string {
			id := published("li", "zhao", "wang")
			w.ok("li", "DELETE", "/activities/"+id+"/signup", nil)
			return id
		},
		"hung": func() string {
			id := published()
			p := photo("branch")
			w.ok("branch", "POST", "/activities/"+id+"/photos", object{"photo_id": p})
			return id + "/photos/" + p
		},
		"today": func() string { // li is there
			id := published("li", "zhao")
			w.Forward(time.Hour)
			act("branch", "/activities/"+id, "start")
			w.ok("branch", "POST", "/activities/"+id+"/checkins", object{"person_ids": []any{fmt.Sprint(w.Who["li"])}})
			return id
		},
		"claimed": func() string { // a check-in of li's that came late
			id := published("li")
			w.Forward(time.Hour)
			code := w.old(t, "/activities/"+id)
			return id + "/checkins/" + w.id("li", "POST", "/checkins", object{"code": code, "offline": true})
		},
		"checkin": func() string {
			id := w.made["today"]
			return fmt.Sprint(w.ok("branch", "GET", "/activities/"+id+"/checkins", nil).at("items", 0, "id"))
		},
		"certificate": func() string {
			p, err := w.Town.Members.Person(t.Context(), w.Who["wang"])
			must(t, err)
			c, err := w.Town.Activities.Certify(t.Context(), p, w.next("key"), activity.Days{})
			must(t, err)
			w.made["certificatetoken"] = c.Token
			return c.Number
		},
		"wish": func() string { // nobody has many
			p, err := w.Town.Members.Add(t.Context(), member.Person{Name: w.next("wisher"), CompoundID: w.Units["福馨苑小区"]}, "o-"+w.next("wisher"))
			must(t, err)
			who := fmt.Sprint("wisher", w.n)
			w.Who[who] = p.ID
			return open(who)
		},
		"taken": func() string {
			id := open("li")
			act("wang", "/wishes/"+id, "claim")
			return id
		},
		"need": func() string { return need() }, "resource": func() string { return resource() }, "proposed": func() string { return proposed() },
		"project": func() string { return project() }, "agreement": func() string { return agreement() },
		"progress": func() string {
			id, p := project(), photo("contact")
			w.ok("contact", "POST", "/projects/"+id+"/actions", object{"action": "progress", "note": "来过", "photo_ids": []any{p}})
			return id + "/photos/" + p
		},
		"signed": func() string {
			id := agreement()
			w.call(t, "contact", "PUT", "/agreements/"+id+"/document", []byte("%PDF-1.4\n%%EOF\n"), "Content-Type", "application/pdf").want(t, 200)
			return id
		},
		"org": func() string {
			return w.id("cityclerk", "POST", "/orgs", object{"parent_id": north, "kind": "compound", "name": w.next("新家园小区"), "reason": "新建成", "governance": "managed"})
		},
		"twoorgs": func() string {
			id := w.id("cityclerk", "POST", "/orgs", object{"parent_id": w.unit("文峰街道"), "kind": "community", "name": w.next("新社区"), "reason": "新建成"})
			w.made["child"] = w.id("cityclerk", "POST", "/orgs", object{"parent_id": id, "kind": "compound", "name": w.next("小区"), "reason": "新建成", "governance": "managed"})
			return id
		},
		"post": vacant,
		"appointment": func() string {
			return fmt.Sprint(w.ok("community", "POST", "/posts/"+vacant()+"/appointments", object{"name": "钱网格", "phone": "13812340000"}).at("appointment_id"))
		},
		"asked": func() string {
			w.call(t, "contact", "DELETE", "/units/"+w.unit("市水利局")+"/partners/"+north, nil)
			w.ok("contact", "POST", "/partnerships", object{"unit_id": w.unit("市水利局"), "community_id": north})
			return w.unit("市水利局") + "/partners/" + north
		},
		"member": func() string {
			w.n++
			return w.id("city", "POST", "/members", object{"name": "孙建国", "phone": fmt.Sprintf("138%08d", w.n), "category": "resident", "branch_id": garden})
		},
		"registration": func() string {
			w.ok("li", "PUT", "/me/registration", object{"unit_id": w.unit("市林业局"), "community_id": north})
			w.ok("li", "PUT", "/me/registration", object{"unit_id": w.unit("市水利局"), "community_id": north})
			return fmt.Sprint(w.Who["li"])
		},
		"worker": func() (id string) {
			w.n++
			must(t, w.DB.Tx(t.Context(), func(tx *gorm.DB) error {
				found, misfits, err := w.Town.Members.Resolve(tx, []member.Named{{Name: "王志强", Phone: fmt.Sprintf("139%08d", w.n)}})
				if err != nil || len(misfits) > 0 {
					return fmt.Errorf("%v %w", misfits, err)
				}
				id = fmt.Sprint(found[0].PersonID)
				return w.Workers.Load(tx, []worker.Worker{{PersonID: found[0].PersonID, CommunityID: w.Units["南薰社区"], Kind: worker.Graduate}})
			}))
			return id
		},
		"correction": func() string {
			w.ok("li", "POST", "/me/corrections", object{"field": "address", "value": w.next("福馨苑小区3号楼2单元40")})
			return fmt.Sprint(w.ok("li", "GET", "/me/corrections", nil).at("items", 0, "id"))
		},
		"import": job,
	}
}

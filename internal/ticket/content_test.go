package ticket_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

func contentRules(t *testing.T) *ticket.Content {
	t.Helper()
	text, err := os.ReadFile("../../config/content.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := ticket.LoadContent(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestContent_FindsWhatOthersMustNotRead(t *testing.T) {
	c := contentRules(t)
	for text, want := range map[string]string{
		"3号楼2单元楼道灯坏了":       "",
		"物业的傻 逼，灯坏了三天没人管":   "abuse",
		"物业是傻-B吗，水管漏了":      "abuse",
		"ＳＢ物业王八蛋":           "abuse",
		"大妈的狗没拴，我妈的轮椅上不了坡道": "",
		"拐过去死角那里没有灯":        "",
		"废物堆在楼道里":           "",
		"专业疏通下水道，24小时上门服务，价格优惠，电话13812345678":   "advert,personal",
		"低息贷款无抵押，加微信daikuan888":                 "advert,personal",
		"高薪招聘兼职日结，扫码进群，QQ 12345678":             "advert,personal",
		"楼道里到处贴专业疏通下水道、代办信用卡的小广告，电话13812345678": "personal",
		"下水道堵了，请专业疏通，联系电话13812345678":           "personal",
		"对门装修公司半夜施工，吵得睡不着":                      "",
		"一楼商铺出租给饭店，油烟往上冒":                       "",
		"邻居李四13800001111天天半夜打麻将":                "personal",
		"5号楼王大爷摔倒在楼道":                           "personal",
		"2单元301漏水":                              "personal",
	} {
		if got := strings.Join(c.Look(text).Why(), ","); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestContent_MasksForOthers(t *testing.T) {
	c := contentRules(t)
	for text, want := range map[string]string{
		"3号楼2单元楼道灯坏了":              "3号楼2单元楼道灯坏了",
		"物业的傻 逼，灯坏了":               "物业的**，灯坏了",
		"邻居李四13800001111天天半夜打麻将":   "邻居某某***天天半夜打麻将",
		"5号楼王大爷摔倒，找张建国先生":          "5号楼某大爷摔倒，找某先生",
		"2单元301漏水":                 "2单元***漏水",
		"加我微信：abc_12345 看图":        "加我微信：*** 看图",
		"见 https://a.example/x?y ": "见 *** ",
		"水管漏了，晋J·12345的车挡着":        "水管漏了，***的车挡着",
	} {
		got := c.Masked(text)
		if got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if again := c.Masked(got); again != got {
			t.Errorf("%s: masked twice %q", text, again)
		}
	}
}

func TestLoadContent_RefusesWhatIsWrongAndNamesTheLine(t *testing.T) {
	good := "abuse: [坏蛋]\nadverts:\n  signs: [优惠, 贷款]\n  reach: [微信]\n  least: 2\n  complaints: [投诉]\nnames:\n  surnames: 王李\n  calls: [叫]\n  titles: [先生]\n"
	if _, err := ticket.LoadContent([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, says string }{
		"a key nobody knows":    {"abuse:", "abuses:", "line 1"},
		"nothing":               {"abuse: [坏蛋]", "abuse: []", "abuse"},
		"twice":                 {"[优惠, 贷款]", "[优惠, 贷款, 优惠]", "line 3"},
		"an empty word":         {"[投诉]", "[投诉, \"\"]", "line 6"},
		"too few":               {"least: 2", "least: 1", "line 5"},
		"more than there are":   {"least: 2", "least: 3", "line 5"},
		"surnames of no people": {"王李", "ab", "line 8"},
	} {
		_, err := ticket.LoadContent([]byte(strings.Replace(good, c.from, c.to, 1)))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestContent_NoReportIsTakenForAnAdvertisement tries it on the labelled sentences.
func TestContent_NoReportIsTakenForAnAdvertisement(t *testing.T) {
	c := contentRules(t)
	files, err := filepath.Glob("../understand/testdata/*-dev*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	reports, rude := 0, 0
	for _, file := range files {
		lines, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(lines)) {
			text, label, _ := strings.Cut(line, "\t")
			if strings.HasPrefix(line, "#") || label == "" {
				continue
			}
			reports++
			found := c.Look(text)
			if found.Advert {
				t.Errorf("taken for an advertisement: %s", text)
			}
			if found.Abuse {
				rude++
				t.Logf("taken for an insult: %s", text)
			}
		}
	}
	if reports < 1000 || rude > 5 {
		t.Errorf("%d of %d sentences are insults", rude, reports)
	}
}

func BenchmarkContent_Advert(b *testing.B) {
	text, err := os.ReadFile("../../config/content.yaml")
	if err != nil {
		b.Fatal(err)
	}
	c, err := ticket.LoadContent(text)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.Advert("福馨苑3号楼2单元楼道灯坏了好几天了，没人管")
	}
}

const advert = "专业疏通下水道，24小时上门服务，价格优惠，电话13812345678"

func TestReport_AnAdvertisementIsKeptAndNoTicketUnlessItIsMeant(t *testing.T) {
	w := tickettest.New(t)
	a := w.Actor("li")
	r := ticket.Report{Key: "k1", Reporter: a.Person, Home: a.Home, Channel: "api", Text: advert}
	for range 2 { // the same request twice
		if _, err := w.Report(t.Context(), r); !errors.Is(err, ticket.ErrAdvert) {
			t.Fatal(err)
		}
	}
	kept, err := w.Kept(t.Context(), w.Actor("city"), 0, 10)
	if err != nil || len(kept) != 1 || kept[0].Text != advert {
		t.Fatalf("%+v %v", kept, err)
	}
	if _, err := w.Kept(t.Context(), w.Actor("subdistrict"), 0, 10); !errors.Is(err, ticket.ErrNotCity) {
		t.Error(err)
	}
	r.Sure = true
	tk, err := w.Report(t.Context(), r)
	if err != nil || tk.Text != advert {
		t.Fatal(err)
	}
	r.Sure = false // the first request comes once more, late
	if again, err := w.Report(t.Context(), r); err != nil || again.ID != tk.ID {
		t.Fatal(err)
	}
	danger := ticket.Report{Reporter: a.Person, Home: a.Home, Channel: "api", Text: "3号楼着火了！优惠促销的会员店，电话13812345678"}
	if tk, err := w.Report(t.Context(), danger); err != nil || !tk.Emergency {
		t.Fatalf("%+v %v", tk, err)
	}
	if err := w.Forget(t.Context(), a.Person); err != nil {
		t.Fatal(err)
	}
	if kept, err := w.KeptOf(t.Context(), a.Person); err != nil || len(kept) != 0 {
		t.Errorf("%+v %v", kept, err)
	}
}

func TestGet_WhatAnotherResidentAddedIsMaskedForTheReporter(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", lamp).Number
	w.Do(t, "wang", n, do(ticket.Follow))
	photo, err := w.Keep(t.Context(), w.Who["wang"], "", picture(t))
	if err != nil {
		t.Fatal(err)
	}
	own, err := w.Keep(t.Context(), w.Who["li"], "", picture(t))
	if err != nil {
		t.Fatal(err)
	}
	w.Do(t, "wang", n, ticket.Input{Action: ticket.Add, Note: "找王经理13800001111", Photos: []int64{photo}})
	w.Do(t, "wang", n, ticket.Input{Action: ticket.Add, Note: "一群王八蛋"})
	w.Do(t, "li", n, ticket.Input{Action: ticket.Add, Note: "我的电话13900002222", Photos: []int64{own}})
	read := func(who string) (string, ticket.Full) {
		f := get(t, w, who, n)
		var notes []string
		for _, e := range f.Events {
			notes = append(notes, e.Note)
		}
		return strings.Join(notes, "\n"), f
	}
	said, f := read("li")
	for _, no := range []string{"13800001111", "王八蛋", "王经理"} {
		if strings.Contains(said, no) {
			t.Errorf("the reporter reads %s: %s", no, said)
		}
	}
	if !strings.Contains(said, "13900002222") || len(f.Photos) != 1 || f.Photos[0] != own {
		t.Errorf("%s %v", said, f.Photos)
	}
	if _, err := w.Photo(t.Context(), w.Actor("li"), photo); !errors.Is(err, ticket.ErrUnknown) {
		t.Errorf("the reporter sees another's picture: %v", err)
	}
	if said, f := read("branch"); !strings.Contains(said, "13800001111") || len(f.Photos) != 2 {
		t.Errorf("who handles it reads %s %v", said, f.Photos)
	}
	if _, err := w.Photo(t.Context(), w.Actor("branch"), photo); err != nil {
		t.Error(err)
	}
	verify(t, w)
}

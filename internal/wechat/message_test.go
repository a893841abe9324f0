package wechat

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// readMessage reads the elements as a message of oA to gh_1, sent at noon.
func readMessage(t testing.TB, elements string) Message {
	t.Helper()
	doc := "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oA]]></FromUserName>" +
		"<CreateTime>1714100000</CreateTime>" + elements + "</xml>"
	m, err := codec(t, plain).Open(signedQuery(plain), strings.NewReader(doc), noon)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const event = "<MsgType><![CDATA[event]]></MsgType>"

func TestMessage_Kinds(t *testing.T) {
	list := func(parent string, entries ...string) string {
		return "<" + parent + "><List>" + strings.Join(entries, "</List><List>") + "</List></" + parent + ">"
	}
	tests := []struct {
		name, doc string
		want      Message
		rest      []string // names of what has no field of its own
	}{
		{
			"text", "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[ 灯坏了\n]]></Content><MsgId>9223372036854775807</MsgId><bizmsgmenuid>101</bizmsgmenuid>",
			Message{Kind: Text, Type: "text", Text: " 灯坏了\n", ID: "9223372036854775807"},
			[]string{"bizmsgmenuid"},
		},
		{
			"image", "<MsgType>image</MsgType><PicUrl>http://a/?b=1&amp;c=2</PicUrl><MediaId>m1</MediaId><MsgId>1</MsgId>",
			Message{Kind: Image, Type: "image", PicURL: "http://a/?b=1&c=2", MediaID: "m1", ID: "1"},
			nil,
		},
		{
			"voice", "<MsgType>voice</MsgType><MediaId>m1</MediaId><Format>amr</Format><Recognition>灯坏了</Recognition><MsgId>1</MsgId><MediaId16K>m2</MediaId16K>",
			Message{Kind: Voice, Type: "voice", MediaID: "m1", Format: "amr", Recognition: "灯坏了", ID: "1"},
			[]string{"MediaId16K"},
		},
		{
			"video", "<MsgType>video</MsgType><MediaId>m1</MediaId><ThumbMediaId>m2</ThumbMediaId><MsgId>1</MsgId>",
			Message{Kind: Video, Type: "video", MediaID: "m1", ThumbMediaID: "m2", ID: "1"},
			nil,
		},
		{
			"short video", "<MsgType>shortvideo</MsgType><MediaId>m1</MediaId><ThumbMediaId>m2</ThumbMediaId><MsgId>1</MsgId>",
			Message{Kind: ShortVideo, Type: "shortvideo", MediaID: "m1", ThumbMediaID: "m2", ID: "1"},
			nil,
		},
		{
			"location", "<MsgType>location</MsgType><Location_X>37.267</Location_X><Location_Y>111.785</Location_Y><Scale>16</Scale><Label>福馨苑</Label><MsgId>1</MsgId>",
			Message{Kind: Location, Type: "location", Place: &Place{Lat: 37.267, Lng: 111.785, Scale: 16, Label: "福馨苑"}, ID: "1"},
			nil,
		},
		{
			"location nowhere", "<MsgType>location</MsgType><Location_X>NaN</Location_X><Location_Y>111.785</Location_Y><MsgId>1</MsgId>",
			Message{Kind: Location, Type: "location", ID: "1"},
			nil,
		},
		{
			"location off the earth", "<MsgType>location</MsgType><Location_X>91</Location_X><Location_Y>1e400</Location_Y><MsgId>1</MsgId>",
			Message{Kind: Location, Type: "location", ID: "1"},
			nil,
		},
		{
			"link", "<MsgType>link</MsgType><Title>t</Title><Description>d</Description><Url>http://u</Url><MsgId>1</MsgId>",
			Message{Kind: Link, Type: "link", Title: "t", Description: "d", URL: "http://u", ID: "1"},
			nil,
		},
		{
			"subscribe", event + "<Event>subscribe</Event><EventKey><![CDATA[]]></EventKey>",
			Message{Kind: Subscribe, Event: "subscribe"},
			nil,
		},
		{
			"subscribe by a code", event + "<Event>subscribe</Event><EventKey>qrscene_c1</EventKey><Ticket>gQ</Ticket>",
			Message{Kind: Subscribe, Event: "subscribe", EventKey: "qrscene_c1", Ticket: "gQ"},
			nil,
		},
		{"unsubscribe", event + "<Event>unsubscribe</Event><EventKey/>", Message{Kind: Unsubscribe, Event: "unsubscribe"}, nil},
		{
			"scan", event + "<Event>SCAN</Event><EventKey>c1</EventKey><Ticket>gQ</Ticket>",
			Message{Kind: Scan, Event: "SCAN", EventKey: "c1", Ticket: "gQ"},
			nil,
		},
		{
			"position", event + "<Event>LOCATION</Event><Latitude>37.2</Latitude><Longitude>-111.7</Longitude><Precision>119.385040</Precision>",
			Message{Kind: Position, Event: "LOCATION", Place: &Place{Lat: 37.2, Lng: -111.7, Precision: 119.38504}},
			nil,
		},
		{"click", event + "<Event>CLICK</Event><EventKey>report</EventKey>", Message{Kind: Click, Event: "CLICK", EventKey: "report"}, nil},
		{
			"view", event + "<Event>VIEW</Event><EventKey>http://u</EventKey><MenuId>12345678901234</MenuId>",
			Message{Kind: View, Event: "VIEW", EventKey: "http://u"},
			[]string{"MenuId"},
		},
		{
			"view mini-program", event + "<Event>view_miniprogram</Event><EventKey>pages/index</EventKey>",
			Message{Kind: ViewMiniProgram, Event: "view_miniprogram", EventKey: "pages/index"},
			nil,
		},
		{
			"scan from the menu", event + "<Event>scancode_waitmsg</Event><EventKey>k</EventKey><ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>x</ScanResult></ScanCodeInfo>",
			Message{Kind: ScanWait, Event: "scancode_waitmsg", EventKey: "k", ScanResult: "x"},
			[]string{"ScanCodeInfo"},
		},
		{
			"scan push from the menu", event + "<Event>scancode_push</Event><ScanCodeInfo><ScanResult>x</ScanResult></ScanCodeInfo>",
			Message{Kind: ScanPush, Event: "scancode_push", ScanResult: "x"},
			[]string{"ScanCodeInfo"},
		},
		{
			"photos from the menu", event + "<Event>pic_sysphoto</Event><SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item><item><PicMd5Sum>b</PicMd5Sum></item></PicList></SendPicsInfo>",
			Message{Kind: PicSystem, Event: "pic_sysphoto"},
			[]string{"SendPicsInfo"},
		},
		{"album from the menu", event + "<Event>pic_photo_or_album</Event>", Message{Kind: PicAlbum, Event: "pic_photo_or_album"}, nil},
		{"WeChat's album from the menu", event + "<Event>pic_weixin</Event>", Message{Kind: PicWeixin, Event: "pic_weixin"}, nil},
		{
			"place from the menu", event + "<Event>location_select</Event><SendLocationInfo><Location_X>37</Location_X><Location_Y>111</Location_Y><Scale>15</Scale><Label>l</Label><Poiname>p</Poiname></SendLocationInfo>",
			Message{Kind: PickLocation, Event: "location_select", Place: &Place{Lat: 37, Lng: 111, Scale: 15, Label: "l", Name: "p"}},
			[]string{"SendLocationInfo"},
		},
		{
			"template finished", event + "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>200163836</MsgID><Status>failed:user block</Status>",
			Message{Kind: TemplateFinished, Event: "TEMPLATESENDJOBFINISH", ID: "200163836", Status: "failed:user block"},
			nil,
		},
		{
			"consent asked", event + "<Event>subscribe_msg_popup_event</Event>" + list("SubscribeMsgPopupEvent",
				"<TemplateId>t1</TemplateId><SubscribeStatusString>accept</SubscribeStatusString><PopupScene>2</PopupScene>",
				"<TemplateId>t2</TemplateId><SubscribeStatusString>reject</SubscribeStatusString><PopupScene>2</PopupScene>"),
			Message{Kind: ConsentPopup, Event: "subscribe_msg_popup_event", Consents: []Consent{
				{TemplateID: "t1", Status: "accept", Scene: "2"}, {TemplateID: "t2", Status: "reject", Scene: "2"},
			}},
			[]string{"SubscribeMsgPopupEvent"},
		},
		{
			"consent changed", event + "<Event>subscribe_msg_change_event</Event>" + list("SubscribeMsgChangeEvent",
				"<TemplateId>t1</TemplateId><SubscribeStatusString>reject</SubscribeStatusString>"),
			Message{Kind: ConsentChange, Event: "subscribe_msg_change_event", Consents: []Consent{{TemplateID: "t1", Status: "reject"}}},
			[]string{"SubscribeMsgChangeEvent"},
		},
		{
			"consent used", event + "<Event>subscribe_msg_sent_event</Event>" + list("SubscribeMsgSentEvent",
				"<TemplateId>t1</TemplateId><MsgID>1864323726461255680</MsgID><ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus>"),
			Message{Kind: ConsentSent, Event: "subscribe_msg_sent_event", Consents: []Consent{
				{TemplateID: "t1", Status: "success", MsgID: "1864323726461255680", ErrorCode: "0"},
			}},
			[]string{"SubscribeMsgSentEvent"},
		},
		{
			"media checked", event + "<Event>wxa_media_check</Event><appid>wx1</appid><trace_id>t-1</trace_id><version>2</version>" +
				"<detail><strategy>content_model</strategy><errcode>0</errcode></detail><errcode>0</errcode><errmsg>ok</errmsg><result><suggest>risky</suggest><label>20002</label></result>",
			Message{Kind: MediaChecked, Event: "wxa_media_check", Check: &MediaCheck{TraceID: "t-1", Verdict: Risky, Label: "20002"}},
			[]string{"appid", "trace_id", "version", "detail", "errcode", "errmsg", "result"},
		},
		{
			"unknown event", event + "<Event>card_pass_check</Event><CardId>c</CardId><result><suggest>x</suggest></result>",
			Message{Kind: Unknown, Event: "card_pass_check"},
			[]string{"CardId", "result"},
		},
		{"unknown message", "<MsgType>hologram</MsgType><MsgId>1</MsgId>", Message{Kind: Unknown, Type: "hologram", ID: "1"}, nil},
		{"no kind", "", Message{Kind: Unknown}, nil},
	}
	seen := map[Kind]bool{}
	for _, tt := range tests {
		seen[tt.want.Kind] = true
		t.Run(tt.name, func(t *testing.T) {
			tt.want.AppID, tt.want.To, tt.want.From, tt.want.Created = plain.AppID, "gh_1", "oA", 1714100000
			if tt.want.Event != "" {
				tt.want.Type = "event"
			}
			got := readMessage(t, tt.doc)
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(Message{}, "Rest", "Raw")); diff != "" {
				t.Error(diff)
			}
			var rest []string
			for _, e := range got.Rest {
				rest = append(rest, e.Name)
			}
			if !slices.Equal(rest, tt.rest) {
				t.Errorf("rest is %q, want %q", rest, tt.rest)
			}
			if !strings.Contains(got.Raw, tt.doc) {
				t.Error("the document is lost")
			}
		})
	}
	for k := range kinds {
		if !seen[Kind(k)] {
			t.Errorf("no case for %s", Kind(k))
		}
	}
}

func TestMessage_OddFields(t *testing.T) {
	m := readMessage(t, "<MsgId> 12 </MsgId><FromUserName>oB</FromUserName><Content><b>bold</b></Content><CreateTime>99999999999999999999</CreateTime><MsgType> text </MsgType>")
	if m.From != "oA" || m.Created != 1714100000 || m.Kind != Text || m.ID != "12" || m.Text != "" {
		t.Errorf("%+v", m)
	}
	want := []Element{
		{Name: "FromUserName", Text: "oB"},
		{Name: "Content", Children: []Element{{Name: "b", Text: "bold"}}},
		{Name: "CreateTime", Text: "99999999999999999999"},
	}
	if diff := cmp.Diff(want, m.Rest); diff != "" {
		t.Error(diff)
	}
}

func TestMessage_KeyTellsApart(t *testing.T) {
	text := func(from, id, content string) string {
		return "<xml><FromUserName>" + from + "</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content>" + content + "</Content>" + id + "</xml>"
	}
	ev := func(created, name, more string) string {
		return "<xml><FromUserName>oA</FromUserName><CreateTime>" + created + "</CreateTime><MsgType>event</MsgType><Event>" + name + "</Event>" + more + "</xml>"
	}
	key := func(c Config, doc string) string {
		m, err := codec(t, c).Open(signedQuery(c), strings.NewReader(doc), noon)
		if err != nil {
			t.Fatal(err)
		}
		if k := m.Key(); !strings.HasPrefix(k, "wx:") || len(k) > 128 || strings.Contains(k, m.From) {
			t.Errorf("key %q", k)
		}
		return m.Key()
	}
	list := func(id string) string {
		return "<SubscribeMsgSentEvent><List><MsgID>" + id + "</MsgID></List></SubscribeMsgSentEvent>"
	}
	docs := []string{
		text("oA", "<MsgId>1</MsgId>", "a"),
		text("oA", "<MsgId>2</MsgId>", "a"),
		text("oB", "<MsgId>1</MsgId>", "a"),
		text("oa", "<MsgId>1</MsgId>", "a"),
		text(strings.Repeat("o", 5000), "<MsgId>1</MsgId>", "a"),
		text("oA", "", "a"), // a message without a number is known by its document
		text("oA", "", "b"),
		ev("1", "CLICK", "<EventKey>k</EventKey>"),
		ev("2", "CLICK", "<EventKey>k</EventKey>"),
		ev("1", "CLICK", "<EventKey>l</EventKey>"),
		ev("1", "SCAN", "<EventKey>k</EventKey>"),
		ev("odd", "CLICK", "<EventKey>k</EventKey>"),
		ev("1", "TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID>"),
		ev("1", "TEMPLATESENDJOBFINISH", "<MsgID>2</MsgID>"),
		ev("1", "subscribe_msg_sent_event", list("1")),
		ev("1", "subscribe_msg_sent_event", list("2")),
	}
	keys := map[string]string{}
	for _, doc := range docs {
		k := key(plain, doc)
		if other, taken := keys[k]; taken {
			t.Errorf("one key for\n%s\n%s", doc, other)
		}
		keys[k] = doc
	}
	if key(Config{AppID: "wx2", Token: "t"}, docs[0]) == key(plain, docs[0]) {
		t.Error("two accounts, one key")
	}
	if key(plain, text("oA", "<MsgId>1</MsgId>", "b")) != key(plain, docs[0]) {
		t.Error("MsgId alone must name a message")
	}
}

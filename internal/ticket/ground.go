package ticket

// Ground is why a report may be refused (不予受理), with where that is written.
type Ground struct {
	Code   string
	Name   string // as the resident reads it
	Source string
}

// hotline is where four of the grounds stand.
const hotline = "国办发〔2020〕53号《关于进一步优化地方政务服务便民热线的指导意见》受理范围"

// Grounds are all. Nothing else is a ground: what is merely hard is handled.
var Grounds = []Ground{
	{"procedure", "须通过诉讼、仲裁、纪检监察、行政复议、政府信息公开等程序解决", hotline},
	{"petition", "已进入信访渠道", hotline},
	{"secret", "涉及国家秘密、商业秘密或他人隐私", hotline},
	{"morals", "违反社会公序良俗", hotline},
	{"elsewhere", "不属于本市管辖", "国务院《信访工作条例》属地管理、分级负责的原则"},
	{"answered", "同一件事已经办结答复，没有新的情况", "国务院《信访工作条例》关于不再受理的规定"},
	{"unclear", "内容不清，多次联系不上，无法核实", "本市规定"},
	{"unrelated", "广告、辱骂等与小区事务无关的内容", "本市规定"},
}

func groundOf(code string) (Ground, bool) {
	for _, g := range Grounds {
		if g.Code == code {
			return g, true
		}
	}
	return Ground{}, false
}

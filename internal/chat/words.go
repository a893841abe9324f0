package chat

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// word is one of the words that always work.
type word string

const (
	noWord       word = ""
	wordHelp     word = "help"     // 帮助
	wordReport   word = "report"   // 报事
	wordCheck    word = "check"    // 查
	wordUrge     word = "urge"     // 催
	wordAdd      word = "add"      // 补充
	wordFix      word = "fix"      // 改
	wordWithdraw word = "withdraw" // 撤销
	wordRate     word = "rate"     // 评价
	wordHome     word = "home"     // 小区
	wordActivity word = "activity" // 活动
	wordSignUp   word = "signup"   // 报名
	wordCheckIn  word = "checkin"  // 签到
	wordHours    word = "hours"    // 时长
	wordCertify  word = "certify"  // 证明
	wordLeave    word = "leave"    // 退出
	wordClose    word = "close"    // 注销
	wordLogin    word = "login"    // 登录
	wordPrivacy  word = "privacy"  // 隐私
	wordRemind   word = "remind"   // 提醒
	wordDanger   word = "danger"   // 紧急
	wordBrief    word = "brief"    // 简报
	wordWish     word = "wish"     // 心愿
	wordMyWish   word = "mywish"   // 我的心愿
	wordWishFor  word = "wishfor"  // 许愿
	wordClaim    word = "claim"    // 认领
)

// input is a text taken apart; the zero value is a sentence.
type input struct {
	word    word
	number  string // of a ticket, whole or its last digits
	rest    string // what follows the word
	choice  int    // a bare number
	verdict verdict
}

func (in input) sentence() bool { return in == input{} }

const (
	gap    = `[\s:,.、。;!"'「」【】\[\]()#-]*`
	wholly = `FY\d{6}[- ]*\d{4,}`
	number = `(?:(?:工单|编号|NO)?` + gap + `(` + wholly + `|\d{1,6})号?)?`
)

// commands are tried in order; a first group is a ticket's number, a second the rest.
var commands = []struct {
	word    word
	pattern *regexp.Regexp
}{
	{wordHelp, regexp.MustCompile(`^(?:帮助|HELP|菜单|怎么用|使用说明|功能|你能做什么|你会什么|(?:转?人工)?客服|转?人工)$`)},
	{wordReport, regexp.MustCompile(`^(?:我要)?(?:报事|上报|报修|投诉|举报|反映|反映问题|提意见|提建议)$`)},
	{wordCheck, regexp.MustCompile(`^(?:查|查询|查看|查一?查|查一下|查?进度|查工单|查报事|我的工单|我的报事)` + gap + number + `$`)},
	{wordCheck, regexp.MustCompile(`^(` + wholly + `)号?$`)},
	{wordUrge, regexp.MustCompile(`^(?:催|催办|催单|催促|催一?催|催一下)` + gap + number + `$`)},
	{wordAdd, regexp.MustCompile(`^补充(?:说明|一下|一句)?` + gap + `(` + wholly + `)?` + gap + `(.*)$`)},
	{wordFix, regexp.MustCompile(`^(?:改|更正|修改|改一下|改工单|[写填报]错了)` + gap + number + `$`)},
	{wordWithdraw, regexp.MustCompile(`^(?:撤销|撤回|撤消|撤单|撤销工单|取消工单|取消报事)` + gap + number + `$`)},
	{wordRate, regexp.MustCompile(`^(?:评价|评分|打分)` + gap + `(` + wholly + `|\d{4,6})?` + gap + `(\D{1,8}|[1-4])?$`)},
	{wordHome, regexp.MustCompile(`^(?:我的|更?换|改|绑定|切换|设置)?小区()(?:[\s:,]+(.{1,30}))?$`)},
	{wordActivity, regexp.MustCompile(`^(?:近期|我的|志愿|看看?)?活动(?:列表)?$|^志愿服务$`)},
	{wordSignUp, regexp.MustCompile(`^(?:我要|我想)?报名(?:参加|活动|参加活动)?$`)},
	{wordWish, regexp.MustCompile(`^(?:看看?|查看|近期的?)?微?心愿(?:列表|清单|墙)?$`)},
	{wordMyWish, regexp.MustCompile(`^(?:我的|我许的|我认领的)微?心愿$|^我的认领$`)},
	{wordClaim, regexp.MustCompile(`^(?:我要|我想|我来)?认领(?:微?心愿)?$`)},
	{wordWishFor, regexp.MustCompile(`^()(?:我要|我想)?(?:微?心愿|许(?:个|一个)?愿)(?:\s+|\s*[:,]\s*)(.+)$`)},
	{wordWishFor, regexp.MustCompile(`^()(?:我要|我想)?许(?:个|一个)?愿((?:想|希望|盼).+)?$`)},
	{wordCheckIn, regexp.MustCompile(`^(?:签到|签退|打卡)` + gap + `(\d{6})?$`)},
	{wordHours, regexp.MustCompile(`^(?:查询?|看看?)?我?的?(?:志愿)?(?:者|服务)*(?:时长|时数)$`)},
	{wordCertify, regexp.MustCompile(`^(?:我要|我想|帮我)?(?:开|要|打印)?(?:一[份个张])?(?:我的)?(?:志愿者?|志愿服务|服务|志愿服务记录)?证明$`)},
	{wordLeave, regexp.MustCompile(`^(?:退出|取消|算了|不|否|不用|不用了|不换了?|不改了?|不撤了?|不报了|不绑定|结束|返回)$`)},
	{wordLogin, regexp.MustCompile(`^(?:登[录陆]|电脑登[录陆]|登[录陆]码)$`)},
	{wordPrivacy, regexp.MustCompile(`^(?:隐私|隐私政策|个人信息|我的信息|我的数据|撤回同意)$`)},
	{wordDanger, regexp.MustCompile(`^(?:很|十分|非常)?(?:紧急|危急|危险|有危险|有人有危险|紧急情况)` + gap + number + `$`)},
	{wordRemind, regexp.MustCompile(`^提醒(?:方式|设置)?()(?:[\s:,]*(\d{1,2}|逐条|汇总)[点时]?(?:汇总)?)?$`)},
	{wordBrief, regexp.MustCompile(`^简报(?:方式|设置)?()(?:[\s:,]*(关闭?|不要|退订|每[天日]|日报|每周|周报|开启?|都要|全部))?$`)},
	{wordClose, regexp.MustCompile(`^(?:注销|退订|取消关注|注销账号|删除账号)$`)},
}

var (
	reportPrefix = regexp.MustCompile(`^\s*报事[\s:：,，、。]+`)
	bareNumber   = regexp.MustCompile(`^(?:选|第)? ?(\d{1,6}|[一二两三四五六])(?:号|个|项)?$`)
	dashed       = regexp.MustCompile(`^FY(\d{6})[- ]*(\d{4,})$`)
	chineseDigit = map[string]int{"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6}
)

// yes are the words that take the only option.
var yes = map[string]bool{"是": true, "是的": true, "对": true, "好": true, "好的": true, "要": true, "确定": true, "确认": true, "可以": true, "同意": true, "行": true}

// maxOrder is how long a text may be to hold an order other than those of wordy, in characters.
const maxOrder = 40

// wordy begins an order that holds a sentence.
var wordy = regexp.MustCompile(`^(?:补充|微?心愿|(?:我要|我想)?许(?:个|一个)?愿)`)

// parse takes a text apart, whatever its spaces, width and punctuation.
func parse(text string) input {
	folded := fold(text)
	if folded == "" {
		return input{}
	}
	if n := len([]rune(folded)); n <= maxOrder || wordy.MatchString(folded) {
		for _, c := range commands {
			if found := c.pattern.FindStringSubmatch(folded); found != nil {
				found = append(found, "", "")
				return input{word: c.word, number: whole(found[1]), rest: strings.TrimSpace(found[2])}
			}
		}
	}
	if found := bareNumber.FindStringSubmatch(folded); found != nil {
		if n := chineseDigit[found[1]]; n > 0 {
			return input{choice: n}
		}
		n, _ := strconv.Atoi(found[1])
		if len(found[1]) >= 3 || n == 0 { // the last digits of a ticket
			return input{word: wordCheck, number: found[1]}
		}
		return input{choice: n}
	}
	return input{verdict: judge(folded)}
}

// whole puts the dash into a ticket's whole number.
func whole(number string) string { return dashed.ReplaceAllString(number, "FY$1-$2") }

// fold makes writings of one thing equal and drops what stands around it.
func fold(text string) string {
	text = strings.ToUpper(norm.NFKC.String(strings.ToValidUTF8(text, "")))
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Mn, r):
			return -1
		case unicode.Is(unicode.Pd, r):
			return '-'
		}
		return r
	}, text)
	return strings.TrimFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) })
}

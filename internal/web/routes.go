package web

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

const (
	get    = http.MethodGet
	head   = http.MethodHead
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// What an operation may refuse with, beside what follows from its input.
const (
	forbidden = http.StatusForbidden
	notFound  = http.StatusNotFound
	conflict  = http.StatusConflict
	tooMany   = http.StatusTooManyRequests
)

// routes is every path of the public port.
func (s *Server) routes(r *gin.Engine) {
	// Before the other middlewares, which WeChat's requests do without.
	r.Match([]string{get, post}, "/wechat/callback", rescue, s.callback)

	r.Use(identify, s.record, rescue, s.protect, s.limits.pages, pack)
	r.Match([]string{get, head}, "/healthz", s.alive)
	r.Match([]string{get, head}, "/readyz", s.ready)

	document := s.operations(r).document()
	s.site(r, document)
}

// Document is the OpenAPI document, without a server.
func Document(version string) []byte {
	gin.SetMode(gin.ReleaseMode) // else it prints its routes
	return (&Server{Version: version}).operations(gin.New()).document()
}

// operations is every operation of the API.
func (s *Server) operations(r *gin.Engine) api {
	a := s.newAPI(r)
	open(a, route{post, "/sessions", "signIn", "登录：用微信的一次性代码换取会话", 201, []int{tooMany}}, s.signIn)
	signed(a, route{remove, "/sessions", "signOut", "退出登录", 204, nil}, s.signOut)
	signed(a, route{get, "/me", "showMe", "我是谁", 200, nil}, s.showMe)
	signed(a, route{patch, "/me", "changeMe", "改称呼、改所住小区、改提醒和简报的方式", 200, []int{notFound}}, s.changeMe)
	signed(a, route{get, "/me/export", "exportMe", "导出我的全部数据", 200, nil}, s.exportMe)
	signed(a, route{remove, "/me", "closeMe", "注销，清除个人信息", 204, []int{conflict}}, s.closeMe)
	signed(a, route{post, "/me/phone", "bindPhone", "绑定手机号，即同意手机号的使用：用微信手机号按钮的一次性代码", 200, []int{conflict}}, s.bindPhone)
	signed(a, route{remove, "/me/phone", "forgetPhone", "解绑手机号", 204, nil}, s.forgetPhone)
	signed(a, route{post, "/me/subscriptions", "subscribe", "在小程序里同意了一次通知", 200, nil}, s.subscribe)
	signed(a, route{get, "/wechat/page", "signPage", "让微信里的网页能用微信的扫一扫、位置和图片：给网页的地址签名", 200, nil}, s.signPage)
	open(a, route{get, "/consents", "listConsentTexts", "各项同意的文本", 200, nil}, s.listConsentTexts)
	signed(a, route{get, "/me/consents", "listConsents", "我同意过什么", 200, nil}, s.listConsents)
	signed(a, route{put, "/me/consents/{kind}", "consent", "同意一项文本，或撤回同意", 200, []int{notFound, conflict}}, s.consent)
	signed(a, route{get, "/me/corrections", "listMyCorrections", "我申请过的更正", 200, nil}, s.myCorrections)
	signed(a, route{post, "/me/corrections", "askCorrection", "台账里我的信息有错，申请更正", 201, []int{conflict}}, s.askCorrection)
	signed(a, route{get, "/me/sessions", "listDevices", "我在哪些设备上登录", 200, nil}, s.listDevices)
	signed(a, route{remove, "/me/sessions", "signOutEverywhere", "退出所有设备", 204, nil}, s.signOutEverywhere)
	signed(a, route{remove, "/me/sessions/{id}", "signOutOf", "退出一个设备", 204, []int{notFound}}, s.signOutOf)
	signed(a, route{get, "/access-log", "listLooks", "谁因何查看了谁的个人信息（个人信息保护负责人）", 200, []int{forbidden}}, s.listLooks)

	signed(a, route{post, "/tickets/preview", "previewTicket", "报事前看看会怎样理解、由谁办理", 200, []int{notFound}}, s.previewTicket)
	signed(a, route{post, "/tickets", "reportTicket", "报事", 201, []int{notFound, conflict, tooMany}}, s.reportTicket)
	signed(a, route{get, "/tickets", "listTickets", "工单列表", 200, nil}, s.listTickets)
	signed(a, route{get, "/tickets/{number}", "showTicket", "工单，及现在可以办理的操作", 200, []int{notFound}}, s.showTicket)
	signed(a, route{get, "/tickets/{number}/route", "explainTicket", "为什么由这个岗位办理：规则、命中与不命中的条件、空缺的岗位", 200, []int{forbidden, notFound}}, s.explainTicket)
	signed(a, route{post, "/tickets/{number}/actions", "actOnTicket", "办理工单", 200, []int{notFound, conflict}}, s.actOnTicket)
	signed(a, route{post, "/tickets/{number}/reporter", "reachReporter", "查看报事人的姓名和手机号，写明原因，留有记录", 200, []int{notFound, conflict}}, s.reachReporter)
	signed(a, route{get, "/kept-texts", "listKept", "像广告而没有登记成工单的话，留着复核（市级）", 200, []int{forbidden}}, s.listKept)
	signed(a, route{post, "/photos", "sendPhoto", "上传照片", 201, []int{conflict, tooMany}}, s.sendPhoto)
	signed(a, route{get, "/photos/{id}", "showPhoto", "看照片", 200, []int{notFound}}, s.showPhoto)

	open(a, route{get, "/compounds", "listCompounds", "小区列表：按名称查找，或由近到远", 200, nil}, s.listCompounds)
	open(a, route{get, "/compounds/{id}", "showCompound", "小区", 200, []int{notFound}}, s.showCompound)
	open(a, route{get, "/open/compounds", "listOpen", "公开：各小区的问题数，人数少的不公布", 200, nil}, s.listOpen)
	open(a, route{get, "/open/compounds/{id}", "showOpen", "公开：一个小区近十二个月的化解率、分类和正在办的问题，没有个人信息", 200, []int{notFound}}, s.showOpen)
	either(a, route{get, "/outages", "listOutages", "停水、停电、停气、停暖公告", 200, []int{notFound}}, s.listOutages)
	signed(a, route{get, "/outages/desk", "showOutageDesk", "我可以公告什么、在哪里", 200, nil}, s.showOutageDesk)
	signed(a, route{post, "/outages", "announceOutage", "公告一次停水、停电、停气或停暖：报这件事的人当时就得到答复", 201, []int{forbidden, notFound, conflict}}, s.announceOutage)
	signed(a, route{patch, "/outages/{id}", "changeOutage", "改公告的内容、恢复时间，或提前结束", 200, []int{forbidden, notFound, conflict}}, s.changeOutage)
	signed(a, route{remove, "/outages/{id}", "endOutage", "结束或撤回一条公告", 204, []int{forbidden, notFound}}, s.endOutage)
	signed(a, route{get, "/codes", "listCodes", "大门、楼栋、服务点和设施的二维码", 200, []int{forbidden, notFound}}, s.listCodes)
	signed(a, route{post, "/codes", "putUpCode", "新做一个二维码：扫码报事时自动填好位置和类别", 201, []int{forbidden, notFound, conflict, tooMany}}, s.putUpCode)
	signed(a, route{get, "/codes/sheet", "drawSheet", "二维码打印页：A4 图片，每页 12 个，响应头 X-Next-Cursor 是下一页", 200, []int{forbidden, notFound}}, s.drawSheet)
	open(a, route{get, "/codes/{scene}", "showCode", "二维码在哪里、多半是什么事", 200, []int{notFound}}, s.showCode)
	signed(a, route{get, "/codes/{scene}/picture", "drawCode", "二维码图片（PNG），下面写着小区和位置", 200, []int{forbidden, notFound}}, s.drawCode)
	signed(a, route{remove, "/codes/{scene}", "takeDownCode", "停用一个二维码", 204, []int{forbidden, notFound}}, s.takeDownCode)
	open(a, route{get, "/service-points", "listPoints", "党群服务中心、站", 200, []int{notFound}}, s.listPoints)
	open(a, route{get, "/service-points/{id}", "showPoint", "一个服务点：开放时间、房间、群众评价", 200, []int{notFound}}, s.showPoint)
	signed(a, route{post, "/service-points", "foundPoint", "登记一个服务点", 201, []int{forbidden, notFound, conflict}}, s.foundPoint)
	signed(a, route{put, "/service-points/{id}", "changePoint", "改一个服务点：地址、开放时间、房间、验收和奖补", 200, []int{forbidden, notFound, conflict}}, s.changePoint)
	signed(a, route{remove, "/service-points/{id}", "closePoint", "撤销一个服务点", 204, []int{forbidden, notFound, conflict}}, s.closePoint)
	signed(a, route{put, "/service-points/{id}/rating", "ratePoint", "来过的人说满意不满意：一人一天一次，以最后一次为准", 204, []int{notFound, conflict}}, s.ratePoint)
	signed(a, route{get, "/service-points/{id}/ratings", "listVisits", "群众写了什么，不记名（负责人）", 200, []int{forbidden, notFound}}, s.listVisits)
	signed(a, route{get, "/service-points/{id}/poster.png", "drawPoster", "服务点的海报：A4 图片", 200, []int{forbidden, notFound, conflict}}, s.posterPNG)
	signed(a, route{get, "/service-points/{id}/poster.pdf", "printPoster", "服务点的海报：PDF", 200, []int{forbidden, notFound, conflict}}, s.posterPDF)
	open(a, route{get, "/categories", "listCategories", "问题类别", 200, nil}, s.listCategories)

	open(a, route{get, "/activity-kinds", "listActivityKinds", "活动类别", 200, nil}, s.listActivityKinds)
	either(a, route{get, "/activities", "listActivities", "志愿活动：近期的，或已结束的", 200, []int{notFound}}, s.listActivities)
	signed(a, route{get, "/me/activities", "listMyActivities", "我报名的或我组织的活动", 200, nil}, s.myActivities)
	signed(a, route{get, "/me/activities/choices", "listActivityChoices", "我可以在哪里办活动，和填表要用的选项", 200, nil}, s.activityChoices)
	signed(a, route{get, "/me/hours", "showMyHours", "我的志愿服务时长，只有本人看得到", 200, nil}, s.myHours)
	signed(a, route{get, "/me/hours.xlsx", "exportMyHours", "我的志愿服务记录（Excel），按民政部令第67号的项目", 200, nil}, s.exportMyHours)
	signed(a, route{get, "/me/reviews", "listReviews", "一天超过八小时、等我复核的时长（组织人）", 200, nil}, s.listReviews)
	signed(a, route{get, "/me/certificates", "listMyCertificates", "我的志愿服务记录证明", 200, nil}, s.myCertificates)
	signed(a, route{post, "/me/certificates", "certifyMe", "开一份志愿服务记录证明：当时出具，免费；不写日期就是到今天为止的全部", 201, []int{conflict}}, s.certifyMe)
	signed(a, route{get, "/me/certificates/{file}", "printCertificate", "证明的 PDF，只给本人", 200, []int{notFound, conflict}}, s.printCertificate)
	signed(a, route{post, "/certificates/{number}/revocation", "revokeCertificate", "撤销一份证明，写明原因，持有人会收到通知（出具单位和它的上级）", 204, []int{notFound, conflict}}, s.revokeCertificate)
	open(a, route{get, "/open/certificates/{token}", "verifyCertificate", "公开：核验一份证明，没有个人信息", 200, []int{notFound}}, s.verifyCertificate)
	signed(a, route{post, "/activities", "makeActivity", "新建一个活动或一个系列，先存为未发布", 201, []int{forbidden, notFound, conflict}}, s.makeActivity)
	either(a, route{get, "/activities/{id}", "showActivity", "一个活动，及我的报名", 200, []int{notFound}}, s.showActivity)
	signed(a, route{patch, "/activities/{id}", "changeActivity", "改活动；时间地点有变会通知已报名的人", 200, []int{forbidden, notFound, conflict}}, s.changeActivity)
	signed(a, route{post, "/activities/{id}/actions", "actOnActivity", "发布、开始、结束、归档或取消活动", 200, []int{forbidden, notFound, conflict}}, s.actOnActivity)
	signed(a, route{post, "/activities/{id}/signup", "signUp", "报名；满了就进候补。重复报名得到同样的结果", 200, []int{forbidden, notFound, conflict}}, s.signUp)
	signed(a, route{remove, "/activities/{id}/signup", "withdrawSignUp", "退出报名，候补的人自动递补", 204, []int{notFound, conflict}}, s.withdrawSignUp)
	signed(a, route{post, "/activities/{id}/signup/accept", "acceptSeat", "候补到了，确认参加", 200, []int{notFound, conflict}}, s.acceptSeat)
	signed(a, route{get, "/activities/{id}/signups", "listSignUps", "报名名单（组织人和帮手）", 200, []int{forbidden, notFound}}, s.listSignUps)
	signed(a, route{put, "/activities/{id}/helpers/{person_id}", "addHelper", "请一位报名的人做帮手", 204, []int{forbidden, notFound}}, s.addHelper)
	signed(a, route{remove, "/activities/{id}/helpers/{person_id}", "removeHelper", "不再请他做帮手", 204, []int{forbidden, notFound}}, s.removeHelper)
	signed(a, route{put, "/activities/{id}/feedback", "rateActivity", "评价一个结束了的活动，参加的人和居民都可以", 204, []int{notFound, conflict}}, s.rateActivity)

	signed(a, route{post, "/activities/{id}/photos", "addActivityPhoto", "给活动加一张上传好的照片（组织人和帮手）", 200, []int{forbidden, notFound, conflict}}, s.addActivityPhoto)
	signed(a, route{get, "/activities/{id}/photos/{photo_id}", "showActivityPhoto", "看活动的照片", 200, []int{notFound}}, s.showActivityPhoto)
	signed(a, route{patch, "/activities/{id}/photos/{photo_id}", "changeActivityPhoto", "改照片的说明和次序（组织人和帮手）", 200, []int{forbidden, notFound}}, s.changeActivityPhoto)
	signed(a, route{remove, "/activities/{id}/photos/{photo_id}", "removeActivityPhoto", "去掉一张照片（组织人和帮手）", 204, []int{forbidden, notFound}}, s.removeActivityPhoto)

	signed(a, route{get, "/activities/{id}/code", "showCheckInCode", "签到屏：半分钟一换的签到码，和设了范围时印出来贴的码（组织人和帮手）", 200, []int{forbidden, notFound}}, s.checkInCode)
	signed(a, route{get, "/activities/{id}/code/picture", "drawCheckInCode", "签到码图片（PNG）：扫一扫就签到或签退", 200, []int{forbidden, notFound}}, s.drawCheckInCode)
	signed(a, route{get, "/activities/{id}/checkins", "listCheckIns", "签到名单（组织人和帮手）", 200, []int{forbidden, notFound}}, s.listCheckIns)
	signed(a, route{post, "/activities/{id}/checkins", "tickCheckIns", "在名单上为人签到或签退（组织人和帮手）", 200, []int{forbidden, notFound, conflict}}, s.tickCheckIns)
	signed(a, route{post, "/activities/{id}/checkins/{checkin_id}/decision", "decideCheckIn", "没有网络时扫码、后来才送到的签到，是不是真的（组织人和帮手）", 200, []int{forbidden, notFound, conflict}}, s.decideCheckIn)
	signed(a, route{get, "/activities/{id}/hours", "listShares", "每个报名的人在这个活动里的时长，按报名先后（组织人）", 200, []int{forbidden, notFound}}, s.listShares)
	signed(a, route{put, "/activities/{id}/hours/{person_id}/manual", "enterHours", "为没有签到的人补录时长，单独列出，写明原因（组织人）", 200, []int{forbidden, notFound, conflict}}, s.enterHours)
	signed(a, route{post, "/activities/{id}/hours/{person_id}/review", "ruleHours", "复核一天超过八小时的：计入，或说明为什么不计入（组织人）", 200, []int{forbidden, notFound, conflict}}, s.ruleHours)
	signed(a, route{get, "/activities/{id}/corrections", "listHourCorrections", "这个活动的时长改过什么、为什么（组织人）", 200, []int{forbidden, notFound}}, s.listHourCorrections)
	signed(a, route{post, "/activities/{id}/corrections", "correctHours", "更正签到签退、补上漏签的、划去不实的，写明原因，本人会得到通知（组织人）", 201, []int{forbidden, notFound, conflict}}, s.correctHours)
	signed(a, route{get, "/activities/{id}/records.xlsx", "exportRecords", "这个活动的志愿服务记录（Excel），证件号码加掩码（组织人）", 200, []int{forbidden, notFound}}, s.exportRecords)
	signed(a, route{post, "/checkins", "checkIn", "签到：屏幕上的码，或印的码加位置。位置只用来比对，不保存", 201, []int{forbidden, notFound, conflict, tooMany}}, s.checkIn)
	signed(a, route{post, "/checkins/{checkin_id}/out", "checkOut", "签退：屏幕上的码，或在范围内", 200, []int{forbidden, notFound, conflict, tooMany}}, s.checkOut)

	open(a, route{get, "/wish-kinds", "listWishKinds", "心愿类别", 200, nil}, s.listWishKinds)
	either(a, route{get, "/wishes", "listWishes", "微心愿：待认领的、我的、我认领的、待我核实和确认的", 200, []int{forbidden, notFound}}, s.listWishes)
	signed(a, route{post, "/wishes", "makeWish", "许一个心愿：为自己、替邻居，或由社区代困难家庭；核实后才公开", 201, []int{forbidden, notFound, conflict}}, s.makeWish)
	either(a, route{get, "/wishes/{id}", "showWish", "一个心愿，及现在可以做的", 200, []int{notFound}}, s.showWish)
	signed(a, route{post, "/wishes/{id}/actions", "actOnWish", "核实发布、认领、办到、确认、退回、撤回", 200, []int{forbidden, notFound, conflict}}, s.actOnWish)
	signed(a, route{post, "/wishes/{id}/wisher", "reachWisher", "查看许愿人的姓名和手机号，写明原因，留有记录", 200, []int{forbidden, notFound, conflict}}, s.reachWisher)
	open(a, route{get, "/list-dictionaries", "listDictionaries", "三张清单的类别和四双协议项目", 200, nil}, s.listDictionaries)
	signed(a, route{get, "/needs", "listNeeds", "需求清单", 200, []int{notFound}}, s.listNeeds)
	signed(a, route{post, "/needs", "tellNeed", "社区或小区提一个需求，先存为未发布", 201, []int{forbidden, notFound, conflict}}, s.tellNeed)
	signed(a, route{get, "/needs/{id}", "showNeed", "一个需求，及现在可以办理的操作", 200, []int{notFound}}, s.showNeed)
	signed(a, route{patch, "/needs/{id}", "changeNeed", "改一个需求", 200, []int{forbidden, notFound, conflict}}, s.changeNeed)
	signed(a, route{post, "/needs/{id}/actions", "actOnNeed", "发布、办结或撤回一个需求", 200, []int{forbidden, notFound, conflict}}, s.actOnNeed)
	signed(a, route{get, "/needs/{id}/matches", "matchNeed", "哪些资源合适，为什么", 200, []int{notFound}}, s.matchNeed)
	signed(a, route{get, "/resources", "listResources", "资源清单", 200, []int{notFound}}, s.listResources)
	signed(a, route{post, "/resources", "offerResource", "单位联系人登记一个资源，先存为未发布", 201, []int{forbidden, notFound, conflict}}, s.offerResource)
	signed(a, route{get, "/resources/{id}", "showResource", "一个资源，及现在可以办理的操作", 200, []int{notFound}}, s.showResource)
	signed(a, route{patch, "/resources/{id}", "changeResource", "改一个资源", 200, []int{forbidden, notFound, conflict}}, s.changeResource)
	signed(a, route{post, "/resources/{id}/actions", "actOnResource", "发布或撤回一个资源", 200, []int{forbidden, notFound, conflict}}, s.actOnResource)
	signed(a, route{get, "/resources/{id}/matches", "matchResource", "哪些需求合适，为什么", 200, []int{notFound}}, s.matchResource)
	signed(a, route{get, "/projects", "listProjects", "项目清单", 200, []int{notFound}}, s.listProjects)
	signed(a, route{post, "/projects", "propose", "单位认领需求，或社区请单位提供资源；需求只给最先认领的", 201, []int{forbidden, notFound, conflict}}, s.propose)
	signed(a, route{get, "/projects/{id}", "showProject", "一个项目、它的活动，及现在可以办理的操作", 200, []int{notFound}}, s.showProject)
	signed(a, route{patch, "/projects/{id}", "changeProject", "改一个没有完成的项目", 200, []int{forbidden, notFound, conflict}}, s.changeProject)
	signed(a, route{post, "/projects/{id}/actions", "actOnProject", "同意、不同意、记录进展、完成、评价、反馈、办结或取消", 200, []int{forbidden, notFound, conflict}}, s.actOnProject)
	signed(a, route{get, "/projects/{id}/photos/{photo_id}", "showProjectPhoto", "进展里的照片（双方和上级）", 200, []int{notFound}}, s.showProjectPhoto)
	signed(a, route{get, "/agreements", "listAgreements", "四双协议", 200, []int{notFound}}, s.listAgreements)
	signed(a, route{post, "/agreements", "draftAgreement", "起草协议，或续签", 201, []int{forbidden, notFound, conflict}}, s.draftAgreement)
	signed(a, route{get, "/agreements/{id}", "showAgreement", "一份协议，及现在可以办理的操作", 200, []int{notFound}}, s.showAgreement)
	signed(a, route{patch, "/agreements/{id}", "changeAgreement", "改没有签的协议，双方要重新确认", 200, []int{forbidden, notFound, conflict}}, s.changeAgreement)
	signed(a, route{post, "/agreements/{id}/actions", "actOnAgreement", "确认签约或终止", 200, []int{forbidden, notFound, conflict}}, s.actOnAgreement)
	signed(a, route{put, "/agreements/{id}/document", "signAgreement", "上传签好的协议，即为本方确认", 200, []int{forbidden, notFound, conflict}}, s.signAgreement)
	signed(a, route{get, "/agreements/{id}/document", "showDocument", "签好的协议（双方和上级），只供下载", 200, []int{notFound}}, s.showDocument)
	signed(a, route{get, "/lists/overview", "showListsOverview", "一个组织或单位的清单：各状态的数目和最近的日期", 200, []int{forbidden, notFound}}, s.showOverview)
	signed(a, route{get, "/lists.xlsx", "exportThreeLists", "一个组织或单位的三张清单（Excel）", 200, []int{forbidden, notFound}}, s.exportThreeLists)

	signed(a, route{get, "/orgs", "listOrgs", "组织：按上级、类型、名称查找；at 看某一时刻的组织", 200, nil}, s.listOrgs)
	signed(a, route{post, "/orgs", "establishOrg", "设立一个组织或小区", 201, []int{forbidden, notFound, conflict}}, s.establishOrg)
	signed(a, route{get, "/orgs/{id}", "showOrg", "一个组织：小区的情况、三方、下级和职务的数目", 200, []int{notFound}}, s.showOrg)
	signed(a, route{patch, "/orgs/{id}", "changeOrg", "改名称、编码，改小区的情况", 200, []int{forbidden, notFound, conflict}}, s.changeOrg)
	signed(a, route{get, "/orgs/{id}/history", "listOrgHistory", "一个组织的沿革", 200, []int{forbidden, notFound}}, s.listOrgHistory)
	signed(a, route{post, "/orgs/{id}/move", "moveOrg", "连同下级划归另一个上级", 200, []int{forbidden, notFound, conflict}}, s.moveOrg)
	signed(a, route{post, "/orgs/{id}/merge", "mergeOrg", "并入同类的另一个组织", 200, []int{forbidden, notFound, conflict}}, s.mergeOrg)
	signed(a, route{post, "/orgs/{id}/split", "splitOrg", "拆出一个新组织，划走一部分下级", 201, []int{forbidden, notFound, conflict}}, s.splitOrg)
	signed(a, route{post, "/orgs/{id}/close", "closeOrg", "撤销一个没有下级的组织", 200, []int{forbidden, notFound, conflict}}, s.closeOrg)
	signed(a, route{put, "/orgs/{id}/parties", "setParties", "小区三方：居委会、业委会或物管会、物业公司", 200, []int{forbidden, notFound, conflict}}, s.setParties)

	signed(a, route{get, "/posts", "listPosts", "职务和任职的人；vacant=true 只列空缺", 200, []int{forbidden, notFound}}, s.listPosts)
	signed(a, route{post, "/posts", "createPost", "设立一个职务", 201, []int{forbidden, notFound}}, s.createPost)
	signed(a, route{remove, "/posts/{id}", "closePost", "撤销一个无人担任的职务", 204, []int{forbidden, notFound, conflict}}, s.closePost)
	signed(a, route{get, "/posts/{id}/appointments", "listTenures", "谁先后担任过这个职务", 200, []int{notFound}}, s.listTenures)
	signed(a, route{post, "/posts/{id}/appointments", "appoint", "任职：已知的人，或姓名加手机号", 201, []int{forbidden, notFound, conflict}}, s.appoint)
	signed(a, route{post, "/appointments/{id}/end", "dismiss", "卸任", 204, []int{forbidden, notFound, conflict}}, s.dismiss)
	signed(a, route{get, "/units", "listWorkUnits", "单位：机关、企业、社会组织", 200, []int{forbidden}}, s.listWorkUnits)
	signed(a, route{post, "/units", "addWorkUnit", "登记一个单位", 201, []int{forbidden, conflict}}, s.addWorkUnit)
	signed(a, route{get, "/units/{id}", "showWorkUnit", "一个单位和它结对的社区", 200, []int{forbidden, notFound}}, s.showWorkUnit)
	signed(a, route{patch, "/units/{id}", "changeWorkUnit", "更正、撤销一个单位，改它结对的社区", 200, []int{forbidden, notFound, conflict}}, s.changeWorkUnit)

	signed(a, route{get, "/partnerships", "listPartnerships", "单位到社区报到：等我确认的、我的单位报过的，和已经结对的", 200, nil}, s.listPartnerships)
	signed(a, route{post, "/partnerships", "askPartner", "单位联系人为单位到社区报到（结对共建）", 200, []int{forbidden}}, s.askPartner)
	signed(a, route{post, "/units/{id}/partners/{community_id}/decision", "answerPartner", "社区同意或不同意单位报到", 204, []int{notFound}}, s.answerPartner)
	signed(a, route{remove, "/units/{id}/partners/{community_id}", "endPartner", "结束结对，或撤回报到（单位联系人、社区）", 204, []int{forbidden, notFound}}, s.endPartner)

	signed(a, route{get, "/me/membership", "showMembership", "我在党员台账里的登记", 200, []int{notFound}}, s.showMembership)
	signed(a, route{get, "/members", "listMembers", "党员台账：按组织、类别、姓名、完整手机号或身份证号查找", 200, []int{forbidden, notFound}}, s.listMembers)
	signed(a, route{get, "/members/summary", "countMembers", "四类党员各有多少", 200, []int{forbidden, notFound}}, s.countMembers)
	signed(a, route{post, "/members", "enterMember", "登记一位党员", 201, []int{forbidden, conflict}}, s.enterMember)
	signed(a, route{get, "/members/{id}", "showMember", "一位党员的登记", 200, []int{notFound}}, s.showMember)
	signed(a, route{patch, "/members/{id}", "changeMember", "更正登记、转接支部、变更类别", 200, []int{forbidden, notFound, conflict}}, s.changeMember)
	signed(a, route{post, "/members/{id}/leave", "leaveMember", "移出台账，写明原因", 200, []int{notFound, conflict}}, s.leaveMember)
	signed(a, route{get, "/members/{id}/history", "listChanges", "一位党员的登记改过什么", 200, []int{notFound}}, s.listChanges)
	signed(a, route{get, "/members/{id}/remarks", "listRemarks", "社区每年写给单位的评语（本人、单位联系人、社区可看）", 200, []int{notFound}}, s.listRemarks)
	signed(a, route{post, "/members/{id}/remarks", "remark", "社区写评语：一年一次，只写文字不打分", 201, []int{notFound, conflict}}, s.remark)
	signed(a, route{get, "/me/registration", "showRegistration", "我的双报到登记", 200, []int{notFound}}, s.showRegistration)
	signed(a, route{put, "/me/registration", "register", "登记双报到：在哪个单位工作，在哪个社区居住", 200, []int{notFound, conflict}}, s.register)
	signed(a, route{get, "/me/registration/units", "findEmployers", "登记双报到时按名称找工作单位", 200, nil}, s.findEmployers)
	signed(a, route{get, "/registrations", "listRegistrations", "等我确认的双报到登记（单位联系人、社区）", 200, nil}, s.listRegistrations)
	signed(a, route{post, "/registrations/{id}/decision", "decideRegistration", "确认或不确认：单位确认在职，社区确认居住，原社区确认转出", 200, []int{notFound, conflict}}, s.decideRegistration)
	signed(a, route{get, "/workers", "listWorkers", "社区工作者：按组织查看", 200, []int{forbidden, notFound}}, s.listWorkers)
	signed(a, route{post, "/workers/{id}/leave", "leaveWorker", "社区工作者离岗", 204, []int{notFound}}, s.leaveWorker)
	signed(a, route{post, "/members/{id}/reveal", "revealMember", "查看一项完整的个人信息，写明原因，留有记录", 200, []int{notFound}}, s.revealMember)
	signed(a, route{get, "/corrections", "listCorrections", "居民本人申请的更正：待我办理", 200, []int{forbidden}}, s.listCorrections)
	signed(a, route{post, "/corrections/{id}/reveal", "revealCorrection", "查看申请更正的完整内容，留有记录", 200, []int{notFound, conflict}}, s.revealCorrection)
	signed(a, route{post, "/corrections/{id}/decision", "decideCorrection", "核对证件后更正，或说明为什么不更正", 204, []int{forbidden, notFound, conflict}}, s.decideCorrection)

	signed(a, route{get, "/stats/rates", "showRates", "各项比率，均附分子与分母", 200, []int{forbidden, notFound}}, s.showRates)
	signed(a, route{get, "/stats/rates.xlsx", "exportRates", "各项比率的 Excel 表，分子分母各占一列", 200, []int{forbidden, notFound}}, s.exportRates)
	signed(a, route{get, "/stats/rates/tickets", "showBehind", "一个数字背后的工单", 200, []int{forbidden, notFound}}, s.showBehind)
	signed(a, route{get, "/stats/service", "showService", "一个组织在一段时间里的志愿服务：活动数、人次、时长，只有合计", 200, []int{forbidden, notFound}}, s.showService)
	signed(a, route{get, "/stats/stream", "showStream", "今天的动态：哪件工单办到了哪一步，由新到旧", 200, []int{forbidden, notFound}}, s.showStream)
	signed(a, route{get, "/stats/places", "showPlaces", "一个组织下的小区和它们的位置", 200, []int{forbidden, notFound}}, s.showPlaces)
	signed(a, route{get, "/stats/figures", "showFigures", "市里公布的数字与系统算出的数字（市级）", 200, []int{forbidden}}, s.showFigures)

	signed(a, route{get, "/ledgers", "listLedgers", "我可以导入、导出的台账和它们的列", 200, nil}, s.listLedgers)
	signed(a, route{get, "/templates/{kind}", "showTemplate", "台账模板（Excel）", 200, []int{forbidden, notFound}}, s.showTemplate)
	signed(a, route{get, "/exports/{kind}", "exportLedger", "导出负责范围内的台账（Excel），个人信息加掩码，改好可再导入", 200, []int{forbidden, notFound}}, s.exportLedger)
	signed(a, route{post, "/imports/{id}", "sendLedger", "导入台账（Excel）：全部写入，或一行也不写入", 202, []int{forbidden, notFound, tooMany}}, s.sendLedger)
	signed(a, route{get, "/imports", "listImports", "我的导入", 200, nil}, s.listImports)
	signed(a, route{get, "/imports/{id}", "showImport", "一次导入的进度与结果", 200, []int{notFound}}, s.showImport)
	signed(a, route{get, "/imports/{id}/workbook", "showMarked", "标好问题的表格（Excel）；过了保存期就删除", 200, []int{notFound}}, s.showMarked)
	return a
}

// site is everything beside the API: the document, the pages, the simulator.
func (s *Server) site(r *gin.Engine, document []byte) {
	r.GET("/oauth/start", s.toWeChat)
	r.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/json; charset=utf-8", document) })

	openList, openCompound := s.openPages()
	verify := s.verifyPages()
	r.POST(certificatesPath, verify.find)
	r.POST(certificatesPath+":token", verify.name)
	for path, page := range map[string]gin.HandlerFunc{
		"/": s.page("index.html"), "/pages.css": s.page("pages.css"), "/dom.js": s.page("dom.js"), "/api.js": s.page("api.js"), "/frame.js": s.page("frame.js"), "/app/*path": s.client(built()),
		"/privacy": s.privacyPage(), "/docs": s.page("docs/index.html"), "/docs/:file": s.file("docs"), "/board/": s.page("board/index.html"), "/board/:file": s.file("board"),
		"/open/": openList, "/open/:id": openCompound, certificatesPath: verify.form, certificatesPath + ":token": verify.show, "/open.css": s.page("open/open.css"),
		"/ledger/": s.page("ledger/index.html"), "/ledger/:file": s.file("ledger"),
	} {
		r.Match([]string{get, head}, path, page)
	}
	if s.Sim != nil {
		r.Any("/sim/*path", gin.WrapH(s.Sim))
	}
	r.NoRoute(func(c *gin.Context) { refuse(c, noRoute) })
	r.NoMethod(func(c *gin.Context) { refuse(c, noMethod) })
}

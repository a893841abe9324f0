package chat_test

import (
	"strings"
	"testing"
	"time"

	"fenlin/internal/chat"
)

// talks are conversations. "name: words" is said, "< a | b | !c" must be in the
// answer or not, "* stage" is done by others.
var talks = []struct{ name, script string }{
	{"a clear problem at home is filed at once", `
li: 3号楼2单元楼道灯坏了
< 已登记：FY261123-0001 | 公共照明 | 福馨苑小区 3号楼2单元 | 福馨苑小区党支部书记 | 12月2日 09:00 前 | 改 | 撤销 | 照片 | !已记住
li: 查
< FY261123-0001 | 已派单
`},
	{"who leads chooses their briefs, nobody else gets any", `
branch: 简报
< 每天一条简报 | 上周的简报 | 简报 关
branch: 简报 关
< 不再发简报 | 简报 每天 | 简报 每周
branch: 简报
< 不再发简报
branch: 简报每天
< 每天一条简报 | !上周的简报
branch: 简报 每周
< 上周的简报 | !每天一条
branch: 简报：都要
< 每天一条简报 | 上周的简报
li: 简报 每天
< 只发给 | 没有要收的简报
li: 帮助
< 简报 关
`},
	{"a compound named for certain needs no home", `
new: 福馨苑3号楼2单元楼道灯坏了
< FY261123-0001 | 福馨苑小区 3号楼2单元 | 回复「小区」绑定
`},
	{"the compound is asked for by name and becomes home", `
new: 3号楼2单元楼道灯坏了
< 哪个小区 | 位置 | !FY
new: 福馨苑
< FY261123-0001 | 福馨苑小区 3号楼2单元 | 已记住您住在福馨苑小区 | 小区
new: 楼道里堆满了垃圾
< FY261123-0002 | 福馨苑小区 | !已记住
`},
	{"a name that fits many is asked about, with numbers", `
new: 楼道灯坏了
< 哪个小区
new: 锦绣
< 1 锦绣花园 | 2 锦绣花园 | 请回复数字
new: 9
< 没有第 9 项 | 1 锦绣
new: ２。
< FY261123-0001 | 锦绣
`},
	{"the compound is found by location", `
new: 楼道灯坏了
< 哪个小区
new: [location 37.2701,111.78]
< 1 锦绣花园（南薰社区，约 | 5
new: 1
< FY261123-0001 | 锦绣花园 | 已记住您住在锦绣花园
`},
	{"a place far from every compound is said to be far", `
new: 楼道灯坏了
< 哪个小区
new: [location 36.0,111.78]
< 附近 5 公里内没有登记的小区 | 最近的是福鑫苑小区，约 140 | 请回复数字 | 直接写小区名
new: 迎宾花园
< FY261123-0001 | 迎宾花园
`},
	{"a place told the wrong way round is understood", `
new: [location 111.78,37.2701]
< 1 锦绣花园（南薰社区，约
new: [location 0,0]
< 没有收到有效的位置
new: [location 95,200]
< 没有收到有效的位置
`},
	{"within a border there is no question", `
* border 锦绣花园 37.2701,111.78
new: 楼道灯坏了
< 哪个小区
new: [location 37.2705,111.7805]
< FY261123-0001 | 锦绣花园 | 已记住您住在锦绣花园
other: [location 37.2705,111.7805]
< 1 锦绣花园（南薰社区，您就在这里） | 2
`},
	{"what a neighbour has told already is filed at once, and may be made one with it", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* forward 2h
wang: 三号楼二单元的楼道灯不亮了
< 已登记：FY261123-0002 | 像是同一件事，已经有人报过：FY261123-0001，公共照明，福馨苑小区 3号楼，今天报的，已派单 | 1 是同一件，并到那一件里 | 不是同一件，不用回复
wang: 1
< FY261123-0002 已并入 FY261123-0001 | 会告诉您
wang: 查 0002
< FY261123-0002 已合并 | 已并入 FY261123-0001
stranger: 福馨苑3号楼2单元楼道灯坏了
< FY261123-0003 | !已经有人报过
`},
	{"only a plain yes makes two reports one", `
li: 3号楼2单元楼道灯坏了
wang: 3号楼2单元楼道灯不亮
< 已登记：FY261123-0002 | 1 是同一件
wang: 好的
< !已并入
wang: 3号楼3单元楼道灯不亮
< 已登记：FY261123-0003
wang: 查 0002
< FY261123-0002 已派单
`},
	{"one's own second report goes into the first", `
li: 3号楼2单元楼道灯坏了
* forward 2h
li: 3号楼2单元楼道灯还是不亮，老人看不见路
< 已登记：FY261123-0002 | 像是同一件事，您已经报过：FY261123-0001 | 1 是同一件
li: 1
< FY261123-0002 已并入 FY261123-0001
`},
	{"whose report was merged may still say that it is not solved", `
li: 3号楼2单元楼道灯坏了
wang: 3号楼2单元楼道灯不亮
< FY261123-0002
* merge 0002 0001
wang: 查 0002
< FY261123-0002 已合并 | 已并入 FY261123-0001，已派单
* finish 0001
wang: 没解决
< FY261123-0001 已退回重办
wang: 查 0002
< 已并入 FY261123-0001，重办
* finish 0001
wang: 满意
< 谢谢 | FY261123-0001 | 等最先报事的人确认
li: 1
< 已按「满意」结案
wang: 没解决
< FY261123-0001 已退回重办
`},
	{"what was settled a moment ago holds nothing up", `
li: 3号楼2单元楼道灯坏了
* finish 0001
wang: 3号楼2单元楼道灯不亮
< 已登记：FY261123-0002
li: 1
< 满意
* forward 2h
li: 3号楼2单元楼道灯又不亮了
< 已登记：FY261123-0003 | 已经有人报过：FY261123-0002
`},
	{"an emergency is held back by nothing, but known", `
li: 3号楼2单元电梯困人了
< FY261123-0001
wang: 3号楼2单元电梯困住人了
< FY261123-0002 | 像是同一件事，已经有人报过：FY261123-0001 | !1 是同一件
`},
	{"what is private is not told to neighbours", `
li: 楼上邻居吵架打孩子，3号楼2单元
wang: 3号楼2单元楼上邻居吵架打孩子
< !已经有人报过
`},
	{"the compound asked for becomes home though the thing is known", `
li: 3号楼2单元楼道灯坏了
new: 3号楼2单元楼道灯不亮
< 哪个小区
new: 福馨苑
< FY261123-0002 | 已记住您住在福馨苑小区
`},
	{"an announced outage answers at once, and filing stays possible", `
* outage power_company power 文峰街道 9h 检修停电
li: 小区停电了
< 供电公司公告：今天 09:00–18:00 停电。检修停电。 预计 今天 18:00 恢复。 | 已经知道，不用再报 | 1 仍要报 | !FY
li: 谢谢
< !FY
li: 3号楼电线冒火花，漏电了
< FY261123-0001
wang: 家里没电了
< 供电公司公告
wang: 1
< 已登记：FY261123-0002
stranger: 3号楼2单元楼道灯坏了
< 已登记：FY261123-0003
* forward 10h
li: 小区又停电了
< 已经有人报过：FY261123-0002 | !公告
`},
	{"the code of a lift says where, and about what", `
* code lift 福馨苑小区 3 2 电梯 elevator
li: [scan @lift]
< 您在福馨苑小区3号楼2单元电梯旁。请说出了什么事，例如：困人、不走、异响。 | !FY
li: 你好
< 您好 | !FY
li: 不走了
< FY261123-0001 | 电梯 | 福馨苑小区 3号楼2单元 | !回复数字
li: 不走了，也没有人来修
< !FY261123-0002
`},
	{"beside the code of a lift 困人 is an emergency", `
* code lift 福馨苑小区 3 2 电梯 elevator
stranger: [subscribe @lift]
< 您好，这里是汾邻 | 您在福馨苑小区3号楼2单元电梯旁
stranger: 困人
< FY261123-0001 | 福馨苑小区 3号楼2单元 | 紧急 | 119
`},
	{"a sentence that says otherwise wins over the code", `
* code lift 福馨苑小区 3 2 电梯 elevator
li: [scan @lift]
li: 楼道灯不亮了
< 公共照明 | 福馨苑小区 3号楼2单元
li: [scan @lift]
li: 5号楼1单元电梯异响
< 电梯 | 福馨苑小区 5号楼1单元
li: [scan @lift]
li: 昌瑞绿洲6号楼的电梯不走了
< 电梯 | 昌瑞绿洲小区 6号楼 | !2单元
`},
	{"a code is forgotten after a while", `
* code lift 福馨苑小区 3 2 电梯 elevator
li: [scan @lift]
* forward 16m
li: 不走了
< !FY
`},
	{"a code answers where a draft is", `
* code door 昌瑞绿洲小区 8 1
new: 楼道灯坏了
< 哪个小区
new: [scan @door]
< FY261123-0001 | 昌瑞绿洲小区 8号楼1单元
`},
	{"a gate's code binds whoever has no home yet", `
* code gate 昌瑞绿洲小区
new: [scan @gate]
< 已绑定小区：昌瑞绿洲小区
li: [scan @gate]
< 您在昌瑞绿洲小区。请说
li: 有一棵树倒了
< FY261123-0001 | 昌瑞绿洲小区
`},
	{"revoked and unknown codes are told of plainly", `
* code lift 福馨苑小区 3 2 电梯 elevator
li: [scan @lift]
* revoke lift
li: 不走了
< !FY
li: [scan @lift]
< 这个二维码已经停用 | 写明小区和楼号
new: [subscribe @nothing]
< 您好，这里是汾邻 | 没有找到这个二维码
`},
	{"an unclear problem is asked about once", `
li: 楼上有问题
< 哪一类 | 1 | 其他
li: 8
< 没有第 8 项 | 哪一类
li: 你好
< 好的 | 哪一类
li: 呜呜呜呜呜呜呜呜呜呜呜
< 哪一类
li: 噪声
< FY261123-0001 | 噪声
`},
	{"category and then compound", `
new: 楼上有问题
< 哪一类 | 其他
new: 其他
< 哪个小区
new: 福馨苑小区
< FY261123-0001 | 其他 | 福馨苑小区
`},
	{"a new clear problem takes the place of the question", `
li: 楼上有问题
< 哪一类
li: 3号楼2单元楼道灯坏了
< FY261123-0001 | 公共照明
li: 1
< 没有对应的问题
`},
	{"a command takes the place of the question", `
new: 3号楼2单元楼道灯坏了
< 哪个小区
new: 查
< 还没有报过事 | 还没有登记
new: 福馨苑小区
< 要绑定
new: 退出
< 已退出
new: 1
< 没有对应的问题
`},
	{"danger is filed at once, wherever it is", `
new: 电梯里困住人了，快来人！
< 96333 | FY261123-0001 | 电梯 | 小区待确认 | 在哪里
new: 福馨苑3号楼
< FY261123-0001 已更正 | 福馨苑小区 3号楼
`},
	{"danger with a place begins with the numbers to call", `
li: 3号楼2单元电梯里困住人了，快来人！
< 96333 | FY261123-0001 | 福馨苑小区 3号楼2单元 | 11月23日 11:00 前 | !在哪里
`},
	{"danger at a place far from clear, corrected after the work began", `
new: 电梯里困住人了，快来人！
< FY261123-0001 | 在哪里
* accept 0001
* contact 0001
new: 福馨苑3号楼
< 已在办理 | 更正
`},
	{"danger breaks into any question", `
li: 楼上有问题
< 哪一类
li: 电梯里困住人了，快来人！
< 96333 | FY261123-0001
`},
	{"the same sentence twice is one report", `
li: 3号楼2单元楼道灯坏了
< 已登记：FY261123-0001
li: 3号楼2单元楼道灯坏了
< 刚才已经登记 | FY261123-0001
* forward 20m
li: 3号楼2单元楼道灯坏了
< 已登记：FY261123-0002 | 您已经报过：FY261123-0001
`},
	{"chatter is no ticket", `
li: 你好
< 您好 | 例如
li: 谢谢
< 不客气
li: 哈哈哈哈
< 例如
li: ……
< 例如
`},
	{"words that always work", `
li: 帮助
< 报事 | 查 | 催 | 补充 | 改 | 撤销 | 评价 | 小区 | 退出
li: 　帮助！
< 汾邻能帮您
li: 报事
< 例如
li: 报事：3号楼2单元楼道灯坏了
< FY261123-0001
li: 活动
< 还没有可以报名的志愿活动
li: 签到
< 屏幕上的 6 位数字
li: 退出
< 已退出
li: 退出
< 没有正在问答
li: 注销
< 取消关注
li: 评价
< 没有要评价
li: [click 帮助]
< 汾邻能帮您
li: [click 查]
< FY261123-0001
li: [view]
<
li: [video]
< 照片
li: [link]
< 一句话
li: [other]
< 例如
li: [voice]
< 没有听清
li:
< 没有收到文字
`},
	{"progress by any form of the number", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* accept 0001
li: 查FY261123-0001
< 已签收 | 派单，由福馨苑小区党支部书记办理 | 12月2日 09:00 前 | 报事人 | 催
li: 查　０００１
< 已签收
li: 查1
< 已签收
li: 查 fy261123—0001。
< 已签收
li: FY2611230001
< 已签收
li: 0001
< 已签收
li: 查 7777
< 没有找到
wang: 查 0001
< 没有找到 | !楼道灯
`},
	{"who holds posts is told what waits", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
branch: 查
< 还没有报过事 | 待办：1 件
branch: 查 0001
< 没有找到
`},
	{"impatience is told how to urge", `
li: 怎么还没修好？
< !FY
li: 退出
< 退出
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 还没人来！
< FY261123-0001 还在办理 | 催
li: 转人工
< 汾邻能帮您
`},
	{"urging", `
li: 催
< 没有正在办理
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 催 0001
< 已催办 | 福馨苑小区党支部书记
li: 催
< 刚催过
* forward 2h
li: 催一下！
< 已催办
`},
	{"adding", `
li: 补充 灯还在闪
< 没有可以补充
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 补充：灯还在闪，Very bad
< 已补充「灯还在闪，Very bad」
li: 补充
< 请写要补充
li: 1
< 只写数字看不明白
li: 五楼的灯也坏了
< 已补充「五楼的灯也坏了」
li: 查 1
< 补充，灯还在闪
`},
	{"correcting the category", `
li: 改
< 没有可以更正
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 改
< 1 类别 | 2 位置/小区 | 3 都不对 | 公共照明
li: 1
< 哪一类 | !公共照明 | 其他
li: 供水
< 已更正 | 供水 | 自来水公司 | 11月24日
`},
	{"correcting the place", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 改
< 2 位置
li: 2
< 正确的位置
li: 昌瑞绿洲5号楼
< 已更正 | 昌瑞绿洲小区 5号楼 | 昌瑞物业经理
li: 改 0001
< 1 类别
li: 位置/小区
< 正确的位置
li: [location 37.2600,111.78]
< 1 福鑫苑小区
li: 1
< 已更正 | 福鑫苑小区
`},
	{"all wrong", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 改
< 3 都不对
li: 3
< 已撤销 | 重新报
li: 改 0001
< 已撤销 | 不能再改
`},
	{"withdrawing", `
li: 撤销
< 没有可以撤销
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 撤销！
< FY261123-0001 已撤销
li: 4号楼2单元楼道灯坏了
< FY261123-0002
* forward 11m
li: 撤销
< 要撤销 FY261123-0002 | 1 撤销
li: 啊？
< 要撤销
li: 不
< 已退出
li: 撤销
< 要撤销
li: 确定
< FY261123-0002 已撤销
li: 撤销 0002
< 不能再撤销
`},
	{"confirming by number", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
li: 查
< 等您确认 | 1满意
li: １
< FY261123-0001 已按「满意」结案 | 没解决
li: 评价 0001
< 已经评价过
li: 1
< 没有对应的问题
`},
	{"confirming by words", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
li: 基本满意，谢谢师傅
< 已按「基本满意」结案
li: 4号楼2单元楼道灯坏了
< FY261123-0002
* finish 0002
li: 已解决
< FY261123-0002 已按您的答复结案 | 评价
li: 评价
< FY261123-0002 | 1 满意
li: 5
< 没有第 5 项
li: 3
< 已解决但不满意
`},
	{"not happy is asked about", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
li: 一般般吧
< !结案
li: 不满意
< 抱歉 | 已记下 | 3 已解决但不满意 | 4 没解决
li: 4
< 退回重办 | 南薰社区党委书记
`},
	{"an advertisement is answered and is no ticket unless it is meant", `
li: 专业疏通下水道，24小时上门服务，价格优惠，电话13812345678
< 像是广告，没有登记 | 1 就是要报的事 | !FY261123
li: 低息贷款无抵押，加微信daikuan888
< 像是广告
li: 好的
< 好的 | !FY261123
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 专业疏通下水道，24小时上门服务，价格优惠，电话13812345678
< 像是广告
li: 1
< FY261123-0002
li: 楼道里小广告太多了没人清理，都是代办信用卡、贷款、刻章的，电话13812345678
< 环境卫生 | !像是广告
`},
	{"each answer by one word", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
li: 解决了
< FY261123-0001 已按您的答复结案
li: 4号楼2单元楼道灯坏了
< FY261123-0002
* finish 0002
li: 满意
< FY261123-0002 已按「满意」结案
li: 5号楼2单元楼道灯坏了
< FY261123-0003
* finish 0003
li: 基本满意
< FY261123-0003 已按「基本满意」结案
li: 6号楼2单元楼道灯坏了
< FY261123-0004
* finish 0004
li: 没解决
< FY261123-0004 已退回重办，由上一级负责
li: 7号楼2单元楼道灯坏了
< FY261123-0005
* finish 0005
li: 不满意
< 抱歉 | 4 没解决
li: 查 0005
< 报事人：评价
li: 3
< FY261123-0005 已按「已解决但不满意」结案
`},
	{"reopening within fifteen days", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
li: 1
< 已按「满意」结案
* forward 340h
li: 没解决，又不亮了
< 已退回重办
* finish 0001
li: 1
< 已按「满意」结案
* forward 361h
li: 没解决，又不亮了
< 结案太久 | 重新报
`},
	{"not solved goes one level up", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
li: 还没修好，灯还是不亮
< FY261123-0001 已退回重办 | 南薰社区党委书记
li: 没解决
< 还在办理 | 催
* finish 0001
li: 4
< 已退回重办 | 文峰街道党工委书记
`},
	{"two things in one message are reported apart when that is wanted", `
li: 3号楼2单元楼道灯坏了。另外电梯也老是不走
< FY261123-0001 | 公共照明 | 像是两件事 | 「3号楼2单元，电梯也老是不走」（电梯） | 1 分开报 | 不用回复
li: 1
< FY261123-0002 | 类别：电梯 | 福馨苑小区 3号楼2单元 | !两件事
li: 5号楼灯坏了，还有小区里垃圾桶满了没人收
< FY261123-0003 | 像是两件事
li: 好的
< !FY261123-0004
li: 2号楼1单元门禁刷不开
< FY261123-0004 | 门禁道闸 | !两件事
`},
	{"what a handler has asked is answered in plain words", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* asks 0001
li: 五层东边那个
< FY261123-0001 已补充「五层东边那个」
li: 五层东边那个
< !FY261123-0001 已补充
`},
	{"what was not read as a danger becomes one by a word or by what is added", `
li: 3号楼2单元电梯停在四楼不动了
< FY261123-0001 | 类别：电梯 | !紧急情况
li: 补充 里面有人出不来，一直拍门
< 不要扒门 | FY261123-0001 已转为紧急情况
li: 紧急
< FY261123-0001 已按紧急情况处理
li: 5号楼1单元楼道灯坏了
< FY261123-0002
li: 紧急
< 119 | FY261123-0002 已转为紧急情况
wang: 紧急
< 请先拨打 119
wang: 4号楼楼下电线让风刮得直晃
< FY261123-0003 | 现在有人有危险吗？ | 「紧急」
`},
	{"still the same is about the same ticket", `
li: 还是不亮
< 哪一类
li: 退出
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 还是不亮
< FY261123-0001 还在办理 | 催 | 补充
* finish 0001
li: 还是不亮，换了也没用
< FY261123-0001 已退回重办 | 南薰社区党委书记
li: 还是没水，5号楼
< FY261123-0002 | 供水 | 福馨苑小区 5号楼
`},
	{"what comes back after closing is done again", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
li: 1
< 结案
* forward 24h
li: 没解决，灯又坏了
< 已退回重办 | 南薰社区党委书记
`},
	{"the last asked is answered first", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: 楼上有问题
< 哪一类
* forward 1m
* finish 0001
li: 1
< FY261123-0001 已按「满意」结案
`},
	{"a question after the notice is answered before it", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
* forward 1m
li: 楼上有问题
< 哪一类
li: 1
< FY261123-0002
li: 2
< FY261123-0001 已按「基本满意」结案
`},
	{"two finished tickets are confirmed one after the other", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001 | !绑定
li: 门禁坏了，进不去门
< FY261123-0002
* finish 0001
* forward 1m
* finish 0002
li: 1
< FY261123-0002 已按「满意」结案 | FY261123-0001「3号楼 | 等您确认
li: 第二
< FY261123-0001 已按「基本满意」结案 | !等您确认
`},
	{"rating by word with the answer", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
li: 评价 满意
< 已按「满意」结案
`},
	{"photos join the fresh report", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: [image]
< 附到 FY261123-0001
* forward 20m
li: [image]
< 请再写一句话
li: 4号楼2单元楼道灯坏了
< FY261123-0002 | 已附上刚才的 1 张照片
`},
	{"photos wait through the questions", `
new: [image]
< 请再写一句话
new: 楼道灯坏了
< 哪个小区
new: [image]
< 照片已收到 | 哪个小区
new: 福馨苑
< FY261123-0001 | 2 张照片
`},
	{"voice is heard", `
li: [voice 三号楼二单元楼道灯坏了。]
< 听到：「三号楼二单元楼道灯坏了。」 | FY261123-0001 | 3号楼2单元
`},
	{"a location joins the fresh report", `
li: 3号楼2单元楼道灯坏了
< FY261123-0001
li: [location 37.26,111.78]
< 已补充「位置：汾阳市英雄路」
li: [location 0,0]
< 没有收到有效的位置
`},
	{"a location alone offers the nearest compounds", `
new: [location 37.26,111.78]
< 1 福鑫苑小区 | 绑定
new: 1
< 已绑定小区：福鑫苑小区
`},
	{"the compound is shown and changed", `
li: 小区
< 您绑定的小区：福馨苑小区 | 退出
li: 昌瑞绿洲
< 已绑定小区：昌瑞绿洲小区
li: 换小区：安泰苑小区
< 已绑定小区：安泰苑小区
li: 小区 不存在的花园
< 没有找到
li: 小区 路灯不亮了
< FY261123-0001 | 安泰苑小区 | 公共照明
new: 小区
< 还没有绑定
`},
	{"following and scanning bind", `
new: [subscribe 福馨苑小区]
< 您好 | 已绑定小区：福馨苑小区 | 例如
new: 3号楼2单元楼道灯坏了
< FY261123-0001 | 福馨苑小区
new: [scan 昌瑞绿洲小区]
< 已绑定小区：昌瑞绿洲小区
third: 楼道灯坏了
< 哪个小区
third: [scan 昌瑞绿洲小区]
< FY261123-0002 | 昌瑞绿洲小区 | 已记住
other: [subscribe]
< 您好 | 例如 | 小区
other: [scan 没有的小区]
< 没有找到
`},
	{"the store forgets in the middle", `
new: 楼道灯坏了
< 哪个小区
* lose new
new: 1
< 没有对应的问题
new: 福馨苑小区
< 要绑定
li: 3号楼2单元楼道灯坏了
< FY261123-0001
* finish 0001
* lose li
li: 4
< 已退回重办
`},
	{"a question grows old", `
new: 楼道灯坏了
< 哪个小区
* forward 16m
new: 1
< 没有对应的问题
`},
	{"two people do not mix", `
new: 楼道灯坏了
< 哪个小区
other: 1
< 没有对应的问题
other: 4号楼电梯坏了
< 哪个小区
new: 福馨苑
< FY261123-0001 | 公共照明
other: 昌瑞绿洲
< FY261123-0002 | 电梯
`},
}

func TestTalks(t *testing.T) { runTalks(t, func(*city, *testing.T, chat.Message, string, string) {}) }

// WeChat sends a message again when it has not seen the reply.
func TestTalks_EveryMessageTwice(t *testing.T) {
	runTalks(t, func(c *city, t *testing.T, m chat.Message, who, said string) {
		if again := c.say(t, who, m); again != said {
			t.Fatalf("%q again says\n%s\nnot\n%s", m.Text, again, said)
		}
	})
}

func runTalks(t *testing.T, after func(*city, *testing.T, chat.Message, string, string)) {
	t.Helper()
	for _, talk := range talks {
		t.Run(talk.name, func(t *testing.T) { newCity(t).play(t, talk.script, after) })
	}
}

// The process dies after the effect and before the dialog is kept.
func TestTalks_EveryMessageAfterACrash(t *testing.T) {
	for _, talk := range talks {
		t.Run(talk.name, func(t *testing.T) {
			c := newCity(t)
			c.crashes = true
			c.play(t, talk.script, func(*city, *testing.T, chat.Message, string, string) {})
		})
	}
}

// The store has lost everything when WeChat sends a message again: the answer
// may be another, what it did stays done once.
func TestTalks_EveryMessageAfterALoss(t *testing.T) {
	runTalks(t, func(c *city, t *testing.T, m chat.Message, who, _ string) {
		key := "chat:o-" + who
		_, _, done, err := c.Tickets.Requested(t.Context(), m.Key)
		if err != nil {
			t.Fatal(err)
		}
		kept, was, err := c.kv.Get(t.Context(), key)
		if err != nil || !was || !done {
			return
		}
		if err := c.kv.Del(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		tickets, events := c.counts(t)
		c.say(t, who, m)
		if n, e := c.counts(t); n != tickets || e != events {
			t.Fatalf("%q again: %d tickets with %d events, were %d with %d", m.Text, n, e, tickets, events)
		}
		if err := c.kv.Set(t.Context(), key, kept, time.Hour); err != nil {
			t.Fatal(err)
		}
	})
}

func (c *city) play(t *testing.T, script string, after func(*city, *testing.T, chat.Message, string, string)) {
	t.Helper()
	said := ""
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case strings.HasPrefix(line, "*"):
			c.stage(t, strings.TrimSpace(line[1:]))
		case strings.HasPrefix(line, "<"):
			check(t, said, line[1:])
		default:
			who, words, _ := strings.Cut(line, ":")
			m := c.message(t, strings.TrimPrefix(words, " "))
			c.sent++
			m.Key = "wx:" + who + ":" + line + ":" + itoa(c.sent)
			said = c.send(t, who, m)
			after(c, t, m, who, said)
		}
	}
	c.count(t) // and audits
}

// send says a message; in a city that crashes, first as one whose dialog is not kept.
func (c *city) send(t *testing.T, who string, m chat.Message) string {
	t.Helper()
	if !c.crashes {
		return c.say(t, who, m)
	}
	key := "chat:o-" + who
	before, was, err := c.kv.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	first := c.say(t, who, m)
	tickets := c.count(t)
	if was {
		err = c.kv.Set(t.Context(), key, before, time.Hour)
	} else {
		err = c.kv.Del(t.Context(), key)
	}
	if err != nil {
		t.Fatal(err)
	}
	again := c.say(t, who, m)
	if again != first || c.count(t) != tickets {
		t.Fatalf("%q after a crash says\n%s\nnot\n%s", m.Text, again, first)
	}
	return again
}

func check(t *testing.T, said, wants string) {
	t.Helper()
	for want := range strings.SplitSeq(wants, "|") {
		want = strings.TrimSpace(want)
		if not, ok := strings.CutPrefix(want, "!"); ok {
			if strings.Contains(said, not) {
				t.Fatalf("%q must not be in:\n%s", not, said)
			}
		} else if !strings.Contains(said, want) {
			t.Fatalf("%q is not in:\n%s", want, said)
		}
	}
}

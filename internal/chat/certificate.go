package chat

import (
	"context"
	"fmt"

	"fenlin/internal/activity"
)

// certify issues a certificate over everything so far; asked again on the same
// day it is the same one.
func (c *turn) certify(ctx context.Context) (string, error) {
	made, err := c.Activities.Certify(ctx, c.who, "", activity.Days{})
	if err != nil {
		return "", err
	}
	said := fmt.Sprintf("志愿服务记录证明已开好，免费。\n编号：%s\n期间：%s 至 %s\n活动：%d 次，共 %s", made.Number, made.FromDay, made.ToDay, made.Count, activity.Length(made.Minutes))
	if made.Manual > 0 {
		said += "，另有人工登记 " + activity.Length(made.Manual)
	}
	said += "\n出具单位：" + made.OrgName
	if c.Certificates != "" {
		said += "\n下载 PDF：" + c.Certificates
	}
	if c.Verify != "" {
		said += "\n核验（可以转给要看证明的人）：" + c.Verify + made.Token
	}
	return said + "\n下载后请到出具单位盖章。只要某一段时间的，请在网页里选日期。", nil
}

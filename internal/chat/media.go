package chat

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"fenlin/internal/member"
)

// maxPhotos is how many photos wait for one report.
const maxPhotos = 9

// photo gives a picture to the report that it belongs to, or keeps it until there is one.
func (c *turn) photo(ctx context.Context) (string, error) {
	p := photo{Key: c.m.Key, MediaID: c.m.MediaID, At: c.Now().UnixMilli()}
	drafting := c.st.Ask == askKind || c.st.Ask == askPlace
	if !drafting {
		t, ok, err := c.fresh(ctx)
		if err == nil && c.st.Ask == askMore {
			t, err = c.mine(ctx, c.st.Number)
			ok = err == nil && addable(t)
		}
		if err != nil {
			return "", err
		}
		if ok {
			if err := c.await(ctx, t, p); err != nil {
				return "", err
			}
			return "照片已收到，附到 " + t.Number + "。\n还可以继续发照片，或回复「补充」加文字。", nil
		}
	}
	if !slices.ContainsFunc(c.st.Photos, func(o photo) bool { return o.Key == p.Key }) {
		if len(c.st.Photos) >= maxPhotos {
			return fmt.Sprintf("一次最多 %d 张照片，已够用。请写一句话说明哪里出了什么事。", maxPhotos), nil
		}
		c.st.Photos = append(c.st.Photos, p)
		c.dirty = true
	}
	if drafting {
		return c.repeat("照片已收到。"), nil
	}
	return "照片已收到。请再写一句话：哪里出了什么事？\n例如：3号楼2单元楼道灯坏了。照片会附到这件事里。", nil
}

// leave deletes what is known of a person who follows no more. Who holds a
// post is kept: the post is the city's business, and they may follow again.
func (s *Service) leave(ctx context.Context, openid string) error {
	who, known, err := s.Members.Find(ctx, member.Account, openid)
	if err != nil || !known {
		return err
	}
	actor, err := s.Org.Actor(ctx, who.ID, who.CompoundID)
	if err != nil {
		return err
	}
	if len(actor.Posts) == 0 {
		if err := s.Tickets.Forget(ctx, who.ID); err != nil {
			return err
		}
		if err := s.Members.Close(ctx, who.ID); err != nil {
			return err
		}
	}
	if err := s.KV.Del(ctx, stateKey(openid)); err != nil {
		slog.WarnContext(ctx, "dialog not deleted; it ends by itself", "error", err)
	}
	return nil
}

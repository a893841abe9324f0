package web

import "context"

type addActivityPhotoInput struct {
	ActivityInput
	Body struct {
		PhotoID id     `json:"photo_id" minLength:"1" doc:"of a photo that the caller sent before; hung before it stays where it is"`
		Caption string `json:"caption,omitempty" maxLength:"240"`
	}
}

func (s *Server) addActivityPhoto(ctx context.Context, c caller, in *addActivityPhotoInput) (*body[ActivityView], error) {
	if err := s.Activities.AddPhoto(ctx, c.Actor, in.ID.number(), in.Body.PhotoID.number(), in.Body.Caption); err != nil {
		return nil, err
	}
	return s.showActivity(ctx, c, &in.ActivityInput)
}

// ActivityPhotoInput names a photo of an activity.
type ActivityPhotoInput struct {
	ActivityInput
	PhotoID id `path:"photo_id" minLength:"1"`
}

func (s *Server) showActivityPhoto(ctx context.Context, c caller, in *ActivityPhotoInput) (*photoOutput, error) {
	content, err := s.Activities.Photo(ctx, c.Actor, in.ID.number(), in.PhotoID.number())
	if err != nil {
		return nil, err
	}
	return &photoOutput{"image/jpeg", "private, max-age=86400, immutable", content}, nil
}

type changeActivityPhotoInput struct {
	ActivityPhotoInput
	Body struct {
		Caption string `json:"caption" maxLength:"240"`
		Place   int    `json:"place,omitempty" minimum:"0" doc:"1: the first; left out: where it is"`
	}
}

func (s *Server) changeActivityPhoto(ctx context.Context, c caller, in *changeActivityPhotoInput) (*body[ActivityView], error) {
	if err := s.Activities.ChangePhoto(ctx, c.Actor, in.ID.number(), in.PhotoID.number(), in.Body.Caption, in.Body.Place); err != nil {
		return nil, err
	}
	return s.showActivity(ctx, c, &in.ActivityInput)
}

func (s *Server) removeActivityPhoto(ctx context.Context, c caller, in *ActivityPhotoInput) (*nothing, error) {
	return nil, s.Activities.RemovePhoto(ctx, c.Actor, in.ID.number(), in.PhotoID.number())
}

package ticket_test

import (
	"testing"

	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

func TestAdd_WhatTellsOfDangerMakesAnEmergencyOfATicketThatWasNone(t *testing.T) {
	w := tickettest.New(t)
	tk := w.Told(t, "li", "3号楼2单元电梯停在四楼不动了")
	if tk.Emergency {
		t.Fatal("it is told as a danger already")
	}
	w.Do(t, "branch", tk.Number, do(ticket.Accept))
	w.Do(t, "branch", tk.Number, do(ticket.Contact))
	w.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Add, Wait: true, Note: "请问里面有人吗"})
	w.Do(t, "branch", tk.Number, ticket.Input{Action: ticket.Add, Note: "听说里面有人出不来"}) // hearsay of the handler's own makes none
	if get(t, w, "branch", tk.Number).Emergency {
		t.Error("a handler's note made an emergency")
	}
	got := w.Do(t, "li", tk.Number, ticket.Input{Action: ticket.Add, Note: "里面有人出不来，一直拍门"})
	if !got.Emergency || got.Danger != "trapped" || got.Grade != "2h" || got.State != ticket.Dispatched || got.PausedAt != 0 || got.DueAt >= tk.DueAt {
		t.Errorf("%+v", got)
	}
	f := get(t, w, "city", tk.Number)
	if len(f.Parts) < 3 {
		t.Errorf("who has to know of an emergency does not: %+v", f.Parts)
	}
	w.Do(t, "li", tk.Number, ticket.Input{Action: ticket.Add, Note: "还没人来，里面的人快不行了"})
	verify(t, w)

	calm := w.Told(t, "li", lamp)
	if got := w.Do(t, "li", calm.Number, ticket.Input{Action: ticket.Add, Note: "五层的也不亮"}); got.Emergency || got.State != calm.State {
		t.Errorf("%+v", got)
	}
}

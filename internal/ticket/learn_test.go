package ticket_test

import (
	"strings"
	"testing"
	"time"

	"fenlin/internal/ticket"
	"fenlin/internal/ticket/tickettest"
)

func TestCorrected_TellsWhatWasCorrectedWithoutNumbersOfPeople(t *testing.T) {
	w := tickettest.New(t)
	n := w.Told(t, "li", "楼道里的喳喳鹕太吵了，天天没人管，电话13812345678").Number
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Accept})
	w.Do(t, "branch", n, ticket.Input{Action: ticket.Correct, Place: &ticket.Place{Category: "animals"}})
	w.Told(t, "li", "3号楼2单元楼道灯坏了")
	got, err := w.Corrected(t.Context(), time.UnixMilli(0))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 || got[0].Became != "animals" || !strings.Contains(got[0].Text, "喳喳鹕") || strings.Contains(got[0].Text, "138") {
		t.Errorf("%+v", got)
	}
	if got, err = w.Corrected(t.Context(), w.Clock().Add(time.Hour)); err != nil || len(got) != 0 {
		t.Errorf("later: %+v, %v", got, err)
	}
}

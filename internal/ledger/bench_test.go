package ledger

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// wide is a workbook of that many rows with 18 columns.
func wide(t testing.TB, rows int) (Kind, []byte) {
	t.Helper()
	k := Kind{Code: "wide", Title: "宽表"}
	for i := range 18 {
		k.Columns = append(k.Columns, Column{Key: fmt.Sprint("c", i), Title: fmt.Sprintf("第%d列", i+1), Type: []ColumnType{Text, Day, Phone, Text, Text, Choice}[i%6], OneOf: []string{"在职", "直管", "离退休", "流动"}})
	}
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows + 1 {
		cells := make([]any, 18)
		for j := range cells {
			switch c := k.Columns[j]; {
			case i == 0:
				cells[j] = c.Title
			case c.Type == Day:
				cells[j] = time.Date(1990, 1, 1+i%9000, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
			case c.Type == Phone:
				cells[j] = fmt.Sprintf("138%08d", i)
			case c.Type == Choice:
				cells[j] = c.OneOf[i%4]
			default:
				cells[j] = fmt.Sprintf("王志强%d号", i)
			}
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+1), cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return k, out.Bytes()
}

func BenchmarkRead50000RowsOf18Cells(b *testing.B) {
	k, raw := wide(b, MaxRows)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := read(b.Context(), k, raw)
		if err != nil || r.total != MaxRows || len(r.problems) != 0 {
			b.Fatalf("%+v %v", r, err)
		}
	}
}

package ledger

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

const (
	maxListed = 1000       // problems in the list of a marked workbook; its cells show them all
	markFill  = "FFFFC7CE" // the colour of a bad cell
	resultTag = "rIdFenlinResult"
	newResult = "xl/worksheets/fenlin-result.xml"
	sheetType = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
)

// mark gives the workbook back with every bad cell coloured, the reasons at the
// end of its row, and a list of the problems in front.
func mark(raw []byte, kind Kind, r *reading) ([]byte, error) {
	b, err := openBook(raw)
	if err != nil {
		return nil, err
	}
	m := &marking{book: b, kind: kind, reading: r, lines: map[string]map[int]*marks{}, variants: map[variant]int{}}
	m.sort()
	if err := m.readFills(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if err := m.assemble(z); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// marks are what is wrong in one row.
type marks struct {
	columns []string // titles of bad cells
	reasons []string
}

// variant is a style of the workbook with its fill changed.
type variant struct {
	style int
	bad   bool // coloured; else without a fill
}

type marking struct {
	*book
	kind    Kind
	reading *reading
	lines   map[string]map[int]*marks // by the sheet's name and the line

	styles    string // the part; empty: the workbook has no styles
	main      string
	rels      string
	fills     int
	ownFill   int // the place of our colour among the fills
	ours      map[int]bool
	xfs       int
	variants  map[variant]int
	ordered   []variant
	sheetKind string // the relationship's type
}

// sort groups the problems by row.
func (m *marking) sort() {
	for _, p := range m.reading.problems {
		if p.Line == 0 {
			continue
		}
		lines := m.lines[p.Sheet]
		if lines == nil {
			lines = map[int]*marks{}
			m.lines[p.Sheet] = lines
		}
		row := lines[p.Line]
		if row == nil {
			row = &marks{}
			lines[p.Line] = row
		}
		reason := p.Reason
		if p.Column != "" {
			row.columns = append(row.columns, p.Column)
			reason = p.Column + "：" + reason
		}
		row.reasons = append(row.reasons, reason)
	}
}

// readFills looks at the styles: which fills are our own from an earlier
// marking, and how many styles there are.
func (m *marking) readFills() error {
	m.main, m.ownFill, m.ours = m.book.main, -1, map[int]bool{}
	m.rels = relsOf(m.main)
	for _, l := range m.book.mainLinks {
		if strings.HasSuffix(l.kind, "/styles") {
			m.styles = l.part
		}
		if strings.HasSuffix(l.kind, "/worksheet") {
			m.sheetKind = l.kind
		}
	}
	if m.styles == "" {
		return nil
	}
	within := ""
	return m.each(m.styles, new(int64(maxPart)), false, func(s *scanner) error {
		switch {
		case s.is("fills") || s.is("cellXfs"):
			if within = string(s.name); !s.start {
				within = ""
			}
		case within == "fills" && s.opens("fill"):
			m.fills++
		case within == "fills" && s.opens("fgColor") && s.attr("rgb") == markFill:
			m.ownFill = m.fills - 1
		case within == "cellXfs" && s.opens("xf"):
			if fill, err := strconv.Atoi(s.attr("fillId")); err == nil && fill == m.ownFill {
				m.ours[m.xfs] = true
			}
			m.xfs++
		}
		return nil
	})
}

// style is the style that takes the place of another: coloured, or without a
// colour that an earlier marking gave it.
func (m *marking) style(of int, bad bool) int {
	if m.styles == "" || of >= m.xfs || m.ours[of] == bad {
		return of
	}
	v := variant{of, bad}
	at, found := m.variants[v]
	if !found {
		at = m.xfs + 1 + len(m.ordered) // after the style of reasons
		m.variants[v], m.ordered = at, append(m.ordered, v)
	}
	return at
}

// reasonStyle is the style of the cells that hold reasons.
func (m *marking) reasonStyle() int {
	if m.styles == "" {
		return 0
	}
	return m.xfs
}

// assemble writes the parts; the styles last, when it is known which are needed.
func (m *marking) assemble(z *zip.Writer) error {
	result := ""
	sheets := map[string]sheetPart{}
	for _, s := range m.sheets {
		if s.name == resultSheet {
			result = s.part
		}
		sheets[s.part] = s
	}
	fresh := result == ""
	if fresh {
		result = newResult
	}
	changed := map[string]func(io.Writer) error{
		result: func(w io.Writer) error { return m.writeResult(w) },
		m.main: func(w io.Writer) error { return m.writeMain(w, fresh) },
	}
	if fresh {
		changed[m.rels] = func(w io.Writer) error {
			return m.appendTo(m.rels, w, "Relationships", `<Relationship Id="`+resultTag+`" Type="`+m.sheetKind+`" Target="/`+newResult+`"/>`)
		}
		changed[contentTypes] = func(w io.Writer) error {
			return m.appendTo(contentTypes, w, "Types", `<Override PartName="/`+newResult+`" ContentType="`+sheetType+`"/>`)
		}
	}
	for part, s := range sheets {
		if part != result {
			changed[part] = func(w io.Writer) error { return m.writeSheet(w, s) }
		}
	}
	for name, file := range m.inOrder() {
		if name == m.styles {
			continue
		}
		if changed[name] == nil {
			if err := z.Copy(file); err != nil {
				return err
			}
			continue
		}
		if err := entry(z, file.Name, changed[name]); err != nil {
			return err
		}
	}
	if fresh {
		if err := entry(z, newResult, changed[newResult]); err != nil {
			return err
		}
	}
	if m.styles == "" {
		return nil
	}
	return entry(z, m.parts[m.styles].Name, m.writeStyles)
}

func entry(z *zip.Writer, name string, write func(io.Writer) error) error {
	w, err := z.Create(name)
	if err != nil {
		return err
	}
	return write(w)
}

// appendTo copies a part with something more at the end of its root.
func (m *marking) appendTo(part string, w io.Writer, root, more string) error {
	return m.copyPart(part, w, func(p *patch) (bool, error) {
		if p.closes(root) {
			p.add(more)
		}
		return false, nil
	})
}

// writeMain puts the list of problems among the sheets and in front of the eyes.
func (m *marking) writeMain(w io.Writer, fresh bool) error {
	at, count, highest, idKey := -1, 0, 0, "r:id"
	err := m.each(m.main, new(int64(maxPart)), false, func(s *scanner) error {
		if s.opens("sheet") {
			if s.attr("name") == resultSheet {
				at = count
			}
			if n, err := strconv.Atoi(s.attr("sheetId")); err == nil {
				highest = max(highest, n)
			}
			for field := range strings.FieldsSeq(string(s.attrs)) {
				if key, _, found := strings.Cut(field, "="); found && strings.HasSuffix(key, ":id") {
					idKey = key
				}
			}
			count++
		}
		return nil
	})
	if err != nil {
		return err
	}
	if at < 0 {
		at = count
	}
	return m.copyPart(m.main, w, func(p *patch) (bool, error) {
		switch {
		case p.opens("workbookView"):
			p.write(with(p.tag, "activeTab", strconv.Itoa(at)))
			return true, nil
		case p.closes("sheets") && fresh:
			p.add(fmt.Sprintf(`<sheet name="%s" sheetId="%d" %s="%s"/>`, resultSheet, highest+1, idKey, resultTag))
		}
		return false, nil
	})
}

// writeResult makes the sheet that lists the problems.
func (m *marking) writeResult(w io.Writer) error {
	var out strings.Builder
	out.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
		`<sheetViews><sheetView tabSelected="1" workbookViewId="0"><pane ySplit="2" topLeftCell="A3" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>` +
		`<cols><col min="1" max="1" width="20" customWidth="1"/><col min="2" max="2" width="8" customWidth="1"/><col min="3" max="3" width="20" customWidth="1"/><col min="4" max="4" width="80" customWidth="1"/></cols><sheetData>`)
	for i, row := range results(m.reading) {
		fmt.Fprintf(&out, `<row r="%d">`, i+1)
		for j, text := range row {
			if text != "" {
				out.WriteString(textCell(j+1, i+1, 0, text))
			}
		}
		out.WriteString("</row>")
	}
	out.WriteString("</sheetData></worksheet>")
	_, err := io.WriteString(w, out.String())
	return err
}

// results are the rows of the list of problems.
func results(r *reading) [][]string {
	n := len(r.problems)
	first := fmt.Sprintf("共 %d 处问题，没有写入任何数据。请在原来的工作表里改正标红的单元格，保存后直接再次导入，不用删除本表。", n)
	if n > maxListed {
		first += fmt.Sprintf("下面只列出前 %d 处，其余的看各行右边的“%s”列。", maxListed, problemTitle)
	}
	rows := [][]string{{first}, {"工作表", "行", "列", "问题"}}
	for _, p := range r.problems[:min(n, maxListed)] {
		line := ""
		if p.Line > 0 {
			line = strconv.Itoa(p.Line)
		}
		rows = append(rows, []string{p.Sheet, line, p.Column, p.Reason})
	}
	for _, note := range r.notes {
		rows = append(rows, []string{"", "", "提示", note})
	}
	return rows
}

// resultOnly is the workbook given back for a file that cannot be read.
func resultOnly(r *reading) ([]byte, error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	if err := f.SetSheetName("Sheet1", resultSheet); err != nil {
		return nil, err
	}
	for i, row := range results(r) {
		for j, text := range row {
			if err := f.SetCellStr(resultSheet, letters(j+1)+strconv.Itoa(i+1), text); err != nil {
				return nil, err
			}
		}
	}
	if err := f.SetColWidth(resultSheet, "D", "D", 80); err != nil {
		return nil, err
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// writeStyles copies the styles with those that the marks need.
func (m *marking) writeStyles(w io.Writer) error {
	own := m.ownFill
	if own < 0 {
		own = m.fills
	}
	original, err := m.originals()
	if err != nil {
		return err
	}
	return m.copyPart(m.styles, w, func(p *patch) (bool, error) {
		switch {
		case p.opens("fills") && m.ownFill < 0:
			p.write(with(p.tag, "count", strconv.Itoa(m.fills+1)))
			return true, nil
		case p.closes("fills") && m.ownFill < 0:
			p.add(`<fill><patternFill patternType="solid"><fgColor rgb="` + markFill + `"/><bgColor indexed="64"/></patternFill></fill>`)
		case p.opens("cellXfs"):
			p.write(with(p.tag, "count", strconv.Itoa(m.xfs+1+len(m.ordered))))
			return true, nil
		case p.closes("cellXfs"):
			p.add(fmt.Sprintf(`<xf numFmtId="%d" fontId="0" fillId="%d" borderId="0" xfId="0" applyNumberFormat="1" applyFill="1"/>`, textFormat, own))
			for _, v := range m.ordered {
				fill := own
				if !v.bad {
					fill = 0
				}
				xf := original[v.style]
				p.write(with(with(xf.tag, "fillId", strconv.Itoa(fill)), "applyFill", "1"))
				_, _ = p.out.Write(xf.within)
			}
		}
		return false, nil
	})
}

// styleXML is a style as it is written: its tag, and what follows up to its end.
type styleXML struct{ tag, within []byte }

// originals are the styles of the cells.
func (m *marking) originals() ([]styleXML, error) {
	var out []styleXML
	within := bytes.Buffer{}
	inXfs, inXf := false, false
	err := m.copyPart(m.styles, &within, func(p *patch) (bool, error) {
		if p.is("cellXfs") {
			inXfs = p.start
		}
		if !inXfs || !p.is("xf") {
			return false, nil
		}
		switch {
		case p.start:
			out = append(out, styleXML{tag: bytes.Clone(p.tag)})
			err := p.out.Flush()
			within.Reset()
			inXf = !p.empty
			return true, err
		case inXf:
			p.write(p.tag)
			err := p.out.Flush()
			out[len(out)-1].within, inXf = bytes.Clone(within.Bytes()), false
			return true, err
		}
		return true, nil
	})
	return out, err
}

// relsOf is where the links of a part stand.
func relsOf(part string) string {
	at := strings.LastIndexByte(part, '/') + 1
	return part[:at] + "_rels/" + part[at:] + ".rels"
}

// inOrder gives the parts as they stand in the file.
func (b *book) inOrder() iter.Seq2[string, *zip.File] {
	return func(yield func(string, *zip.File) bool) {
		for _, name := range b.names {
			if !yield(name, b.parts[name]) {
				return
			}
		}
	}
}

// has says that the row has the column marked.
func (m *marks) has(title string) bool { return slices.Contains(m.columns, title) }

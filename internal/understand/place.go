package understand

import "strings"

// spot is where in a compound something is: Arabic digits, letters upper case,
// empty when not said.
type spot struct {
	building, unit, floor, room string
}

// what the number just read was, so that 3号楼2-501 can be followed.
type part int

const (
	partNone part = iota
	partBuilding
	partUnit
	partFloor
)

// readSpot finds building, unit, floor and room. The first mention of each wins;
// what is denied (不是3号楼) is passed over.
func readSpot(text []rune) spot {
	var s spot
	last, lastEnd := partNone, -1
	for i := 0; i < len(text); i++ {
		n, ok := readNumber(text, i)
		if !ok {
			if side, end := sideUnit(text, i); s.unit == "" && side != "" {
				s.unit, last, lastEnd = side, partUnit, end
			}
			continue
		}
		follows := partNone
		if last != partNone && joins(text, lastEnd, i) {
			follows = last
		}
		kind, end := s.take(text, i, n, follows)
		if kind != partNone {
			last, lastEnd = kind, end
		}
		i = max(n.end, end) - 1
	}
	return s
}

// take decides what n at text[i] names and keeps it; it returns what it was and
// where the mention ends.
func (s *spot) take(text []rune, i int, n number, follows part) (part, int) {
	if denied(text, i) {
		return partNone, n.end
	}
	rest := text[n.end:]
	if end := buildingEnd(text, i, n); end > 0 {
		set(&s.building, firstOf(text, i, n))
		return partBuilding, end
	}
	if m, ok := hyphened(text, n.end); ok && !n.letter || ok && follows == partNone {
		if end, ok := s.takeChain(text, n, m, follows); ok {
			return partUnit, end
		}
	}
	switch {
	case begins(rest, "单元"):
		set(&s.unit, firstOf(text, i, n))
		return partUnit, n.end + 2
	case follows == partBuilding && !n.several && (begins(rest, "门") && !begins(rest, "门口") && !begins(rest, "门禁") || begins(rest, "单")):
		set(&s.unit, n.text)
		return partUnit, n.end + 1
	case isRoom(n) && (begins(rest, "室") || begins(rest, "户") || begins(rest, "房") || begins(rest, "号房") || begins(rest, "号户")):
		set(&s.room, n.text)
		return partNone, n.end + 1
	case isRoom(n) && follows != partNone && !measured(rest):
		set(&s.room, n.text)
		return partNone, n.end
	case !n.letter && !n.several && len(n.text) <= 2 && isFloor(text, i, rest):
		if i > 0 && (text[i-1] == '负' || text[i-1] == '-') || i > 1 && text[i-2] == '地' && text[i-1] == '下' {
			n.text = "-" + n.text
		}
		set(&s.floor, n.text)
		return partFloor, n.end + 1
	}
	return partNone, n.end
}

// buildingEnd is the index after 3号楼, 5栋, 7#, A座, 3号(2单元), or 0 when n does not
// name a building.
func buildingEnd(text []rune, i int, n number) int {
	rest := text[n.end:]
	if len(n.text) > 3 {
		return 0
	}
	if j := n.end; j < len(text) && (text[j] == '号' || text[j] == '楼' && !n.letter) && unitFollows(text, j+1) {
		return j + 1 // 3号2单元, 3楼2单元
	}
	for _, suffix := range [...]string{"号楼", "#楼", "号住宅楼", "号居民楼", "号栋", "号幢", "栋", "幢", "楼栋"} {
		if !begins(rest, suffix) {
			continue
		}
		end := n.end + len([]rune(suffix))
		dated := i > 0 && text[i-1] == '月' && end < len(text) && strings.ContainsRune("道上下梯顶里", text[end])
		if dated || counted(text, i, n, end) {
			return 0
		}
		return end
	}
	switch {
	case begins(rest, "#"):
		for _, thing := range [...]string{"电梯", "梯", "桩", "充电", "水泵", "泵", "机", "井", "门", "柜", "车", "口", "变"} {
			if begins(rest[1:], thing) {
				return 0
			}
		}
		return n.end + 1
	case begins(rest, "座") && !n.chinese:
		if n.letter || len(rest) == 1 || !strings.ContainsRune("椅凳桥亭山位机", rest[1]) {
			return n.end + 1
		}
	case n.letter && begins(rest, "楼"):
		return n.end + 1
	}
	return 0
}

// counted says that 三栋 is how many, not which.
func counted(text []rune, i int, n number, end int) bool {
	if text[end-1] == '楼' {
		return false
	}
	before := i > 0 && strings.ContainsRune("这那共有整每隔", text[i-1])
	house := end < len(text) && strings.ContainsRune("楼房住", text[end])
	return before && (house || n.chinese) || n.chinese && house && (n.text == "1" || allFollows(text, end)) ||
		i > 1 && text[i-1] == '第' && text[i-2] == '数'
}

func allFollows(text []rune, end int) bool {
	return end+1 < len(text) && (text[end+1] == '都' || text[end+1] == '全')
}

// takeChain keeps 3-2-501, 3-2单元 or, after a building, 2-501.
func (s *spot) takeChain(text []rune, n, m number, follows part) (int, bool) {
	if third, ok := hyphened(text, m.end); ok && isRoom(third) && len(n.text) <= 3 && len(m.text) <= 2 {
		set(&s.building, n.text)
		set(&s.unit, m.text)
		set(&s.room, third.text)
		return third.end, true
	}
	switch {
	case begins(text[m.end:], "单元") && follows != partBuilding && len(n.text) <= 2 && s.building == "":
		set(&s.building, n.text)
		set(&s.unit, m.text)
		return m.end + 2, true
	case follows == partBuilding && isRoom(m) && len(n.text) <= 2:
		set(&s.unit, n.text)
		set(&s.room, m.text)
		return m.end, true
	}
	return 0, false
}

// hyphened reads the number after a hyphen at text[i].
func hyphened(text []rune, i int) (number, bool) {
	if i+1 >= len(text) || !strings.ContainsRune("-—–_/", text[i]) {
		return number{}, false
	}
	return readNumber(text, i+1)
}

// firstOf is n, or the number listed before it: 3、4号楼, 3号和5号楼, 1到3单元.
func firstOf(text []rune, i int, n number) string {
	if n.several { // 三四单元
		return n.text[:1]
	}
	k := i - 1
	if k < 1 || !strings.ContainsRune("、和跟与及到至-~/", text[k]) {
		return n.text
	}
	k--
	if text[k] == '号' {
		k--
	}
	start := k
	for start >= 0 && (isDigit(text[start]) || isNumeral(text[start])) {
		start--
	}
	if start++; start > k || k-start > 2 || start > 0 && strings.ContainsRune("年月.-", text[start-1]) {
		return n.text
	}
	if before, ok := readNumber(text, start); ok && !before.several && len(before.text) <= 2 {
		return before.text
	}
	return n.text
}

// sideUnit reads 东单元, 西单元 and 中单元, as older houses call theirs.
func sideUnit(text []rune, i int) (side string, end int) {
	if strings.ContainsRune("东西中南北", text[i]) && begins(text[i+1:], "单元") && !begins(text[i+3:], "楼") {
		return string(text[i]), i + 3
	}
	return "", 0
}

func unitFollows(text []rune, i int) bool {
	if i >= len(text) {
		return false
	}
	n, ok := readNumber(text, i)
	return ok && begins(text[n.end:], "单元")
}

func isFloor(text []rune, i int, rest []rune) bool {
	switch {
	case begins(rest, "楼"):
		return true
	case begins(rest, "层"):
		counted := i > 0 && strings.ContainsRune("共有总厚一几半", text[i-1])
		return !counted && !begins(rest, "层楼") && !begins(rest, "层皮")
	}
	return false
}

func isRoom(n number) bool { return !n.letter && (len(n.text) == 3 || len(n.text) == 4) }

// measured says that the number before rest counts something: 300块, 1500瓦.
func measured(rest []rune) bool {
	return len(rest) > 0 && strings.ContainsRune("元块度年月日米平瓦斤次个人天号栋幢%万多", rest[0])
}

// joins says that nothing but a small mark stands between two parts of a place.
func joins(text []rune, end, i int) bool {
	return i == end || i == end+1 && strings.ContainsRune(" ,-—的、/_", text[end])
}

func denied(text []rune, i int) bool {
	return i > 1 && text[i-1] == '是' && text[i-2] == '不'
}

func begins(text []rune, prefix string) bool {
	i := 0
	for _, r := range prefix {
		if i >= len(text) || text[i] != r {
			return false
		}
		i++
	}
	return true
}

func set(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

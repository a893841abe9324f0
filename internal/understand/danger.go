package understand

// The reach, in runes, of words that turn a danger into talk about it.
const (
	fearReach   = 6
	talkReach   = 4
	denialReach = 3
)

// danger is the index of the first danger in order of the rules that is told as
// happening; -1 when there is none.
func (s *scan) danger() int {
	best := -1
	for _, k := range s.risks {
		if (best < 0 || k.danger < best) && s.real(k) {
			best = k.danger
		}
	}
	return best
}

// real says that a risk is told as happening: not feared, not talked about, not
// denied, not over.
func (s *scan) real(k risk) bool {
	if s.denied(k.start) || s.denied(k.second) {
		return false
	}
	now := s.inSentence(markNow, k)
	if !now && (s.before(markFeared, k, fearReach) || s.after(markTalked, k, talkReach)) {
		return false
	}
	if !s.r.dangers[k.danger].passing || now {
		return true
	}
	return !s.before(markNearly, k, fearReach) && !s.inSentence(markPast, k) && !s.inSentence(markHabit, k) &&
		(len(s.marks[markDone]) == 0 || len(s.marks[markRelapse]) > 0)
}

// denied says that 没, 没有, 不是, 未 stands just before i: 没着火, 没有煤气味.
func (s *scan) denied(i int32) bool {
	for j := i - 1; j >= 0 && j >= i-denialReach && !endsClause(s.text[j]); j-- {
		switch s.text[j] {
		case '没', '未', '无':
			return j == i-1 || s.text[j+1] == '有' || s.text[j+1] == '闻' || s.text[j+1] == '见' || s.text[j+1] == '发'
		case '不':
			return s.text[j+1] == '是'
		}
	}
	return false
}

// before says that a mark ends at most reach runes before k with no clause ending
// between, or stands between the two words of k.
func (s *scan) before(m mark, k risk, reach int32) bool {
	for _, h := range s.marks[m] {
		if h.end <= k.second && h.end+reach >= k.start && !s.parted(h.end, k.start) {
			return true
		}
	}
	return false
}

func (s *scan) after(m mark, k risk, reach int32) bool {
	for _, h := range s.marks[m] {
		if h.start >= k.end && h.start <= k.end+reach && !s.parted(k.end, h.start) {
			return true
		}
	}
	return false
}

// parted says that a clause ends in text[from:to].
func (s *scan) parted(from, to int32) bool {
	for i := from; i < to; i++ {
		if endsClause(s.text[i]) {
			return true
		}
	}
	return false
}

func (s *scan) inSentence(m mark, k risk) bool {
	for _, h := range s.marks[m] {
		if s.sentence[h.start] == s.sentence[k.start] {
			return true
		}
	}
	return false
}

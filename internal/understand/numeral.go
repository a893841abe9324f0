package understand

import "strconv"

// number is a number or letter that may name a building, a unit or a room.
type number struct {
	text    string // Arabic digits, letters upper case
	end     int    // index after it
	chinese bool   // written with Chinese numerals
	several bool   // Chinese digits side by side without 十: 三四, or 五零一
	letter  bool   // holds a letter
}

func chineseDigit(r rune) int {
	switch r {
	case '零', '〇', '○':
		return 0
	case '一', '壹':
		return 1
	case '二', '贰':
		return 2
	case '三', '叁':
		return 3
	case '四', '肆':
		return 4
	case '五', '伍':
		return 5
	case '六', '陆':
		return 6
	case '七', '柒':
		return 7
	case '八', '捌':
		return 8
	case '九', '玖':
		return 9
	}
	return -1
}

func isTen(r rune) bool     { return r == '十' || r == '拾' }
func isHundred(r rune) bool { return r == '百' || r == '佰' }

func isNumeral(r rune) bool { return chineseDigit(r) >= 0 || isTen(r) || isHundred(r) }

// readNumber reads the number that begins at text[i]; ok is false when none does
// or when i lies inside one.
func readNumber(text []rune, i int) (n number, ok bool) {
	r := text[i]
	if i > 0 && (isPlain(text[i-1]) && isPlain(r) || text[i-1] == '.' && isDigit(r)) {
		return n, false
	}
	if isPlain(r) {
		return readPlain(text, i)
	}
	if isNumeral(r) && (i == 0 || !isNumeral(text[i-1])) {
		return readChinese(text, i)
	}
	return n, false
}

// readPlain reads 3, 12, 501, a, a3 or 3a.
func readPlain(text []rune, i int) (number, bool) {
	j, letters := i, 0
	buf := make([]byte, 0, 8)
	for ; j < len(text) && isPlain(text[j]); j++ {
		if len(buf) == 5 {
			return number{}, false
		}
		c := byte(text[j])
		if !isDigit(text[j]) {
			letters++
			c -= 'a' - 'A'
		}
		buf = append(buf, c)
	}
	if letters > 1 || j < len(text) && text[j] == '.' && j+1 < len(text) && isDigit(text[j+1]) {
		return number{}, false
	}
	for len(buf) > 1 && buf[0] == '0' { // 03号楼 is 3号楼
		buf = buf[1:]
	}
	return number{text: string(buf), end: j, letter: letters == 1}, string(buf) != "0"
}

// readChinese reads 三, 十二, 二十一, 一百零三, 三四 or 五零一.
func readChinese(text []rune, i int) (number, bool) {
	j := i
	placed := false // has 十 or 百
	for ; j < len(text) && isNumeral(text[j]); j++ {
		placed = placed || isTen(text[j]) || isHundred(text[j])
	}
	if j-i > 6 {
		return number{}, false
	}
	n := number{end: j, chinese: true}
	if !placed {
		value := 0
		for _, r := range text[i:j] {
			value = value*10 + chineseDigit(r)
		}
		n.text, n.several = strconv.Itoa(value), j-i > 1
		return n, value > 0
	}
	sum, digit := 0, -1
	for k, r := range text[i:j] {
		switch {
		case isHundred(r):
			if digit < 1 || sum > 0 {
				return number{}, false
			}
			sum, digit = digit*100, -1
		case isTen(r):
			if digit == 0 || sum%100 != 0 {
				return number{}, false
			}
			if digit < 0 {
				digit = 1
			}
			sum, digit = sum+digit*10, -1
		default:
			d := chineseDigit(r)
			if digit > 0 || digit == 0 && k == 0 {
				return number{}, false
			}
			digit = d
		}
	}
	if digit > 0 {
		sum += digit
	}
	n.text = strconv.Itoa(sum)
	return n, sum > 0
}

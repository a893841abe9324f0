package activity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// Errors of codes.
var (
	ErrCode      = errs.New(errs.Invalid, "checkin_code_wrong", "签到码不对，请扫现场屏幕上的最新二维码，或输入屏幕上的 6 位数字").At("code", "签到码不对")
	ErrCodeStale = errs.New(errs.Conflict, "checkin_code_stale", "签到码已过期，请扫现场屏幕上最新的二维码")
	ErrCodeUsed  = errs.New(errs.Conflict, "checkin_code_used", "这个签到码您已用过，请等屏幕换出新码再扫")
	ErrTries     = errs.New(errs.TooMany, "checkin_tries", "输错的次数太多，请五分钟后再试，或请组织人在名单上为您签到")
)

const (
	stepLong   = 30 * time.Second // how long a changing code stands
	stepSlack  = 1                // steps by which a code may be old or early
	macLong    = 10               // bytes of a code's signature
	fixedStep  = -1               // of the printed code
	triesMost  = 10               // wrong codes of a person in five minutes
	digitsLong = 6
)

// Code is what the screen at an activity shows now, or what is printed there.
type Code struct {
	Text   string    // in the QR code
	Digits string    // to be typed; empty of the printed one
	Until  time.Time // when the next one comes; zero of the printed one
}

var (
	codeText   = regexp.MustCompile(`^A([0-9A-Z]{1,13})-([0-9A-Z]{1,13})-([0-9A-F]{20})$`)
	codeDigits = regexp.MustCompile(`^\d{6}$`)
)

// Codes are the codes of an activity: the changing one, and the printed one
// when it has a fence. For who organises or helps. Errors: ErrUnknown, ErrNotYours.
func (s *Service) Codes(ctx context.Context, by org.Actor, id int64) (now, printed Code, err error) {
	a, err := s.run(ctx, by, id)
	if err != nil {
		return now, printed, err
	}
	key, err := s.codeKey(ctx, a, true)
	if err != nil {
		return now, printed, err
	}
	step := stepOf(s.Now())
	now = Code{textOf(key, id, step), digitsOf(key, id, step), time.UnixMilli((step + 1) * stepLong.Milliseconds())}
	if a.Fence > 0 {
		printed.Text = textOf(key, id, fixedStep)
	}
	return now, printed, nil
}

func stepOf(t time.Time) int64 { return t.UnixMilli() / stepLong.Milliseconds() }

func sign(key []byte, what string, id, step int64) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(what))
	_ = binary.Write(h, binary.BigEndian, [2]int64{id, step})
	return h.Sum(nil)
}

func textOf(key []byte, id, step int64) string {
	when := "S"
	if step != fixedStep {
		when = strconv.FormatInt(step, 36)
	}
	return strings.ToUpper("A" + strconv.FormatInt(id, 36) + "-" + when + "-" + hex.EncodeToString(sign(key, "code", id, step)[:macLong]))
}

func digitsOf(key []byte, id, step int64) string {
	n := binary.BigEndian.Uint64(sign(key, "digits", id, step)) % 1_000_000
	return fmt.Sprintf("%0*d", digitsLong, n)
}

// codeKey opens the key of an activity's codes; the first who asks for a code
// makes it. A nil key is that of no code.
func (s *Service) codeKey(ctx context.Context, a Activity, made bool) ([]byte, error) {
	if a.CodeKey == "" {
		if !made {
			return nil, nil
		}
		raw := make([]byte, sha256.Size)
		if _, err := rand.Read(raw); err != nil {
			return nil, err
		}
		sealed := s.Members.Keys.Seal(base64.RawStdEncoding.EncodeToString(raw), keyPlace(a.ID))
		err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
			if err := tx.Exec("UPDATE activities SET code_key = ? WHERE id = ? AND code_key = ''", sealed, a.ID).Error; err != nil {
				return err
			}
			return tx.Raw("SELECT code_key FROM activities WHERE id = ?", a.ID).Scan(&a.CodeKey).Error
		})
		if err != nil {
			return nil, err
		}
	}
	plain, err := s.Members.Keys.Open(a.CodeKey, keyPlace(a.ID))
	if err != nil {
		return nil, err
	}
	return base64.RawStdEncoding.DecodeString(plain)
}

func keyPlace(id int64) string { return fmt.Sprintf("activities.code_key/%d", id) }

// read finds which activity and step a code is of. Digits are looked for among
// the activities of the person that are on. Errors: ErrCode, ErrTries.
func (s *Service) read(ctx context.Context, person int64, code string) (Activity, int64, error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	a, step, err := Activity{}, int64(0), error(ErrCode)
	if found := codeText.FindStringSubmatch(code); found != nil {
		a, step, err = s.readText(ctx, code, found)
	} else if codeDigits.MatchString(code) {
		a, step, err = s.readDigits(ctx, person, code)
	}
	if errs.From(err).Code != ErrCode.Code {
		return a, step, err
	}
	n, counted := s.KV.Incr(ctx, "checkin-tries:"+strconv.FormatInt(person, 10), 5*time.Minute)
	if counted == nil && n > triesMost {
		err = ErrTries
	}
	return a, step, err
}

func (s *Service) readText(ctx context.Context, code string, found []string) (Activity, int64, error) {
	id, bad := strconv.ParseInt(found[1], 36, 64)
	step := int64(fixedStep)
	if found[2] != "S" && bad == nil {
		step, bad = strconv.ParseInt(found[2], 36, 64)
	}
	if bad != nil {
		return Activity{}, 0, ErrCode
	}
	a, err := one(s.DB.Read(ctx), id)
	if err != nil {
		return a, 0, ErrCode.Because(err)
	}
	key, err := s.codeKey(ctx, a, false)
	if err != nil {
		return a, 0, err
	}
	if key == nil || !hmac.Equal([]byte(textOf(key, id, step)), []byte(code)) {
		return a, 0, ErrCode
	}
	return a, step, nil
}

// readDigits tries the activities that the person may check in to now. The
// limit of tries comes first: a million numbers are soon tried.
func (s *Service) readDigits(ctx context.Context, person int64, digits string) (Activity, int64, error) {
	if kept, ok, err := s.KV.Get(ctx, "checkin-tries:"+strconv.FormatInt(person, 10)); err == nil && ok {
		if n, _ := strconv.Atoi(kept); n >= triesMost {
			return Activity{}, 0, ErrTries
		}
	}
	now := s.Now()
	r := s.Rules().CheckIn
	var mine []Activity
	err := s.DB.Read(ctx).Raw(`SELECT a.* FROM activity_signups g JOIN activities a ON a.id = g.activity_id
WHERE g.person_id = ? AND g.state = ? AND a.starts_at <= ? AND a.ends_at >= ?`, person, Seated,
		now.UnixMilli()+int64(r.Early)*time.Minute.Milliseconds(), now.UnixMilli()-int64(r.Late)*time.Minute.Milliseconds()).Scan(&mine).Error
	if err != nil {
		return Activity{}, 0, err
	}
	for _, a := range mine {
		key, err := s.codeKey(ctx, a, false)
		if err != nil {
			return a, 0, err
		}
		for step := stepOf(now) - stepSlack; key != nil && step <= stepOf(now)+stepSlack; step++ {
			if hmac.Equal([]byte(digitsOf(key, a.ID, step)), []byte(digits)) {
				return a, step, nil
			}
		}
	}
	return Activity{}, 0, ErrCode
}

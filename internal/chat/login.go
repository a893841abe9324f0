package chat

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"time"

	"fenlin/internal/errs"
	"fenlin/internal/member"
)

// Errors of signing in by a code from the chat.
var (
	ErrLoginCode  = errs.New(errs.Invalid, "login_code", "登录码不对或已过期。请在公众号里重新发送「登录」")
	ErrLoginTries = errs.New(errs.TooMany, "login_tries", "试登录码的人太多，请一分钟后再试，或者在微信里打开汾邻")
)

const (
	loginLife = 5 * time.Minute
	loginMany = 300 // tries a minute of everybody together, right ones too: 1,500 guesses at 100,000,000 codes while one lives
)

// login gives a code of eight digits with which a page on a computer, where
// nobody is in WeChat, becomes this person's.
func (c *turn) login(ctx context.Context) (string, error) {
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(100_000_000))
		if err != nil {
			return "", err
		}
		code := fmt.Sprintf("%08d", n)
		free, err := c.KV.SetNX(ctx, "login:"+code, strconv.FormatInt(c.who.ID, 10), loginLife)
		if err != nil {
			return "", err
		}
		if free {
			return "登录码 " + code[:4] + " " + code[4:] + "\n五分钟内有效，只能用一次。请填在您自己打开的汾邻网页里，不要告诉别人。没有要登录，就不用管它。", nil
		}
	}
}

var aLoginCode = regexp.MustCompile(`^\d{8}$`)

// Redeem returns who asked for a sign-in code; a code works once. Beyond
// loginMany nobody's works, because a guess that hits must not either, nor while
// the store that counts is away. Errors: ErrLoginCode, ErrLoginTries.
func (s *Service) Redeem(ctx context.Context, code string) (member.Person, error) {
	if !aLoginCode.MatchString(code) {
		return member.Person{}, ErrLoginCode
	}
	tries, err := s.KV.Incr(ctx, "login-tries", time.Minute)
	if err != nil {
		return member.Person{}, err
	}
	if tries > loginMany {
		return member.Person{}, ErrLoginTries
	}
	id, ok, err := s.KV.Get(ctx, "login:"+code)
	if err != nil {
		return member.Person{}, err
	}
	if !ok {
		return member.Person{}, ErrLoginCode
	}
	first, err := s.KV.SetNX(ctx, "login-used:"+code, "1", 2*loginLife)
	if err != nil {
		return member.Person{}, err
	}
	if !first {
		return member.Person{}, ErrLoginCode
	}
	person, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return member.Person{}, err
	}
	return s.Members.Person(ctx, person)
}

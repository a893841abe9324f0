// Package errs is the one kind of error that may be shown to a person: a kind
// that the web maps to an HTTP status, a stable code for programs, and a
// Chinese message. Any other error is a fault and is shown as ErrBusy.
package errs

import "errors"

// Kind says what went wrong in the terms a caller can act on.
type Kind int

// The kinds, from the caller's mistakes to our own.
const (
	Invalid      Kind = iota + 1 // the request cannot be understood or is out of range
	Unauthorized                 // nobody is signed in, or the session has ended
	Forbidden                    // signed in, but not allowed
	NotFound                     // no such thing, or not visible to the caller
	Conflict                     // the thing is not in a state that allows this
	TooLarge                     // the body is over its limit
	TooMany                      // a rate limit is reached
	Unavailable                  // something we need is away; try again
)

// Field is one field of a request that was refused.
type Field struct {
	Name    string `json:"name" doc:"path of the field in the request body or query"`
	Message string `json:"message" doc:"what is wrong, in Chinese"`
}

// Error is an error with a message that a person may see.
type Error struct {
	Kind    Kind
	Code    string  // stable, lower snake case
	Message string  // Chinese, complete sentence, says what to do
	Fields  []Field // what is wrong where; may be empty
	cause   error
}

// New makes an error value; keep it in a package variable and compare with errors.Is.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// ErrBusy stands for every fault that is not the caller's.
var ErrBusy = New(Unavailable, "busy", "系统繁忙，请稍后再试")

// Error is for logs; it holds the cause.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is says that two errors with one code are the same error.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Because is the same error with a cause for the logs.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Say is the same error with a message that fits the case better.
func (e *Error) Say(message string) *Error {
	c := *e
	c.Message = message
	return &c
}

// At is the same error naming a field that is wrong.
func (e *Error) At(name, message string) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), Field{name, message})
	return &c
}

// From is the Error in err's chain; a fault becomes ErrBusy with err as its cause.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return ErrBusy.Because(err)
}

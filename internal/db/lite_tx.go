package db

import (
	"context"
	"errors"
)

// txError is the error of a transaction with a failed statement: the function's
// own if it made one, else the statement's.
func txError(own, statement error) error {
	if own != nil {
		return own
	}
	return statement
}

// liteTxSession runs the statements of one mutation on the write connection.
type liteTxSession struct {
	conn  *liteConn
	err   error // of the first statement that failed
	fault bool  // and it was not a constraint
}

func (s *liteTxSession) failed(err error) error {
	if err == nil || errors.Is(err, ErrNoRows) || errors.Is(err, errNested) {
		return err
	}
	if e, ok := errors.AsType[callbackError](err); ok {
		return e.error
	}
	s.fault = liteFault(err)
	s.err = liteError(err)
	return s.err
}

func (s *liteTxSession) scan(sql string, args, dest []any) error {
	if s.err != nil {
		return s.err
	}
	return s.failed(s.conn.scan(context.Background(), sql, args, dest, true))
}

func (s *liteTxSession) each(sql string, args []any, fn func(Row) error) error {
	if s.err != nil {
		return s.err
	}
	return s.failed(s.conn.each(context.Background(), sql, args, fn))
}

func (s *liteTxSession) exec(sql string, args []any) (int64, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.conn.exec(context.Background(), sql, args)
	return n, s.failed(err)
}

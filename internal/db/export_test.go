package db

// SetFault installs a hook that runs before every statement of the SQLite
// writers' own (BEGIN, SAVEPOINT, COMMIT, ...) and may replace it by an error.
func SetFault(c *Config, hook func(path, sql string) error) { c.liteFault = hook }

// Qualify replaces qualifiers in a statement.
func Qualify(sql, qualifier, with string) string { return qualify(sql, qualifier, with) }

// BatchMutations is the bound of one commit, QueueLength that of the queue.
const (
	BatchMutations = batchMutations
	QueueLength    = queueLength
)

// LimitHandles changes the bound of open environments, also on PostgreSQL.
func LimitHandles(s *Set, n int) { s.handles.limit = n }

// Placeholders is the number of arguments that a statement needs.
func Placeholders(sql string) int { return placeholders(sql) }

// Committed is err as the answer of a statement that was executed nevertheless.
func Committed(err error) error { return faultAfter{err} }

// LiteError gives an error of SQLite or of its files its kind.
func LiteError(err error) error { return liteError(err) }

// Dir is the data directory of a SQLite set.
func Dir(s *Set) string { return s.engine.(*liteEngine).dir }

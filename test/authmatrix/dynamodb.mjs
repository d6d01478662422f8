// A little of DynamoDB: condition expressions on one item, and values in its JSON.

/** A value out of DynamoDB's JSON. */
export function plain(v) {
  if (v === undefined || v === null || 'NULL' in v) return null;
  if ('L' in v) return v.L.map(plain);
  if ('SS' in v) return v.SS;
  return Object.values(v)[0];
}

/** Whether an item satisfies a condition: comparisons by =, contains, attribute_exists and attribute_not_exists, with AND, OR, NOT. */
export function satisfies(condition, item) {
  const tokens = condition.expression.match(/[()=,]|[#:]?\w+/g);
  let at = 0;
  const next = (want) => {
    const t = tokens[at++];
    if (want && t !== want) throw new Error(`${want} expected in ${condition.expression}, found ${t}`);
    return t;
  };
  const operand = (t) => (t.startsWith(':') ? plain(condition.expressionValues[t]) : item?.[condition.expressionNames?.[t] ?? t] ?? null);
  const or = () => {
    let yes = and();
    while (tokens[at] === 'OR') yes = (next(), and()) || yes;
    return yes;
  };
  const and = () => {
    let yes = term();
    while (tokens[at] === 'AND') yes = (next(), term()) && yes;
    return yes;
  };
  const term = () => {
    const t = next();
    if (t === '(') {
      const yes = or();
      next(')');
      return yes;
    }
    if (t === 'NOT') return !term();
    if (t === 'attribute_exists' || t === 'attribute_not_exists') {
      next('(');
      const there = operand(next()) !== null;
      next(')');
      return there === (t === 'attribute_exists');
    }
    if (t === 'contains') {
      next('(');
      const [list, , value] = [operand(next()), next(','), operand(next())];
      next(')');
      return list !== null && value !== null && list.includes(value);
    }
    next('=');
    const other = operand(next());
    return operand(t) !== null && operand(t) === other;
  };
  const yes = or();
  if (at !== tokens.length) throw new Error(`more after ${tokens.slice(0, at).join(' ')}`);
  return yes;
}

//! A SELECT of the one-off dialect over rows in memory: of relations that Postgres does not have.

use crate::Error;
use crate::evaluate::{column, holds};
use crate::plan::{Comparison, Operand, Plan, Predicate};
use crate::resolve::CheckedOutput;
use crate::row::RowReader;
use crate::schema::Schema;

/// How often a row is looked at for one SELECT: whoever joins a table with itself often enough asks for any number.
pub const MAX_STEPS: usize = 1_000_000;

/// Evaluates a SELECT whose plans are bound. `rows` has those of each relation of the schema; an answer of more than `max_bytes`
/// is refused.
///
/// # Errors
///
/// [`Error::TooMuchWork`], [`Error::MalformedRow`]; [`Error::Misfit`] for plans of another schema.
pub fn select_in_memory<R: AsRef<[u8]>>(
    plans: &[Plan],
    output: &CheckedOutput,
    limit: Option<u64>,
    schema: &Schema,
    rows: &[Vec<R>],
    max_bytes: usize,
) -> Result<Vec<Vec<u8>>, Error> {
    let is_count = matches!(output, CheckedOutput::Count(_));
    let most = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut search = Search {
        output,
        most: if is_count { usize::MAX } else { most },
        max_bytes,
        steps: 0,
        bytes: 0,
        count: 0,
        found: Vec::new(),
    };
    for plan in plans {
        let mut relations = Vec::with_capacity(plan.relations.len());
        for id in &plan.relations {
            let (Some(relation), Some(rows)) = (schema.relations.get(*id), rows.get(*id)) else {
                return Err(Error::Misfit { problem: "unknown relation" });
            };
            relations.push((RowReader::new(relation), rows.as_slice()));
        }
        search.walk(plan, &relations, &conditions(plan), &mut Vec::new())?;
    }
    if is_count && most > 0 {
        return Ok(vec![search.count.to_le_bytes().to_vec()]);
    }
    Ok(search.found)
}

/// What must hold once the row of each relation is chosen, as early as that can be said.
fn conditions(plan: &Plan) -> Vec<Vec<Predicate>> {
    let mut conditions = vec![Vec::new(); plan.relations.len()];
    let joins = plan
        .joins
        .iter()
        .map(|(left, right)| Predicate::Compare(*left, Comparison::Eq, Operand::Column(*right)));
    for condition in joins.chain(plan.filter.conjuncts().iter().cloned()) {
        if let Some(place) = conditions.get_mut(last_relation(&condition)) {
            place.push(condition);
        }
    }
    conditions
}

fn last_relation(predicate: &Predicate) -> usize {
    match predicate {
        Predicate::Constant(_) => 0,
        Predicate::And(parts) | Predicate::Or(parts) => {
            parts.iter().map(last_relation).max().unwrap_or_default()
        }
        Predicate::Compare(left, _, Operand::Column(right)) => left.relation.max(right.relation),
        Predicate::Compare(left, ..) => left.relation,
    }
}

struct Search<'a> {
    output: &'a CheckedOutput,
    most: usize,
    max_bytes: usize,
    steps: usize,
    bytes: usize,
    count: u64,
    found: Vec<Vec<u8>>,
}

impl Search<'_> {
    /// Chooses a row of the next relation. As deep as a query has relations.
    fn walk<'r, R: AsRef<[u8]>>(
        &mut self,
        plan: &Plan,
        relations: &'r [(RowReader, &'r [R])],
        conditions: &[Vec<Predicate>],
        chosen: &mut Vec<Option<(&'r RowReader, &'r [u8])>>,
    ) -> Result<(), Error> {
        let (Some((reader, rows)), Some(conditions_here)) =
            (relations.get(chosen.len()), conditions.get(chosen.len()))
        else {
            return self.take(plan, chosen);
        };
        for row in *rows {
            if self.found.len() >= self.most {
                break;
            }
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(Error::TooMuchWork { max: MAX_STEPS });
            }
            chosen.push(Some((reader, row.as_ref())));
            let mut fits = true;
            for condition in conditions_here {
                fits = fits && holds(condition, chosen)?;
            }
            if fits {
                self.walk(plan, relations, conditions, chosen)?;
            }
            chosen.pop();
        }
        Ok(())
    }

    fn take(&mut self, plan: &Plan, chosen: &[Option<(&RowReader, &[u8])>]) -> Result<(), Error> {
        let row = match self.output {
            CheckedOutput::Count(_) => {
                self.count += 1;
                return Ok(());
            }
            CheckedOutput::Rows => {
                let returned = chosen.get(plan.returned).copied().flatten();
                returned.ok_or(Error::Misfit { problem: "unknown relation" })?.1.to_vec()
            }
            CheckedOutput::Columns(columns) => {
                let values = columns.iter().map(|(at, _)| column(chosen, *at));
                values.collect::<Result<Vec<_>, _>>()?.concat()
            }
        };
        self.bytes += row.len();
        if self.bytes > self.max_bytes {
            return Err(Error::TooLongAnswer { max: self.max_bytes });
        }
        self.found.push(row);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::select_in_memory;
    use crate::sample::schema;
    use crate::{Access, CheckedStatement, Error, VisibilityRules, check_statement, parse_statement};

    fn member(user_id: u32, room: u64, note: &str) -> Vec<u8> {
        let length = u32::try_from(note.len()).expect("short");
        let parts = [&user_id.to_le_bytes()[..], &room.to_le_bytes(), &length.to_le_bytes(), note.as_bytes()];
        parts.concat()
    }

    fn answer(text: &str, members: Vec<Vec<u8>>) -> Result<Vec<Vec<u8>>, Error> {
        let statement = parse_statement(text)?;
        let rules = VisibilityRules::default();
        let checked = check_statement(&statement, &schema(), &rules, Access::Owner, &[0; 32])?;
        let CheckedStatement::Select { plans, output, limit } = checked else { panic!("no SELECT") };
        let rows = [Vec::new(), members, Vec::new(), Vec::new()];
        select_in_memory(&plans, &output, limit, &schema(), &rows, 1000)
    }

    fn members() -> Vec<Vec<u8>> {
        vec![member(1, 10, "a"), member(2, 10, "b"), member(3, 11, "a")]
    }

    #[test]
    fn conditions_columns_counts_and_limits() {
        let [a, b, c] = [0, 1, 2].map(|at| members()[at].clone());
        let numbers = |ids: &[u32]| ids.iter().map(|id| id.to_le_bytes().to_vec()).collect::<Vec<_>>();
        let count = |n: u64| vec![n.to_le_bytes().to_vec()];
        for (text, expected) in [
            ("SELECT * FROM member", vec![a.clone(), b.clone(), c.clone()]),
            ("SELECT * FROM member WHERE room = 10 AND (note = 'b' OR user_id = 3)", vec![b.clone()]),
            ("SELECT user_id FROM member WHERE note = 'a'", numbers(&[1, 3])),
            ("SELECT user_id FROM member LIMIT 2", numbers(&[1, 2])),
            ("SELECT * FROM member LIMIT 0", vec![]),
            ("SELECT COUNT(*) AS n FROM member WHERE room = 10", count(2)),
            ("SELECT COUNT(*) AS n FROM member LIMIT 1", count(3)),
            ("SELECT COUNT(*) AS n FROM member LIMIT 0", vec![]),
            (
                "SELECT y.user_id FROM member x JOIN member y ON x.room = y.room WHERE x.note = 'b'",
                numbers(&[1, 2]),
            ),
            // Without ON every pair counts.
            ("SELECT COUNT(*) AS n FROM member x JOIN member y JOIN member z", count(27)),
        ] {
            assert_eq!(answer(text, members()).expect(text), expected, "{text}");
        }
    }

    #[test]
    fn work_and_answers_are_bounded() {
        let many: Vec<_> = (0..200).map(|id| member(id, 1, "")).collect();
        let cross = "SELECT COUNT(*) AS n FROM member x JOIN member y JOIN member z";
        assert!(matches!(answer(cross, many.clone()), Err(Error::TooMuchWork { .. })));
        assert!(matches!(answer("SELECT * FROM member", many), Err(Error::TooLongAnswer { .. })));
    }
}

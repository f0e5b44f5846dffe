//! Client visibility filters: from the module's queries to conditions of row policies.
//!
//! A filter over one table becomes a plain condition, so that indexes serve it. One with joins becomes a function that
//! belongs to the module's owner: it reads tables the client may not read, and cannot recurse into the policy it is part
//! of. Tables joined are seen through their own filters, the filtered table itself is not (wire.md §4.6).

use std::cell::RefCell;

use spacetime_definition::{Definition, Type};
use spacetime_query::syntax::{
    Column, Comparison, Expression, Literal, Name, Operand, Projection, Query, Relation,
};

use super::names::Names;
use crate::catalog::{StoredColumn, StoredRule, StoredRuleFunction, StoredTable};
use crate::error::{Error, Result};
use crate::pg::name::{literal, quote, quote_qualified};

/// Evaluated once per query, not per row.
const SENDER: &str = "(SELECT spacetime.sender())";

/// What a filter needs to know of its module.
struct Filters<'a> {
    definition: &'a Definition,
    tables: &'a [StoredTable],
    schema: &'a str,
    /// Filter texts, parsed, with the table each returns rows of.
    queries: Vec<(usize, &'a str, Query)>,
}

/// One relation of a query: its table, and how its columns are written.
struct Source<'a> {
    name: &'a str,
    table: usize,
    column: Box<dyn Fn(usize) -> String + 'a>,
}

/// What an operand is, as far as comparing goes.
enum Typed<'a> {
    Column(String, &'a Type, &'a StoredColumn),
    Literal(&'a Literal),
    Sender,
}

/// The rules of each table, in the order of the definition.
pub(super) fn compile(
    definition: &Definition,
    tables: &[StoredTable],
    schema: &str,
    functions: &mut Names,
) -> Result<Vec<Vec<StoredRule>>> {
    let mut filters = Filters { definition, tables, schema, queries: Vec::new() };
    for text in &definition.row_level_security {
        let query = spacetime_query::parse(text).map_err(|error| refused(text, &error.to_string()))?;
        let table = filters.returned_table(&query).map_err(|problem| refused(text, &problem))?;
        filters.queries.push((table, text, query));
    }
    let mut rules: Vec<Vec<StoredRule>> = tables.iter().map(|_| Vec::new()).collect();
    for (table, text, query) in &filters.queries {
        let rule = filters.rule(*table, query, functions).map_err(|problem| refused(text, &problem))?;
        rules[*table].push(rule);
    }
    Ok(rules)
}

fn refused(text: &str, problem: &str) -> Error {
    Error::InvalidModule(format!("its client visibility filter `{text}` is refused: {problem}"))
}

type Compiled<T> = std::result::Result<T, String>;

impl<'a> Filters<'a> {
    fn find_table(&self, name: &Name) -> Compiled<usize> {
        self.definition
            .table_by_name(&name.text)
            .ok_or_else(|| format!("there is no table `{}` ({})", name.text, name.position))
    }

    /// Position of the relation whose rows the query returns: 0 is the first.
    fn returned(query: &Query) -> Compiled<usize> {
        match &query.projection {
            Projection::All if query.joins.is_empty() => Ok(0),
            Projection::All => Err("a query with joins must name the table whose rows it returns".into()),
            Projection::Relation(name) => relation_names(query)
                .iter()
                .position(|known| **known == name.text)
                .ok_or_else(|| format!("there is no relation `{}` ({})", name.text, name.position)),
        }
    }

    fn returned_table(&self, query: &Query) -> Compiled<usize> {
        let relations = relations(query);
        let table = self.find_table(&relations[Self::returned(query)?].table)?;
        if !self.definition.tables[table].is_public {
            let name = &self.definition.tables[table].name;
            return Err(format!("table `{name}` is private: only its owner sees any of its rows"));
        }
        Ok(table)
    }

    fn rule(&self, table: usize, query: &Query, functions: &mut Names) -> Compiled<StoredRule> {
        let stored = &self.tables[table];
        if query.joins.is_empty() {
            let column = |at: usize| quote(&stored.columns[at].pg_name);
            let condition = self.condition(query, &column, &mut vec![table])?;
            return Ok(StoredRule { condition, function: None });
        }
        let used = RefCell::new(Vec::new());
        let column = |at: usize| {
            let mut used = used.borrow_mut();
            let known = used.iter().position(|known| *known == at).unwrap_or_else(|| {
                used.push(at);
                used.len() - 1
            });
            format!("${}", known + 1)
        };
        let body = self.condition(query, &column, &mut vec![table])?;
        let used = used.into_inner();
        let name = functions.choose(&format!("spacetime_rls_{}", stored.pg_name));
        let name = quote_qualified(self.schema, &name);
        let types: Vec<_> = used.iter().map(|at| stored.columns[*at].sql_type.as_str()).collect();
        let arguments: Vec<_> = used.iter().map(|at| quote(&stored.columns[*at].pg_name)).collect();
        let signature = format!("{name}({})", types.join(", "));
        Ok(StoredRule {
            condition: format!("{name}({})", arguments.join(", ")),
            function: Some(StoredRuleFunction {
                create: format!(
                    "CREATE FUNCTION {signature} RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE \
                     SET search_path = pg_catalog, pg_temp SET \"TimeZone\" = 'UTC' SET \"DateStyle\" = 'ISO' AS {}",
                    literal(&format!("SELECT {body}"))
                ),
                signature,
            }),
        })
    }

    /// What must be true of a row of the returned table, whose columns `row` writes. `path`: the tables whose filters are
    /// being written out.
    fn condition(
        &self,
        query: &Query,
        row: &dyn Fn(usize) -> String,
        path: &mut Vec<usize>,
    ) -> Compiled<String> {
        let returned = Self::returned(query)?;
        let (relations, names) = (relations(query), relation_names(query));
        let depth = path.len();
        let mut sources: Vec<Source<'_>> = Vec::new();
        let mut from = Vec::new();
        for (at, (relation, name)) in relations.iter().zip(&names).enumerate() {
            if sources.iter().any(|source| source.name == *name) {
                return Err(format!("two relations are called `{name}`"));
            }
            let table = self.find_table(&relation.table)?;
            if at != returned && self.definition.tables[table].is_event {
                return Err(format!("event table `{}` has no rows to join", relation.table.text));
            }
            let column: Box<dyn Fn(usize) -> String> = if at == returned {
                Box::new(row)
            } else {
                let alias = format!("r{depth}_{at}");
                from.push((table, alias.clone()));
                Box::new(move |at| format!("{alias}.{}", quote(&self.tables[table].columns[at].pg_name)))
            };
            sources.push(Source { name, table, column });
        }
        let mut conditions = Vec::new();
        for (left, right) in query.joins.iter().filter_map(|join| join.on.as_ref()) {
            let (left, right) = (self.column(left, &sources)?, self.column(right, &sources)?);
            conditions.push(compared(left, Comparison::Eq, right)?);
        }
        if let Some(filter) = &query.filter {
            conditions.push(self.expression(filter, &sources)?);
        }
        for (table, alias) in &from {
            conditions.extend(self.nested(*table, alias, path)?);
        }
        let conditions = if conditions.is_empty() { "true".into() } else { conditions.join(" AND ") };
        if from.is_empty() {
            return Ok(conditions);
        }
        let from: Vec<_> = from
            .iter()
            .map(|(table, alias)| {
                format!("{} {alias}", quote_qualified(self.schema, &self.tables[*table].pg_name))
            })
            .collect();
        Ok(format!("EXISTS (SELECT FROM {} WHERE {conditions})", from.join(", ")))
    }

    /// The filters of a table that a filter joins.
    fn nested(&self, table: usize, alias: &str, path: &mut Vec<usize>) -> Compiled<Option<String>> {
        // The table that is being filtered is seen whole.
        if path.last() == Some(&table) {
            return Ok(None);
        }
        let own: Vec<_> = self.queries.iter().filter(|(of, ..)| *of == table).collect();
        if own.is_empty() {
            return Ok(None);
        }
        if path.contains(&table) {
            let name = &self.definition.tables[table].name;
            return Err(format!("Discovered cyclic dependency when resolving RLS rules for table `{name}`"));
        }
        path.push(table);
        let row = |at: usize| format!("{alias}.{}", quote(&self.tables[table].columns[at].pg_name));
        let rules = own
            .iter()
            .map(|(_, _, query)| self.condition(query, &row, path))
            .collect::<Compiled<Vec<_>>>()?;
        path.pop();
        Ok(Some(format!("({})", rules.join(" OR "))))
    }

    fn expression(&self, expression: &Expression, sources: &[Source<'a>]) -> Compiled<String> {
        let joined = |parts: &[Expression], word: &str| {
            let parts =
                parts.iter().map(|part| self.expression(part, sources)).collect::<Compiled<Vec<_>>>()?;
            Ok(format!("({})", parts.join(word)))
        };
        match expression {
            Expression::And(parts) => joined(parts, " AND "),
            Expression::Or(parts) => joined(parts, " OR "),
            Expression::Compare(left, comparison, right) => {
                compared(self.operand(left, sources)?, *comparison, self.operand(right, sources)?)
            }
            Expression::Operand(Operand::Literal(Literal::Bool(value), _)) => Ok(value.to_string()),
            Expression::Operand(operand) => match self.operand(operand, sources)? {
                Typed::Column(sql, Type::Bool, _) => Ok(sql),
                _ => Err("a condition must be a comparison or a bool column".into()),
            },
        }
    }

    fn operand<'q>(&'q self, operand: &'q Operand, sources: &[Source<'a>]) -> Compiled<Typed<'q>> {
        match operand {
            Operand::Column(column) => self.column(column, sources),
            Operand::Literal(literal, _) => Ok(Typed::Literal(literal)),
            Operand::Sender(_) => Ok(Typed::Sender),
        }
    }

    fn column(&self, column: &Column, sources: &[Source<'_>]) -> Compiled<Typed<'_>> {
        let source = match &column.relation {
            Some(name) => sources
                .iter()
                .find(|source| source.name == name.text)
                .ok_or_else(|| format!("there is no relation `{}` ({})", name.text, name.position))?,
            None if sources.len() == 1 => &sources[0],
            None => {
                let name = &column.name;
                return Err(format!(
                    "column `{}` ({}) must be qualified in a query with joins",
                    name.text, name.position
                ));
            }
        };
        let table = &self.definition.tables[source.table];
        let at = table.column_by_name(&column.name.text).ok_or_else(|| {
            format!("table `{}` has no column `{}` ({})", table.name, column.name.text, column.name.position)
        })?;
        let stored = &self.tables[source.table].columns[at];
        Ok(Typed::Column((source.column)(at), &table.columns[at].ty, stored))
    }
}

fn relations(query: &Query) -> Vec<&Relation> {
    std::iter::once(&query.from).chain(query.joins.iter().map(|join| &join.relation)).collect()
}

fn relation_names(query: &Query) -> Vec<&str> {
    relations(query)
        .into_iter()
        .map(|relation| relation.alias.as_ref().unwrap_or(&relation.table).text.as_str())
        .collect()
}

fn compared(left: Typed<'_>, comparison: Comparison, right: Typed<'_>) -> Compiled<String> {
    let operator = match comparison {
        Comparison::Eq => "=",
        Comparison::Ne => "<>",
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Gt => ">",
        Comparison::Ge => ">=",
    };
    let (left, right) = match (&left, &right) {
        (Typed::Column(a, left, _), Typed::Column(b, right, _)) => {
            if left != right || !is_comparable(left) {
                return Err(format!("columns of types {left:?} and {right:?} cannot be compared"));
            }
            (a.clone(), b.clone())
        }
        (Typed::Column(column, ty, stored), other) => (column.clone(), constant(other, ty, stored)?),
        (other, Typed::Column(column, ty, stored)) => (constant(other, ty, stored)?, column.clone()),
        _ => return Err("one side of a comparison must be a column".into()),
    };
    Ok(format!("{left} {operator} {right}"))
}

fn is_comparable(ty: &Type) -> bool {
    !matches!(ty, Type::ScheduleAt | Type::Array(_) | Type::Option(_) | Type::Product(_) | Type::Sum(_))
}

/// A literal or `:sender`, as a value of a column's type.
fn constant(operand: &Typed<'_>, ty: &Type, column: &StoredColumn) -> Compiled<String> {
    use Type as T;
    let cast = |text: &str| Ok(format!("{}::{}", literal(text), column.sql_type));
    match (operand, ty) {
        (Typed::Sender, T::Identity | T::Bytes) => Ok(SENDER.into()),
        (Typed::Literal(Literal::Bool(value)), T::Bool) => Ok(value.to_string()),
        (Typed::Literal(Literal::Hex(digits)), T::Identity | T::ConnectionId | T::Bytes) => {
            if digits.len() % 2 != 0 {
                return Err(format!("0x{digits} has half a byte"));
            }
            Ok(format!("{}::bytea", literal(&format!("\\x{digits}"))))
        }
        (Typed::Literal(Literal::Number(digits)), T::F32 | T::F64) => cast(digits),
        (Typed::Literal(Literal::Number(digits)), ty) if is_integer(ty) => {
            match digits.trim_start_matches(['+', '-']).bytes().all(|byte| byte.is_ascii_digit()) {
                true => cast(digits),
                false => Err(format!("{digits} is no integer")),
            }
        }
        (Typed::Literal(Literal::String(text)), T::String | T::Timestamp | T::Uuid) => cast(text),
        (Typed::Sender, _) => Err(format!("column `{}` holds no identity, as :sender does", column.name)),
        _ => Err(format!("column `{}` cannot be compared with this literal", column.name)),
    }
}

fn is_integer(ty: &Type) -> bool {
    use Type::*;
    matches!(ty, I8 | U8 | I16 | U16 | I32 | U32 | I64 | U64 | I128 | U128 | I256 | U256)
}

//! From the syntax tree to a plan: names, visibility, types.

mod statement;

use spacetime_definition::Type;

use crate::plan::{ColumnRef, Operand, Plan, Predicate};
use crate::schema::{RelationId, Schema, StoredRelation};
use crate::syntax::{self, Comparison, Expression, Name, Projection};
use crate::{Error, Position, literal};

pub use statement::{CheckedOutput, CheckedStatement, answer_columns, check_statement};

/// Most relations of a query: the combinations that a planner looks at grow exponentially.
pub const MAX_RELATIONS: usize = 16;

/// With whose eyes a query is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Sees private tables, and no visibility rule applies.
    Owner,
    /// Everybody else.
    Client,
}

/// Checks a query against a schema.
///
/// # Errors
///
/// Every error of this crate with a position.
pub fn check(query: &syntax::Query, schema: &Schema, access: Access) -> Result<Plan, Error> {
    let (scope, joins) = Scope::of(query, schema, access)?;
    let returned = scope.returned(query)?;
    let filter = scope.filter(query.filter.as_ref())?;
    let relations = scope.relations.iter().map(|bound| bound.id).collect();
    Ok(with_joins_of_filter(Plan { relations, returned, joins, filter }))
}

/// `JOIN` without `ON`: an equality in WHERE is the join condition (wire.md §4.2).
fn with_joins_of_filter(mut plan: Plan) -> Plan {
    let mut rest = Predicate::Constant(true);
    // An equality within one relation connects nothing, also if it was written after ON.
    let (joins, own) = plan.joins.into_iter().partition(|(left, right)| left.relation != right.relation);
    plan.joins = joins;
    for (left, right) in own {
        rest = rest.and(Predicate::Compare(left, Comparison::Eq, Operand::Column(right)));
    }
    for part in plan.filter.conjuncts() {
        match part {
            Predicate::Compare(left, Comparison::Eq, Operand::Column(right))
                if left.relation != right.relation =>
            {
                plan.joins.push((*left, *right));
            }
            other => rest = rest.and(other.clone()),
        }
    }
    plan.filter = rest;
    plan
}

struct Scope<'a> {
    schema: &'a Schema,
    access: Access,
    relations: Vec<Bound<'a>>,
}

struct Bound<'a> {
    id: RelationId,
    /// The alias; without one the name as written.
    name: String,
    relation: &'a StoredRelation,
}

enum Side<'a> {
    Column(ColumnRef, &'a Type),
    Literal(&'a syntax::Literal, Position),
    Sender(Position),
}

type JoinConditions = Vec<(ColumnRef, ColumnRef)>;

impl<'a> Scope<'a> {
    /// The relations of a query, and what `ON` demands.
    fn of(
        query: &syntax::Query,
        schema: &'a Schema,
        access: Access,
    ) -> Result<(Self, JoinConditions), Error> {
        let mut scope = Scope { schema, access, relations: Vec::new() };
        scope.add(&query.from)?;
        let mut joins = Vec::new();
        for join in &query.joins {
            scope.add(&join.relation)?;
            if let Some((left, right)) = &join.on {
                joins.push(scope.join_condition(left, right)?);
            }
        }
        Ok((scope, joins))
    }

    fn filter(&self, filter: Option<&Expression>) -> Result<Predicate, Error> {
        filter.map_or(Ok(Predicate::Constant(true)), |expression| self.predicate(expression))
    }

    fn add(&mut self, relation: &syntax::Relation) -> Result<(), Error> {
        let table = &relation.table;
        if self.relations.len() == MAX_RELATIONS {
            return Err(Error::TooManyRelations { position: table.position });
        }
        let found = self.schema.find(&table.text).and_then(|id| Some((id, self.schema.relations.get(id)?)));
        let visible = found.filter(|(_, found)| found.is_public || self.access == Access::Owner);
        let Some((id, stored)) = visible else {
            return Err(Error::NoSuchTable { position: table.position, name: table.text.clone() });
        };
        let name = relation.alias.as_ref().unwrap_or(table);
        if self.relations.iter().any(|bound| bound.name == name.text) {
            return Err(Error::DuplicateName { position: name.position, name: name.text.clone() });
        }
        self.relations.push(Bound { id, name: name.text.clone(), relation: stored });
        Ok(())
    }

    fn returned(&self, query: &syntax::Query) -> Result<usize, Error> {
        match &query.projection {
            Projection::Relation(name) => self.relation(name),
            Projection::All if self.relations.len() == 1 => Ok(0),
            Projection::All => Err(Error::AmbiguousProjection { position: query.from.table.position }),
        }
    }

    fn relation(&self, name: &Name) -> Result<usize, Error> {
        let found = self.relations.iter().position(|bound| bound.name == name.text);
        found.ok_or_else(|| not_in_scope(name))
    }

    fn column(&self, column: &syntax::Column) -> Result<(ColumnRef, &'a Type), Error> {
        let relation = match &column.relation {
            Some(name) => self.relation(name)?,
            None if self.relations.len() == 1 => 0,
            None => return Err(not_in_scope(&column.name)),
        };
        let stored = self.relations.get(relation).map(|bound| bound.relation);
        let found = stored.and_then(|stored| {
            let position = stored.find(&column.name.text)?;
            Some((ColumnRef { relation, column: position }, &stored.columns.get(position)?.ty))
        });
        found.ok_or_else(|| not_in_scope(&column.name))
    }

    fn join_condition(
        &self,
        left: &syntax::Column,
        right: &syntax::Column,
    ) -> Result<(ColumnRef, ColumnRef), Error> {
        let position = left.name.position;
        let (left, left_type) = self.column(left)?;
        let (right, right_type) = self.column(right)?;
        check_types(left_type, right_type, position)?;
        Ok((left, right))
    }

    fn predicate(&self, expression: &Expression) -> Result<Predicate, Error> {
        let all = |parts: &[Expression]| -> Result<Vec<Predicate>, Error> {
            parts.iter().map(|part| self.predicate(part)).collect()
        };
        match expression {
            Expression::And(parts) => {
                Ok(all(parts)?.into_iter().fold(Predicate::Constant(true), Predicate::and))
            }
            Expression::Or(parts) => Ok(Predicate::Or(all(parts)?)),
            Expression::Compare(left, comparison, right) => self.comparison(left, *comparison, right),
            Expression::Operand(operand) => self.condition(operand),
        }
    }

    fn condition(&self, operand: &syntax::Operand) -> Result<Predicate, Error> {
        match operand {
            syntax::Operand::Literal(syntax::Literal::Bool(value), _) => Ok(Predicate::Constant(*value)),
            syntax::Operand::Literal(_, position) | syntax::Operand::Sender(position) => {
                Err(Error::UnresolvedLiteral { position: *position })
            }
            syntax::Operand::Column(name) => {
                let (column, ty) = self.column(name)?;
                if *ty != Type::Bool {
                    return Err(Error::NotABool {
                        position: name.name.position,
                        name: name.name.text.clone(),
                        ty: ty.describe(),
                    });
                }
                let is_true = literal::typed(&syntax::Literal::Bool(true), ty, name.name.position)?;
                Ok(Predicate::Compare(column, Comparison::Eq, Operand::Literal(is_true)))
            }
        }
    }

    fn side<'b>(&self, operand: &'b syntax::Operand) -> Result<Side<'b>, Error>
    where
        'a: 'b,
    {
        Ok(match operand {
            syntax::Operand::Column(name) => {
                let (column, ty) = self.column(name)?;
                Side::Column(column, ty)
            }
            syntax::Operand::Literal(literal, position) => Side::Literal(literal, *position),
            syntax::Operand::Sender(position) => Side::Sender(*position),
        })
    }

    /// The column goes left, whichever side it was written on.
    fn comparison(
        &self,
        left: &syntax::Operand,
        comparison: Comparison,
        right: &syntax::Operand,
    ) -> Result<Predicate, Error> {
        let position = position_of(left);
        let (column, ty, comparison, other) = match (self.side(left)?, self.side(right)?) {
            (Side::Column(column, ty), other) => (column, ty, comparison, other),
            (other, Side::Column(column, ty)) => (column, ty, comparison.mirrored(), other),
            _ => return Err(Error::UnresolvedLiteral { position }),
        };
        let operand = match other {
            Side::Column(other, other_type) => {
                check_types(ty, other_type, position)?;
                Operand::Column(other)
            }
            Side::Literal(literal, position) => {
                check_comparable(ty, position)?;
                Operand::Literal(literal::typed(literal, ty, position)?)
            }
            Side::Sender(_) if matches!(ty, Type::Identity | Type::Bytes) => Operand::Sender(ty.clone()),
            Side::Sender(position) => {
                return Err(Error::Mismatch {
                    position,
                    left: "`:sender`, an Identity,".to_owned(),
                    right: ty.describe(),
                });
            }
        };
        Ok(Predicate::Compare(column, comparison, operand))
    }
}

impl Comparison {
    /// The comparison with its sides exchanged.
    fn mirrored(self) -> Self {
        match self {
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
            symmetric => symmetric,
        }
    }
}

fn position_of(operand: &syntax::Operand) -> Position {
    match operand {
        syntax::Operand::Column(column) => column.name.position,
        syntax::Operand::Literal(_, position) | syntax::Operand::Sender(position) => *position,
    }
}

fn not_in_scope(name: &Name) -> Error {
    Error::NotInScope { position: name.position, name: name.text.clone() }
}

fn check_types(left: &Type, right: &Type, position: Position) -> Result<(), Error> {
    check_comparable(left, position)?;
    if left == right {
        return Ok(());
    }
    Err(Error::Mismatch { position, left: left.describe(), right: right.describe() })
}

fn check_comparable(ty: &Type, position: Position) -> Result<(), Error> {
    if is_comparable(ty) {
        return Ok(());
    }
    Err(Error::Incomparable { position, ty: ty.describe() })
}

/// The types with equality and order in queries (wire.md §4.2).
fn is_comparable(ty: &Type) -> bool {
    ty.is_integer()
        || ty.is_float()
        || matches!(
            ty,
            Type::Bool
                | Type::String
                | Type::Bytes
                | Type::Identity
                | Type::ConnectionId
                | Type::Timestamp
                | Type::Uuid
        )
}

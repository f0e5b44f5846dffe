//! The checked form of a query. Equal plans over one schema have equal rows, so `Eq` and `Hash` find the distinct
//! queries of many clients.

use serde::{Deserialize, Serialize};
use spacetime_definition::Type;

use crate::schema::RelationId;
pub use crate::syntax::Comparison;

/// Which rows of one relation a query returns, and how often.
///
/// A row of `relations[returned]` is returned once for each combination with rows of the other relations that
/// satisfies all `joins` and the `filter`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// As written, from left to right; a self join has the same relation twice.
    pub relations: Vec<RelationId>,
    /// Position in `relations`.
    pub returned: usize,
    /// Pairs of columns of the same type that must be equal.
    pub joins: Vec<(ColumnRef, ColumnRef)>,
    pub filter: Predicate,
}

/// A column of one of the plan's relations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ColumnRef {
    /// Position in [`Plan::relations`].
    pub relation: usize,
    /// Position in the relation's columns.
    pub column: usize,
}

/// A condition; as deep as the query's parentheses.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Predicate {
    Constant(bool),
    /// Not empty.
    And(Vec<Predicate>),
    /// Not empty.
    Or(Vec<Predicate>),
    Compare(ColumnRef, Comparison, Operand),
}

/// The right side of a comparison, of the type of the column on the left.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operand {
    Column(ColumnRef),
    Literal(Value),
    /// The caller's identity, not bound yet; the column is an Identity or a byte array.
    Sender(Type),
}

/// A value of a comparable type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    pub ty: Type,
    /// Canonical: one zero and one NaN.
    pub bsatn: Vec<u8>,
}

impl Plan {
    /// Position in the schema of the relation whose rows are returned.
    pub fn returned_relation(&self) -> RelationId {
        self.relations.get(self.returned).copied().unwrap_or_default()
    }

    /// The plan with `:sender` replaced by an identity (little endian, as in BSATN).
    #[must_use]
    pub fn bind(mut self, sender: &[u8; 32]) -> Self {
        self.filter.bind(sender);
        self
    }

    /// All rows of one relation.
    pub fn all_of(relation: RelationId) -> Self {
        Self { relations: vec![relation], returned: 0, joins: Vec::new(), filter: Predicate::Constant(true) }
    }

    /// The conditions that the plan makes on the relation at `position` alone, as of a query of that relation only.
    #[must_use]
    pub fn local_filter(&self, position: usize) -> Predicate {
        let local = self.filter.conjuncts().iter().filter(|part| part.is_local_to(position));
        let moved = vec![0; self.relations.len()];
        local.fold(Predicate::Constant(true), |all, part| all.and(part.clone().relocate(&moved)))
    }

    /// Whether the rows depend on who asks.
    pub fn uses_sender(&self) -> bool {
        self.filter.any(&mut |operand| matches!(operand, Operand::Sender(_)))
    }
}

impl Predicate {
    /// Both conditions; chains stay flat.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Constant(true), only) | (only, Self::Constant(true)) => only,
            (Self::And(mut left), Self::And(right)) => {
                left.extend(right);
                Self::And(left)
            }
            (Self::And(mut left), right) => {
                left.push(right);
                Self::And(left)
            }
            (left, Self::And(mut right)) => {
                right.insert(0, left);
                Self::And(right)
            }
            (left, right) => Self::And(vec![left, right]),
        }
    }

    /// The conditions that must all hold.
    pub(crate) fn conjuncts(&self) -> &[Self] {
        match self {
            Self::And(parts) => parts,
            only => std::slice::from_ref(only),
        }
    }

    fn any(&self, found: &mut impl FnMut(&Operand) -> bool) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.any(found)),
            Self::Compare(_, _, operand) => found(operand),
        }
    }

    fn bind(&mut self, sender: &[u8; 32]) {
        match self {
            Self::Constant(_) => {}
            Self::And(parts) | Self::Or(parts) => parts.iter_mut().for_each(|part| part.bind(sender)),
            Self::Compare(_, _, operand) => {
                if let Operand::Sender(ty) = operand {
                    *operand = Operand::Literal(Value::of_sender(ty.clone(), sender));
                }
            }
        }
    }

    /// The condition with the columns of relation `n` taken from relation `positions[n]`.
    #[must_use]
    pub(crate) fn relocate(mut self, positions: &[usize]) -> Self {
        self.relocate_columns(&mut |column| {
            column.relation = positions.get(column.relation).copied().unwrap_or(column.relation);
        });
        self
    }

    fn relocate_columns(&mut self, change: &mut impl FnMut(&mut ColumnRef)) {
        match self {
            Self::Constant(_) => {}
            Self::And(parts) | Self::Or(parts) => {
                parts.iter_mut().for_each(|part| part.relocate_columns(change));
            }
            Self::Compare(column, _, operand) => {
                change(column);
                if let Operand::Column(other) = operand {
                    change(other);
                }
            }
        }
    }

    /// Whether the condition looks at no other relation.
    pub(crate) fn is_local_to(&self, relation: usize) -> bool {
        match self {
            Self::Constant(_) => true,
            Self::And(parts) | Self::Or(parts) => parts.iter().all(|part| part.is_local_to(relation)),
            Self::Compare(column, _, operand) => {
                column.relation == relation
                    && !matches!(operand, Operand::Column(other) if other.relation != relation)
            }
        }
    }
}

impl Value {
    fn of_sender(ty: Type, sender: &[u8; 32]) -> Self {
        let bsatn = if ty == Type::Bytes {
            // Bytes show an identity as its hex reads: big endian.
            32_u32.to_le_bytes().into_iter().chain(sender.iter().rev().copied()).collect()
        } else {
            sender.to_vec()
        };
        Self { ty, bsatn }
    }
}

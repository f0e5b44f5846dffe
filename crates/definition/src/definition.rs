//! What a module consists of, after validation and naming.

use serde::{Deserialize, Serialize};

use crate::types::{Field, Product, Type};

/// Generation of the definition, which also decides how guests are called (module-abi.md §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Abi {
    /// Rust and C# 1.x.
    V9,
    /// Rust, C# and C++ 2.x.
    V10,
}

/// A validated module definition. All names are canonical unless a field says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    pub abi: Abi,
    pub tables: Vec<Table>,
    /// Position is the raw reducer id that `__call_reducer__` takes: never filter or sort.
    pub reducers: Vec<Reducer>,
    /// Position is the raw procedure id that `__call_procedure__` takes: never filter or sort.
    pub procedures: Vec<Procedure>,
    pub views: Vec<View>,
    /// Named types in declaration order, without recursive ones (no column or parameter can have such a type).
    pub types: Vec<NamedType>,
    /// SQL texts, written with canonical names.
    pub row_level_security: Vec<String>,
    /// Source names, in declaration order: position is the raw handler id.
    pub http_handlers: Vec<String>,
    pub http_routes: Vec<HttpRoute>,
    pub environment: Vec<EnvironmentVariable>,
}

/// Configuration that the module reads by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentVariable {
    pub name: String,
    /// The values it may have; `None` is any.
    pub allowed: Option<Vec<String>>,
    /// Whether the module can do without a value.
    pub is_optional: bool,
}

/// A type with a name, scope and name joined with `.`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedType {
    pub name: String,
    pub ty: Type,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    /// Name in the guest's source; V10 guests ask for tables by it.
    pub source_name: String,
    /// Name of the row's type.
    pub row_type_name: Option<String>,
    pub columns: Vec<Column>,
    pub primary_key: Option<usize>,
    pub indexes: Vec<Index>,
    pub unique_constraints: Vec<UniqueConstraint>,
    pub sequences: Vec<Sequence>,
    pub schedule: Option<Schedule>,
    pub is_public: bool,
    /// Rows live for one call only (module-abi.md §4.9).
    pub is_event: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub source_name: String,
    pub ty: Type,
    /// BSATN of the value for rows that exist when the column is added; exactly one value of `ty`.
    pub default: Option<Vec<u8>>,
}

/// The algorithm that the module asked for; it decides which scans are legal (module-abi.md §4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IndexAlgorithm {
    BTree,
    Hash,
    Direct,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    pub name: String,
    /// Other names under which guests ask for it: those made of source names. Never contains `name`.
    pub aliases: Vec<String>,
    /// Name of the accessor in generated client code.
    pub accessor: Option<String>,
    pub algorithm: IndexAlgorithm,
    /// Positions of the columns in index order; not empty, without repetition.
    pub columns: Vec<usize>,
    /// Some unique constraint covers exactly this set of columns.
    pub is_unique: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueConstraint {
    pub name: String,
    /// Not empty, without repetition; some index has the same set of columns.
    pub columns: Vec<usize>,
}

/// An auto-increment column (module-abi.md §4.7). Absent bounds mean start 1, minimum 1, maximum i128::MAX.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub name: String,
    pub column: usize,
    #[serde(with = "crate::wide_integer::optional")]
    pub start: Option<i128>,
    #[serde(with = "crate::wide_integer::optional")]
    pub min_value: Option<i128>,
    #[serde(with = "crate::wide_integer::optional")]
    pub max_value: Option<i128>,
    /// Never 0.
    #[serde(with = "crate::wide_integer")]
    pub increment: i128,
}

/// Makes a table a scheduled table (module-abi.md §4.8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    pub name: String,
    /// Position of the ScheduleAt column.
    pub at_column: usize,
    /// Canonical name of the reducer or procedure, whose only parameter is the row.
    pub function: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lifecycle {
    Init,
    ClientConnected,
    ClientDisconnected,
}

/// Who may call a function, after the rules of module-abi.md §3.7. Lifecycle reducers are refused to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Visibility {
    /// The module's owner only; to others it does not exist.
    Private,
    ClientCallable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reducer {
    pub name: String,
    pub source_name: String,
    pub params: Vec<Field>,
    pub lifecycle: Option<Lifecycle>,
    pub visibility: Visibility,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    pub name: String,
    pub source_name: String,
    pub params: Vec<Field>,
    pub return_type: Type,
    pub visibility: Visibility,
}

/// What a view returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ViewKind {
    /// An array of rows.
    Rows,
    /// At most one row.
    Option,
    /// A query whose result are the rows.
    Query,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub name: String,
    pub source_name: String,
    /// Raw view id; sender views and anonymous views count separately.
    pub index: u32,
    pub is_public: bool,
    /// Decides which export is called; an anonymous view has the same rows for every sender.
    pub is_anonymous: bool,
    pub params: Vec<Field>,
    /// The shape as declared: array, option or query product of the row type.
    pub return_type: Type,
    /// Canonical names of the columns that identify a row.
    pub primary_key: Option<Vec<String>>,
    pub kind: ViewKind,
    pub row_type: Product,
}

/// A route to an HTTP handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRoute {
    /// Source name of the handler.
    pub handler: String,
    /// Upper case; none for any method.
    pub method: Option<String>,
    pub path: String,
}

impl Table {
    /// The row as a product with canonical field names.
    pub fn row_type(&self) -> Product {
        let fields = self
            .columns
            .iter()
            .map(|column| Field { name: Some(column.name.clone()), ty: column.ty.clone() })
            .collect();
        Product { name: self.row_type_name.clone(), fields }
    }

    /// Position of the column with this canonical name, else this source name.
    pub fn column_by_name(&self, name: &str) -> Option<usize> {
        by_name(&self.columns, name, |column| &column.name, |column| &column.source_name)
    }
}

impl Definition {
    /// Position of the table with this canonical name, else this source name (module-abi.md §3.9).
    pub fn table_by_name(&self, name: &str) -> Option<usize> {
        by_name(&self.tables, name, |table| &table.name, |table| &table.source_name)
    }

    /// Positions of table and index: canonical index names first, then aliases (module-abi.md §3.9).
    pub fn index_by_name(&self, name: &str) -> Option<(usize, usize)> {
        let find = |matches: &dyn Fn(&Index) -> bool| {
            self.tables.iter().enumerate().find_map(|(table, definition)| {
                definition.indexes.iter().position(matches).map(|index| (table, index))
            })
        };
        find(&|index| index.name == name).or_else(|| find(&|index| index.aliases.iter().any(|a| a == name)))
    }

    /// Position of the reducer with this canonical name, else this source name.
    pub fn reducer_by_name(&self, name: &str) -> Option<usize> {
        by_name(&self.reducers, name, |reducer| &reducer.name, |reducer| &reducer.source_name)
    }

    /// Position of the procedure with this canonical name, else this source name.
    pub fn procedure_by_name(&self, name: &str) -> Option<usize> {
        by_name(&self.procedures, name, |procedure| &procedure.name, |procedure| &procedure.source_name)
    }

    /// Position of the view with this canonical name, else this source name.
    pub fn view_by_name(&self, name: &str) -> Option<usize> {
        by_name(&self.views, name, |view| &view.name, |view| &view.source_name)
    }

    /// The callable reducer whose name is a typing mistake away, for "did you mean".
    pub fn similar_reducer(&self, name: &str) -> Option<&str> {
        let tolerance = (name.chars().count() / 3).clamp(1, 4);
        self.reducers
            .iter()
            // A hint must not reveal what the caller is told does not exist.
            .filter(|reducer| reducer.visibility == Visibility::ClientCallable)
            .map(|reducer| (strsim::damerau_levenshtein(name, &reducer.name), reducer.name.as_str()))
            .filter(|(distance, _)| *distance <= tolerance)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, similar)| similar)
    }
}

fn by_name<T>(
    items: &[T],
    name: &str,
    canonical: impl Fn(&T) -> &String,
    source: impl Fn(&T) -> &String,
) -> Option<usize> {
    items
        .iter()
        .position(|item| canonical(item) == name)
        .or_else(|| items.iter().position(|item| source(item) == name))
}

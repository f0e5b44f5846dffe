//! What queries can name: the tables and views of one module.

use spacetime_definition::{Definition, IndexAlgorithm, Table, Type, View};

/// Position of a relation in its [`Schema`].
pub type RelationId = usize;

/// The relations of a module. Plans refer to them by position: a schema that changed needs new plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    pub relations: Vec<StoredRelation>,
}

/// A table, or a view whose rows are kept like a table's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRelation {
    pub name: String,
    /// Name in the guest's source, looked for second.
    pub source_name: String,
    pub columns: Vec<StoredColumn>,
    pub is_public: bool,
    /// Rows live for one commit only.
    pub is_event: bool,
    /// `SELECT * FROM *` means tables only, and only tables can be written.
    pub is_view: bool,
}

/// A column of a [`StoredRelation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredColumn {
    pub name: String,
    pub source_name: String,
    pub ty: Type,
    /// Rows can be found by a value of this column alone.
    pub is_indexed: bool,
}

impl Schema {
    /// Tables at the positions they have in the definition, then the views.
    pub fn of(definition: &Definition) -> Self {
        let tables = definition.tables.iter().map(StoredRelation::of_table);
        let views = definition.views.iter().map(StoredRelation::of_view);
        Self { relations: tables.chain(views).collect() }
    }

    /// Canonical names first, then names of the source.
    pub(crate) fn find(&self, name: &str) -> Option<RelationId> {
        let canonical = self.relations.iter().position(|relation| relation.name == name);
        canonical.or_else(|| self.relations.iter().position(|relation| relation.source_name == name))
    }
}

impl StoredRelation {
    fn of_table(table: &Table) -> Self {
        // Only an index that starts with the column finds rows by it, and a hash index needs all its columns.
        let finds = |column: usize| {
            table.indexes.iter().any(|index| {
                index.columns.first() == Some(&column)
                    && (index.columns.len() == 1 || index.algorithm == IndexAlgorithm::BTree)
            })
        };
        let columns = table.columns.iter().enumerate().map(|(position, column)| StoredColumn {
            name: column.name.clone(),
            source_name: column.source_name.clone(),
            ty: column.ty.clone(),
            is_indexed: finds(position),
        });
        Self {
            name: table.name.clone(),
            source_name: table.source_name.clone(),
            columns: columns.collect(),
            is_public: table.is_public,
            is_event: table.is_event,
            is_view: false,
        }
    }

    fn of_view(view: &View) -> Self {
        let columns = view.row_type.fields.iter().map(|field| {
            let name = field.name.clone().unwrap_or_default();
            // Rows of views are in the memory of whoever evaluates, which finds them by any column.
            StoredColumn { source_name: name.clone(), name, ty: field.ty.clone(), is_indexed: true }
        });
        Self {
            name: view.name.clone(),
            source_name: view.source_name.clone(),
            columns: columns.collect(),
            is_public: view.is_public,
            is_event: false,
            is_view: true,
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let canonical = self.columns.iter().position(|column| column.name == name);
        canonical.or_else(|| self.columns.iter().position(|column| column.source_name == name))
    }
}

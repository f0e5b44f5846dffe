//! From the text of a query to what must be read and watched for it.
//!
//! Three ways to a row, by who asks: the module's owner sees everything; client visibility filters become part of the query
//! (crates/query) and are evaluated here; what only Postgres can decide (operators' policies, and filters that cannot be
//! kept up to date row by row) is read as that user.

use std::sync::Arc;

use bytes::Bytes;
use spacetime_auth::Identity;
use spacetime_definition::{Definition, Product};
use spacetime_query::{
    Access, Error as QueryError, Predicate, RelationId, Schema, Selection, StoredRelation, VisibilityRules,
    one_off, subscribe,
};

use crate::error::{Error, Result};
use crate::postgres::{Module, Policed, Read, Viewer};
use crate::system_tables::SystemQuery;

/// Version 1 names tables by number; numbers below are the server's own tables.
pub(crate) const FIRST_TABLE_ID: u32 = 4097;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    pub(crate) identity: Identity,
    /// Of the token, as JSON.
    pub(crate) claims: Arc<str>,
    /// Owners see private tables, and no rules apply to them.
    pub(crate) is_owner: bool,
}

/// What messages say of a table or view.
#[derive(Debug)]
pub(crate) struct TableInfo {
    /// Canonical name.
    pub(crate) name: String,
    pub(crate) id: u32,
    pub(crate) is_event: bool,
    pub(crate) row: Product,
}

/// Where rows come from. Equal sources have equal rows, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Table(String),
    /// A view, as it is for a sender; for nobody in particular if it does not ask who that is.
    View {
        view: String,
        sender: Identity,
    },
    /// The rows of a table that row policies show somebody, as far as they satisfy a condition.
    Policed {
        table: String,
        filter: Predicate,
        viewer: Arc<Viewer>,
    },
}

/// A source, and the shape of its rows.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) source: Source,
    pub(super) relation: StoredRelation,
    pub(super) row: Arc<Product>,
    /// Tables that derived rows depend on, as far as that is known before they are read; `None` for all there are.
    pub(super) reads: Option<Vec<String>>,
}

impl Origin {
    /// Whether a change of a table can change its rows, as far as that is known before they are read.
    pub(super) fn depends_on(&self, table: &str) -> bool {
        match &self.source {
            Source::Table(name) => name == table,
            Source::View { .. } => false,
            Source::Policed { .. } => {
                self.reads.as_ref().is_none_or(|tables| tables.iter().any(|known| known == table))
            }
        }
    }
}

/// A query that was checked, for one asker.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Of the rows it returns.
    pub(crate) table: Arc<TableInfo>,
    /// Its relations are positions in `origins`.
    pub(super) query: spacetime_query::Plan,
    pub(super) origins: Vec<Origin>,
}

/// What a query needs to know of its module.
struct Planner<'a> {
    module: &'a Module,
    asker: &'a Asker,
    schema: Schema,
    rules: VisibilityRules,
}

/// Checks a query that is to be kept up to date. The rows of the plans together are the query's.
pub(crate) fn plans(module: &Module, asker: &Asker, text: &str) -> Result<Vec<Plan>> {
    SystemQuery::refuse_subscription(text)?;
    let planner = Planner::of(module, asker)?;
    planner
        .plans(text)
        .map_err(|error| Error::Query(format!("{error}, executing: `{text}`")))?
        .into_iter()
        .map(|(plan, policed)| planner.plan(plan, &policed))
        .collect()
}

impl Plan {
    /// What Postgres can estimate the number of its rows by: not of views, whose rows nothing is known of before they are
    /// evaluated, and not of event tables, which have none.
    pub(crate) fn selection(&self) -> Option<Selection> {
        let is_stored = |origin: &Origin| !origin.relation.is_view && !origin.relation.is_event;
        self.origins.iter().all(is_stored).then(|| Selection {
            relations: self.origins.iter().map(|origin| origin.relation.name.clone()).collect(),
            plans: vec![self.query.clone()],
        })
    }

    /// Names of the tables and views it looks at.
    pub(super) fn relations(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().map(|origin| origin.relation.name.as_str())
    }
}

type Checked<T> = std::result::Result<T, QueryError>;

impl<'a> Planner<'a> {
    fn of(module: &'a Module, asker: &'a Asker) -> Result<Self> {
        let mut schema = Schema::of(&module.definition);
        if !asker.is_owner {
            for relation in &mut schema.relations {
                relation.is_public &= !module.rights.closed.contains(&relation.name);
            }
        }
        let rules = VisibilityRules::check(&module.definition.row_level_security, &schema)
            .map_err(|error| Error::Query(error.to_string()))?;
        Ok(Self { module, asker, schema, rules })
    }

    fn access(&self) -> Access {
        if self.asker.is_owner { Access::Owner } else { Access::Client }
    }

    /// Plans, and the relations of each that must be read as the asker.
    fn plans(&self, text: &str) -> Checked<Vec<(spacetime_query::Plan, Vec<RelationId>)>> {
        let free = |plans: Vec<_>| plans.into_iter().map(|plan| (plan, Vec::new())).collect();
        // Without rules: what is wrong then is wrong with the query.
        let plain = subscribe(text, &self.schema, &VisibilityRules::default(), self.access())?;
        if self.asker.is_owner {
            return Ok(free(plain));
        }
        let is_policed = |plan: &spacetime_query::Plan| plan.relations.iter().any(|id| self.is_policed(*id));
        if !plain.iter().any(is_policed) {
            match subscribe(text, &self.schema, &self.rules, Access::Client) {
                Ok(plans) => return Ok(free(plans)),
                // Postgres knows the rules, too.
                Err(error) if is_beyond_rules(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(plain.into_iter().map(|plan| self.with_policed(plan)).collect())
    }

    /// What is known of a table under operators' policies.
    fn policed(&self, relation: RelationId) -> Option<&Policed> {
        let relation = self.schema.relations.get(relation);
        let relation = relation.filter(|relation| !relation.is_view && !relation.is_event)?;
        self.module.rights.policed.iter().find(|policed| policed.name == relation.name)
    }

    fn is_policed(&self, relation: RelationId) -> bool {
        self.policed(relation).is_some()
    }

    fn with_policed(&self, plan: spacetime_query::Plan) -> (spacetime_query::Plan, Vec<RelationId>) {
        let relations = plan.relations.iter().copied();
        let policed = relations.filter(|id| self.is_policed(*id) || self.rules.restricts(*id)).collect();
        (plan, policed)
    }

    fn plan(&self, plan: spacetime_query::Plan, policed: &[RelationId]) -> Result<Plan> {
        let mut plan = plan.bind(&self.asker.identity.to_le_bytes());
        let missing = || Error::Query("the query names a relation that does not exist".into());
        let table = info(&self.module.definition, plan.returned_relation()).ok_or_else(missing)?;
        let mut origins: Vec<Origin> = Vec::new();
        let mut places = Vec::with_capacity(plan.relations.len());
        for (position, id) in plan.relations.iter().enumerate() {
            let relation = self.schema.relations.get(*id).ok_or_else(missing)?;
            let source = self.source(relation, &plan, position, policed.contains(id))?;
            let place = origins.iter().position(|known| known.source == source);
            places.push(place.unwrap_or(origins.len()));
            if place.is_none() {
                let row = info(&self.module.definition, *id).ok_or_else(missing)?.row.clone();
                let reads = self.policed(*id).and_then(|policed| policed.reads.clone());
                origins.push(Origin { source, relation: relation.clone(), row: Arc::new(row), reads });
            }
        }
        plan.relations = places;
        Ok(Plan { table: Arc::new(table), query: plan, origins })
    }

    fn source(
        &self,
        relation: &StoredRelation,
        plan: &spacetime_query::Plan,
        position: usize,
        is_policed: bool,
    ) -> Result<Source> {
        let name = relation.name.clone();
        if relation.is_view {
            let definition = &self.module.definition;
            let view = definition.view_by_name(&name).and_then(|at| definition.views.get(at));
            let is_anonymous = view.is_some_and(|view| view.is_anonymous);
            if view.is_some_and(|view| !view.params.is_empty()) {
                return Err(Error::Query(format!(
                    "view `{name}` has parameters and cannot be subscribed to"
                )));
            }
            let nobody = Identity::from_be_bytes([0; 32]);
            let sender = if is_anonymous { nobody } else { self.asker.identity };
            return Ok(Source::View { view: name, sender });
        }
        if !is_policed {
            return Ok(Source::Table(name));
        }
        if relation.is_event {
            return Err(Error::Query(format!(
                "the visibility rules of the event table `{name}` cannot be evaluated for this query"
            )));
        }
        let viewer = self.viewer();
        // A self join asks for the rows once.
        let occurs = plan.relations.iter().filter(|id| plan.relations.get(position) == Some(id)).count();
        let filter = if occurs == 1 { plan.local_filter(position) } else { Predicate::Constant(true) };
        Ok(Source::Policed { table: name, filter, viewer })
    }

    fn viewer(&self) -> Arc<Viewer> {
        Arc::new(Viewer {
            identity: self.asker.identity,
            claims: Arc::clone(&self.asker.claims),
            role: Arc::clone(&self.module.rights.role),
        })
    }
}

impl Source {
    /// What reads all its rows.
    pub(super) fn read(&self, relation: &StoredRelation, row: &Arc<Product>) -> Read {
        let selection = |filter: &Predicate| Selection {
            relations: vec![relation.name.clone()],
            plans: vec![spacetime_query::Plan { filter: filter.clone(), ..spacetime_query::Plan::all_of(0) }],
        };
        match self {
            Self::Table(_) => Read::Rows { selection: selection(&Predicate::Constant(true)), viewer: None },
            Self::View { view, sender } => {
                Read::View { view: view.clone(), sender: *sender, row: Arc::clone(row) }
            }
            Self::Policed { filter, viewer, .. } => {
                Read::Rows { selection: selection(filter), viewer: Some(Arc::clone(viewer)) }
            }
        }
    }

    /// Whether its changes are not in the change log: its rows must be read again.
    pub(super) fn is_derived(&self) -> bool {
        !matches!(self, Self::Table(_))
    }
}

/// What answers a query that is asked once.
#[derive(Debug)]
pub(super) enum OneOff {
    /// Event tables are always empty.
    Nothing,
    /// Rows of system tables, which are here.
    Rows(Vec<Bytes>),
    Read(Read),
    /// Views are not tables of Postgres' that could be joined with others for somebody else: as if it were subscribed to.
    Subscription(Vec<Plan>),
}

/// Checks a query that is asked once. Gives the table whose rows it returns, and what answers it.
pub(super) fn one_off_plan(module: &Module, asker: &Asker, text: &str) -> Result<(Arc<TableInfo>, OneOff)> {
    let planner = Planner::of(module, asker)?;
    let refused = |error: QueryError| Error::Query(error.to_string());
    let plain = one_off(text, &planner.schema, &VisibilityRules::default(), planner.access());
    let plain = plain.map_err(refused)?;
    let relations = || plain.iter().flat_map(|plan| plan.relations.iter().copied());
    let returned = plain.first().map(spacetime_query::Plan::returned_relation).unwrap_or_default();
    let table = info(&module.definition, returned)
        .ok_or_else(|| Error::Query("the query names a relation that does not exist".into()))?;
    let table = Arc::new(table);
    let has = |is: fn(&StoredRelation) -> bool| {
        relations().any(|id| planner.schema.relations.get(id).is_some_and(is))
    };
    if has(|relation| relation.is_event) {
        return Ok((table, OneOff::Nothing));
    }
    if has(|relation| relation.is_view) {
        return Ok((table, OneOff::Subscription(plans(module, asker, text)?)));
    }
    let mut is_policed = !asker.is_owner && relations().any(|id| planner.is_policed(id));
    let mut plans = plain.clone();
    if !is_policed {
        match one_off(text, &planner.schema, &planner.rules, planner.access()) {
            Ok(ruled) => plans = ruled,
            Err(error) if is_beyond_rules(&error) => is_policed = true,
            Err(error) => return Err(refused(error)),
        }
    }
    let plans: Vec<_> = plans.into_iter().map(|plan| plan.bind(&asker.identity.to_le_bytes())).collect();
    let selection = Selection::new(&plans, &planner.schema);
    let viewer = is_policed.then(|| planner.viewer());
    Ok((table, OneOff::Read(Read::Rows { selection, viewer })))
}

/// Whether visibility rules make more of a query than can be kept up to date row by row.
fn is_beyond_rules(error: &QueryError) -> bool {
    matches!(
        error,
        QueryError::SubscriptionTooWide { .. }
            | QueryError::NoJoinIndex { .. }
            | QueryError::NoJoinCondition
            | QueryError::TooManyFragments { .. }
            | QueryError::EventTableJoined { .. }
    )
}

/// Tables first, then views, as [`Schema::of`] has them.
fn info(definition: &Definition, relation: RelationId) -> Option<TableInfo> {
    let id = FIRST_TABLE_ID.saturating_add(u32::try_from(relation).unwrap_or(u32::MAX));
    if let Some(table) = definition.tables.get(relation) {
        return Some(TableInfo {
            name: table.name.clone(),
            id,
            is_event: table.is_event,
            row: table.row_type(),
        });
    }
    let view = definition.views.get(relation - definition.tables.len())?;
    Some(TableInfo { name: view.name.clone(), id, is_event: false, row: view.row_type.clone() })
}

//! Queries that are asked once. Their rows are read like the first ones of a subscription and have a place among the updates:
//! an answer shows the commits that the client has been told of, and no others.

use std::sync::Arc;

use bytes::Bytes;
use spacetime_wire::RowList;

use super::event::{AppliedTable, ClientId, Event, OneOffId, SetKey, within_answer};
use super::hub::{Shared, Unanswered};
use super::mirror::{Mirror, Part, QueryId};
use super::planning::{Asker, OneOff, Plan, TableInfo, one_off_plan};
use super::stream::Stream;
use crate::changes::Table;
use crate::error::{Error, Result};
use crate::postgres::{Database, Module, Read, Rows};
use crate::system_tables::SystemQuery;

/// A query, and who has asked it.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) client: ClientId,
    pub(crate) id: OneOffId,
    pub(crate) query: OneOffQuery,
    pub(crate) _unanswered: Unanswered,
}

/// A query that was checked.
#[derive(Debug)]
pub(crate) struct OneOffQuery {
    table: Arc<TableInfo>,
    plan: OneOff,
}

type Reading = std::result::Result<Rows, String>;

impl OneOffQuery {
    /// Checks it. The rows of system tables are here with it: no commits are told of them that an answer could be ahead of.
    pub(crate) async fn check(
        database: &Database,
        module: &Arc<Module>,
        asker: &Asker,
        text: &str,
    ) -> Result<Self> {
        if let Some((system, table)) =
            SystemQuery::of_text(text, asker)?.and_then(|system| system.table().map(|table| (system, table)))
        {
            let rows = system.answer(database, module).await?;
            return Ok(Self { table: Arc::new(table), plan: OneOff::Rows(rows) });
        }
        let (table, plan) = one_off_plan(module, asker, text)?;
        let selections = match &plan {
            OneOff::Read(Read::Rows { selection, .. }) => vec![selection.clone()],
            OneOff::Subscription(plans) => plans.iter().filter_map(Plan::selection).collect(),
            OneOff::Nothing | OneOff::Rows(_) | OneOff::Read(Read::View { .. }) => Vec::new(),
        };
        database.check_row_limit(module, asker.is_owner, &selections).await?;
        Ok(Self { table, plan })
    }

    /// What must be read for it.
    fn reads(&self) -> Vec<Read> {
        match &self.plan {
            OneOff::Nothing | OneOff::Rows(_) => Vec::new(),
            OneOff::Read(read) => vec![read.clone()],
            OneOff::Subscription(plans) => {
                let (mirror, _, parts) = subscribed(plans);
                parts.into_iter().filter_map(|part| mirror.read(part)).collect()
            }
        }
    }

    /// Whether changes of tables can change the rows of one of its readings.
    fn depends_on(&self, tables: &[Table]) -> bool {
        match &self.plan {
            OneOff::Nothing | OneOff::Rows(_) => false,
            // Who knows what policies look at.
            OneOff::Read(Read::Rows { viewer: Some(_), .. } | Read::View { .. }) => true,
            OneOff::Read(Read::Rows { selection, viewer: None }) => {
                tables.iter().any(|table| selection.relations.contains(&table.name))
            }
            // A view says what it has looked at; what is joined with it is known before.
            OneOff::Subscription(plans) => {
                let origins = || plans.iter().flat_map(|plan| &plan.origins);
                tables.iter().any(|table| origins().any(|origin| origin.depends_on(&table.name)))
            }
        }
    }

    /// The rows, out of what was read.
    fn answer(&self, read: &[&Rows]) -> Result<AppliedTable> {
        let rows = match &self.plan {
            OneOff::Nothing => RowList::default(),
            OneOff::Rows(rows) => RowList::new(rows)?,
            OneOff::Read(_) => RowList::new(read.iter().flat_map(|read| &read.rows))?,
            OneOff::Subscription(plans) => {
                let (mut mirror, queries, parts) = subscribed(plans);
                let filled: Vec<_> = parts.into_iter().zip(read.iter().copied()).collect();
                if let Some((_, error)) = mirror.fill(&filled, &[]).failed.pop() {
                    return Err(Error::Query(error.to_string()));
                }
                let mut found = Vec::new();
                for query in queries.iter().filter_map(|id| mirror.query(*id)) {
                    found.extend(query.all()?.rows.iter().map(Bytes::copy_from_slice));
                }
                RowList::new(found)?
            }
        };
        let table = AppliedTable { table: Arc::clone(&self.table), rows };
        Ok(within_answer(vec![table])?.remove(0))
    }
}

/// As a subscription that nobody else has.
fn subscribed(plans: &[Plan]) -> (Mirror, Vec<QueryId>, Vec<Part>) {
    let mut mirror = Mirror::default();
    let (mut queries, mut parts) = (Vec::new(), Vec::new());
    for plan in plans {
        let (query, missing) = mirror.subscribe(plan.clone(), (0, SetKey::Legacy));
        queries.push(query);
        parts.extend(missing);
    }
    (mirror, queries, parts)
}

impl Stream {
    /// Begins to read what a question needs.
    pub(super) fn ask(&mut self, question: Question, shared: &mut Shared) {
        self.last_question += 1;
        let number = self.last_question;
        let parts: Vec<_> =
            (0..question.query.reads().len()).map(|nth| Part::Question(number, nth)).collect();
        self.questions.insert(number, question);
        if parts.is_empty() {
            self.answer_question(number, Ok(&[]), shared);
        } else {
            self.load(parts, shared);
        }
    }

    /// What reads a part; `None` for what is not wanted any more.
    pub(super) fn read_of(&self, part: Part) -> Option<Read> {
        match part {
            Part::Question(number, nth) => self.questions.get(&number)?.query.reads().into_iter().nth(nth),
            part => self.mirror.read(part),
        }
    }

    /// Whether changes of tables make what was read of a part outdated.
    pub(super) fn is_outdated(&self, part: Part, read: &Reading, tables: &[Table]) -> bool {
        let is_touched = match part {
            Part::Question(number, _) => {
                self.questions.get(&number).is_some_and(|question| question.query.depends_on(tables))
            }
            part => self.mirror.is_touched(part, tables),
        };
        // By what a view has looked at before, and this time.
        let has_read = |rows: &Rows| tables.iter().any(|table| rows.tables_read.contains(&table.name));
        is_touched || read.as_ref().is_ok_and(has_read)
    }

    /// Answers the questions that rows were read for. The parts of each are read together.
    pub(super) fn answer_questions<'a>(
        &mut self,
        read: impl Iterator<Item = (Part, &'a Reading)>,
        shared: &mut Shared,
    ) {
        let mut found = std::collections::BTreeMap::<u64, Vec<&Reading>>::new();
        for (part, rows) in read {
            if let Part::Question(number, _) = part {
                found.entry(number).or_default().push(rows);
            }
        }
        for (number, readings) in found {
            let rows: std::result::Result<Vec<&Rows>, &String> =
                readings.into_iter().map(|reading| reading.as_ref()).collect();
            let rows = rows.as_deref().map_err(|error| error.as_str());
            self.answer_question(number, rows, shared);
        }
    }

    pub(super) fn answer_question(
        &mut self,
        number: u64,
        read: std::result::Result<&[&Rows], &str>,
        shared: &mut Shared,
    ) {
        let Some(Question { client, id, query, _unanswered }) = self.questions.remove(&number) else {
            return;
        };
        let result = match read {
            Ok(rows) => query.answer(rows).map_err(|error| error.message()),
            Err(error) => Err(error.to_owned()),
        };
        shared.tell(client, Event::OneOff { id, result });
    }
}

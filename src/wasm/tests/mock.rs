//! A host in memory: tables are lists of encoded rows, an index finds the rows that begin with the key.

use std::cell::RefCell;
use std::rc::Rc;

use crate::error::Error;
use crate::wasm::host::{Errno, Host, HostResult, LogRecord, RangeBytes, RowBatch, ScanId};

/// What a test sets up and looks at.
#[derive(Default)]
pub(super) struct World {
    pub(super) tables: Vec<Table>,
    pub(super) logs: Vec<(u8, String)>,
    pub(super) scans: Vec<Option<Vec<Vec<u8>>>>,
    /// Rows per fetch; 0 for as many as wanted.
    pub(super) rows_per_fetch: usize,
    pub(super) scheduled: Vec<(String, Vec<u8>)>,
}

#[derive(Default)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// All indexes: of the columns at the start of the row.
    pub(super) indexes: Vec<&'static str>,
    pub(super) rows: Vec<Vec<u8>>,
    /// The first eight bytes are an auto-increment column.
    pub(super) auto_inc: Option<u64>,
}

/// The [`Host`] the guests of the tests see.
#[derive(Clone, Default)]
pub(super) struct Mock(pub(super) Rc<RefCell<World>>);

/// A stand-in for what pgrx throws when Postgres raises an error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PostgresError(pub(super) &'static str);

pub(super) const FIRST_TABLE: u32 = 4097;

impl Mock {
    pub(super) fn with(tables: Vec<Table>) -> Mock {
        Mock(Rc::new(RefCell::new(World { tables, ..World::default() })))
    }

    pub(super) fn boxed(&self) -> Box<dyn Host> {
        Box::new(self.clone())
    }

    pub(super) fn logs(&self) -> Vec<(u8, String)> {
        self.0.borrow().logs.clone()
    }

    pub(super) fn open_scans(&self) -> usize {
        self.0.borrow().scans.iter().filter(|scan| scan.is_some()).count()
    }

    fn scan(&self, rows: Vec<Vec<u8>>) -> HostResult<ScanId> {
        let mut world = self.0.borrow_mut();
        world.scans.push(Some(rows));
        Ok(ScanId(world.scans.len() as u32 - 1))
    }

    fn on_table<R>(&self, table: u32, act: impl FnOnce(&mut Table) -> R) -> HostResult<R> {
        let mut world = self.0.borrow_mut();
        let place = table.checked_sub(FIRST_TABLE).ok_or(Errno::NoSuchTable)? as usize;
        Ok(act(world.tables.get_mut(place).ok_or(Errno::NoSuchTable)?))
    }

    /// Index ids: the table's id times 16 plus the position among its indexes.
    fn on_index<R>(&self, index: u32, act: impl FnOnce(&mut Table) -> R) -> HostResult<R> {
        self.on_table(index / 16, act).map_err(|_| Errno::NoSuchIndex.into())
    }
}

impl Host for Mock {
    fn table_id(&mut self, name: &str) -> HostResult<u32> {
        match name {
            "fatal" => return Err(Error::NoSuchModule("the host's own".into()).into()),
            "raise" => std::panic::panic_any(PostgresError("division by zero")),
            _ => {}
        }
        let world = self.0.borrow();
        let place = world.tables.iter().position(|table| table.name == name).ok_or(Errno::NoSuchTable)?;
        Ok(FIRST_TABLE + place as u32)
    }

    fn index_id(&mut self, name: &str) -> HostResult<u32> {
        let world = self.0.borrow();
        for (place, table) in world.tables.iter().enumerate() {
            if let Some(index) = table.indexes.iter().position(|index| *index == name) {
                return Ok((FIRST_TABLE + place as u32) * 16 + index as u32);
            }
        }
        Err(Errno::NoSuchIndex.into())
    }

    fn row_count(&mut self, table: u32) -> HostResult<u64> {
        self.on_table(table, |table| table.rows.len() as u64)
    }

    fn scan_table(&mut self, table: u32) -> HostResult<ScanId> {
        let rows = self.on_table(table, |table| table.rows.clone())?;
        self.scan(rows)
    }

    fn scan_index_point(&mut self, index: u32, point: &[u8]) -> HostResult<ScanId> {
        let rows = self.on_index(index, |table| {
            table.rows.iter().filter(|row| row.starts_with(point)).cloned().collect()
        })?;
        self.scan(rows)
    }

    fn scan_index_range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<ScanId> {
        self.scan_index_point(index, range.prefix)
    }

    fn fetch(&mut self, scan: ScanId, bytes_wanted: usize, batch: &mut RowBatch) -> HostResult<bool> {
        let mut world = self.0.borrow_mut();
        let most = match world.rows_per_fetch {
            0 => usize::MAX,
            rows => rows,
        };
        let slot = &mut world.scans[scan.0 as usize];
        let rows = slot.as_mut().expect("fetch from a closed scan");
        let mut given = 0;
        while !rows.is_empty() && given < most && batch.bytes.len() < bytes_wanted {
            batch.bytes.extend_from_slice(&rows.remove(0));
            batch.ends.push(batch.bytes.len());
            given += 1;
        }
        // With a fixed number of rows the end shows only at the next fetch, as with a real scan.
        let more = given == most || !rows.is_empty();
        if !more {
            *slot = None;
        }
        Ok(more)
    }

    fn close_scan(&mut self, scan: ScanId) {
        let closed = self.0.borrow_mut().scans[scan.0 as usize].take();
        assert!(closed.is_some(), "close of a closed scan");
    }

    fn insert(&mut self, table: u32, row: &[u8], generated: &mut Vec<u8>) -> HostResult<()> {
        self.on_table(table, |table| {
            let mut row = row.to_vec();
            if let Some(next) = &mut table.auto_inc
                && row.starts_with(&[0; 8])
            {
                row[..8].copy_from_slice(&next.to_le_bytes());
                generated.extend_from_slice(&next.to_le_bytes());
                *next += 1;
            }
            match table.rows.iter().any(|other| other[..1] == row[..1] && *other != row) {
                true if table.auto_inc.is_none() => Err(Errno::UniqueAlreadyExists.into()),
                _ => {
                    table.rows.push(row);
                    Ok(())
                }
            }
        })?
    }

    fn update(&mut self, table: u32, _: u32, row: &[u8], _: &mut Vec<u8>) -> HostResult<()> {
        self.on_table(table, |table| {
            let key = &row[..8];
            match table.rows.iter_mut().find(|other| other.starts_with(key)) {
                Some(found) => {
                    *found = row.to_vec();
                    Ok(())
                }
                None => Err(Errno::NoSuchRow.into()),
            }
        })?
    }

    fn delete_index_point(&mut self, index: u32, point: &[u8]) -> HostResult<u32> {
        self.on_index(index, |table| {
            let before = table.rows.len();
            table.rows.retain(|row| !row.starts_with(point));
            (before - table.rows.len()) as u32
        })
    }

    fn delete_index_range(&mut self, index: u32, range: RangeBytes<'_>) -> HostResult<u32> {
        self.delete_index_point(index, range.prefix)
    }

    fn delete_equal(&mut self, table: u32, rows: &[u8]) -> HostResult<u32> {
        let one = rows.get(4..).ok_or(Errno::BsatnDecodeError)?;
        self.on_table(table, |table| {
            let before = table.rows.len();
            table.rows.retain(|row| row != one);
            (before - table.rows.len()) as u32
        })
    }

    fn clear(&mut self, table: u32) -> HostResult<u64> {
        self.on_table(table, |table| std::mem::take(&mut table.rows).len() as u64)
    }

    fn module_identity(&self) -> [u8; 32] {
        std::array::from_fn(|place| place as u8)
    }

    fn claims(&mut self, connection_id: [u8; 16]) -> HostResult<Option<String>> {
        Ok((connection_id != [0; 16]).then(|| "{\"sub\":\"x\"}".into()))
    }

    fn env(&mut self, name: &str) -> HostResult<Option<String>> {
        match name {
            "SET" => Ok(Some("yes".into())),
            "EMPTY" => Ok(Some(String::new())),
            _ => Ok(None),
        }
    }

    fn schedule_immediate(&mut self, reducer: &str, args: &[u8]) -> HostResult<()> {
        self.0.borrow_mut().scheduled.push((reducer.into(), args.into()));
        Ok(())
    }

    fn log(&mut self, record: LogRecord<'_>) {
        self.0.borrow_mut().logs.push((record.level, record.message.into()));
    }
}

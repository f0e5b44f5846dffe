//! Writes module definitions as an SDK would, so that each test can break one thing.

#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) const REF: u8 = 0;
pub(crate) const BOOL: [u8; 1] = [5];
pub(crate) const U8: [u8; 1] = [7];
pub(crate) const U32: [u8; 1] = [11];
pub(crate) const I64: [u8; 1] = [12];
pub(crate) const U64: [u8; 1] = [13];
pub(crate) const STRING: [u8; 1] = [4];
pub(crate) const F64: [u8; 1] = [19];

pub(crate) fn count(count: usize) -> Vec<u8> {
    u32::try_from(count).unwrap().to_le_bytes().to_vec()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [count(text.len()), text.into()].concat()
}

pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [count(items.len()), items.concat()].concat()
}

pub(crate) fn some(bytes: Vec<u8>) -> Vec<u8> {
    [vec![0], bytes].concat()
}

pub(crate) fn none() -> Vec<u8> {
    vec![1]
}

pub(crate) fn columns(columns: &[u16]) -> Vec<u8> {
    list(&columns.iter().map(|column| column.to_le_bytes().to_vec()).collect::<Vec<_>>())
}

/// Elements without the tag byte.
pub(crate) fn elements(elements: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<_> = elements.iter().map(|(name, ty)| [some(text(name)), ty.clone()].concat()).collect();
    list(&items)
}

pub(crate) fn product(fields: &[(&str, Vec<u8>)]) -> Vec<u8> {
    [vec![2], elements(fields)].concat()
}

pub(crate) fn sum(variants: &[(&str, Vec<u8>)]) -> Vec<u8> {
    [vec![1], elements(variants)].concat()
}

pub(crate) fn array(element: Vec<u8>) -> Vec<u8> {
    [vec![3], element].concat()
}

pub(crate) fn reference(position: u32) -> Vec<u8> {
    [vec![REF], position.to_le_bytes().to_vec()].concat()
}

pub(crate) fn option(inner: Vec<u8>) -> Vec<u8> {
    sum(&[("some", inner), ("none", product(&[]))])
}

pub(crate) fn schedule_at() -> Vec<u8> {
    sum(&[
        ("Interval", product(&[("__time_duration_micros__", I64.into())])),
        ("Time", product(&[("__timestamp_micros_since_unix_epoch__", I64.into())])),
    ])
}

pub(crate) fn index(source_name: Option<&str>, algorithm: u8, indexed: &[u16]) -> Vec<u8> {
    let name = source_name.map_or_else(none, |name| some(text(name)));
    let columns = if algorithm == 2 { indexed[0].to_le_bytes().to_vec() } else { columns(indexed) };
    [name, none(), vec![algorithm], columns].concat()
}

pub(crate) fn unique(constrained: &[u16]) -> Vec<u8> {
    [none(), vec![0], columns(constrained)].concat()
}

pub(crate) fn sequence(
    column: u16,
    start: Option<i128>,
    min: Option<i128>,
    max: Option<i128>,
    increment: i128,
) -> Vec<u8> {
    let bound = |value: Option<i128>| value.map_or_else(none, |value| some(value.to_le_bytes().to_vec()));
    [
        none(),
        column.to_le_bytes().to_vec(),
        bound(start),
        bound(min),
        bound(max),
        increment.to_le_bytes().to_vec(),
    ]
    .concat()
}

#[derive(Clone, Default)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) product: u32,
    pub(crate) primary_key: Vec<u16>,
    pub(crate) indexes: Vec<Vec<u8>>,
    pub(crate) constraints: Vec<Vec<u8>>,
    pub(crate) sequences: Vec<Vec<u8>>,
    pub(crate) is_private: bool,
    pub(crate) defaults: Vec<(u16, Vec<u8>)>,
    pub(crate) is_event: bool,
    /// At-column and function.
    pub(crate) schedule: Option<(u16, &'static str)>,
}

impl Table {
    fn common(&self) -> Vec<u8> {
        [
            text(self.name),
            self.product.to_le_bytes().to_vec(),
            columns(&self.primary_key),
            list(&self.indexes),
            list(&self.constraints),
            list(&self.sequences),
        ]
        .concat()
    }

    fn v10(&self) -> Vec<u8> {
        let defaults: Vec<_> = self
            .defaults
            .iter()
            .map(|(column, value)| {
                [column.to_le_bytes().to_vec(), count(value.len()), value.clone()].concat()
            })
            .collect();
        let flags = vec![1, u8::from(self.is_private)];
        [self.common(), flags, list(&defaults), vec![u8::from(self.is_event)]].concat()
    }

    fn v9(&self) -> Vec<u8> {
        let schedule = self.schedule.map_or_else(none, |(column, function)| {
            some([none(), text(function), column.to_le_bytes().to_vec()].concat())
        });
        [self.common(), schedule, vec![1, u8::from(self.is_private)]].concat()
    }
}

/// A module; encoded as V10 or V9.
#[derive(Clone, Default)]
pub(crate) struct Module {
    pub(crate) typespace: Vec<Vec<u8>>,
    /// Scope, name, reference.
    pub(crate) types: Vec<(Vec<&'static str>, &'static str, u32)>,
    pub(crate) tables: Vec<Table>,
    pub(crate) reducers: Vec<(&'static str, Vec<u8>)>,
    pub(crate) procedures: Vec<(&'static str, Vec<u8>, Vec<u8>)>,
    /// Name, anonymous, return type.
    pub(crate) views: Vec<(&'static str, bool, Vec<u8>)>,
    pub(crate) lifecycles: Vec<(u8, &'static str)>,
    /// Further V10 sections.
    pub(crate) sections: Vec<(u8, Vec<u8>)>,
}

impl Module {
    /// One table `person {id: u64 primary key, name: string}` and a reducer `add(name: string)`.
    pub(crate) fn person() -> Self {
        Self {
            typespace: vec![product(&[("id", U64.into()), ("name", STRING.into())])],
            types: vec![(vec![], "Person", 0)],
            tables: vec![Table {
                name: "person",
                primary_key: vec![0],
                indexes: vec![index(None, 0, &[0])],
                constraints: vec![unique(&[0])],
                ..Table::default()
            }],
            reducers: vec![("add", elements(&[("name", STRING.into())]))],
            ..Self::default()
        }
    }

    /// One scheduled table `Timer` that calls `tick(row)`.
    pub(crate) fn timer() -> Self {
        Self {
            typespace: vec![product(&[("scheduledId", U64.into()), ("scheduledAt", schedule_at())])],
            types: vec![(vec![], "Timer", 0)],
            tables: vec![Table {
                name: "Timer",
                primary_key: vec![0],
                indexes: vec![index(None, 0, &[0])],
                constraints: vec![unique(&[0])],
                schedule: Some((1, "onTick")),
                ..Table::default()
            }],
            reducers: vec![("onTick", elements(&[("row", reference(0))]))],
            ..Self::default()
        }
    }

    fn type_defs(&self) -> Vec<u8> {
        let defs: Vec<_> = self
            .types
            .iter()
            .map(|(scope, name, ty)| {
                let scope: Vec<_> = scope.iter().map(|segment| text(segment)).collect();
                [list(&scope), text(name), ty.to_le_bytes().to_vec(), vec![1]].concat()
            })
            .collect();
        list(&defs)
    }

    fn encoded_views(&self) -> Vec<Vec<u8>> {
        self.views
            .iter()
            .enumerate()
            .map(|(i, (name, anonymous, ty))| {
                let flags = vec![1, u8::from(*anonymous)];
                [text(name), count(i), flags, elements(&[]), ty.clone()].concat()
            })
            .collect()
    }

    pub(crate) fn v10(&self) -> Vec<u8> {
        let reducers: Vec<_> = self
            .reducers
            .iter()
            .map(|(name, params)| [text(name), params.clone(), vec![1], product(&[]), STRING.into()].concat())
            .collect();
        let procedures: Vec<_> = self
            .procedures
            .iter()
            .map(|(name, params, returns)| [text(name), params.clone(), returns.clone(), vec![1]].concat())
            .collect();
        let schedules: Vec<_> = self
            .tables
            .iter()
            .filter_map(|table| {
                let (column, function) = table.schedule?;
                Some([none(), text(table.name), column.to_le_bytes().to_vec(), text(function)].concat())
            })
            .collect();
        let lifecycles: Vec<_> =
            self.lifecycles.iter().map(|(event, name)| [vec![*event], text(name)].concat()).collect();
        let tables: Vec<_> = self.tables.iter().map(Table::v10).collect();
        let mut sections = vec![
            (0, list(&self.typespace)),
            (1, self.type_defs()),
            (2, list(&tables)),
            (3, list(&reducers)),
            (4, list(&procedures)),
            (5, list(&self.encoded_views())),
            (6, list(&schedules)),
            (7, list(&lifecycles)),
        ];
        sections.extend(self.sections.iter().cloned());
        let encoded: Vec<_> = sections.into_iter().map(|(tag, bytes)| [vec![tag], bytes].concat()).collect();
        [vec![2], list(&encoded)].concat()
    }

    pub(crate) fn v9(&self) -> Vec<u8> {
        let reducers: Vec<_> = self
            .reducers
            .iter()
            .map(|(name, params)| {
                let event = self.lifecycles.iter().find(|(_, reducer)| reducer == name);
                let lifecycle = event.map_or_else(none, |(event, _)| some(vec![*event]));
                [text(name), params.clone(), lifecycle].concat()
            })
            .collect();
        let mut exports = Vec::new();
        for table in &self.tables {
            for (column, value) in &table.defaults {
                let column = column.to_le_bytes().to_vec();
                exports.push([vec![0], text(table.name), column, count(value.len()), value.clone()].concat());
            }
        }
        for (name, params, returns) in &self.procedures {
            exports.push([vec![1], text(name), params.clone(), returns.clone()].concat());
        }
        exports.extend(self.encoded_views().into_iter().map(|view| [vec![2], view].concat()));
        let tables: Vec<_> = self.tables.iter().map(Table::v9).collect();
        [
            vec![1],
            list(&self.typespace),
            list(&tables),
            list(&reducers),
            self.type_defs(),
            list(&exports),
            list(&[]),
        ]
        .concat()
    }
}

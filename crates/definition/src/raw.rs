//! The definition as the guest wrote it: source names, unresolved types. V9 and V10 decode into the same structures
//! (module-abi.md §3.5, §3.6); what follows does not care which SDK it was, except for naming.

use crate::bsatn::Reader;
use crate::definition::{Abi, EnvironmentVariable, HttpRoute, IndexAlgorithm, Lifecycle, Visibility};
use crate::error::Error;
use crate::types::MAX_TYPE_DEPTH;
use crate::{raw_v9, raw_v10};

/// Longest description that is decoded, in bytes. A table takes a few hundred (module-abi.md appendix A), so this is
/// room for thousands; decoded structures take up to some fifty times the input.
pub(crate) const MAX_DESCRIPTION: usize = 2 << 20;

#[derive(Debug)]
pub(crate) struct RawModule {
    pub(crate) abi: Abi,
    pub(crate) typespace: Vec<RawType>,
    pub(crate) types: Vec<RawTypeDef>,
    pub(crate) tables: Vec<RawTable>,
    pub(crate) reducers: Vec<RawReducer>,
    pub(crate) procedures: Vec<RawProcedure>,
    pub(crate) views: Vec<RawView>,
    pub(crate) schedules: Vec<RawSchedule>,
    /// Lifecycle event and source name of the reducer.
    pub(crate) lifecycles: Vec<(Lifecycle, String)>,
    pub(crate) row_level_security: Vec<String>,
    /// V10 names are converted unless the module says otherwise; V9 names never are.
    pub(crate) snake_case: bool,
    pub(crate) explicit_names: Vec<ExplicitName>,
    pub(crate) http_handlers: Vec<String>,
    pub(crate) http_routes: Vec<HttpRoute>,
    /// Source names of a view and of its key columns.
    pub(crate) view_primary_keys: Vec<(String, Vec<String>)>,
    pub(crate) environment: Vec<EnvironmentVariable>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RawType {
    Ref(u32),
    Sum(Vec<RawElement>),
    Product(Vec<RawElement>),
    Array(Box<RawType>),
    Scalar(Scalar),
}

/// Tags 4 to 19 of module-abi.md §3.2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scalar {
    String,
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    I128,
    U128,
    I256,
    U256,
    F32,
    F64,
}

const SCALARS: [Scalar; 16] = [
    Scalar::String,
    Scalar::Bool,
    Scalar::I8,
    Scalar::U8,
    Scalar::I16,
    Scalar::U16,
    Scalar::I32,
    Scalar::U32,
    Scalar::I64,
    Scalar::U64,
    Scalar::I128,
    Scalar::U128,
    Scalar::I256,
    Scalar::U256,
    Scalar::F32,
    Scalar::F64,
];

/// Field of a product or variant of a sum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RawElement {
    pub(crate) name: Option<String>,
    pub(crate) ty: RawType,
}

#[derive(Debug)]
pub(crate) struct RawTypeDef {
    pub(crate) scope: Vec<String>,
    pub(crate) name: String,
    pub(crate) ty: u32,
}

#[derive(Debug)]
pub(crate) struct RawTable {
    pub(crate) name: String,
    pub(crate) product: u32,
    pub(crate) primary_key: Vec<u16>,
    pub(crate) indexes: Vec<RawIndex>,
    pub(crate) constraints: Vec<RawConstraint>,
    pub(crate) sequences: Vec<RawSequence>,
    pub(crate) is_public: bool,
    /// Column and BSATN of its default.
    pub(crate) defaults: Vec<(u16, Vec<u8>)>,
    pub(crate) is_event: bool,
}

#[derive(Debug)]
pub(crate) struct RawIndex {
    pub(crate) name: Option<String>,
    pub(crate) accessor: Option<String>,
    pub(crate) algorithm: IndexAlgorithm,
    pub(crate) columns: Vec<u16>,
}

#[derive(Debug)]
pub(crate) struct RawConstraint {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<u16>,
}

#[derive(Debug)]
pub(crate) struct RawSequence {
    pub(crate) name: Option<String>,
    pub(crate) column: u16,
    pub(crate) start: Option<i128>,
    pub(crate) min_value: Option<i128>,
    pub(crate) max_value: Option<i128>,
    pub(crate) increment: i128,
}

#[derive(Debug)]
pub(crate) struct RawSchedule {
    pub(crate) name: Option<String>,
    pub(crate) table: String,
    pub(crate) at_column: u16,
    pub(crate) function: String,
}

#[derive(Debug)]
pub(crate) struct RawReducer {
    pub(crate) name: String,
    pub(crate) params: Vec<RawElement>,
    pub(crate) visibility: Visibility,
    /// Ok and err type; V9 does not declare them.
    pub(crate) returns: Option<(RawType, RawType)>,
}

#[derive(Debug)]
pub(crate) struct RawProcedure {
    pub(crate) name: String,
    pub(crate) params: Vec<RawElement>,
    pub(crate) return_type: RawType,
    pub(crate) visibility: Visibility,
}

#[derive(Debug)]
pub(crate) struct RawView {
    pub(crate) name: String,
    pub(crate) index: u32,
    pub(crate) is_public: bool,
    pub(crate) is_anonymous: bool,
    pub(crate) params: Vec<RawElement>,
    pub(crate) return_type: RawType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum NameKind {
    Table,
    Function,
    Index,
    Namespace,
}

#[derive(Debug)]
pub(crate) struct ExplicitName {
    pub(crate) kind: NameKind,
    pub(crate) source: String,
    pub(crate) canonical: String,
}

impl RawModule {
    pub(crate) fn empty(abi: Abi) -> Self {
        Self {
            abi,
            typespace: Vec::new(),
            types: Vec::new(),
            tables: Vec::new(),
            reducers: Vec::new(),
            procedures: Vec::new(),
            views: Vec::new(),
            schedules: Vec::new(),
            lifecycles: Vec::new(),
            row_level_security: Vec::new(),
            snake_case: abi == Abi::V10,
            explicit_names: Vec::new(),
            http_handlers: Vec::new(),
            http_routes: Vec::new(),
            view_primary_keys: Vec::new(),
            environment: Vec::new(),
        }
    }
}

/// Decodes the envelope (module-abi.md §3.1) and what is in it; nothing may be left over.
pub(crate) fn decode(description: &[u8]) -> Result<RawModule, Error> {
    if description.len() > MAX_DESCRIPTION {
        return Err(Error::unsupported(
            format!("a module definition of {} bytes", description.len()),
            format!("the limit is {MAX_DESCRIPTION} bytes"),
        ));
    }
    let mut reader = Reader::new(description);
    let module = match reader.u8()? {
        0 => Err(Error::unsupported(
            "module definition V8",
            "the module was built with an SDK before 1.0; rebuild it with spacetimedb 1.0 or newer",
        )),
        1 => raw_v9::read(&mut reader),
        2 => raw_v10::read(&mut reader),
        tag => Err(Error::unsupported(
            format!("module definition version with tag {tag}"),
            "the module was built with a newer SDK than 2.14; use spacetimedb 2.14 or older",
        )),
    }?;
    reader.finish()?;
    Ok(module)
}

/// Reads an array of anything whose encoding takes at least one byte.
pub(crate) fn list<'a, T>(
    reader: &mut Reader<'a>,
    mut read: impl FnMut(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let count = reader.length()?;
    // Checked before anything is allocated: the vector only grows as elements are really read.
    if count > reader.remaining() {
        return Err(reader.error(format!("list of {count} elements, {} bytes left", reader.remaining())));
    }
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(read(reader)?);
    }
    Ok(items)
}

/// Reads an option; note that tag 0 is some.
pub(crate) fn option<'a, T>(
    reader: &mut Reader<'a>,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    match reader.tag(2)? {
        0 => read(reader).map(Some),
        _ => Ok(None),
    }
}

pub(crate) fn string(reader: &mut Reader<'_>) -> Result<String, Error> {
    reader.string().map(str::to_owned)
}

pub(crate) fn columns(reader: &mut Reader<'_>) -> Result<Vec<u16>, Error> {
    list(reader, Reader::u16)
}

/// Reads an AlgebraicType (module-abi.md §3.2).
pub(crate) fn algebraic_type(reader: &mut Reader<'_>) -> Result<RawType, Error> {
    nested_type(reader, 0)
}

/// Reads a bare product: its elements without the tag byte.
pub(crate) fn elements(reader: &mut Reader<'_>) -> Result<Vec<RawElement>, Error> {
    nested_elements(reader, 0)
}

fn nested_type(reader: &mut Reader<'_>, depth: usize) -> Result<RawType, Error> {
    if depth > MAX_TYPE_DEPTH {
        return Err(reader.error(format!("type nested deeper than {MAX_TYPE_DEPTH} levels")));
    }
    let tag = usize::from(reader.u8()?);
    match tag {
        0 => reader.u32().map(RawType::Ref),
        1 => nested_elements(reader, depth + 1).map(RawType::Sum),
        2 => nested_elements(reader, depth + 1).map(RawType::Product),
        3 => nested_type(reader, depth + 1).map(|element| RawType::Array(Box::new(element))),
        _ => match tag.checked_sub(4).and_then(|scalar| SCALARS.get(scalar)) {
            Some(scalar) => Ok(RawType::Scalar(*scalar)),
            None => Err(reader.error(format!("unknown type tag {tag}"))),
        },
    }
}

fn nested_elements(reader: &mut Reader<'_>, depth: usize) -> Result<Vec<RawElement>, Error> {
    list(reader, |reader| Ok(RawElement { name: option(reader, string)?, ty: nested_type(reader, depth)? }))
}

pub(crate) fn index(reader: &mut Reader<'_>) -> Result<RawIndex, Error> {
    let name = option(reader, string)?;
    let accessor = option(reader, string)?;
    let (algorithm, columns) = match reader.tag(3)? {
        0 => (IndexAlgorithm::BTree, columns(reader)?),
        1 => (IndexAlgorithm::Hash, columns(reader)?),
        _ => (IndexAlgorithm::Direct, vec![reader.u16()?]),
    };
    Ok(RawIndex { name, accessor, algorithm, columns })
}

pub(crate) fn constraint(reader: &mut Reader<'_>) -> Result<RawConstraint, Error> {
    let name = option(reader, string)?;
    // Unique is the only kind of constraint.
    reader.tag(1)?;
    Ok(RawConstraint { name, columns: columns(reader)? })
}

pub(crate) fn sequence(reader: &mut Reader<'_>) -> Result<RawSequence, Error> {
    Ok(RawSequence {
        name: option(reader, string)?,
        column: reader.u16()?,
        start: option(reader, Reader::i128)?,
        min_value: option(reader, Reader::i128)?,
        max_value: option(reader, Reader::i128)?,
        increment: reader.i128()?,
    })
}

pub(crate) fn type_def(reader: &mut Reader<'_>) -> Result<RawTypeDef, Error> {
    let scope = list(reader, string)?;
    let name = string(reader)?;
    let ty = reader.u32()?;
    // custom_ordering only concerns the memory layout of the reference.
    reader.bool()?;
    Ok(RawTypeDef { scope, name, ty })
}

/// Reads table type and table access; the type (system or user) means nothing in a user's module.
pub(crate) fn is_public(reader: &mut Reader<'_>) -> Result<bool, Error> {
    reader.tag(2)?;
    // Public is 0.
    reader.tag(2).map(|access| access == 0)
}

pub(crate) fn lifecycle(reader: &mut Reader<'_>) -> Result<Lifecycle, Error> {
    Ok(match reader.tag(3)? {
        0 => Lifecycle::Init,
        1 => Lifecycle::ClientConnected,
        _ => Lifecycle::ClientDisconnected,
    })
}

/// Reads a view, which looks the same in both versions.
pub(crate) fn view(reader: &mut Reader<'_>) -> Result<RawView, Error> {
    Ok(RawView {
        name: string(reader)?,
        index: reader.u32()?,
        is_public: reader.bool()?,
        is_anonymous: reader.bool()?,
        params: elements(reader)?,
        return_type: algebraic_type(reader)?,
    })
}

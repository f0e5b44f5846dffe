//! Resolution of types: references followed, special types recognised (module-abi.md §3.3), names made canonical.

use std::collections::{HashMap, HashSet};

use crate::definition::NamedType;
use crate::error::Error;
use crate::names::{Naming, check_identifier};
use crate::raw::{RawElement, RawModule, RawType, Scalar};
use crate::types::{Field, MAX_TYPE_DEPTH, Product, Sum, Type, Variant};

/// Most nodes that all resolved types of one module may have together. References make resolved types
/// exponentially larger than their encoding; this bounds them to some tens of megabytes.
const MAX_NODES: usize = 1 << 18;

/// The field of the product that a query view returns.
pub(crate) const QUERY_FIELD: &str = "__query__";

pub(crate) struct Resolver<'a> {
    typespace: &'a [RawType],
    naming: &'a Naming,
    names: HashMap<u32, String>,
    nodes_left: usize,
}

enum Failure {
    /// The type contains itself; with its name, if it has one.
    Recursive(String),
    /// A rule is broken.
    Broken(String),
}

impl Failure {
    fn into_error(self, subject: &str) -> Error {
        match self {
            Self::Recursive(name) => Error::unsupported(
                format!("the recursive type {name} ({subject})"),
                "a column or parameter cannot contain its own type; refer to rows by their key instead",
            ),
            Self::Broken(problem) => Error::invalid(subject, problem),
        }
    }
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(raw: &'a RawModule, naming: &'a Naming) -> Result<Self, Error> {
        let mut names = HashMap::new();
        for definition in &raw.types {
            let mut segments = Vec::new();
            for segment in definition.scope.iter().chain([&definition.name]) {
                let canonical = naming.type_name(segment);
                check_identifier(&format!("type `{}`", definition.name), &canonical)?;
                segments.push(canonical);
            }
            names.entry(definition.ty).or_insert_with(|| segments.join("."));
        }
        Ok(Self { typespace: &raw.typespace, naming, names, nodes_left: MAX_NODES })
    }

    /// All named types, without recursive ones: those are legal to declare, only not to use.
    pub(crate) fn named_types(&mut self, raw: &RawModule) -> Result<Vec<NamedType>, Error> {
        let mut types = Vec::new();
        let mut taken = HashSet::new();
        for definition in &raw.types {
            let segments: Vec<_> =
                definition.scope.iter().chain([&definition.name]).map(|s| self.naming.type_name(s)).collect();
            let name = segments.join(".");
            let subject = format!("type `{name}`");
            if !taken.insert(name.clone()) {
                return Err(Error::invalid(subject, "is defined twice"));
            }
            match self.nested(&RawType::Ref(definition.ty), 0, &mut Vec::new()) {
                Ok(ty) => types.push(NamedType { name, ty }),
                Err(Failure::Recursive(_)) => {}
                Err(failure) => return Err(failure.into_error(&subject)),
            }
        }
        Ok(types)
    }

    /// Resolves one type; `subject` names the column or parameter that has it.
    pub(crate) fn resolve(&mut self, raw: &RawType, subject: &str) -> Result<Type, Error> {
        self.nested(raw, 0, &mut Vec::new()).map_err(|failure| failure.into_error(subject))
    }

    /// Resolves parameters.
    pub(crate) fn params(&mut self, raw: &[RawElement], subject: &str) -> Result<Vec<Field>, Error> {
        self.fields(raw, 0, &mut Vec::new()).map_err(|failure| failure.into_error(subject))
    }

    /// The elements of the product at `reference`, under their source names.
    pub(crate) fn product(&self, reference: u32, subject: &str) -> Result<&'a [RawElement], Error> {
        let entry = usize::try_from(reference).ok().and_then(|position| self.typespace.get(position));
        match entry.map(|entry| self.target(entry, subject)).transpose()? {
            Some(RawType::Product(elements)) => Ok(elements),
            Some(_) => Err(Error::invalid(subject, "the row type is not a product")),
            None => Err(Error::invalid(
                subject,
                format!("the row type is type {reference}, which does not exist"),
            )),
        }
    }

    /// The type that `raw` stands for: itself unless it is a reference.
    pub(crate) fn target<'r>(&self, raw: &'r RawType, subject: &str) -> Result<&'r RawType, Error>
    where
        'a: 'r,
    {
        Ok(self.follow(raw, &mut Vec::new()).map_err(|failure| failure.into_error(subject))?.0)
    }

    /// Name of the type at `reference`.
    pub(crate) fn type_name(&self, reference: u32) -> Option<String> {
        self.names.get(&reference).cloned()
    }

    /// Follows references, pushing each onto `path`; also returns the first name met.
    fn follow<'r>(
        &self,
        mut raw: &'r RawType,
        path: &mut Vec<u32>,
    ) -> Result<(&'r RawType, Option<String>), Failure>
    where
        'a: 'r,
    {
        let mut name = None;
        while let RawType::Ref(reference) = raw {
            let found = self.names.get(reference);
            if path.contains(reference) {
                return Err(Failure::Recursive(found.cloned().unwrap_or_default()));
            }
            // A chain of references is no deeper than nesting, and `contains` above must stay cheap.
            if path.len() > 2 * MAX_TYPE_DEPTH {
                return Err(too_deep());
            }
            path.push(*reference);
            name = name.or_else(|| found.cloned());
            let target = usize::try_from(*reference).ok().and_then(|position| self.typespace.get(position));
            raw = target.ok_or_else(|| {
                Failure::Broken(format!("refers to type {reference}, which does not exist"))
            })?;
        }
        Ok((raw, name))
    }

    fn nested(&mut self, raw: &RawType, depth: usize, path: &mut Vec<u32>) -> Result<Type, Failure> {
        let outer = path.len();
        let resolved = self.unguarded(raw, depth, path);
        path.truncate(outer);
        resolved
    }

    /// [`Self::nested`] that leaves its references on `path`.
    fn unguarded(&mut self, raw: &RawType, depth: usize, path: &mut Vec<u32>) -> Result<Type, Failure> {
        if depth >= MAX_TYPE_DEPTH {
            return Err(too_deep());
        }
        self.nodes_left = self.nodes_left.checked_sub(1).ok_or_else(|| {
            Failure::Broken(format!("the module's types are too large, more than {MAX_NODES} nodes together"))
        })?;
        let (target, name) = self.follow(raw, path)?;
        match target {
            RawType::Scalar(scalar) => Ok(resolved_scalar(*scalar)),
            RawType::Array(element) => Ok(match self.nested(element, depth + 1, path)? {
                Type::U8 => Type::Bytes,
                element => Type::Array(Box::new(element)),
            }),
            RawType::Product(elements) => self.product_type(name, elements, depth, path),
            RawType::Sum(elements) => self.sum_type(name, elements, depth, path),
            RawType::Ref(_) => Err(Failure::Broken("refers to itself".to_owned())),
        }
    }

    fn product_type(
        &mut self,
        name: Option<String>,
        elements: &[RawElement],
        depth: usize,
        path: &mut Vec<u32>,
    ) -> Result<Type, Failure> {
        if let [RawElement { name: Some(field), ty: RawType::Scalar(scalar) }] = elements
            && let Some(special) = special_product(field, *scalar)
        {
            return Ok(special);
        }
        Ok(Type::Product(Product { name, fields: self.fields(elements, depth + 1, path)? }))
    }

    fn fields(
        &mut self,
        elements: &[RawElement],
        depth: usize,
        path: &mut Vec<u32>,
    ) -> Result<Vec<Field>, Failure> {
        let mut taken = HashSet::new();
        elements
            .iter()
            .map(|element| {
                let name = element.name.as_deref().map(|source| match source {
                    QUERY_FIELD => source.to_owned(),
                    _ => self.naming.field(source),
                });
                check_element(name.as_deref(), "field", &mut taken)?;
                Ok(Field { name, ty: self.nested(&element.ty, depth, path)? })
            })
            .collect()
    }

    fn sum_type(
        &mut self,
        name: Option<String>,
        elements: &[RawElement],
        depth: usize,
        path: &mut Vec<u32>,
    ) -> Result<Type, Failure> {
        if elements.len() > 256 {
            return Err(Failure::Broken("an enum has more than 256 variants".to_owned()));
        }
        let payloads = elements
            .iter()
            .map(|element| self.nested(&element.ty, depth + 1, path))
            .collect::<Result<Vec<_>, _>>()?;
        let source_names: Vec<_> = elements.iter().map(|element| element.name.as_deref()).collect();
        match (source_names.as_slice(), payloads.as_slice()) {
            ([Some("some"), Some("none")], [inner, none]) if none.is_unit() => {
                return Ok(Type::Option(Box::new(inner.clone())));
            }
            ([Some("Interval"), Some("Time")], [Type::TimeDuration, Type::Timestamp]) => {
                return Ok(Type::ScheduleAt);
            }
            _ => {}
        }
        let is_result = source_names == [Some("ok"), Some("err")];
        let mut taken = HashSet::new();
        let mut variants = Vec::new();
        for (source, ty) in source_names.into_iter().zip(payloads) {
            let name = source.map(|s| if is_result { s.to_owned() } else { self.naming.variant(s) });
            check_element(name.as_deref(), "variant", &mut taken)?;
            variants.push(Variant { name, ty });
        }
        Ok(Type::Sum(Sum { name, variants }))
    }
}

fn too_deep() -> Failure {
    Failure::Broken(format!("the type nests deeper than {MAX_TYPE_DEPTH} levels"))
}

/// Names inside a type must be identifiers and differ, or a value could not be a JSON object.
fn check_element(name: Option<&str>, what: &str, taken: &mut HashSet<String>) -> Result<(), Failure> {
    let Some(name) = name else { return Ok(()) };
    check_identifier(what, name).map_err(|error| Failure::Broken(error.to_string()))?;
    if taken.insert(name.to_owned()) {
        return Ok(());
    }
    Err(Failure::Broken(format!("has two {what}s with the canonical name `{name}`")))
}

fn special_product(field: &str, scalar: Scalar) -> Option<Type> {
    Some(match (field, scalar) {
        ("__identity__", Scalar::U256) => Type::Identity,
        ("__connection_id__", Scalar::U128) => Type::ConnectionId,
        ("__timestamp_micros_since_unix_epoch__", Scalar::I64) => Type::Timestamp,
        ("__time_duration_micros__", Scalar::I64) => Type::TimeDuration,
        ("__uuid__", Scalar::U128) => Type::Uuid,
        _ => return None,
    })
}

fn resolved_scalar(scalar: Scalar) -> Type {
    match scalar {
        Scalar::String => Type::String,
        Scalar::Bool => Type::Bool,
        Scalar::I8 => Type::I8,
        Scalar::U8 => Type::U8,
        Scalar::I16 => Type::I16,
        Scalar::U16 => Type::U16,
        Scalar::I32 => Type::I32,
        Scalar::U32 => Type::U32,
        Scalar::I64 => Type::I64,
        Scalar::U64 => Type::U64,
        Scalar::I128 => Type::I128,
        Scalar::U128 => Type::U128,
        Scalar::I256 => Type::I256,
        Scalar::U256 => Type::U256,
        Scalar::F32 => Type::F32,
        Scalar::F64 => Type::F64,
    }
}

//! Which values of one type are values of another.

use crate::types::{Product, Sum, Type};

/// Whether all values of an old type become values of a new one. Clients and followers of the change log read rows by the type
/// that they know: any of this breaks them, also where the bytes of old values stay the same, as with variants added to an enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// Every old value has a new one.
    Lossless,
    /// Some old values have none.
    Narrower,
}

/// `None` when there is no obvious conversion. Names of types do not matter, names of fields and variants do.
pub(super) fn column(old: &Type, new: &Type) -> Option<Fit> {
    if is_extension(old, new) {
        return Some(Fit::Lossless);
    }
    match (old, new) {
        // An Option of an Option is one stored value, not a value or NULL.
        (Type::Option(a), Type::Option(b)) => match (&**a, &**b) {
            (Type::Option(_), _) | (_, Type::Option(_)) => None,
            (a, b) => column(a, b),
        },
        (Type::Option(a), b) if !matches!(**a, Type::Option(_)) => column(a, b).map(|_| Fit::Narrower),
        (a, Type::Option(b)) if !matches!(**b, Type::Option(_)) => column(a, b),
        (Type::Array(a), Type::Array(b)) => scalar(a, b),
        (a, b) => scalar(a, b),
    }
}

/// Types of columns and of the elements of Postgres arrays.
fn scalar(old: &Type, new: &Type) -> Option<Fit> {
    match (old, new) {
        (Type::F32, Type::F64) => Some(Fit::Lossless),
        (Type::F64, Type::F32) => Some(Fit::Narrower),
        (Type::Sum(a), Type::Sum(b)) if a.is_plain_enum() && b.is_plain_enum() => Some(plain_enum(a, b)),
        _ => integer(old, new),
    }
}

fn integer(old: &Type, new: &Type) -> Option<Fit> {
    let (old_width, new_width) = (old.integer_width()?, new.integer_width()?);
    let fits = match (old.is_signed_integer(), new.is_signed_integer()) {
        (false, true) => new_width > old_width,
        (true, false) => false,
        _ => new_width >= old_width,
    };
    Some(if fits { Fit::Lossless } else { Fit::Narrower })
}

fn plain_enum(old: &Sum, new: &Sum) -> Fit {
    let is_kept =
        |variant: &crate::types::Variant| new.variants.iter().any(|other| other.name == variant.name);
    if old.variants.iter().all(is_kept) { Fit::Lossless } else { Fit::Narrower }
}

/// Whether every value of `old` is one of `new`, in bytes and in JSON: the same type, or one whose enums have more
/// variants at their ends.
fn is_extension(old: &Type, new: &Type) -> bool {
    match (old, new) {
        (Type::Array(a), Type::Array(b)) | (Type::Option(a), Type::Option(b)) => is_extension(a, b),
        (Type::Product(a), Type::Product(b)) => is_extended_product(a, b),
        (Type::Sum(a), Type::Sum(b)) => {
            // An enum that gets its first payload is stored in another way.
            a.is_plain_enum() == b.is_plain_enum()
                && a.variants.len() <= b.variants.len()
                && a.variants
                    .iter()
                    .zip(&b.variants)
                    .all(|(a, b)| a.name == b.name && is_extension(&a.ty, &b.ty))
        }
        (a, b) => a == b,
    }
}

fn is_extended_product(old: &Product, new: &Product) -> bool {
    old.fields.len() == new.fields.len()
        && old.fields.iter().zip(&new.fields).all(|(a, b)| a.name == b.name && is_extension(&a.ty, &b.ty))
}

#[cfg(test)]
mod tests {
    use super::Fit::{Lossless, Narrower};
    use super::*;
    use crate::types::{Field, Variant};

    fn plain(names: &[&str]) -> Type {
        let variants =
            names.iter().map(|name| Variant { name: Some((*name).to_owned()), ty: Type::unit() }).collect();
        Type::Sum(Sum { name: Some(names.join("")), variants })
    }

    fn option(ty: Type) -> Type {
        Type::Option(Box::new(ty))
    }

    fn array(ty: Type) -> Type {
        Type::Array(Box::new(ty))
    }

    fn point(field: &str, ty: Type) -> Type {
        Type::Product(Product { name: None, fields: vec![Field { name: Some(field.to_owned()), ty }] })
    }

    #[test]
    fn integers_fit_where_their_range_does() {
        for (old, new, fit) in [
            (Type::U8, Type::U16, Lossless),
            (Type::U8, Type::I16, Lossless),
            (Type::I64, Type::I256, Lossless),
            (Type::U8, Type::I8, Narrower),
            (Type::I8, Type::U64, Narrower),
            (Type::U64, Type::U32, Narrower),
            (Type::F32, Type::F64, Lossless),
            (Type::F64, Type::F32, Narrower),
        ] {
            assert_eq!(column(&old, &new), Some(fit), "{old:?} to {new:?}");
            assert_eq!(column(&array(old.clone()), &array(new.clone())), Some(fit));
            assert_eq!(column(&option(old.clone()), &option(new.clone())), Some(fit));
        }
    }

    #[test]
    fn null_is_a_value_to_gain_or_to_lose() {
        assert_eq!(column(&Type::U8, &option(Type::U8)), Some(Lossless));
        assert_eq!(column(&option(Type::U8), &Type::U8), Some(Narrower));
        assert_eq!(column(&Type::U32, &option(Type::U8)), Some(Narrower));
        assert_eq!(column(&option(Type::U8), &option(option(Type::U8))), None);
        assert_eq!(column(&array(Type::U8), &array(option(Type::U8))), None);
    }

    #[test]
    fn variants_at_the_end_are_more_of_the_same() {
        let (ab, abc, ba, a) =
            (plain(&["a", "b"]), plain(&["a", "b", "c"]), plain(&["b", "a"]), plain(&["a"]));
        assert_eq!(column(&ab, &abc), Some(Lossless));
        assert_eq!(column(&array(ab.clone()), &array(abc.clone())), Some(Lossless));
        assert_eq!(column(&point("f", ab.clone()), &point("f", abc.clone())), Some(Lossless));
        assert_eq!(column(&ab, &ba), Some(Lossless));
        assert_eq!(column(&ab, &a), Some(Narrower));
        assert_eq!(column(&point("f", ab.clone()), &point("f", ba)), None);
        let payload = Variant { name: Some("c".to_owned()), ty: Type::U8 };
        let Type::Sum(mut sum) = ab.clone() else { unreachable!() };
        sum.variants.push(payload);
        assert_eq!(column(&ab, &Type::Sum(sum)), None);
    }

    #[test]
    fn nothing_else_is_converted() {
        assert_eq!(column(&Type::String, &Type::U8), None);
        assert_eq!(column(&Type::U8, &Type::Bool), None);
        assert_eq!(column(&Type::U64, &Type::F64), None);
        assert_eq!(column(&point("a", Type::U8), &point("b", Type::U8)), None);
        assert_eq!(column(&point("a", Type::U8), &point("a", Type::U16)), None);
        assert_eq!(column(&Type::Timestamp, &Type::I64), None);
    }
}

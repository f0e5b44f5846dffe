//! One-dimensional arrays without NULLs: the only ones a module's column may hold.

use pgrx::pg_sys::{self, Datum, Oid};

/// How elements of an array are laid out; read from pg_type once per codec.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ElementLayout {
    pub(crate) oid: Oid,
    length: i16,
    by_value: bool,
    align: std::ffi::c_char,
}

impl ElementLayout {
    /// Layout of the element type `oid`.
    pub(crate) fn of(oid: Oid) -> Self {
        let (mut length, mut by_value, mut align) = (0i16, false, 0);
        // SAFETY: plain out parameters; raises when the type does not exist.
        unsafe { pg_sys::get_typlenbyvalalign(oid, &mut length, &mut by_value, &mut align) };
        Self { oid, length, by_value, align }
    }
}

/// Array datum of `elements`.
pub(crate) fn build(elements: &mut [Datum], layout: ElementLayout) -> Datum {
    // SAFETY: `elements` are non-null datums of the layout's type; construct_array copies them.
    unsafe {
        let count = elements.len() as i32;
        Datum::from(pg_sys::construct_array(
            elements.as_mut_ptr(),
            count,
            layout.oid,
            i32::from(layout.length),
            layout.by_value,
            layout.align,
        ))
    }
}

/// Why an array cannot be a SATS array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotPlain {
    Dimensions,
    Null,
}

/// Elements of an array datum.
///
/// # Safety
/// `datum` is a non-null array whose elements have `layout`; by-reference elements live as long as the array.
pub(crate) unsafe fn elements_of(datum: Datum, layout: ElementLayout) -> Result<Vec<Datum>, NotPlain> {
    // SAFETY: upheld by the caller; deconstruct_array pallocs its two result arrays.
    unsafe {
        let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
        match (*array).ndim {
            0 => return Ok(Vec::new()),
            1 => {}
            _ => return Err(NotPlain::Dimensions),
        }
        let (mut values, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
        pg_sys::deconstruct_array(
            array,
            layout.oid,
            i32::from(layout.length),
            layout.by_value,
            layout.align,
            &mut values,
            &mut nulls,
            &mut count,
        );
        let count = count as usize;
        if std::slice::from_raw_parts(nulls, count).iter().any(|is_null| *is_null) {
            return Err(NotPlain::Null);
        }
        Ok(std::slice::from_raw_parts(values, count).to_vec())
    }
}

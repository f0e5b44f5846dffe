use spacetimedb::{ReducerContext, Table, reducer, table};

/// Rows of this table are rows of a Postgres table, which clients may read.
#[table(accessor = person, public)]
pub struct Person {
    #[primary_key]
    #[auto_inc]
    id: u64,
    name: String,
}

/// Runs once, when the module is published for the first time.
#[reducer(init)]
pub fn init(_ctx: &ReducerContext) {}

/// A reducer is a transaction: an error undoes all that it has done.
#[reducer]
pub fn add(ctx: &ReducerContext, name: String) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("a name must not be empty".into());
    }
    let person = ctx.db.person().insert(Person { id: 0, name });
    log::info!("{} is number {}", person.name, person.id);
    Ok(())
}

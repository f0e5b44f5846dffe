//! Accounts with money on them, and transfers that either happen completely or not at all.
//!
//! A reducer never sees half of another one's work, so "check, then write" needs no locks and no retries here:
//! `transfer` reads two balances and writes both, and `count_up` derives a key from a row count.

use spacetimedb::{ReducerContext, Table, reducer, table};

#[table(accessor = account, public)]
pub struct Account {
    #[primary_key]
    id: u32,
    /// In the smallest unit of the currency: money is never a float.
    balance: i64,
}

/// One row per call of `count_up`, numbered without gaps.
#[table(accessor = counter, public)]
pub struct Counter {
    #[primary_key]
    id: u64,
}

/// Replaces all accounts by `n` new ones, numbered from 0, each with `balance`.
#[reducer]
pub fn seed(ctx: &ReducerContext, n: u32, balance: i64) -> Result<(), String> {
    if balance < 0 {
        return Err("the balance must not be negative".into());
    }
    ctx.db.account().clear();
    for id in 0..n {
        ctx.db.account().insert(Account { id, balance });
    }
    Ok(())
}

/// Moves `amount` from one account to another.
#[reducer]
pub fn transfer(ctx: &ReducerContext, from: u32, to: u32, amount: i64) -> Result<(), String> {
    if amount <= 0 {
        return Err("the amount must be positive".into());
    }
    if from == to {
        return Err("cannot transfer to the same account".into());
    }
    let source = existing_account(ctx, from)?;
    let target = existing_account(ctx, to)?;
    if source.balance < amount {
        return Err(format!("insufficient funds: account {from} has {}", source.balance));
    }
    let target_balance =
        target.balance.checked_add(amount).ok_or_else(|| format!("account {to} cannot hold that much"))?;

    ctx.db.account().id().update(Account { balance: source.balance - amount, ..source });
    ctx.db.account().id().update(Account { balance: target_balance, ..target });
    Ok(())
}

/// Inserts the next number. Called by many clients at once, it still never gives a number twice.
#[reducer]
pub fn count_up(ctx: &ReducerContext) {
    let id = ctx.db.counter().count() + 1;
    ctx.db.counter().insert(Counter { id });
}

fn existing_account(ctx: &ReducerContext, id: u32) -> Result<Account, String> {
    ctx.db.account().id().find(id).ok_or_else(|| format!("there is no account {id}"))
}

//! `spacetime logs`.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::error::Result;
use crate::target::Where;
use crate::terminal;

/// How often `--follow` looks.
const LOOK: Duration = Duration::from_millis(300);
/// Records that `--follow` catches up with at once.
const FOLLOWED: u32 = 10_000;

/// Shows what a module has printed.
#[derive(Debug, Args)]
pub(crate) struct Options {
    module: String,
    /// How many records.
    #[arg(long, short, default_value_t = 100)]
    num_lines: u32,
    /// Go on showing new ones.
    #[arg(long, short)]
    follow: bool,
    /// One JSON object per line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Where,
}

pub(crate) async fn run(options: Options) -> Result<()> {
    let mut target = options.target.open(None).await?;
    let mut shown = target.logs(&options.module, options.num_lines).await?;
    shown.iter().for_each(|record| terminal::out(line(record, options.json)));
    if !options.follow {
        return Ok(());
    }
    loop {
        tokio::time::sleep(LOOK).await;
        let now = target.logs(&options.module, FOLLOWED).await?;
        let new = unseen(&shown, &now);
        now[new..].iter().for_each(|record| terminal::out(line(record, options.json)));
        shown = now;
    }
}

/// Where in `now` begins what comes behind all of `before`. Both end with the newest record; the log may have been cut.
fn unseen(before: &[Value], now: &[Value]) -> usize {
    if before.is_empty() {
        return 0;
    }
    (0..=now.len())
        .rev()
        .find(|end| before.ends_with(&now[..*end]) || now[..*end].ends_with(before))
        .unwrap_or(0)
}

fn line(record: &Value, json: bool) -> String {
    if json {
        return record.to_string();
    }
    let text = |name: &str| record[name].as_str().unwrap_or_default();
    let level = text("level").to_uppercase();
    format!("{level:>5} {}", text("message"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn only_new_records_are_shown() {
        let records = |numbers: &[i32]| numbers.iter().map(|number| json!(number)).collect::<Vec<Value>>();
        let unseen = |before: &[i32], now: &[i32]| super::unseen(&records(before), &records(now));
        assert_eq!(unseen(&[], &[]), 0);
        assert_eq!(unseen(&[], &[1]), 0);
        assert_eq!(unseen(&[1, 2], &[1, 2]), 2);
        assert_eq!(unseen(&[1, 2], &[1, 2, 3]), 2);
        assert_eq!(unseen(&[2], &[1, 2, 3]), 2, "the first look showed fewer");
        assert_eq!(unseen(&[1, 2], &[2, 3]), 1, "the log was cut at its beginning");
        assert_eq!(unseen(&[1, 2], &[7, 8]), 0, "the log began anew");
    }
}

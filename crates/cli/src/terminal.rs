//! Talking to the person at the terminal: results on stdout, everything else on stderr, colours only where there is one.

use std::io::{BufRead, IsTerminal, Write};

use anstyle::{AnsiColor, Style};

use crate::error::{Error, Result};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const ATTENTION: Style = AnsiColor::Yellow.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// A line of the result. A reader who has had enough (`| head`) ends the command, as with any other.
pub(crate) fn out(line: impl std::fmt::Display) {
    if let Err(error) = writeln!(std::io::stdout().lock(), "{line}") {
        std::process::exit(if error.kind() == std::io::ErrorKind::BrokenPipe { 0 } else { 1 });
    }
}

/// A step that is done or begins: `  published  chat, version 2`.
pub(crate) fn step(verb: &str, what: impl std::fmt::Display) {
    anstream::eprintln!("{GOOD}{verb:>12}{GOOD:#} {what}");
}

pub(crate) fn warn(what: impl std::fmt::Display) {
    anstream::eprintln!("{ATTENTION}     warning{ATTENTION:#} {what}");
}

pub(crate) fn note(what: impl std::fmt::Display) {
    anstream::eprintln!("{FAINT}{what}{FAINT:#}");
}

pub(crate) fn error(what: &Error) {
    anstream::eprintln!("{BAD}error:{BAD:#} {what}");
}

/// Asks a question that only `y` or `yes` agrees to.
///
/// # Errors
///
/// [`Error::Declined`] for any other answer; a hint to `flag` where nobody can be asked.
pub(crate) fn confirm(question: &str, flag: &str, agreed: bool) -> Result<()> {
    if agreed {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Error::refused(
            format!("{question} — nobody to ask: standard input is no terminal"),
            format!("agree beforehand with {flag}"),
        ));
    }
    anstream::eprint!("{ATTENTION}{question}{ATTENTION:#} [y/N] ");
    std::io::stderr().flush().map_err(Error::file("terminal"))?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(Error::file("terminal"))?;
    let agreed = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if agreed { Ok(()) } else { Err(Error::Declined) }
}

/// Columns of text, each as wide as its widest value, with a line under the names.
pub(crate) fn table(names: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..names.len())
        .map(|at| {
            let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            cells.chain([names[at].chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<_> =
            cells.iter().zip(&widths).map(|(cell, width)| format!(" {cell:<width$} ")).collect();
        padded.join("|").trim_end().to_owned()
    };
    let rule: Vec<_> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    let mut lines = vec![line(names.to_vec()), rule.join("+")];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_as_wide_as_their_values() {
        let rows = [vec!["1".into(), "Ada".into()], vec!["22".into(), "é".into()]];
        assert_eq!(table(&["id", "name"], &rows), " id | name\n----+------\n 1  | Ada\n 22 | é");
    }
}

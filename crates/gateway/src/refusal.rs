//! What clients are told of calls that did not end well, by SQLSTATE: one table for reducers and procedures, HTTP and
//! WebSockets. Never more than they may know.

use spacetime_wire::http::ErrorBody;

/// What guests broke down with is not for clients.
pub(crate) const TRAPPED: &str = "The instance encountered a fatal error.";

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The reducer has refused it, in its own words.
    Reducer,
    Trapped,
    NoSuchFunction,
    Arguments,
    /// Time, fuel or memory is used up.
    LimitReached,
    Forbidden,
    /// Postgres is away, or others were in the way: the caller may come again.
    Unavailable,
    Other,
}

impl Refusal {
    /// What a SQLSTATE means; none: the connection was lost.
    pub(crate) fn of(sqlstate: Option<&str>) -> Self {
        match sqlstate {
            Some("38000") => Self::Reducer,
            Some("39000") => Self::Trapped,
            Some("42883") => Self::NoSuchFunction,
            Some("22023" | "22P02" | "22003") => Self::Arguments,
            Some("53400" | "57014") => Self::LimitReached,
            Some("42501") => Self::Forbidden,
            None => Self::Unavailable,
            Some(code) => match code.get(..2) {
                Some("08" | "40" | "53" | "57") => Self::Unavailable,
                _ if code == "55P03" => Self::Unavailable,
                _ => Self::Other,
            },
        }
    }

    /// The answer to a call over HTTP. `missing` is for functions that do not exist.
    pub(crate) fn to_body(self, function: &str, message: String, missing: ErrorBody) -> ErrorBody {
        match self {
            Self::Trapped => ErrorBody::ReducerFailed(TRAPPED.into()),
            Self::NoSuchFunction => missing,
            Self::Arguments => {
                ErrorBody::InvalidArguments { function: function.to_owned(), problem: message }
            }
            Self::LimitReached => ErrorBody::OutOfEnergy(message),
            Self::Forbidden => ErrorBody::ConnectionRefused(message),
            Self::Unavailable => ErrorBody::Unavailable(message),
            Self::Reducer | Self::Other => ErrorBody::ReducerFailed(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use spacetime_wire::http::ErrorBody;

    use super::Refusal;

    #[test]
    fn each_sqlstate_has_one_meaning() {
        for (code, meaning) in [
            ("38000", Refusal::Reducer),
            ("39000", Refusal::Trapped),
            ("53400", Refusal::LimitReached),
            ("57014", Refusal::LimitReached),
            ("57P01", Refusal::Unavailable),
            ("40P01", Refusal::Unavailable),
            ("55P03", Refusal::Unavailable),
            ("55000", Refusal::Other),
            ("23505", Refusal::Other),
        ] {
            assert_eq!(Refusal::of(Some(code)), meaning, "{code}");
        }
        assert_eq!(Refusal::of(None), Refusal::Unavailable);
        let body = Refusal::Trapped.to_body("f", "secret".into(), ErrorBody::NoSuchReducer);
        assert!(!body.to_string().contains("secret"));
    }
}

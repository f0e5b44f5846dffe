//! Hosts as an operator allows them: `example.com`, `example.com:8443`, `*.example.com`, `*`.

use std::fmt;

use url::{Host, Url};

/// Ports of a pattern that names none.
const USUAL_PORTS: [u16; 2] = [443, 80];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    One(Host),
    /// All below this domain, and not the domain itself.
    Below(String),
    All,
}

/// Which hosts, and which port of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    hosts: Hosts,
    /// None: 443 and 80.
    port: Option<u16>,
}

impl HostPattern {
    /// Reads a pattern; none if the text is anything else, an address with a scheme or a path for example.
    pub fn parse(text: &str) -> Option<Self> {
        let (wildcard, rest) = match text.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if wildcard && (rest.is_empty() || rest.starts_with(':')) {
            let port = match rest.strip_prefix(':') {
                Some(port) => Some(port_of(port)?),
                None => None,
            };
            return Some(Self { hosts: Hosts::All, port });
        }
        let rest = if wildcard { rest.strip_prefix('.')? } else { rest };
        if rest.contains(['/', '?', '#', '@', '\\', '*']) || rest.chars().any(char::is_whitespace) {
            return None;
        }
        // The parser would drop a port that is the scheme's own.
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port_of(port)?)),
            _ => (rest, None),
        };
        // As addresses are read when they are asked for: lower case, punycode, numbers in all their notations.
        let host = Url::parse(&format!("https://{host}")).ok()?.host()?.to_owned();
        let hosts = match (wildcard, host) {
            (false, host) => Hosts::One(host),
            (true, Host::Domain(domain)) => Hosts::Below(domain),
            (true, _) => return None,
        };
        Some(Self { hosts, port })
    }

    /// Whether it is about every host there is.
    pub fn is_everything(&self) -> bool {
        self.hosts == Hosts::All
    }

    /// Whether the address is one of these.
    pub fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        let is_host = match &self.hosts {
            Hosts::All => true,
            Hosts::One(one) => *one == host.to_owned(),
            Hosts::Below(domain) => match host {
                Host::Domain(name) => name
                    .strip_suffix(domain.as_str())
                    .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
                Host::Ipv4(_) | Host::Ipv6(_) => false,
            },
        };
        let is_port = |port| match self.port {
            Some(only) => port == only,
            None => USUAL_PORTS.contains(&port),
        };
        is_host && url.port_or_known_default().is_some_and(is_port)
    }
}

fn port_of(text: &str) -> Option<u16> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port != 0)
}

/// The one way to write it.
impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hosts {
            Hosts::One(host) => write!(f, "{host}")?,
            Hosts::Below(domain) => write!(f, "*.{domain}")?,
            Hosts::All => f.write_str("*")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, url: &str) -> bool {
        HostPattern::parse(pattern).unwrap().matches(&Url::parse(url).unwrap())
    }

    #[test]
    fn reads_patterns() {
        let written = |text| HostPattern::parse(text).map(|pattern| pattern.to_string());
        for (text, canonical) in [
            ("Example.COM", "example.com"),
            ("example.com:443", "example.com:443"),
            ("*.Example.com:8443", "*.example.com:8443"),
            ("*", "*"),
            ("*:8080", "*:8080"),
            ("127.1", "127.0.0.1"),
            ("[::1]:80", "[::1]:80"),
            ("[0:0::1]", "[::1]"),
        ] {
            assert_eq!(written(text).as_deref(), Some(canonical), "{text}");
        }
        let wrong = "https://example.com example.com/x ex*mple.com *example.com *.*.com user@example.com example.com:0 \
             example.com:99999 example.com: :80 *. *.127.0.0.1 example.com? ** *:x";
        for text in wrong.split_whitespace().chain(["", " ", "a b", "example.com "]) {
            assert_eq!(written(text), None, "{text:?}");
        }
    }

    #[test]
    fn matches_hosts_and_ports() {
        assert!(matches("example.com", "https://EXAMPLE.com/x?y"));
        assert!(matches("example.com", "http://example.com"));
        assert!(!matches("example.com", "https://example.com:8443"));
        assert!(matches("example.com:8443", "https://example.com:8443"));
        assert!(!matches("example.com:8443", "https://example.com"));
        assert!(matches("example.com:443", "https://example.com"));
        assert!(!matches("example.com:443", "http://example.com"));
        assert!(!matches("example.com", "https://www.example.com"));
        assert!(!matches("example.com", "https://example.com.evil.org"));
        assert!(matches("*.example.com", "https://www.example.com"));
        assert!(matches("*.example.com", "https://a.b.example.com"));
        assert!(!matches("*.example.com", "https://example.com"));
        assert!(!matches("*.example.com", "https://notexample.com"));
        assert!(!matches("*.example.com", "https://.example.com"));
        assert!(matches("127.0.0.1", "http://0x7f.1"));
        assert!(matches("*", "https://anything.org"));
        assert!(!matches("*", "https://anything.org:22"));
    }
}

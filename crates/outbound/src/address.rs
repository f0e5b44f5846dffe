//! Which addresses may be opened on behalf of an issuer of tokens, or of a module's code.
//!
//! The server stands inside a network that strangers cannot reach; what they hand us says which address to open next.
//! So the address that is connected to is checked, after the name was resolved: a name that is public when it is looked
//! at and private when it is connected to (DNS rebinding) has no moment to change in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// What an administrator allowed beyond HTTPS to the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// Plain HTTP.
    pub insecure_http: bool,
    /// Loopback, private and reserved addresses.
    pub private_addresses: bool,
}

/// Why an address is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Refusal {
    /// The rule.
    pub problem: &'static str,
    /// The field of [`Reach`] that would allow it.
    pub option: Option<&'static str>,
}

/// Reads and checks an address before anything is resolved.
pub fn parse_url(text: &str, reach: Reach) -> Result<Url, Refusal> {
    let refuse = |problem, option| Err(Refusal { problem, option });
    let Ok(url) = Url::parse(text) else { return refuse("it is not a URL", None) };
    match url.scheme() {
        "https" => {}
        "http" if reach.insecure_http => {}
        "http" => return refuse("it is not https", Some("insecure_http")),
        _ => return refuse("it is not https", None),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("it holds a user or a password", None);
    }
    let ip = match url.host() {
        None => return refuse("it names no host", None),
        Some(Host::Domain(_)) => None,
        Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
        Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
    };
    if ip.is_some_and(|ip| !is_public(ip)) && !reach.private_addresses {
        return refuse("it is not on the public internet", Some("private_addresses"));
    }
    Ok(url)
}

/// An address as errors show it: queries may hold secrets, and nothing here needs one.
pub fn without_query(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url[..end].chars().filter(|c| !c.is_control()).take(256).collect()
}

/// True if the address belongs to a host on the public internet.
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_public_v4(ip),
            None => is_public_v6(ip),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let reserved = match a {
        0 | 10 | 127 => true,
        100 => (64..128).contains(&b), // shared by providers' customers
        169 => b == 254,               // link-local, and the metadata services of clouds
        172 => (16..32).contains(&b),
        192 => matches!((b, c), (168, _) | (0, 0) | (0, 2) | (88, 99)),
        198 => matches!((b, c), (18 | 19, _) | (51, 100)),
        203 => (b, c) == (0, 113),
        224.. => true, // multicast, reserved, broadcast
        _ => false,
    };
    !reserved
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Global unicast only, without what carries an IPv4 address along (Teredo, 6to4) and documentation.
    let global = a & 0xe000 == 0x2000;
    let tunnel = a == 0x2002 || (a, b) == (0x2001, 0);
    let documentation = (a, b) == (0x2001, 0xdb8) || (a == 0x3fff && b < 0x1000);
    global && !tunnel && !documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_public_from_private() {
        for ip in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        let private = "0.0.0.0 10.0.0.1 127.0.0.1 127.8.8.8 100.64.0.1 169.254.169.254 172.16.0.1 172.31.255.255 \
             192.168.1.1 192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 255.255.255.255 240.0.0.1 :: \
             ::1 fe80::1 fc00::1 fd12::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 \
             2002:7f00:1::1 2001:0:1::1 2001:db8::1 3fff::1 fec0::1";
        for ip in private.split_whitespace() {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn refuses_addresses_by_their_look() {
        let open = |text| parse_url(text, Reach::default()).map(String::from);
        assert_eq!(open("https://example.com/x").unwrap(), "https://example.com/x");
        let refused = "http://example.com ftp://example.com file:///etc/passwd https://user@example.com \
             https://:p@example.com https://127.0.0.1 https://0x7f.1 https://2130706433 https://017700000001 \
             https://[::1] https://[::ffff:169.254.169.254] https:// example.com data:text/plain,x gopher://example.com";
        for text in refused.split_whitespace() {
            assert!(open(text).is_err(), "{text}");
        }
        let local = Reach { insecure_http: true, private_addresses: true };
        assert!(parse_url("http://127.0.0.1:8080/x", local).is_ok());
    }
}

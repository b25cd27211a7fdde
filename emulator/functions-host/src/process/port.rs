//! A port for the handler.
//!
//! The real host lets the system pick one and releases it again, so that for a moment anybody may
//! take it: another host, or a connection that goes out. Where many hosts start at once, as in
//! tests, that happens. Ports are therefore picked below those that systems give to outgoing
//! connections, and no two hosts of this process get the same one.

use std::collections::HashSet;
use std::io;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// Linux gives 32768 and above to outgoing connections, other systems 49152 and above.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;
/// So many ports can't all be taken by chance.
const ATTEMPTS: usize = 200;

static IN_USE: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port that is this host's as long as it lives.
#[derive(Debug)]
pub(crate) struct Port(u16);

impl Port {
    /// Finds a port on which nobody listens.
    pub(crate) fn find() -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            let [high, low, ..] = Uuid::new_v4().into_bytes();
            let candidate = FIRST + u16::from_be_bytes([high, low]) % COUNT;
            let reserved = with_ports_in_use(|ports| ports.insert(candidate));
            if reserved {
                let port = Self(candidate);
                if TcpListener::bind(("127.0.0.1", candidate)).is_ok() {
                    return Ok(port);
                }
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    pub(crate) fn number(&self) -> u16 {
        self.0
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        with_ports_in_use(|ports| ports.remove(&self.0));
    }
}

fn with_ports_in_use<T>(action: impl FnOnce(&mut HashSet<u16>) -> T) -> T {
    let mut ports = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
    action(ports.get_or_insert_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_hosts_have_the_same_port_and_none_is_listened_on() {
        let ports: Vec<Port> = (0..500).map(|_| Port::find().unwrap()).collect();
        let numbers: HashSet<u16> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), ports.len());
        assert!(
            numbers
                .iter()
                .all(|number| (FIRST..FIRST + COUNT).contains(number))
        );
        let number = ports[0].number();
        drop(ports);
        assert!(!with_ports_in_use(|ports| ports.contains(&number)));
    }
}

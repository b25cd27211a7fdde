//! The port to listen on, from the environment, which the Functions host fills.

use anyhow::{Context, Result, ensure};

/// The variable in which the host names the port to listen on.
pub const PORT_VARIABLE: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";

/// Its older name, which the host still sets.
pub const OLDER_PORT_VARIABLE: &str = "FUNCTIONS_HTTPWORKER_PORT";

/// The port when neither is set, as when the handler is started by hand.
pub const DEFAULT_PORT: u16 = 3000;

/// Reads the port from the process's environment.
///
/// # Errors
/// As [`from_lookup`].
pub fn from_env() -> Result<u16> {
    from_lookup(|name| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
}

/// Reads the port through `lookup`, which returns a variable's value.
///
/// # Errors
/// When a variable has an unusable value; the error names both.
pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<u16> {
    let set = [PORT_VARIABLE, OLDER_PORT_VARIABLE]
        .into_iter()
        .find_map(|name| Some((name, lookup(name)?)));
    match set {
        Some((name, value)) => parse(&value).with_context(|| {
            format!("{name} is {value:?}, which is not a port number from 1 to 65535")
        }),
        None => Ok(DEFAULT_PORT),
    }
}

fn parse(value: &str) -> Result<u16> {
    ensure!(!value.starts_with('+'), "a port has no sign");
    let port = value.parse()?;
    ensure!(
        port != 0,
        "port 0 is any port, and the host would not know which"
    );
    Ok(port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(set: &[(&str, &str)]) -> Result<u16> {
        from_lookup(|name| {
            let (_, value) = set.iter().find(|(variable, _)| *variable == name)?;
            Some((*value).to_owned())
        })
    }

    #[test]
    fn the_port_comes_from_the_host_s_variable_then_from_its_older_name() {
        for (set, expected) in [
            (&[][..], 3000),
            (&[(PORT_VARIABLE, "7001")], 7001),
            (&[(OLDER_PORT_VARIABLE, "7002")], 7002),
            (
                &[(OLDER_PORT_VARIABLE, "7002"), (PORT_VARIABLE, "7001")],
                7001,
            ),
            (&[(PORT_VARIABLE, "65535")], 65535),
        ] {
            assert_eq!(port(set).unwrap(), expected);
        }
    }

    #[test]
    fn an_unusable_port_is_told_with_its_variable() {
        for name in [PORT_VARIABLE, OLDER_PORT_VARIABLE] {
            for value in ["", "0", "65536", "-1", "+80", "80 ", "http"] {
                let error = port(&[(name, value)]).unwrap_err();
                assert_eq!(
                    error.to_string(),
                    format!("{name} is {value:?}, which is not a port number from 1 to 65535")
                );
            }
        }
    }
}

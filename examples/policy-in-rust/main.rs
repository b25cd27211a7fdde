//! A policy in Rust that falls back to the file.
//!
//! The registration ids of some devices are `SITE-LINE-SERIAL`, and their hubs' names start with
//! the site. A file can't cut an id into parts; all other devices are left to `allocation.json`.
//!
//! ```sh
//! cargo run --example policy-in-rust
//! ```

use std::process::ExitCode;

use custom_allocation::{Decision, Policy, PolicyFile, Request, run_with};

fn main() -> ExitCode {
    run_with(|| {
        let file = PolicyFile::from_env()?;
        Ok(move |request: &Request<'_>| decide(request, &file))
    })
}

/// Decides by the site, and where the id has none by the file.
fn decide(request: &Request<'_>, file: &impl Policy) -> Decision {
    let Some(site) = site(request.registration_id()) else {
        return file.decide(request);
    };
    match request.hub(|name| is_of_site(name, site)) {
        Some(hub) => Decision::assign("site", hub).tag("site", site),
        None => Decision::refuse("No hub is linked for the site.").by_rule("site"),
    }
}

/// The site of an id that has three parts.
fn site(registration_id: &str) -> Option<&str> {
    let mut parts = registration_id.split('-');
    let (site, _line, _serial) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && !site.is_empty()).then_some(site)
}

/// Whether a hub's name is the site's, whatever its case.
fn is_of_site(host_name: &str, site: &str) -> bool {
    let start = host_name.split('-').next().unwrap_or_default();
    start.eq_ignore_ascii_case(site)
}

#[cfg(test)]
mod tests {
    use allocation::{AllocationRequest, Outcome};
    use custom_handler::InputBindings;

    use super::*;

    /// The rule, and the hub or the sentence.
    fn decided(registration_id: &str) -> (String, String) {
        let json = format!(
            r#"{{"deviceRuntimeContext":{{"registrationId":"{registration_id}"}},
                "linkedHubs":["ulm-1.azure-devices.net","contoso-toasters-1.azure-devices.net"]}}"#
        );
        let request = AllocationRequest::parse(&json).unwrap();
        let request = Request::new(request, InputBindings::default()).unwrap();
        let file = allocation::policy::File::parse(include_bytes!("../../allocation.json"));
        let decision = decide(&request, &file.unwrap());
        let outcome = match decision.outcome() {
            Outcome::Assign(assignment) => assignment.hub().to_owned(),
            Outcome::Refuse(sentence) => sentence.to_string(),
            other => panic!("{other:?}"),
        };
        (decision.rule().to_owned(), outcome)
    }

    #[test]
    fn the_site_decides_and_the_file_on_all_others() {
        for (registration_id, rule, outcome) in [
            ("Ulm-4-0815", "site", "ulm-1.azure-devices.net"),
            ("bonn-4-0815", "site", "No hub is linked for the site."),
            (
                "breakroom499-contoso-tstrsd-007",
                "toaster",
                "contoso-toasters-1.azure-devices.net",
            ),
            ("-4-0815", "otherwise", "Unrecognized device registration."),
            ("ulm-4", "otherwise", "Unrecognized device registration."),
        ] {
            let expected = (rule.to_owned(), outcome.to_owned());
            assert_eq!(decided(registration_id), expected, "{registration_id}");
        }
    }
}

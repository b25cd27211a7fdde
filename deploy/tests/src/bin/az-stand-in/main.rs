//! Stands in for `az rest` of the Azure CLI 2.91, in the tests of `deploy/enrollments` and
//! `deploy/rotate-key`.
//!
//! It takes the arguments that the scripts use and no others, prints what the real one prints with
//! `--verbose`, keys of the request included, and answers as Azure Resource Manager, a Functions
//! host and a Device Provisioning Service do. Its world is the file `world.json` in the folder that
//! `AZ_STAND_IN` names, where it also counts calls, does what the test has planned for a call, and
//! keeps the arguments of all calls.

mod app;
mod provisioning;
mod world;

use std::io::Read as _;
use std::process::{Command, ExitCode};

use serde_json::{Value, json};
use world::{Plan, World};

/// A request, taken apart.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) host: String,
    /// Without the leading slash, still encoded.
    pub(crate) path: Vec<String>,
    pub(crate) resource: Option<String>,
    pub(crate) signed: bool,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(found, _)| found == name)?;
        Some(value)
    }
}

/// A response: status, headers and body.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Value,
}

impl Response {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }

    /// An error as the provisioning service words it.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        let code = u32::from(status) * 1000 + 1;
        Self::new(
            status,
            json!({"errorCode": code, "trackingId": "t", "message": message, "timestampUtc": "2026-11-25T00:00:00Z"}),
        )
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut world = World::open();
    world.calls.push(arguments.join(" "));
    let number = world.calls.len();
    let plan = world.plans.iter().find(|plan| plan.call == number).cloned();
    let request = match parse(&arguments) {
        Ok(request) => request,
        Err(problem) => {
            world.save();
            return fail(2, &format!("ERROR: {problem}"));
        }
    };
    if let Some(Plan {
        stop: Some(before), ..
    }) = &plan
        && before == "before"
    {
        world.save();
        kill_parent();
        return ExitCode::FAILURE;
    }
    let planned = plan.as_ref().and_then(|plan| plan.status).map(|status| {
        let mut response = Response::error(
            status,
            "Too much, with sharedAccessKey=s3cr3t-of-the-message in it",
        );
        response.headers.extend(
            plan.as_ref()
                .and_then(|plan| plan.retry_after.clone())
                .map(|value| ("Retry-After", value)),
        );
        response
    });
    if let Some(change) = plan.as_ref().and_then(|plan| plan.change.as_deref()) {
        world.change(change);
    }
    let response = planned.unwrap_or_else(|| answer(&mut world, &request));
    world.save();
    if let Some(Plan {
        stop: Some(after), ..
    }) = &plan
        && after == "after"
    {
        kill_parent();
    }
    print(&request, &response)
}

/// Only what the scripts need, and nothing secret among it.
fn parse(arguments: &[String]) -> Result<Request, String> {
    let mut arguments = arguments.iter().map(String::as_str);
    if arguments.next() != Some("rest") {
        return Err("only `az rest` is known".to_owned());
    }
    let mut request = Request {
        method: String::new(),
        host: String::new(),
        path: Vec::new(),
        resource: None,
        signed: true,
        headers: Vec::new(),
        body: None,
    };
    let mut input = String::new();
    let read = |text: &str, input: &mut String| -> Result<Value, String> {
        let text = if text == "@-" {
            std::io::stdin()
                .read_to_string(input)
                .map_err(|error| error.to_string())?;
            input.clone()
        } else {
            text.to_owned()
        };
        serde_json::from_str(&text).map_err(|error| format!("not JSON: {error}"))
    };
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or_else(|| format!("argument {argument}: expected one argument"))
        };
        match argument {
            "--verbose" => {}
            "--output" => drop(value()?),
            "--method" => request.method = value()?.to_uppercase(),
            "--resource" => request.resource = Some(value()?.to_owned()),
            "--skip-authorization-header" => request.signed = false,
            "--body" => request.body = Some(read(value()?, &mut input)?),
            "--headers" => {
                let headers = read(value()?, &mut input)?;
                let headers = headers.as_object().ok_or("headers are an object")?;
                for (name, value) in headers {
                    let value = value.as_str().ok_or("a header is text")?;
                    request
                        .headers
                        .push((name.to_lowercase(), value.to_owned()));
                }
            }
            "--url" => {
                let url = value()?;
                let (host, rest) = match url.strip_prefix("https://") {
                    Some(rest) => rest.split_once('/').ok_or("a URL without a path")?,
                    None => ("management.azure.com", url.trim_start_matches('/')),
                };
                let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
                if host.contains("provisioning") && query != "api-version=2021-10-01" {
                    return Err(format!("the API version of {url}"));
                }
                host.clone_into(&mut request.host);
                request.path = path.split('/').map(str::to_owned).collect();
            }
            unknown => return Err(format!("unrecognized arguments: {unknown}")),
        }
    }
    Ok(request)
}

fn answer(world: &mut World, request: &Request) -> Response {
    if request.host == "management.azure.com" {
        return if request.resource.is_none() && request.signed {
            app::manage(world, request)
        } else {
            Response::error(401, "The token is for another audience")
        };
    }
    if request.host.ends_with("azure-devices-provisioning.net") {
        return if request.resource.as_deref() == Some("https://azure-devices-provisioning.net") {
            provisioning::serve(world, request)
        } else {
            Response::error(401, "Unauthorized")
        };
    }
    app::call(world, request)
}

/// As the real one prints it: the request with all that it holds, the response, and an error for a
/// status from 400 on.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command prints"
)]
fn print(request: &Request, response: &Response) -> ExitCode {
    eprintln!(
        "INFO: Request URL: 'https://{}/{}'",
        request.host,
        request.path.join("/")
    );
    eprintln!(
        "INFO: Request method: '{}'\nINFO: Request headers:",
        request.method
    );
    for (name, value) in &request.headers {
        eprintln!("INFO:     '{name}': '{value}'");
    }
    let body = request
        .body
        .as_ref()
        .map_or_else(|| "None".to_owned(), Value::to_string);
    eprintln!("INFO: Request body:\nINFO: {body}");
    eprintln!(
        "INFO: Response status: {}\nINFO: Response headers:",
        response.status
    );
    for (name, value) in &response.headers {
        eprintln!("INFO:     '{name}': '{value}'");
    }
    eprintln!("INFO: Response content:\nINFO: {}", response.body);
    if response.status >= 400 {
        return fail(
            1,
            &format!("ERROR: {}({})", reason(response.status), response.body),
        );
    }
    if !response.body.is_null() {
        println!("{:#}", response.body);
    }
    ExitCode::SUCCESS
}

fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        409 => "Conflict",
        412 => "Precondition Failed",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

#[expect(clippy::print_stderr, reason = "a command prints")]
fn fail(status: u8, text: &str) -> ExitCode {
    eprintln!("{text}");
    ExitCode::from(status)
}

/// Ends the script as a power cut does.
fn kill_parent() {
    let parent = std::os::unix::process::parent_id().to_string();
    // What can't be killed is gone already.
    drop(Command::new("kill").args(["-9", &parent]).status());
}

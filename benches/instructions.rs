//! How many instructions an invocation takes in process: a number that doesn't vary with the machine's mood.
//!
//! `cargo bench --bench instructions` needs valgrind. For each case it runs itself under callgrind twice, with few and with many
//! invocations: the difference, divided by how many more there were, is what one invocation takes, without the start.

use std::env;
use std::process::{Command, ExitCode, Stdio};

use actix_web::App;
use actix_web::rt::Runtime;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Bytes;
use anyhow::{Context, Result, ensure};
use custom_allocation::functions;

#[expect(
    clippy::expect_used,
    reason = "a benchmark without its fixtures can only stop"
)]
mod requests;

use requests::{SIZES, envelope, request};

const TOASTER: &str = "breakroom499-contoso-tstrsd-007";
const WRAPPED: &str = "/HttpTrigger1";
const RAW: &str = "/api/HttpTrigger1";

const FEW: u64 = 5;
const MANY: u64 = 25;

/// Under which the benchmark calls itself: the case, then the number of invocations.
const INVOKE: &str = "--invoke";

struct Case {
    name: String,
    path: &'static str,
    body: String,
}

fn cases() -> Vec<Case> {
    let sized = SIZES.into_iter().flat_map(|(name, size)| {
        let request = request(TOASTER, size);
        [
            Case {
                name: format!("assigned, {name}"),
                path: WRAPPED,
                body: envelope(&request),
            },
            Case {
                name: format!("assigned, {name}, raw"),
                path: RAW,
                body: request,
            },
        ]
    });
    let refused = [
        ("unrecognized", request("stranger", 1 << 10)),
        ("not JSON", "{".to_owned()),
    ];
    let refused = refused.into_iter().map(|(name, request)| Case {
        name: format!("refused, {name}"),
        path: WRAPPED,
        body: envelope(&request),
    });
    sized.chain(refused).collect()
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, case, count] = arguments.as_slice()
        && flag == INVOKE
    {
        invoke(case.parse()?, count.parse()?)?;
    } else {
        print()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the counts as a table in Markdown.
#[expect(clippy::print_stdout, reason = "it is what this program is for")]
fn print() -> Result<()> {
    println!("| invocation | bytes | instructions | per byte |\n|---|--:|--:|--:|");
    for (place, Case { name, body, .. }) in cases().iter().enumerate() {
        let each = (instructions(place, MANY)? - instructions(place, FEW)?) / (MANY - FEW);
        let bytes = body.len() as u64;
        let tenths = each * 10 / bytes;
        println!(
            "| {name} | {bytes} | {each} | {}.{} |",
            tenths / 10,
            tenths % 10
        );
    }
    Ok(())
}

/// How many instructions this program takes for `count` invocations of a case, its own start included.
fn instructions(case: usize, count: u64) -> Result<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args([INVOKE, &case.to_string(), &count.to_string()])
        .stdin(Stdio::null())
        .output()
        .context("cannot run valgrind, which counts the instructions: install it")?;
    let report = String::from_utf8_lossy(&run.stderr);
    ensure!(run.status.success(), "valgrind failed: {report}");
    let collected = report
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, collected) = collected.with_context(|| format!("valgrind told no count: {report}"))?;
    Ok(collected.trim().parse()?)
}

/// Runs a case so often.
fn invoke(case: usize, count: u64) -> Result<()> {
    let cases = cases();
    let Case { path, body, .. } = cases.get(case).context("there is no such case")?;
    let body = Bytes::copy_from_slice(body.as_bytes());
    Runtime::new()?.block_on(async {
        let app = init_service(App::new().configure(functions::routes)).await;
        for _ in 0..count {
            let request = TestRequest::post().uri(path).set_payload(body.clone());
            let response = call_service(&app, request.to_request()).await;
            let answer = read_body(response).await;
            ensure!(!answer.is_empty(), "the function answers nothing");
        }
        Ok(())
    })
}

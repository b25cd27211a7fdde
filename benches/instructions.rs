//! How many instructions an invocation takes in process, and each step of it: numbers that don't
//! vary with the machine's mood.
//!
//! `cargo bench --bench instructions` needs valgrind. For each case it runs itself under callgrind
//! twice, with few and with many repetitions: the difference, divided by how many more there were,
//! is what one takes, without the start.

use std::env;
use std::hint::black_box;
use std::pin::pin;
use std::process::{Command, ExitCode, Stdio};
use std::task::{Context, Poll, Waker};

use actix_web::App;
use actix_web::rt::Runtime;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Bytes;
use allocation::policy::File;
use allocation::webhook::{AnswerError, Webhook};
use allocation::{AllocationRequest, Outcome, Policy, Request, redacted};
use anyhow::{Context as _, Result, bail, ensure};
use custom_allocation::functions::{self, http_trigger1};
use custom_handler::{Answer, HttpResponse, HttpTrigger, InputBindings, Invocation};
use serde::Serialize;

#[expect(
    clippy::expect_used,
    reason = "a benchmark without its fixtures can only stop"
)]
mod requests;

#[expect(
    clippy::expect_used,
    reason = "a benchmark without its policies can only stop"
)]
mod policies;

use policies::LARGE;
use requests::{ENVELOPE, SIZES, envelope, fixture_s_request, policy, request};

const TOASTER: &str = "breakroom499-contoso-tstrsd-007";
const WRAPPED: &str = "/HttpTrigger1";
const RAW: &str = "/api/HttpTrigger1";

const FEW: u64 = 5;
const MANY: u64 = 25;

/// Under which the benchmark calls itself: `invocation` or `step`, its place, then how often.
const REPEAT: &str = "--repeat";
const INVOCATION: &str = "invocation";
const STEP: &str = "step";

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

/// A part of an invocation, and what repeats it so often.
type Step = (&'static str, fn(u64) -> Result<()>);

/// What the answer to the fixture's envelope takes, and the parts that it is made of; then
/// decisions by large policies.
const STEPS: [Step; 9] = [
    ("all of it, `Webhook::answer`", |count| {
        let webhook = webhook();
        repeat(count, || {
            at_once(webhook.answer(ENVELOPE.as_bytes(), "-")).is_ok()
        })
    }),
    ("read the envelope, unescape the request", |count| {
        repeat(count, || {
            Invocation::<HttpTrigger<'_>>::parse(black_box(ENVELOPE.as_bytes())).is_ok()
        })
    }),
    ("read the request", |count| {
        let request = fixture_s_request();
        repeat(count, || AllocationRequest::parse(&request).is_ok())
    }),
    ("decide", |count| {
        let request = fixture_s_request();
        let request = AllocationRequest::parse(&request)?;
        let request = Request::new(request, InputBindings::default())?;
        let policy = policy();
        repeat(count, || {
            let decision = policy.decide(black_box(&request));
            matches!(decision.outcome(), Outcome::Assign(_))
        })
    }),
    ("look for secrets in the log", |count| {
        let request = fixture_s_request();
        repeat(count, || !redacted(black_box(&request), 4096).is_empty())
    }),
    ("write the answer", |count| {
        let answer = at_once(webhook().answer(ENVELOPE.as_bytes(), "-"))?;
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        let logs: Vec<String> = serde_json::from_value(answer["Logs"].clone())?;
        let response = answer["Outputs"]["res"]["body"].as_str();
        let body = response.context("the answer has no body")?;
        repeat(count, || {
            let res = HttpResponse::json(200, body);
            let logs = logs.iter().map(|line| line.as_str().into()).collect();
            Answer::new(Outputs { res }, logs).to_json().is_ok()
        })
    }),
    (
        "decide by 1,000 rules over ids, models and tenants, for none",
        |count| decide(count, 0, 3),
    ),
    (
        "decide by 1,000 rules over models by their beginning, for none",
        |count| decide(count, 1, 1),
    ),
    ("decide by a row of 10,000", |count| decide(count, 2, 0)),
];

#[derive(Serialize)]
struct Outputs<'a> {
    res: HttpResponse<'a>,
}

fn webhook() -> Webhook<File> {
    Webhook {
        name: http_trigger1::NAME,
        policy: policy(),
    }
}

/// What a future that never waits comes to.
fn at_once<T>(future: impl Future<Output = Result<T, AnswerError>>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => Ok(result?),
        Poll::Pending => bail!("the policy waits"),
    }
}

/// Decides by the large policy at this place, on its request at that one.
fn decide(count: u64, place: usize, request: usize) -> Result<()> {
    let large = LARGE.get(place).context("there is no such policy")?();
    let (_, json) = large
        .requests
        .get(request)
        .with_context(|| format!("{} has no such request", large.name))?;
    let request = Request::new(AllocationRequest::parse(json)?, InputBindings::default())?;
    repeat(count, || {
        !large.file.decide(black_box(&request)).rule().is_empty()
    })
}

fn repeat(count: u64, step: impl Fn() -> bool) -> Result<()> {
    for _ in 0..count {
        ensure!(black_box(step()), "the step fails");
    }
    Ok(())
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [REPEAT, INVOCATION, place, count] => invoke(place.parse()?, count.parse()?)?,
        [REPEAT, STEP, place, count] => {
            let place: usize = place.parse()?;
            let (_, repeat) = STEPS.get(place).context("there is no such step")?;
            repeat(count.parse()?)?;
        }
        _ => print()?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the counts as tables in Markdown.
#[expect(clippy::print_stdout, reason = "it is what this program is for")]
fn print() -> Result<()> {
    println!("| invocation | bytes | instructions | per byte |\n|---|--:|--:|--:|");
    for (place, Case { name, body, .. }) in cases().iter().enumerate() {
        let each = instructions_for_one(INVOCATION, place)?;
        let bytes = body.len() as u64;
        let tenths = each * 10 / bytes;
        println!(
            "| {name} | {bytes} | {each} | {}.{} |",
            tenths / 10,
            tenths % 10
        );
    }
    println!("\n| step | instructions |\n|---|--:|");
    for (place, (name, _)) in STEPS.iter().enumerate() {
        println!("| {name} | {} |", instructions_for_one(STEP, place)?);
    }
    Ok(())
}

/// How many instructions one repetition takes.
fn instructions_for_one(what: &str, place: usize) -> Result<u64> {
    let [few, many] = [FEW, MANY].map(|count| instructions(what, place, count));
    Ok((many? - few?) / (MANY - FEW))
}

/// How many instructions this program takes for `count` repetitions, its own start included.
fn instructions(what: &str, place: usize, count: u64) -> Result<u64> {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args([REPEAT, what, &place.to_string(), &count.to_string()])
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

/// Runs an invocation so often.
fn invoke(case: usize, count: u64) -> Result<()> {
    let cases = cases();
    let Case { path, body, .. } = cases.get(case).context("there is no such case")?;
    let body = Bytes::copy_from_slice(body.as_bytes());
    Runtime::new()?.block_on(async {
        let app = init_service(App::new().configure(functions::routes(policy()))).await;
        for _ in 0..count {
            let request = TestRequest::post().uri(path).set_payload(body.clone());
            let response = call_service(&app, request.to_request()).await;
            let answer = read_body(response).await;
            ensure!(!answer.is_empty(), "the function answers nothing");
        }
        Ok(())
    })
}

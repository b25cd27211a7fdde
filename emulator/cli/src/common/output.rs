//! How commands print: colours where a person looks on, plain text elsewhere.

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use emulator_text::escaped;
use functions_host::{HandlerLine, LogLevel, LogRecord, LogSource, Violation};

/// Names and headings.
pub(crate) const HEADING: Style = Style::new().bold();
/// What is there for those who look closer.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// What went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What did not, but may be meant so.
pub(crate) const CAUTION: Style = AnsiColor::Yellow.on_default();
/// What went wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default();

/// Prints a text under a label; further lines stand below the first. What a device has written
/// can't steer the terminal.
pub(crate) fn labelled(label: &str, text: &str, style: Style) {
    for (position, line) in text.lines().enumerate() {
        let label = if position == 0 { label } else { "" };
        let line = escaped(line);
        anstream::println!("  {QUIET}{label:<8}{QUIET:#}{style}{line}{style:#}");
    }
}

/// Prints a line of the handler's, as the host would log it.
pub(crate) fn handler_line(line: &HandlerLine) {
    let style = match line.level {
        LogLevel::Information => QUIET,
        LogLevel::Warning => CAUTION,
        LogLevel::Error => BAD,
    };
    labelled("handler", &line.text, style);
}

/// Prints what the host says itself when something is wrong, as it stands in the log of the real
/// host.
pub(crate) fn record(record: &LogRecord) {
    let style = match (record.source, record.level) {
        (LogSource::Host, LogLevel::Warning) => CAUTION,
        (LogSource::Host, LogLevel::Error) => BAD,
        _ => return,
    };
    let exception = record.exception.iter().map(|text| format!("\n{text}"));
    let text = record.text.clone() + &exception.collect::<String>();
    labelled("host", &text, style);
}

/// Prints a violation.
pub(crate) fn violation(violation: &Violation) {
    labelled("VIOLATES", &format!(" {violation}"), BAD);
}

/// Says whether the protocol was kept, and makes it the exit status.
pub(crate) fn verdict(violations: usize) -> ExitCode {
    match violations {
        0 => {
            anstream::println!("{GOOD}The handler kept the protocol.{GOOD:#}");
            return ExitCode::SUCCESS;
        }
        1 => {
            anstream::println!("{BAD}The handler violated the protocol once, see above.{BAD:#}");
        }
        count => anstream::println!(
            "{BAD}The handler violated the protocol {count} times, see above.{BAD:#}"
        ),
    }
    ExitCode::FAILURE
}

/// Lets the emulator's own log appear between what commands print; `RUST_LOG` sets its level.
pub(crate) fn log_to_stdout() {
    const OURS: &str = "warn,emulator=info,digital_twins_instance=info,functions_host=info,iot_hub=info,\
                        provisioning=info,simulated_device=info";
    let filter = env_logger::Env::default().default_filter_or(OURS);
    env_logger::Builder::from_env(filter)
        .format(|formatter, record| {
            use std::io::Write as _;
            writeln!(formatter, "{}", record.args())
        })
        .target(env_logger::Target::Stdout)
        .init();
}
